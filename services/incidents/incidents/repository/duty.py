"""The roster: entered, ended, and loaded around a time."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    bindparam,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.storage.database import Transaction
from incidents.domain.duty.roster import (
    Contact,
    Duty,
    DutyFunction,
    DutyKey,
    DutyNotFoundError,
    OfficerNotFoundError,
    Requirement,
    Roster,
    Shift,
    Substitution,
    Unit,
    UnitNotFoundError,
)
from incidents.tables import duties, duty_requirements, officers, shifts, substitutions, units
from incidents.tables.duty import HOLDS

_begins: BindParameter[datetime] = bindparam("begins")
_ends: BindParameter[datetime] = bindparam("ends")
_DUTIES_HELD = select(duties).where(
    HOLDS, duties.c.begins_at <= _ends, or_(duties.c.ends_at.is_(None), duties.c.ends_at > _begins)
)
_SUBSTITUTIONS_HELD = (
    select(substitutions)
    .where(substitutions.c.begins_at <= _ends, substitutions.c.ends_at > _begins)
    .order_by(substitutions.c.entered_at, substitutions.c.substitution_id)
)


async def save_unit(tx: Transaction, unit: Unit) -> None:
    """Store a unit, or its new name."""
    added = upsert(units).values(code=unit.code, name=unit.name)
    await tx.execute(
        added.on_conflict_do_update(
            index_elements=units.primary_key, set_={"name": added.excluded.name}
        )
    )


async def save_shift(tx: Transaction, shift: Shift) -> None:
    """Store a shift, or what is new of it."""
    told = {
        "name": shift.name,
        "begins_min": int(shift.begins.total_seconds() // 60),
        "lasts_min": int(shift.lasts.total_seconds() // 60),
    }
    added = upsert(shifts).values(code=shift.code, **told)
    await tx.execute(added.on_conflict_do_update(index_elements=shifts.primary_key, set_=told))


async def save_officer(
    tx: Transaction, account: str, unit_code: str, contacts: tuple[Contact, ...], sealed: bytes
) -> None:
    """Store an officer with the sealed ways to reach them; raises UnitNotFoundError."""
    if not await tx.scalar(select(units.c.code).where(units.c.code == unit_code)):
        raise UnitNotFoundError
    told = {
        "unit_code": unit_code,
        "channels": [one.channel for one in contacts],
        "contacts_sealed": sealed,
    }
    added = upsert(officers).values(account=account, **told)
    await tx.execute(added.on_conflict_do_update(index_elements=officers.primary_key, set_=told))


async def known_officers(tx: Transaction, accounts: Iterable[str]) -> set[str]:
    """Tell which of some accounts are officers."""
    account = officers.c.account
    return set(await tx.scalars(select(account).where(account.in_(list(accounts)))))


async def require_officers(tx: Transaction, *accounts: str) -> None:
    """Raise OfficerNotFoundError unless all are officers."""
    if await known_officers(tx, accounts) != set(accounts):
        raise OfficerNotFoundError


async def known_shifts(tx: Transaction) -> dict[str, Shift]:
    """Load the shifts by their codes."""
    return {row.code: shift_of(row) for row in await tx.execute(select(shifts))}


async def duties_like(tx: Transaction, wanted: Iterable[Duty]) -> dict[DutyKey, Duty]:
    """Load the duties that say already who has which function from when on, by that."""
    columns = duties.c
    key = tuple_(columns.function, columns.account, columns.begins_at)
    said = await tx.execute(select(duties).where(HOLDS, key.in_({one.key for one in wanted})))
    found = [duty_of(row) for row in said]
    return {one.key: one for one in found}


async def add_duties(
    tx: Transaction, wanted: Collection[Duty], account: str, now: datetime
) -> None:
    """Enter duties; of two that say the same and are entered at once one is kept."""
    rows = [
        {**vars(duty), "entered_by": account, "entered_at": now, "withdrawn_by": ""}
        for duty in wanted
    ]
    if rows:
        await tx.execute(upsert(duties).on_conflict_do_nothing(), rows)


async def end_duty(tx: Transaction, duty_id: UUID, account: str, now: datetime) -> None:
    """Withdraw a duty that is to come, or end one that has begun; raises DutyNotFoundError if neither holds."""
    columns = duties.c
    found = await tx.execute(
        select(columns.begins_at)
        .where(columns.duty_id == duty_id, HOLDS)
        .where(or_(columns.ends_at.is_(None), columns.ends_at > now))
        .with_for_update()
    )
    begins_at = found.scalar_one_or_none()
    if begins_at is None:
        raise DutyNotFoundError
    withdrawn = {"withdrawn_by": account, "withdrawn_at": now}
    changed = withdrawn if begins_at > now else {"ends_at": now}
    await tx.execute(update(duties).where(columns.duty_id == duty_id).values(changed))


async def add_substitution(
    tx: Transaction, wanted: Substitution, account: str, now: datetime
) -> None:
    """Enter a substitution."""
    await tx.execute(
        insert(substitutions).values(**vars(wanted), entered_by=account, entered_at=now)
    )


async def roster_between(tx: Transaction, begins_at: datetime, ends_at: datetime) -> Roster:
    """Load what holds of the roster at some time of a period, its ends included."""
    period = {"begins": begins_at, "ends": ends_at}
    held = await tx.execute(_DUTIES_HELD, period)
    taken = await tx.execute(_SUBSTITUTIONS_HELD, period)
    return Roster(
        duties=tuple(duty_of(row) for row in held),
        substitutions=tuple(
            Substitution(
                row.substitution_id, row.account, row.substitute, row.begins_at, row.ends_at
            )
            for row in taken
        ),
    )


def requirements_on(day: date) -> Select[Any]:
    """Select how many must have which function on a day: of each function the newest version."""
    columns = duty_requirements.c
    return (
        select(duty_requirements)
        .ext(distinct_on(columns.function))
        .where(columns.effective_from <= func.greatest(day, _first()))
        .order_by(columns.function, columns.effective_from.desc())
    )


def requirement_of(row: Row[Any]) -> Requirement:
    """Read how many must have a function."""
    return Requirement(DutyFunction(row.function), row.at_least, row.source)


def duty_of(row: Row[Any]) -> Duty:
    """Read a duty."""
    return Duty(
        duty_id=row.duty_id,
        function=DutyFunction(row.function),
        account=row.account,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        shift_code=row.shift_code,
    )


def shift_of(row: Row[Any]) -> Shift:
    """Read a shift."""
    begins, lasts = timedelta(minutes=row.begins_min), timedelta(minutes=row.lasts_min)
    return Shift(row.code, row.name, begins, lasts)


def _first() -> ColumnElement[date]:
    first = func.min(duty_requirements.c.effective_from)
    return select(first).correlate(None).scalar_subquery()
