"""Households: people who live together, one of them the householder (chủ hộ); a person belongs to one at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.residence.registrations import (
    Headship,
    HouseholdChoice,
    Registration,
    Term,
)

HOUSEHOLDER = "HOUSEHOLDER"


class HouseholdNotFoundError(DomainError):
    """No household has this id, or not in this dwelling."""

    reason = "HOUSEHOLD_NOT_FOUND"


class HouseholdMembershipExistsError(DomainError):
    """The person belongs to a household in this time; nobody belongs to two."""

    reason = "HOUSEHOLD_MEMBERSHIP_EXISTS"


class HouseholderExistsError(DomainError):
    """The household has a householder in this time; none has two."""

    reason = "HOUSEHOLDER_EXISTS"


class NotAMemberError(DomainError):
    """A named person does not belong to the household then."""

    reason = "NOT_A_HOUSEHOLD_MEMBER"


@dataclass(frozen=True)
class Relationship:
    """What a member may be to the householder, with its source."""

    code: str
    name_vi: str
    source: str


@dataclass(frozen=True)
class Membership:
    """That a person belongs to a household, and as what; None where that was not said."""

    membership_id: UUID
    household_id: UUID
    person_id: UUID
    registration_id: UUID
    relationship: str | None
    lasts: Term


@dataclass(frozen=True)
class NamedMembers:
    """Members of a household by their numbers, with what they are to the householder, from a day on."""

    household_id: UUID
    members: Mapping[PersonalIdNumber, str]
    valid_from: date


@dataclass(frozen=True)
class Rearrangement:
    """From a day on named members, found by who they are, have these relationships, in a household.

    The members who are not named stay where they are; if they stay in this household under another householder, what
    they are to that person was not said.
    """

    household_id: UUID
    named: Mapping[UUID, str]
    valid_from: date

    def __post_init__(self) -> None:
        """Refuse any number of householders but one."""
        if list(self.named.values()).count(HOUSEHOLDER) != 1:
            raise FieldInvalidError(
                "members", Rule("trong đó có một chủ hộ", "one of them is the householder")
            )

    def of_household(self, members: Sequence[Membership]) -> dict[UUID, Membership]:
        """Tell by its id what each membership is from that day on, where it changes; raises NotAMemberError."""
        self._check_named(members)
        changed = {
            one.membership_id: replace(one, relationship=self.named.get(one.person_id))
            for one in members
        }
        return {key: one for key, one in changed.items() if one not in members}

    def split_off(
        self, members: Sequence[Membership], new_household: UUID
    ) -> dict[UUID, Membership]:
        """Tell by its id what each membership of those who leave for a new household is from that day on.

        Raises NotAMemberError.
        """
        self._check_named(members)
        return {
            one.membership_id: replace(
                one, household_id=new_household, relationship=self.named[one.person_id]
            )
            for one in members
            if one.person_id in self.named
        }

    def _check_named(self, members: Sequence[Membership]) -> None:
        """Refuse strangers, and a householder who joins later: the household would be headless until then."""
        if self.named.keys() - {member.person_id for member in members}:
            raise NotAMemberError
        there = {one.person_id for one in members if one.lasts.holds_on(self.valid_from)}
        if HOUSEHOLDER not in {self.named.get(person_id) for person_id in there}:
            raise NotAMemberError


def continued(members: Sequence[Membership], term: Term) -> Headship | None:
    """Tell on which days of a term the householder of the day before it stays one: until somebody else is.

    None if there was none, or somebody else is from the first day on.
    """
    day_before = term.valid_from - timedelta(days=1)
    heads = [one for one in members if one.relationship == HOUSEHOLDER]
    last = next((one for one in heads if one.lasts.holds_on(day_before)), None)
    if last is None:
        return None
    others = [one.lasts for one in heads if one.person_id != last.person_id]
    followed = [other.valid_from for other in others if other.overlaps(term)]
    until = min(followed, default=term.valid_until)
    if until is not None and until <= term.valid_from:
        return None
    return Headship(last.person_id, Term(term.valid_from, until))


def carried_on(own: Membership, members: Sequence[Membership], term: Term) -> HouseholdChoice:
    """Choose for a term the household that somebody belongs to on the day before it.

    As what they are there, as long as its householder stays one, and as the householder if they are that.
    """
    headship = continued(members, term)
    is_said = headship is not None and own.relationship != HOUSEHOLDER
    as_what = own.relationship if is_said else None
    return HouseholdChoice(own.household_id, relationship=as_what, headship=headship)


def standing(
    registration: Registration, relationship: str | None, headship: Headship | None
) -> list[tuple[Term, str | None]]:
    """Tell on which days of a registration its person is what to the householder.

    The householder on the days of a headship of theirs, which lie within its term, and otherwise what was said.
    """
    if headship is None or headship.person_id != registration.person_id:
        return [(registration.term, relationship)]
    others = registration.term.without([headship.lasts])
    return [(headship.lasts, HOUSEHOLDER), *((days, relationship) for days in others)]


def fitted(
    members: Sequence[Membership], term: Term | None, registration_id: UUID
) -> list[tuple[Membership, Term]]:
    """Fit the memberships of a registration, in order, to the one that corrects it, and the days on which that holds.

    The first begins with it and the last ends with it; what lies outside falls away. None: it never held.
    """
    if term is None or not members:
        return []
    kept = [one for one in members if one.lasts.overlaps(term)] or [members[-1]]
    starts = [term.valid_from, *(one.lasts.valid_from for one in kept[1:])]
    ends = [*(one.lasts.valid_until for one in kept[:-1]), term.valid_until]
    return [
        (replace(one, registration_id=registration_id), Term(start, end))
        for one, start, end in zip(kept, starts, ends, strict=True)
    ]
