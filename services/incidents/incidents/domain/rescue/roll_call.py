"""Roll-call: who was found, who is safe elsewhere, who is missing; several officers mark at once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from incidents.domain.incidents.requests import Write


class RollCallState(StrEnum):
    """What is known of a person."""

    FOUND = "FOUND"
    SAFE_ELSEWHERE = "SAFE_ELSEWHERE"
    MISSING = "MISSING"


@dataclass(frozen=True)
class NewMark:
    """A mark to add: a tag names nobody, the dwelling is empty if not known."""

    tag: str
    dwelling_id: str
    state: RollCallState


@dataclass(frozen=True)
class RollCallMarking(Write):
    """Adding marks to a roll-call."""

    marks: tuple[NewMark, ...]


@dataclass(frozen=True)
class Mark:
    """A mark as it was stored; `sequence` is the order in which the incident's marks were."""

    sequence: int
    tag: str
    dwelling_id: str
    state: RollCallState
    marked_by: str
    marked_at: datetime


@dataclass(frozen=True)
class Standing:
    """What stands of a person: the newest mark, and what other accounts said last that is something else."""

    mark: Mark
    contradicting: tuple[Mark, ...]


@dataclass(frozen=True)
class Counts:
    """How many are expected as far as was declared, and how many were marked."""

    expected: int = 0
    found: int = 0
    safe_elsewhere: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Household:
    """A dwelling of the incident's building; without an id it holds those who were marked without one."""

    dwelling_id: str
    floor: int
    unit: str
    counts: Counts


@dataclass(frozen=True)
class RollCall:
    """The dwellings of an incident's building, messages opaque here, by floor and unit; and all marks, in order."""

    dwellings: tuple[bytes, ...]
    marks: tuple[Mark, ...]


def standings(marks: Iterable[Mark]) -> tuple[Standing, ...]:
    """Tell what stands of each person, by tag; in which order the marks come does not matter."""
    newest: dict[str, dict[str, Mark]] = {}
    for mark in sorted(marks, key=lambda one: one.sequence):
        newest.setdefault(mark.tag, {})[mark.marked_by] = mark
    return tuple(_standing(by_account.values()) for _, by_account in sorted(newest.items()))


def counted(expected: int, standing: Iterable[Standing]) -> Counts:
    """Count what stands."""
    states = Counter(one.mark.state for one in standing)
    return Counts(
        expected=expected,
        found=states[RollCallState.FOUND],
        safe_elsewhere=states[RollCallState.SAFE_ELSEWHERE],
        missing=states[RollCallState.MISSING],
    )


def by_dwelling(
    households: Sequence[Household], standing: Iterable[Standing]
) -> tuple[Household, ...]:
    """Count what stands in each dwelling; whoever was marked elsewhere comes last, under no dwelling."""
    known = {one.dwelling_id for one in households}
    found: dict[str, list[Standing]] = {}
    for one in standing:
        place = one.mark.dwelling_id if one.mark.dwelling_id in known else ""
        found.setdefault(place, []).append(one)
    elsewhere = [Household("", 0, "", Counts())] if "" in found else []
    return tuple(
        replace(one, counts=counted(one.counts.expected, found.get(one.dwelling_id, ())))
        for one in (*households, *elsewhere)
    )


def _standing(newest_of_accounts: Iterable[Mark]) -> Standing:
    newest_first = sorted(newest_of_accounts, key=lambda one: -one.sequence)
    mark, others = newest_first[0], newest_first[1:]
    return Standing(mark, tuple(one for one in others if one.state is not mark.state))
