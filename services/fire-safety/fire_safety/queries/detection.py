"""What detection starts from and is judged by."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, select
from sqlalchemy.dialects.postgresql import distinct_on

from chassis.database import Database
from fire_safety import tables
from fire_safety.domain.alarms import AlarmKind, AlarmState
from fire_safety.domain.devices import Device, PayloadFormat
from fire_safety.domain.limits import IngestionLimits, Profile
from fire_safety.domain.progress import Position
from fire_safety.repository.rows import device_of


class DetectionQueries:
    """Asks for limits, devices and where detection stood."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def profiles(self, now: datetime) -> list[Profile]:
        """Give the version of each detection profile that is in force."""
        profiles = tables.detection_profiles.c
        columns = [profiles[name] for name in Profile.__dataclass_fields__]
        statement = (
            select(*columns)
            .ext(distinct_on(profiles.profile_id))
            .where(profiles.effective_from <= now)
            .order_by(profiles.profile_id, profiles.version.desc())
        )
        return [Profile(**row) for row in await self._rows(statement)]

    async def ingestion_limits(self, now: datetime) -> IngestionLimits:
        """Give the limits of ingestion that are in force."""
        limits = tables.ingestion_limits.c
        statement = (
            select(*(limits[name] for name in IngestionLimits.__dataclass_fields__))
            .where(limits.effective_from <= now)
            .order_by(limits.version.desc())
            .limit(1)
        )
        (row,) = await self._rows(statement)
        return IngestionLimits(**row)

    async def devices(self, changed_since: datetime) -> list[Device]:
        """Give the devices whose register entry changed since then."""
        statement = select(tables.devices).where(tables.devices.c.changed_at >= changed_since)
        return [device_of(row) for row in await self._rows(statement)]

    async def payload_formats(self, changed_since: datetime) -> dict[str, PayloadFormat]:
        """Give the formats of the devices whose register entry changed since then, by device."""
        devices = tables.devices.c
        statement = select(devices.device_id, devices.payload_format).where(
            devices.changed_at >= changed_since
        )
        return {
            row["device_id"]: PayloadFormat(row["payload_format"])
            for row in await self._rows(statement)
        }

    async def signalling(self) -> dict[str, frozenset[AlarmKind]]:
        """Give the kinds of alarms that were raised and not restored, by device."""
        alarms = tables.alarms.c
        statement = select(alarms.device_id, alarms.kind).where(
            alarms.state != AlarmState.RESET, alarms.restored_at.is_(None)
        )
        found: dict[str, frozenset[AlarmKind]] = {}
        for row in await self._rows(statement):
            before = found.get(row["device_id"], frozenset())
            found[row["device_id"]] = before | {AlarmKind(row["kind"])}
        return found

    async def position(self, subject: str) -> Position | None:
        """Give the message up to which detection has had its effect; None before the first."""
        positions = tables.detector_positions.c
        statement = select(positions.stream_sequence, positions.received_at).where(
            positions.subject == subject
        )
        rows = await self._rows(statement)
        return Position(**rows[0]) if rows else None

    async def _rows(self, statement: Select[Any]) -> list[RowMapping]:
        async with self._database.transaction() as tx:
            return list((await tx.execute(statement)).mappings())
