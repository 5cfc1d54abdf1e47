"""Devices across the ward, and the history of each."""

from sqlalchemy import select

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.devices.device import (
    Device,
    DeviceChange,
    DeviceFilter,
    DeviceNotFoundError,
)
from fire_safety.repository.rows import change_of, device_of

_devices = tables.devices.c
_changes = tables.device_changes.c


class DeviceQueries:
    """Asks for devices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_device(self, device_id: str) -> Device:
        """Give a device; raises DeviceNotFoundError."""
        statement = select(tables.devices).where(_devices.device_id == device_id)
        async with self._database.transaction() as tx:
            row = (await tx.execute(statement)).mappings().one_or_none()
        if row is None:
            raise DeviceNotFoundError
        return device_of(row)

    async def list_devices(self, chosen: DeviceFilter, after_id: str, limit: int) -> list[Device]:
        """Give devices in order of their id."""
        statement = select(tables.devices).where(_devices.device_id > after_id)
        same = {
            _devices.premises_id: chosen.premises_id,
            _devices.kind: chosen.kind,
            _devices.gateway_id: chosen.gateway_id,
            _devices.mutual_aid_group_id: chosen.mutual_aid_group_id,
        }
        for column, value in same.items():
            if value:
                statement = statement.where(column == value)
        if chosen.unplaced_only:
            statement = statement.where(_devices.premises_id.is_(None))
        if chosen.clock_skewed_only:
            statement = statement.where(_devices.clock_skewed)
        if chosen.retired is not None:
            statement = statement.where(_devices.retired == chosen.retired)
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement.order_by(_devices.device_id).limit(limit))
            return [device_of(row) for row in rows.mappings()]

    async def list_changes(self, device_id: str, before: int, limit: int) -> list[DeviceChange]:
        """Give the history of a device, newest first, from before a position; raises DeviceNotFoundError."""
        here = (_changes.device_id == _devices.device_id) & (_changes.position < before)
        statement = (
            select(tables.device_changes)
            .select_from(tables.devices.outerjoin(tables.device_changes, here))
            .where(_devices.device_id == device_id)
            .order_by(_changes.position.desc())
            .limit(limit)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).mappings().all()
        if not rows:
            raise DeviceNotFoundError
        return [change_of(row) for row in rows if row["position"] is not None]
