"""What is entered in the roster, one transaction each."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.storage.database import Database
from incidents.domain.duty.contacts import ContactSeal
from incidents.domain.duty.requests import (
    DutyWanted,
    DutyWithdrawn,
    Imported,
    OfficerWanted,
    RosterProblem,
    RosterRow,
    RosterTable,
    ShiftWanted,
    SubstitutionWanted,
    UnitWanted,
)
from incidents.domain.duty.roster import (
    Duty,
    DutyEnteredOtherwiseError,
    DutyKey,
    Shift,
    Substitution,
)
from incidents.operations.requests import claimed, claimed_for
from incidents.repository.duty import (
    add_duties,
    add_substitution,
    duties_like,
    end_duty,
    known_officers,
    known_shifts,
    require_officers,
    save_officer,
    save_shift,
    save_unit,
)

_OTHER_SHIFT = (
    "cán bộ này đã có lượt trực khác bắt đầu cùng lúc",
    "the officer has another duty that begins at this time",
)


class DutyOperations:
    """Keeps the roster. A repeat changes nothing; raises RequestIdReusedError."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        seal: ContactSeal,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._new_id = new_id

    async def set_unit(self, asked: UnitWanted) -> None:
        """Enter a unit, or give it another name."""
        async with self._database.transaction() as tx:
            if await claimed(tx, asked, asked.unit.code, self._clock()) is None:
                await save_unit(tx, asked.unit)

    async def set_officer(self, asked: OfficerWanted) -> None:
        """Enter an officer, or another unit and other ways to reach them; raises UnitNotFoundError."""
        sealed = self._seal.seal(asked.contacts, asked.officer)
        async with self._database.transaction() as tx:
            if await claimed(tx, asked, asked.officer, self._clock()) is None:
                await save_officer(tx, asked.officer, asked.unit_code, asked.contacts, sealed)

    async def set_shift(self, asked: ShiftWanted) -> None:
        """Enter a shift, or change it; what the roster says already stays."""
        async with self._database.transaction() as tx:
            if await claimed(tx, asked, asked.shift.code, self._clock()) is None:
                await save_shift(tx, asked.shift)

    async def enter_duty(self, asked: DutyWanted) -> UUID:
        """Enter a duty, unless the roster says it already, and tell its id.

        Raises OfficerNotFoundError, or DutyEnteredOtherwiseError where the roster tells another end.
        """
        now, duty_id = self._clock(), self._new_id()
        duty = Duty(duty_id, asked.function, asked.officer, asked.begins_at, asked.ends_at)
        async with self._database.transaction() as tx:
            first = await claimed(tx, asked, str(duty_id), now)
            if first is not None:
                return UUID(first)
            await require_officers(tx, asked.officer)
            await add_duties(tx, [duty], asked.account, now)
            kept = (await duties_like(tx, [duty]))[duty.key]
            if kept.ends_at != duty.ends_at:
                raise DutyEnteredOtherwiseError
            if kept.duty_id != duty_id:
                await claimed_for(tx, asked, str(kept.duty_id))
        return kept.duty_id

    async def withdraw_duty(self, asked: DutyWithdrawn) -> None:
        """Take a duty out that is to come, or end one that has begun; raises DutyNotFoundError."""
        now = self._clock()
        async with self._database.transaction() as tx:
            if await claimed(tx, asked, str(asked.duty_id), now) is None:
                await end_duty(tx, asked.duty_id, asked.account, now)

    async def enter_substitution(self, asked: SubstitutionWanted) -> UUID:
        """Enter a substitution and tell its id; raises OfficerNotFoundError."""
        now, made = self._clock(), self._new_id()
        wanted = Substitution(
            made, asked.officer, asked.substitute, asked.begins_at, asked.ends_at
        )
        async with self._database.transaction() as tx:
            first = await claimed(tx, asked, str(made), now)
            if first is not None:
                return UUID(first)
            await require_officers(tx, asked.officer, asked.substitute)
            await add_substitution(tx, wanted, asked.account, now)
        return made

    async def import_roster(self, asked: RosterTable) -> Imported:
        """Enter a table of duties, all rows or none; tell what was done, or would be, or what is wrong."""
        now = self._clock()
        async with self._database.transaction() as tx:
            known = await known_shifts(tx)
            accounts = await known_officers(tx, {row.officer for row in asked.rows})
            problems = (*asked.problems, *_unknown(asked.rows, known, accounts))
            if problems:
                return Imported(0, 0, tuple(sorted(problems, key=lambda one: one.row)))
            wanted = {row: self._duty(row, known[row.shift_code]) for row in asked.rows}
            said = await duties_like(tx, wanted.values())
            fresh, problems = _told_apart(wanted, said)
            if problems:
                return Imported(0, 0, problems)
            if not asked.dry_run and await claimed(tx, asked, "roster", now) is None:
                await add_duties(tx, fresh, asked.account, now)
        return Imported(len(fresh), len(wanted) - len(fresh))

    def _duty(self, row: RosterRow, shift: Shift) -> Duty:
        begins_at, ends_at = shift.on(row.day)
        return Duty(self._new_id(), row.function, row.officer, begins_at, ends_at, shift.code)


def _told_apart(
    wanted: Mapping[RosterRow, Duty], said: Mapping[DutyKey, Duty]
) -> tuple[list[Duty], tuple[RosterProblem, ...]]:
    """Tell the duties that neither the roster nor a row before says, and rows that contradict those.

    A duty of the same shift was ended by somebody, or the shift was changed since: that stays as it is.
    """
    known, fresh, problems = dict(said), [], []
    for row, duty in wanted.items():
        before = known.setdefault(duty.key, duty)
        if before is duty:
            fresh.append(duty)
        elif before.shift_code != duty.shift_code and before.ends_at != duty.ends_at:
            problems.append(RosterProblem(row.number, "shift", *_OTHER_SHIFT))
    return fresh, tuple(problems)


def _unknown(
    rows: Iterable[RosterRow], shifts: Collection[str], accounts: Collection[str]
) -> Iterator[RosterProblem]:
    """Tell what rows name that the roster does not know."""
    for row in rows:
        if row.shift_code not in shifts:
            yield RosterProblem(row.number, "shift", "không có ca trực này", "no such shift")
        if row.officer not in accounts:
            yield RosterProblem(row.number, "account", "không có cán bộ này", "no such officer")
