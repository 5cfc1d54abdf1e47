"""Entering a table of residences: all of it, or what of it is valid, or nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import NamedTuple, TypeVar
from uuid import UUID, uuid4, uuid5

from chassis.account.access_chain import AccessRecord
from chassis.account.access_log import append
from chassis.clock import Clock, ward_day
from chassis.errors import DomainError
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from residency.domain.duplicates import Occasion
from residency.domain.persons.sealing import NumberSeal
from residency.domain.residence.households import carried_on
from residency.domain.residence.registrations import (
    HouseholdChoice,
    Origin,
    Registration,
    check_first_day,
)
from residency.domain.residence.rows import (
    Declared,
    Fault,
    Homes,
    Households,
    Known,
    NewPerson,
    NewResident,
    Outcome,
    Register,
    ResidenceRow,
    Verdict,
)
from residency.operations import duplicates, residence
from residency.repository import occupancy
from residency.repository import residence_rows as repository
from residency.repository.households import belonging, members_from
from residency.repository.limits import last_first_day
from residency.repository.residence import temporary_limit

T = TypeVar("T")
_AT_ONCE = 1000
# So many at most are compared with their namesakes by one statement: of a thousand, where many are called the same, it
# would take a minute.
_COMPARED_ONE_BY_ONE = 50


class Step(StrEnum):
    """What an import is at: judging rows, or comparing those who are on the register now with one another."""

    JUDGED = "JUDGED"
    COMPARED = "COMPARED"


# Is told the step, and how much of it is done, of how much.
Progress = Callable[[Step, int, int], object]


class _NothingMeantError(Exception):
    """Ends a transaction whose work was only to see what would become of it."""


class _Placed(NamedTuple):
    """A row whose dwelling is known."""

    number_index: bytes
    row: int
    declared: Declared
    dwelling_id: UUID


class ResidenceImport:
    """Enters each row as a registration by RPC is entered, by the same rules."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: NumberSeal,
        command: AccessRecord,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._command = command
        self._new_id = new_id

    async def enter(
        self,
        rows: Sequence[ResidenceRow],
        *,
        dry_run: bool,
        accept_valid: bool,
        progress: Progress,
    ) -> tuple[list[Verdict], bool]:
        """Judge all rows and enter them, unless it is a dry run, or some are refused and not all the same accepted.

        Tells what became of each, and whether anything was meant to be entered. A registration that the register
        holds already is left as it is. Whoever is in the table is told of it: what becomes of a row says whether they
        are on the register, so all are on the account before the first is judged, whether anything is meant or not.
        """
        await self._account_for(rows)
        verdicts: list[Verdict] = []
        with suppress(_NothingMeantError):
            async with self._database.transaction() as tx:
                entering = _Entering(tx, self._origin, progress)
                verdicts = await self._judge(entering, rows)
                refused = any(one.outcome is Outcome.REFUSED for one in verdicts)
                if dry_run or (refused and not accept_valid):
                    raise _NothingMeantError
                for some in _portions(entering.changed):
                    await occupancy.announce(tx, some, self._clock())
                await self._find_duplicates(entering)
            self._relay.wake()
            return verdicts, True
        return verdicts, False

    @property
    def _origin(self) -> Origin:
        return Origin(self._command.account, self._command.reference)

    async def _account_for(self, rows: Sequence[ResidenceRow]) -> None:
        """Record the command, and each person of the table under it, many at a time so that no look waits for long."""
        command = self._command
        numbers = (row.declared.number for row in rows if row.declared)
        subjects = dict.fromkeys(map(self._seal.pseudonym, numbers))
        concerned = (
            command._replace(record_id=uuid5(command.record_id, subject), subject=subject)
            for subject in subjects
        )
        for some in _portions([command, *concerned]):
            async with self._database.transaction() as tx:
                await append(tx, *some)

    async def _find_duplicates(self, entering: "_Entering") -> None:
        """Compare whoever was entered with the register; where they are many, the whole register with itself."""
        tx, new, now = entering.tx, entering.newcomers, self._clock()
        if len(new) > _COMPARED_ONE_BY_ONE:
            progress = partial(entering.progress, Step.COMPARED)
            await duplicates.find_all(tx, Occasion.IMPORT, self._new_id, now, progress)
        elif new:
            await duplicates.find(tx, new, Occasion.IMPORT, self._new_id, now)

    async def _judge(self, entering: "_Entering", rows: Sequence[ResidenceRow]) -> list[Verdict]:
        """Enter what can be entered; tell what becomes of each row.

        Dwellings are locked first, and then the persons as their rows are taken, each in one order. New persons are
        entered many at a time, and then, one by one, whoever the register or another row knows.
        """
        tx = entering.tx
        placed, refused = self._place(rows, await repository.load_homes(tx))
        entering.rows = len(placed)
        homes = sorted({one.dwelling_id for one in placed})
        await occupancy.lock_dwellings(tx, homes)
        new, others = await _apart(tx, placed)
        households = await repository.load_households(tx, homes)
        for start in range(0, len(new), _AT_ONCE):
            others += await self._enter_new(entering, new[start : start + _AT_ONCE], households)
        register = await repository.load_register(tx, [one.number_index for one in others])
        for one in sorted(others, key=lambda one: (one.number_index, one.row)):
            entering.judge(one, await self._enter(entering, one, register))
        verdicts = [*refused, *(verdict for _, verdict in entering.judged)]
        return sorted(verdicts, key=lambda verdict: verdict.number)

    def _place(
        self, rows: Sequence[ResidenceRow], homes: Homes
    ) -> tuple[list[_Placed], list[Verdict]]:
        """Find the dwelling of each row, in order of persons; refuse rows that have faults or no one dwelling."""
        placed, refused = [], []
        for row in rows:
            home = homes.find(row.declared.home) if row.declared else None
            if row.declared is None or not isinstance(home, UUID):
                faults = [home] if isinstance(home, Fault) else row.faults
                refused.append(Verdict(row.number, Outcome.REFUSED, faults))
            else:
                index = self._seal.blind_index(row.declared.number)
                placed.append(_Placed(index, row.number, row.declared, home))
        return sorted(placed, key=lambda one: (one.number_index, one.row)), refused

    async def _enter_new(
        self, entering: "_Entering", rows: Sequence[_Placed], households: Households
    ) -> list[_Placed]:
        """Enter rows of persons whom neither the register nor another row knows, all in a few statements.

        No rule about what else is said of a person can refuse them. Tells which rows are of persons who were entered by
        others meanwhile.
        """
        now, people = self._clock(), {}
        limit = await temporary_limit(entering.tx, ward_day(now))
        last = await last_first_day(entering.tx, ward_day(now))
        for one in rows:
            try:
                applying = one.declared.applying_for(one.dwelling_id)
                applying.check_term(limit)
                check_first_day("valid_from", applying.term.valid_from, last)
            except DomainError as error:
                entering.judge(one, Verdict(one.row, Outcome.REFUSED, refusal=error))
            else:
                people[one] = NewPerson(self._new_id(), one.number_index, one.declared)
        entered = await repository.enter_persons(
            entering.tx, list(people.values()), self._seal, now
        )
        new = {one: person for one, person in people.items() if one.number_index in entered}
        # Not before: who is left out founds no household that others would join.
        residents = [self._settling(one, new[one].person_id, households, now) for one in new]
        await repository.settle(entering.tx, residents, entering.origin, now)
        for one, person in new.items():
            entering.newcomers.append(person.person_id)
            entering.judge(one, Verdict(one.row, Outcome.NEW))
        return [one for one in people if one not in new]

    def _settling(
        self, one: _Placed, person_id: UUID, households: Households, now: datetime
    ) -> NewResident:
        term = one.declared.term
        household_id, relationship = households.join(one.dwelling_id, term, self._new_id(), now)
        registration = Registration(
            self._new_id(),
            term,
            ended_on=None,
            superseded=False,
            kind=one.declared.kind,
            person_id=person_id,
            dwelling_id=one.dwelling_id,
            household_id=household_id,
        )
        return NewResident(registration, self._new_id(), relationship)

    async def _enter(self, entering: "_Entering", one: _Placed, register: Register) -> Verdict:
        """Enter a row, unless the register or the file holds it already, or a rule refuses it."""
        application = one.declared.applying_for(one.dwelling_id)
        entry = Known(one.number_index, one.dwelling_id, application.kind, application.term)
        try:
            if entry in register.registrations:
                # It says who is registered too: a row that names somebody else is not the one that is there.
                application.check_identity(*register.identities[one.number_index])
                return Verdict(one.row, Outcome.UNCHANGED)
            async with entering.tx.begin_nested():
                household = await _carried_on(entering.tx, one, register)
                entered = await residence.enter(
                    entering.tx,
                    self._new_id(),
                    replace(application, household=household),
                    self._seal,
                    entering.origin,
                    self._new_id,
                    self._clock(),
                )
        except DomainError as error:
            return Verdict(one.row, Outcome.REFUSED, refusal=error)
        register.add(entry, one.declared.registered_as(entered.person_id))
        entering.newcomers.append(entered.person_id)
        return Verdict(one.row, Outcome.NEW)


@dataclass
class _Entering:
    """One table while it is entered: what became of its rows so far, and who is yet to be compared with others."""

    tx: Transaction
    origin: Origin
    progress: Progress
    rows: int = 0
    judged: list[tuple[_Placed, Verdict]] = field(default_factory=list)
    newcomers: list[UUID] = field(default_factory=list)

    def judge(self, row: _Placed, verdict: Verdict) -> None:
        """Note what became of a row, and tell how far it is."""
        self.judged.append((row, verdict))
        self.progress(Step.JUDGED, len(self.judged), self.rows)

    @property
    def changed(self) -> list[UUID]:
        """The dwellings that somebody was entered in, in order."""
        return sorted(
            {one.dwelling_id for one, verdict in self.judged if verdict.outcome is Outcome.NEW}
        )


async def _apart(
    tx: Transaction, placed: Sequence[_Placed]
) -> tuple[list[_Placed], list[_Placed]]:
    """Tell rows of persons whom neither the register nor another row knows from all others."""
    indexes = [one.number_index for one in placed]
    times, registered = Counter(indexes), await repository.load_registered(tx, indexes)
    new: list[_Placed] = []
    others: list[_Placed] = []
    for one in placed:
        is_new = one.number_index not in registered and times[one.number_index] == 1
        (new if is_new else others).append(one)
    return new, others


async def _carried_on(tx: Transaction, one: _Placed, register: Register) -> HouseholdChoice:
    """Choose the household in which a row carries on; the dwelling's, where it does not or nobody is known by it."""
    identity, term = register.identities.get(one.number_index), one.declared.term
    if identity is None:
        return HouseholdChoice()
    person_id, day_before = identity.standing.person_id, term.valid_from - timedelta(days=1)
    own = await belonging(tx, person_id, one.dwelling_id, day_before)
    if own is None:
        return HouseholdChoice()
    members = await members_from(tx, own.household_id, day_before)
    return carried_on(own, members, term)


def _portions(of: Sequence[T]) -> Iterator[Sequence[T]]:
    return (of[start : start + _AT_ONCE] for start in range(0, len(of), _AT_ONCE))
