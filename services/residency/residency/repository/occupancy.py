"""Who stays in which dwelling; publishing a dwelling's counts in the transaction that changed them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Select,
    Uuid,
    any_,
    bindparam,
    func,
    literal,
    or_,
    select,
    update,
)

from chassis import outbox
from chassis.clock import ward_day
from chassis.database import Transaction
from residency import tables
from residency.domain.occupancy import Assistance, Occupants, Stay, next_change
from residency.domain.partial_date import PartialDate
from residency.domain.places import Building, Dwelling, DwellingNotFoundError
from residency.tables import assistance_needs, buildings, dwellings, persons, registrations
from residency.wire import answers

_SET_COUNTED = (
    update(dwellings)
    .where(dwellings.c.dwelling_id == bindparam("counted_id"))
    .values(occupancy_version=bindparam("version"), recount_on=bindparam("next_recount"))
)


def among(ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Say in SQL: a dwelling with one of these ids."""
    return dwellings.c.dwelling_id == any_(literal(ids, ARRAY(Uuid)))


async def load_occupants(
    tx: Transaction, which: ColumnElement[bool], day: date
) -> list[Occupants]:
    """Load dwellings by floor and unit, each with the stays that have not ended on `day`."""
    rows = await tx.execute(_occupants(day).where(which))
    return [_dwelling(list(group)) for _, group in groupby(rows, lambda row: row.dwelling_id)]


async def lock_dwelling(tx: Transaction, dwelling_id: UUID) -> None:
    """Make other changes of this dwelling's occupancy wait until this transaction has ended.

    Raises DwellingNotFoundError.
    """
    if not await lock_dwellings(tx, [dwelling_id]):
        raise DwellingNotFoundError


async def lock_dwellings(tx: Transaction, ids: Sequence[UUID]) -> list[UUID]:
    """Lock the dwellings that exist, in order of their id so that nobody waits in a circle."""
    statement = select(dwellings.c.dwelling_id).where(among(ids)).order_by(dwellings.c.dwelling_id)
    return list((await tx.scalars(statement.with_for_update(key_share=True))).all())


async def lock_due(tx: Transaction, day: date, limit: int) -> list[UUID]:
    """Lock some dwellings whose counts change by `day` without a registration; others skip them."""
    statement = (
        select(dwellings.c.dwelling_id)
        .where(dwellings.c.recount_on <= day)
        .order_by(dwellings.c.recount_on, dwellings.c.dwelling_id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return list((await tx.scalars(statement)).all())


async def announce(tx: Transaction, locked: Sequence[UUID], now: datetime) -> None:
    """Count the locked dwellings anew, publish each under its next version and set its timer."""
    today = ward_day(now)
    changed = [
        replace(occupants, version=occupants.version + 1)
        for occupants in await load_occupants(tx, among(locked), today)
    ]
    if not changed:
        return
    await tx.execute(_SET_COUNTED, [_counted(occupants, today) for occupants in changed])
    events = (answers.occupancy_changed(occupants.counted(now)) for occupants in changed)
    await outbox.add(tx, tables.outbox, now, *events)


def _counted(occupants: Occupants, today: date) -> dict[str, Any]:
    return {
        "counted_id": occupants.dwelling.dwelling_id,
        "version": occupants.version,
        "next_recount": next_change(occupants.stays, today),
    }


def _occupants(day: date) -> Select[Any]:
    needs = select(assistance_needs.c.type).where(
        assistance_needs.c.person_id == registrations.c.person_id
    )
    not_ended = or_(registrations.c.ends_on.is_(None), registrations.c.ends_on > day)
    of_dwelling = registrations.c.dwelling_id == dwellings.c.dwelling_id
    return (
        select(
            *place_columns(),
            dwellings.c.occupancy_version,
            registrations.c.person_id,
            persons.c.birth_year,
            persons.c.birth_month,
            persons.c.birth_day,
            func.array(needs.correlate(registrations).scalar_subquery()).label("needs"),
            registrations.c.valid_from,
            registrations.c.ends_on,
        )
        .select_from(
            dwellings.join(buildings)
            .outerjoin(registrations, of_dwelling & not_ended)
            .outerjoin(persons, persons.c.person_id == registrations.c.person_id)
        )
        .order_by(dwellings.c.floor, dwellings.c.unit, dwellings.c.dwelling_id)
    )


def place_columns() -> Iterable[ColumnElement[Any]]:
    """Name the columns that `dwelling_of` reads."""
    in_dwelling = (dwellings.c.dwelling_id, dwellings.c.floor, dwellings.c.unit)
    return (*buildings.c, *in_dwelling)


def dwelling_of(row: Row[Any]) -> Dwelling:
    """Read a dwelling with its building."""
    return Dwelling(row.dwelling_id, building_of(row), row.floor, row.unit)


def building_of(row: Row[Any]) -> Building:
    """Read a building."""
    return Building(
        row.building_id, row.ward_code, row.residential_group, row.address, row.storeys
    )


def _dwelling(rows: list[Row[Any]]) -> Occupants:
    stays = tuple(_stay(row) for row in rows if row.person_id)
    return Occupants(dwelling_of(rows[0]), rows[0].occupancy_version, stays)


def _stay(row: Row[Any]) -> Stay:
    return Stay(
        person_id=row.person_id,
        birth_date=PartialDate(row.birth_year, row.birth_month, row.birth_day),
        needs=frozenset(Assistance(need) for need in row.needs),
        valid_from=row.valid_from,
        ends_on=row.ends_on,
    )
