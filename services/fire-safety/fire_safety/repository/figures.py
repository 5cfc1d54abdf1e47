"""What readings amount to: the hours that are due, and their figures.

An hour is due by a row that the transaction of its readings added. Rolling up takes the rows it sees and computes
afterwards, with a newer view: a reading is in the figures, or its hour is due again.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    cast,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.readings.columns import Bulk
from fire_safety.domain.readings.rollups import touched_hours

MEASURES = ("optical_density", "temperature", "carbon_monoxide")

_HOUR = timedelta(hours=1)
_MARK = "insert into rollup_due (hour, device_ids) values ($1, $2)"
_readings = tables.readings.c
_hourly = tables.readings_hourly.c
_due = tables.rollup_due.c


async def mark(connection: Any, bulk: Bulk) -> None:  # noqa: ANN401 - asyncpg ships no types
    """Have the hours of readings rolled up that are stored in the same transaction."""
    for hour_ms, device_ids in touched_hours(bulk):
        hour = datetime.fromtimestamp(hour_ms / 1000, UTC)
        await connection.execute(_MARK, hour, list(device_ids) or None)


async def oldest_due(tx: Transaction, ended_before: datetime) -> datetime | None:
    """Tell the oldest hour that is due and ended before a time."""
    hour: datetime | None = await tx.scalar(
        select(func.min(_due.hour)).where(_due.hour <= ended_before - _HOUR)
    )
    return hour


async def roll_up(tx: Transaction, hour: datetime) -> None:
    """Compute an hour's figures from all its readings, of the devices that are due."""
    taken = await tx.scalars(
        delete(tables.rollup_due).where(_due.hour == hour).returning(_due.device_ids)
    )
    marks = taken.all()
    chosen = select(_readings.device_id, cast(hour, _hourly.hour.type), *of_readings())
    chosen = chosen.where(_readings.observed_at >= hour, _readings.observed_at < hour + _HOUR)
    if None not in marks:
        late = {device_id for device_ids in marks for device_id in device_ids}
        chosen = chosen.where(_readings.device_id.in_(sorted(late)))
    names = ["device_id", "hour", *(column.name for column in of_readings())]
    statement = insert(tables.readings_hourly).from_select(
        names, chosen.group_by(_readings.device_id)
    )
    given = statement.excluded
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=[_hourly.device_id, _hourly.hour],
            set_={name: given[name] for name in names[2:]},
            # Readings only ever become more, unless their day was dropped: then what was known stays.
            where=_hourly.readings <= given.readings,
        )
    )


def of_readings() -> list[ColumnElement[Any]]:
    """Write the figures of readings."""
    return [
        func.count().label("readings"),
        func.bit_or(_readings.conditions).label("conditions"),
        func.min(_readings.battery).label("battery_min"),
        *(column for name in MEASURES for column in _of_measure(name)),
    ]


def of_figures(parts: FromClause) -> list[ColumnElement[Any]]:
    """Write the figures that several figures add up to."""
    return [
        cast(func.sum(parts.c.readings), BigInteger).label("readings"),
        func.bit_or(parts.c.conditions).label("conditions"),
        func.min(parts.c.battery_min).label("battery_min"),
        *(column for name in MEASURES for column in _of_parts(parts, name)),
    ]


def _of_measure(name: str) -> list[ColumnElement[Any]]:
    measured = _readings[name]
    return [
        func.count(measured).label(f"{name}_count"),
        func.sum(cast(measured, Double)).label(f"{name}_sum"),
        func.min(measured).label(f"{name}_min"),
        func.max(measured).label(f"{name}_max"),
    ]


def _of_parts(parts: FromClause, name: str) -> list[ColumnElement[Any]]:
    return [
        cast(func.sum(parts.c[f"{name}_count"]), BigInteger).label(f"{name}_count"),
        func.sum(parts.c[f"{name}_sum"]).label(f"{name}_sum"),
        func.min(parts.c[f"{name}_min"]).label(f"{name}_min"),
        func.max(parts.c[f"{name}_max"]).label(f"{name}_max"),
    ]
