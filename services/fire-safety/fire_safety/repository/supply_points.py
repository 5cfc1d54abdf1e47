"""Supply points: entered and changed, each change with its event."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import insert

from chassis.storage import outbox
from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.premises.premises import Position
from fire_safety.domain.premises.supply_points import (
    SupplyPoint,
    SupplyPointKind,
    SupplyPointNotFoundError,
    SupplyPointState,
    entered_over,
)
from fire_safety.wire import supply_points as wire


async def enter(
    tx: Transaction, ward_code: str, entered: Sequence[SupplyPoint], now: datetime
) -> None:
    """Enter supply points, each new or changed one with its event."""
    known = await _load(tx, [one.supply_point_id for one in entered])
    news = [entered_over(known.get(one.supply_point_id), one) for one in entered]
    await save(tx, ward_code, [one for one in news if one is not None], now)


async def load(tx: Transaction, supply_point_id: str) -> SupplyPoint:
    """Load a supply point for change; raises SupplyPointNotFoundError."""
    found = await _load(tx, [supply_point_id])
    if supply_point_id not in found:
        raise SupplyPointNotFoundError
    return found[supply_point_id]


async def save(
    tx: Transaction, ward_code: str, changed: Sequence[SupplyPoint], now: datetime
) -> None:
    """Store supply points as they are now, each with its event."""
    if not changed:
        return
    table, key = tables.supply_points, "supply_point_id"
    added = insert(table)
    await tx.execute(
        added.on_conflict_do_update(
            index_elements=[key],
            set_={one.name: added.excluded[one.name] for one in table.c if one.name != key},
        ),
        [_row_of(one) for one in changed],
    )
    events = [wire.supply_point_changed(ward_code, one) for one in changed]
    await outbox.add(tx, tables.outbox, now, *events)


def supply_point_of(row: RowMapping) -> SupplyPoint:
    """Read a supply point."""
    told = dict(row)
    position = Position(told.pop("latitude"), told.pop("longitude"))
    kind, state = SupplyPointKind(told.pop("kind")), SupplyPointState(told.pop("state"))
    return SupplyPoint(position=position, kind=kind, state=state, **told)


async def _load(tx: Transaction, ids: list[str]) -> dict[str, SupplyPoint]:
    table = tables.supply_points
    statement = select(table).where(table.c.supply_point_id.in_(ids)).with_for_update()
    rows = (await tx.execute(statement)).mappings()
    return {row["supply_point_id"]: supply_point_of(row) for row in rows}


def _row_of(one: SupplyPoint) -> dict[str, object]:
    row = {**vars(one), **vars(one.position)}
    del row["position"]
    return row
