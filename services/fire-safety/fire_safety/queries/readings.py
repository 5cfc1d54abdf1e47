"""What a device measured, for charts."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, Select, any_, exists, func, literal, or_, select, union_all

from chassis.storage.database import Database, Transaction
from fire_safety import tables
from fire_safety.domain.devices.device import DeviceNotFoundError
from fire_safety.domain.readings.charts import (
    HOUR,
    ORIGIN,
    Chart,
    ChartPoint,
    ChartRequest,
    Measured,
    buckets,
    check_span,
)
from fire_safety.repository import figures, retention

_readings = tables.readings.c
_hourly = tables.readings_hourly.c
_due = tables.rollup_due.c


class ReadingQueries:
    """Asks for readings, and for what they amount to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def chart(self, request: ChartRequest, now: datetime) -> Chart:
        """Give a device's readings, or figures of them where they are many.

        Raises FieldInvalidError for an impossible span, DeviceNotFoundError for a device that nobody registered or
        heard.
        """
        async with self._database.transaction() as tx:
            kept = await retention.kept(tx, now)
            check_span(request, kept["readings_hourly"])
            expired = now - kept["readings"]
            found = await _chart(tx, request, expired)
            if not found.points and not await tx.scalar(_is_known(request.device_id)):
                raise DeviceNotFoundError
            return found


async def _chart(tx: Transaction, request: ChartRequest, expired: datetime) -> Chart:
    if request.start >= expired:
        rows = (await tx.execute(singly(request))).mappings().all()
        if len(rows) <= request.points:
            return Chart([_reading_of(row) for row in rows], bucket=None)
    shortest = HOUR if request.start < expired else timedelta()
    begin, end, width = buckets(request, shortest)
    if width < HOUR:
        statement = bucketed(of_readings(request.device_id, begin, end, width))
    else:
        due = await tx.scalar(_first_due(request.device_id, begin, end))
        statement = bucketed(of_both(request.device_id, begin, due or end, end, width))
    rows = (await tx.execute(statement)).mappings().all()
    return Chart([_bucket_of(row) for row in rows], bucket=width)


# ---------------------------------------------------------------- statements


def singly(request: ChartRequest) -> Select[Any]:
    """Ask for the readings themselves; for one more than wanted, to see whether they are few."""
    return (
        select(tables.readings)
        .where(
            _readings.device_id == request.device_id,
            _readings.observed_at >= request.start,
            _readings.observed_at < request.end,
        )
        .order_by(_readings.observed_at)
        .limit(request.points + 1)
    )


def of_readings(device_id: str, begin: datetime, end: datetime, width: timedelta) -> Select[Any]:
    """Ask for figures of readings by bucket."""
    at = func.date_bin(width, _readings.observed_at, ORIGIN).label("at")
    return (
        select(at, *figures.of_readings())
        .where(
            _readings.device_id == device_id,
            _readings.observed_at >= begin,
            _readings.observed_at < end,
        )
        .group_by("at")
    )


def of_both(
    device_id: str, begin: datetime, due: datetime, end: datetime, width: timedelta
) -> Select[Any]:
    """Ask for figures of whole hours as far as they are rolled up, and of readings from `due` on."""
    at = func.date_bin(width, _hourly.hour, ORIGIN).label("at")
    hours = (
        select(at, *figures.of_figures(tables.readings_hourly))
        .where(_hourly.device_id == device_id, _hourly.hour >= begin, _hourly.hour < due)
        .group_by("at")
    )
    parts = union_all(hours, of_readings(device_id, due, end, width)).subquery()
    return select(parts.c.at, *figures.of_figures(parts)).group_by(parts.c.at)


def bucketed(statement: Select[Any]) -> Select[Any]:
    """Put buckets into their order."""
    return statement.order_by("at")


def _first_due(device_id: str, begin: datetime, end: datetime) -> Select[Any]:
    """Ask from when on figures do not know all of a device's readings."""
    of_device = or_(_due.device_ids.is_(None), literal(device_id) == any_(_due.device_ids))
    return select(func.min(_due.hour)).where(_due.hour >= begin, _due.hour < end, of_device)


def _is_known(device_id: str) -> Select[Any]:
    columns = (tables.devices.c.device_id, _readings.device_id, _hourly.device_id)
    return select(or_(*(exists().where(column == device_id) for column in columns)))


# ---------------------------------------------------------------- rows


def _reading_of(row: RowMapping) -> ChartPoint:
    return ChartPoint(
        at=row["observed_at"],
        received_at=row["received_at"],
        readings=1,
        conditions=row["conditions"],
        optical_density=_single(row["optical_density"]),
        temperature=_single(row["temperature"]),
        carbon_monoxide=_single(row["carbon_monoxide"]),
        battery_min=row["battery"],
    )


def _single(value: float | None) -> Measured | None:
    return None if value is None else Measured(value, value, value)


def _bucket_of(row: RowMapping) -> ChartPoint:
    return ChartPoint(
        at=row["at"],
        readings=row["readings"],
        conditions=row["conditions"],
        optical_density=_several(row, "optical_density"),
        temperature=_several(row, "temperature"),
        carbon_monoxide=_several(row, "carbon_monoxide"),
        battery_min=row["battery_min"],
    )


def _several(row: RowMapping, name: str) -> Measured | None:
    number = row[f"{name}_count"]
    if not number:
        return None
    return Measured(row[f"{name}_min"], row[f"{name}_sum"] / number, row[f"{name}_max"])
