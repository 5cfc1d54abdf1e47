"""What other services tell, newest version only: redelivered and reordered events change nothing they should not."""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import ColumnElement, Table, bindparam, select, tuple_
from sqlalchemy.dialects.postgresql import Insert, insert

from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.incidents.alarms import Alarm
from incidents.domain.places import (
    DeviceMode,
    MutualAidGroup,
    Occupancy,
    Place,
    Premises,
    SupplyPoint,
)


async def project_alarms(tx: Transaction, alarms: Iterable[Alarm]) -> None:
    """Keep the newest state of alarms. Until the transaction ends nobody else handles an event of them."""
    # In order, so that two who have the same ones do not wait for each other in a circle.
    rows = [
        {column.name: getattr(alarm, column.name) for column in tables.alarms.c}
        for alarm in sorted(alarms, key=lambda one: one.alarm_id)
    ]
    if rows:
        await tx.execute(_PROJECT_ALARM, rows)


async def project_premises(tx: Transaction, premises: Premises) -> None:
    """Keep the newest state of premises."""
    await _project(tx, tables.premises, [premises])


async def project_occupancies(tx: Transaction, counted: Iterable[Occupancy]) -> None:
    """Keep the newest counts of dwellings."""
    # In order, so that two who have the same ones do not wait for each other in a circle.
    in_order = sorted(counted, key=lambda one: one.dwelling_id)
    await _project(tx, tables.occupancies, in_order)


async def project_supply_point(tx: Transaction, point: SupplyPoint) -> None:
    """Keep the newest state of a supply point."""
    await _project(tx, tables.supply_points, [point])


async def project_mutual_aid_group(tx: Transaction, group: MutualAidGroup) -> None:
    """Keep the newest members of a mutual-aid group."""
    await _project(tx, tables.mutual_aid_groups, [group])


async def project_device_mode(tx: Transaction, mode: DeviceMode) -> None:
    """Keep a test or disablement; what has ended is not begun again by news that came late."""
    table = tables.device_modes
    added = insert(table).values({one.name: getattr(mode, one.name) for one in table.columns})
    await tx.execute(_unless_older(added, table, ~table.c.ended))


async def place_of(tx: Transaction, premises_id: str) -> Place | None:
    """Tell where premises are; None if nothing is known of them."""
    row = (await tx.execute(_PLACE, {"premises_id": premises_id})).one_or_none()
    return row and Place(row.name, row.address)


async def _project(
    tx: Transaction,
    table: Table,
    told: Iterable[Premises | Occupancy | SupplyPoint | MutualAidGroup],
) -> None:
    rows = [{one.name: getattr(state, one.name) for one in table.columns} for state in told]
    if rows:
        await tx.execute(_keep_newest(table), rows)


@cache
def _keep_newest(table: Table) -> Insert:
    added = insert(table)
    # The same version counted again later confirms it: its age starts anew.
    newer = tuple_(added.excluded.version, added.excluded.as_of) > tuple_(
        table.c.version, table.c.as_of
    )
    return _unless_older(added, table, newer)


def _unless_older(added: Insert, table: Table, newer: ColumnElement[bool]) -> Insert:
    changed = {
        column.name: added.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    return added.on_conflict_do_update(index_elements=table.primary_key, set_=changed, where=newer)


# What an alarm waits for is written out once: to write it out again takes longer than to have it answered.
_adding = insert(tables.alarms)
_PROJECT_ALARM = _unless_older(
    _adding, tables.alarms, _adding.excluded.version > tables.alarms.c.version
)
_PLACE = select(tables.premises.c.name, tables.premises.c.address).where(
    tables.premises.c.premises_id == bindparam("premises_id")
)
