"""What the detector does to the database, each through the lease that makes it the only one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice

from chassis import metrics
from chassis.clock import Clock
from chassis.database import Lease, Transaction
from chassis.log import logger
from chassis.outbox import Relay
from fire_safety.detection.ward import Seen
from fire_safety.domain.alarms import Alarm, Signal
from fire_safety.domain.progress import Reached
from fire_safety.repository import alarms, detection

_AT_ONCE = 500


class DetectionOperations:
    """Stores signals as alarms, and how far detection has come in the messages of a ward."""

    def __init__(self, relay: Relay, clock: Clock, ward_code: str) -> None:
        self._relay = relay
        self._clock = clock
        self._ward_code = ward_code

    async def note_signals(
        self, lease: Lease, signals: Sequence[Signal], reached: Reached | None
    ) -> None:
        """Raise and restore alarms in order, and enter the message up to which these are all signals.

        All of it or nothing: after a crash the same messages give the same signals again.
        """
        async with lease.transaction() as tx:
            raised = await self._apply(tx, [one for one in signals if one.suppressed is None])
            if reached:
                await detection.save_reached(tx, self._ward_code, reached)
        self._relay.wake()
        self._measure(signals, raised)

    async def save_progress(
        self,
        lease: Lease,
        reached: Reached | None,
        seen: Sequence[Seen],
        gateways: Mapping[str, int],
    ) -> None:
        """Enter the message up to which everything has had its effect, and signs of life.

        `gateways` were heard, themselves or through a device of theirs, at these milliseconds since 1970.
        """
        async with lease.transaction() as tx:
            if reached:
                await detection.save_reached(tx, self._ward_code, reached)
            await detection.save_seen(tx, seen)
            await detection.save_gateways(tx, gateways)

    async def _apply(self, tx: Transaction, signals: Iterable[Signal]) -> list[Alarm]:
        now = self._clock()
        raised: list[Alarm] = []
        for begins, some in _runs(signals):
            if begins:
                raised += await alarms.raise_alarms(tx, self._ward_code, some, now)
            else:
                await alarms.restore_alarms(tx, some, now)
        return raised

    def _measure(self, signals: Iterable[Signal], raised: Iterable[Alarm]) -> None:
        durable = self._clock().timestamp()
        received = {(one.device_id, one.kind): one.received_ms for one in signals if one.raised}
        for alarm in raised:
            metrics.ALARMS_RAISED.labels(alarm.kind.signal_class, alarm.kind).inc()
            seconds = durable - received[alarm.device_id, alarm.kind] / 1000
            metrics.ALARM_SECONDS.observe(max(seconds, 0))
            logger().info("alarm_raised", alarm_id=str(alarm.alarm_id), kind=alarm.kind)


def _runs(signals: Iterable[Signal]) -> Iterator[tuple[bool, list[Signal]]]:
    """Cut signals into runs that begin or end, in order, since a device may do both within one message.

    None is longer than one statement can carry.
    """
    for begins, run in groupby(signals, key=lambda one: one.raised):
        while some := list(islice(run, _AT_ONCE)):
            yield begins, some
