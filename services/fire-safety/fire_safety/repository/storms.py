"""Storms: found once whoever looks, each change with its event."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.storage import outbox
from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.alarms.storms import Burst, Storm, StormPolicy
from fire_safety.tables.versions import in_force
from fire_safety.wire import overview as wire

_storms, _alarms = tables.storms.c, tables.alarms.c


async def policy_in_force(tx: Transaction, now: datetime) -> StormPolicy:
    """Read when storms begin and end."""
    columns = tables.storm_policies.c
    statement = (
        select(*(columns[name] for name in StormPolicy.__dataclass_fields__))
        .where(in_force(columns.effective_from, now))
        .order_by(columns.version.desc())
        .limit(1)
    )
    return StormPolicy(**(await tx.execute(statement)).mappings().one())


async def burst(tx: Transaction, policy: StormPolicy, now: datetime) -> Burst:
    """Count the premises with new fire alarms; a device that is not placed counts as premises of its own."""
    place = func.coalesce(func.nullif(_alarms.premises_id, ""), _alarms.device_id)
    within = _alarms.confirmed_at > now - timedelta(seconds=policy.within_s)
    calm = _alarms.confirmed_at > now - timedelta(seconds=policy.calm_s)
    statement = select(
        func.count(place.distinct()).filter(within), func.count(place.distinct())
    ).where(calm)
    return Burst(*(await tx.execute(statement)).one())


async def load_open(tx: Transaction, ward_code: str) -> Storm | None:
    """Load the storm that is on and keep others from changing it."""
    statement = (
        select(tables.storms)
        .where(_storms.ward_code == ward_code, _storms.ended_at.is_(None))
        .with_for_update()
    )
    row = (await tx.execute(statement)).mappings().one_or_none()
    return None if row is None else Storm(**row)


async def begin(tx: Transaction, storm: Storm, now: datetime) -> None:
    """Save a storm that begins; the index decides if somebody else found it at the same time."""
    statement = insert(tables.storms).on_conflict_do_nothing()
    if (await tx.execute(statement, vars(storm))).rowcount:
        await outbox.add(tx, tables.outbox, now, wire.storm_began(storm))


async def save(tx: Transaction, storm: Storm, now: datetime) -> None:
    """Save that a storm grew, or is over."""
    await tx.execute(
        update(tables.storms)
        .where(_storms.storm_id == storm.storm_id)
        .values(ended_at=storm.ended_at, most_premises=storm.most_premises)
    )
    if storm.ended_at:
        await outbox.add(tx, tables.outbox, now, wire.storm_ended(storm))
