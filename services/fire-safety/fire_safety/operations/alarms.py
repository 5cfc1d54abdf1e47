"""What people do with alarms."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from chassis.clock import Clock
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from fire_safety.domain.alarms.alarm import Alarm, AlarmKind, Disposition
from fire_safety.operations.requests import claim
from fire_safety.repository import alarms as repository

_Save = Callable[[Transaction, Alarm, datetime], Awaitable[None]]


class AlarmOperations:
    """Acknowledges, silences and resets alarms."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        found = set(Disposition) - {Disposition.UNSPECIFIED}
        metrics.tell_from_the_start(metrics.ALARMS_RESET, AlarmKind, found)

    async def acknowledge(self, alarm_id: UUID, request_id: str, digest: bytes) -> Alarm:
        """Note that the caller has seen an alarm; a second acknowledgement changes nothing.

        Raises AlarmNotFoundError, AlarmAlreadyResetError, RequestIdReusedError.
        """

        def decide(alarm: Alarm, now: datetime) -> Alarm:
            return alarm.acknowledged(current_account(), now)

        return await self._change(
            alarm_id, request_id, digest, decide, repository.save_acknowledged
        )

    async def silence(self, alarm_id: UUID, request_id: str, digest: bytes) -> Alarm:
        """Note that an alarm need not be sounded any longer; a second time changes nothing.

        Raises AlarmNotFoundError, AlarmAlreadyResetError, RequestIdReusedError.
        """

        def decide(alarm: Alarm, now: datetime) -> Alarm:
            return alarm.silenced(current_account(), now)

        return await self._change(alarm_id, request_id, digest, decide, repository.save_silenced)

    async def reset(
        self, alarm_id: UUID, disposition: Disposition, request_id: str, digest: bytes
    ) -> Alarm:
        """End an alarm whose device is back to normal.

        Raises AlarmNotFoundError, AlarmNotRestoredError, AlarmAlreadyResetError, RequestIdReusedError.
        """

        def decide(alarm: Alarm, now: datetime) -> Alarm:
            return alarm.reset(current_account(), disposition, now)

        alarm = await self._change(alarm_id, request_id, digest, decide, repository.save_reset)
        metrics.ALARMS_RESET.labels(alarm.kind, disposition).inc()
        return alarm

    async def _change(
        self,
        alarm_id: UUID,
        request_id: str,
        digest: bytes,
        decide: Callable[[Alarm, datetime], Alarm],
        save: _Save,
    ) -> Alarm:
        """Change an alarm once per request id; a repeat gets the alarm as it is now."""
        now = self._clock()
        async with self._database.transaction() as tx:
            first = await claim(tx, request_id, digest, str(alarm_id), now)
            before = await repository.load_for_change(tx, alarm_id)
            if first is not None:
                return before
            alarm = decide(before, now)
            if alarm is not before:
                await save(tx, alarm, now)
        self._relay.wake()
        return alarm
