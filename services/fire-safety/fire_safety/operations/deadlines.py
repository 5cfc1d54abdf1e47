"""Devices that outlived their service life or were not tested for too long: told as trouble, once."""

from collections.abc import Iterable
from datetime import datetime

from chassis.clock import Clock, ward_day
from chassis.storage.database import Lease
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from fire_safety.domain.alarms.alarm import Signal
from fire_safety.repository import deadlines, signals
from fire_safety.repository.deadlines import Condition
from fire_safety.repository.places import places_of

# So many at a time: whatever else is raised meanwhile does not wait behind a whole register.
_AT_ONCE = 100


class DeadlineOperations:
    """Keeps the alarms of the register's days in agreement with the register."""

    def __init__(self, relay: Relay, clock: Clock, ward_code: str) -> None:
        self._relay = relay
        self._clock = clock
        self._ward_code = ward_code

    async def settle(self, lease: Lease) -> bool:
        """Raise what has begun and restore what has ended by the ward's calendar; tell whether there may be more."""
        now = self._clock()
        today = ward_day(now)
        async with lease.transaction() as tx:
            ended = await deadlines.load_ended(tx, today, now, _AT_ONCE)
            await signals.restore_alarms(tx, _signals(ended, now, raised=False), now)
            begun = await deadlines.load_begun(tx, today, now, _AT_ONCE)
            places = await places_of(tx, [device_id for device_id, _ in begun])
            new = _signals(begun, now, raised=True)
            raised = await signals.raise_alarms(tx, self._ward_code, new, places, now)
        self._relay.wake()
        for alarm in raised:
            metrics.ALARMS_RAISED.labels(alarm.kind.signal_class, alarm.kind).inc()
        return max(len(ended), len(begun)) == _AT_ONCE


def _signals(conditions: Iterable[Condition], now: datetime, *, raised: bool) -> list[Signal]:
    """Tell conditions as signals of no profile: the register judged them."""
    at_ms = round(now.timestamp() * 1000)
    return [
        Signal(device_id, kind, raised=raised, observed_ms=at_ms, received_ms=at_ms, profile="")
        for device_id, kind in conditions
    ]
