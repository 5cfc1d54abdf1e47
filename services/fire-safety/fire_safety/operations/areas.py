"""What people do with detection zones and mutual-aid groups."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from fire_safety.domain.premises.areas import (
    Area,
    AreaAction,
    AreaChange,
    AreaInUseError,
    AreaKind,
    DetectionZone,
    InterlinkedGroup,
    Members,
)
from fire_safety.operations.devices import move
from fire_safety.operations.requests import claim
from fire_safety.repository import areas, devices


class AreaOperations:
    """Makes, changes and retires areas; each time nobody else changes the register."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        ward_code: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._ward_code = ward_code
        self._new_id = new_id

    async def create_zone(
        self, wanted: DetectionZone, note: str, request_id: str, digest: bytes
    ) -> DetectionZone:
        """Make a zone with these devices, under an id of our own; a repeat gets it as it is now.

        Raises PremisesNotFoundError, DeviceNotFoundError, DeviceRetiredError, FieldInvalidError,
        RequestIdReusedError.
        """
        now = self._clock()
        zone = replace(wanted, zone_id=str(self._new_id()))
        async with self._database.transaction() as tx:
            await devices.lock_register(tx)
            if first := await claim(tx, request_id, digest, zone.zone_id, now):
                return await areas.load_zone(tx, first)
            await areas.add_zone(tx, zone, now)
            await move(tx, zone.device_ids, {"zone_id": zone.zone_id}, now)
            made = await areas.load_zone(tx, zone.zone_id)
            await _tell(tx, AreaAction.CREATED, made, note, now)
        self._relay.wake()
        return made

    async def change_zone(
        self, zone_id: str, members: Members, note: str, request_id: str, digest: bytes
    ) -> DetectionZone:
        """Put devices into a zone and take others out; what is so already has no effect.

        Raises ZoneNotFoundError, DeviceNotFoundError, DeviceRetiredError, FieldInvalidError,
        RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            await devices.lock_register(tx)
            first = await claim(tx, request_id, digest, zone_id, now)
            before = await areas.load_zone(tx, zone_id)
            if first:
                return before
            leaving = members.remove_device_ids & {*before.device_ids}
            await move(tx, leaving, {"zone_id": ""}, now)
            await move(tx, members.add_device_ids, {"zone_id": zone_id}, now)
            after = await areas.load_zone(tx, zone_id)
            if after != before:
                await _tell(tx, AreaAction.CHANGED, after, note, now)
        self._relay.wake()
        return after

    async def retire_zone(self, zone_id: str, note: str, request_id: str, digest: bytes) -> Area:
        """Take a zone off the register; a repeat gets it as it was last.

        Raises ZoneNotFoundError, AreaInUseError, RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            await devices.lock_register(tx)
            if await claim(tx, request_id, digest, zone_id, now):
                return await areas.load_retired(tx, AreaKind.ZONE, zone_id)
            zone = await areas.load_zone(tx, zone_id)
            if zone.device_ids:
                raise AreaInUseError
            await areas.remove_zone(tx, zone, now)
            await _tell(tx, AreaAction.RETIRED, zone, note, now)
        self._relay.wake()
        return zone

    async def create_group(
        self, wanted: InterlinkedGroup, note: str, request_id: str, digest: bytes
    ) -> InterlinkedGroup:
        """Make a group with these members, under an id of our own; a repeat gets it as it is now.

        Raises DeviceNotFoundError, DeviceRetiredError, FieldInvalidError,
        RequestIdReusedError.
        """
        now = self._clock()
        group = replace(wanted, group_id=str(self._new_id()))
        async with self._database.transaction() as tx:
            await devices.lock_register(tx)
            if first := await claim(tx, request_id, digest, group.group_id, now):
                return await areas.load_group(tx, first)
            await areas.add_group(tx, group)
            await areas.change_dwellings(tx, group.group_id, group.dwelling_ids, ())
            await move(tx, group.device_ids, {"mutual_aid_group_id": group.group_id}, now)
            made = await areas.load_group(tx, group.group_id)
            await areas.tell_groups(tx, self._ward_code, [made.group_id], now)
            await _tell(tx, AreaAction.CREATED, made, note, now)
        self._relay.wake()
        return made

    async def change_group(
        self, group_id: str, members: Members, note: str, request_id: str, digest: bytes
    ) -> InterlinkedGroup:
        """Take households and devices into a group and others out; what is so already has no effect.

        Raises MutualAidGroupNotFoundError, DeviceNotFoundError, DeviceRetiredError, FieldInvalidError,
        RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            await devices.lock_register(tx)
            first = await claim(tx, request_id, digest, group_id, now)
            before = await areas.load_group(tx, group_id)
            if first:
                return before
            await areas.change_dwellings(
                tx, group_id, members.add_dwelling_ids, members.remove_dwelling_ids
            )
            leaving = members.remove_device_ids & {*before.device_ids}
            await move(tx, leaving, {"mutual_aid_group_id": ""}, now)
            await move(tx, members.add_device_ids, {"mutual_aid_group_id": group_id}, now)
            after = await areas.load_group(tx, group_id)
            if after != before:
                await areas.tell_groups(tx, self._ward_code, [group_id], now)
                await _tell(tx, AreaAction.CHANGED, after, note, now)
        self._relay.wake()
        return after

    async def retire_group(self, group_id: str, note: str, request_id: str, digest: bytes) -> Area:
        """Take a group off the register; a repeat gets it as it was last.

        Raises MutualAidGroupNotFoundError, AreaInUseError, RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            await devices.lock_register(tx)
            if await claim(tx, request_id, digest, group_id, now):
                return await areas.load_retired(tx, AreaKind.MUTUAL_AID_GROUP, group_id)
            group = await areas.load_group(tx, group_id)
            if group.device_ids:
                raise AreaInUseError
            await areas.tell_groups(tx, self._ward_code, [group_id], now, retired=True)
            await areas.remove_group(tx, group_id)
            await _tell(tx, AreaAction.RETIRED, group, note, now)
        self._relay.wake()
        return group


async def _tell(tx: Transaction, action: AreaAction, area: Area, note: str, now: datetime) -> None:
    await areas.tell(tx, AreaChange(0, now, current_account(), action, note, area))
