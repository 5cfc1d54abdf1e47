"""Tests and disablements: set and ended by people, ended by themselves when their time is over."""

from collections.abc import Callable
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.context import current_account
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.domain.alarms.modes import DeviceMode, ModeWanted
from fire_safety.operations.requests import claim
from fire_safety.repository import modes as repository


class ModeOperations:
    """Sets and ends modes."""

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

    async def set(self, wanted: ModeWanted, request_id: str, digest: bytes) -> DeviceMode:
        """Set a mode from now on, once per request id; a repeat gets the mode as it is now.

        Raises ModeTargetNotFoundError, DeviceRetiredError, DeviceModeTooLongError, FieldInvalidError,
        RequestIdReusedError.
        """
        now = self._clock()
        mode_id = self._new_id()
        async with self._database.transaction() as tx:
            first = await claim(tx, request_id, digest, str(mode_id), now)
            if first is not None:
                return await repository.load(tx, UUID(first))
            wanted.check(await repository.policy_in_force(tx, now), now)
            place = await repository.place_of_target(tx, wanted)
            mode = DeviceMode(
                mode_id=mode_id,
                ward_code=self._ward_code,
                premises_id=place.premises_id,
                zone_name=place.zone_name,
                floor=place.floor,
                set_by=current_account(),
                begins_at=now,
                **vars(wanted),
            )
            await repository.add(tx, mode, now)
        self._relay.wake()
        logger().info("device_mode_set", kind=mode.kind, scope=mode.scope)
        return mode

    async def end(self, mode_id: UUID, request_id: str, digest: bytes) -> DeviceMode:
        """End a mode before its time; a repeat of the request gets the mode as it is now.

        Raises DeviceModeNotFoundError, DeviceModeAlreadyEndedError, RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            first = await claim(tx, request_id, digest, str(mode_id), now)
            mode = await repository.load(tx, mode_id)
            if first is not None:
                return mode
            mode = mode.ended(current_account(), now)
            await repository.save_ended(tx, mode, now)
        self._relay.wake()
        return mode

    async def expire_next(self) -> bool:
        """End the mode whose time has been over the longest; False if there is none to end now."""
        now = self._clock()
        async with self._database.transaction() as tx:
            due = await repository.take_due(tx, now)
            if due is None:
                return False
            await repository.save_ended(tx, due.expired(), now)
        self._relay.wake()
        metrics.MODES_EXPIRED.labels(due.kind).inc()
        return True
