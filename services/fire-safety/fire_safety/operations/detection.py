"""What the detector does to the database, each through the lease that makes it the only one."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice

from chassis.clock import Clock
from chassis.errors import DatabaseUnavailableError
from chassis.storage.database import Lease, Transaction, part_of
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.detection.ward import Seen
from fire_safety.domain.alarms.alarm import (
    FIRE_KINDS,
    Alarm,
    AlarmKind,
    Effect,
    Signal,
    Suppression,
)
from fire_safety.domain.alarms.confirmation import Confirmed
from fire_safety.domain.lanes.progress import Reached
from fire_safety.domain.premises.places import KnownPlaces, Place
from fire_safety.repository import confirmation, detection, suppressed
from fire_safety.repository import signals as alarms
from fire_safety.repository.first_signals import raise_first
from fire_safety.repository.places import Places, places_now, places_of
from fire_safety.repository.repeats import repeats

_AT_ONCE = 500
_ATTEMPTS = 3


class DetectionOperations:
    """Stores signals as alarms, and how far detection has come in the messages of a ward."""

    def __init__(
        self, relay: Relay, clock: Clock, ward_code: str, places: KnownPlaces | None = None
    ) -> None:
        self._relay = relay
        self._clock = clock
        self._ward_code = ward_code
        self._places = KnownPlaces() if places is None else places
        for kind in AlarmKind:
            metrics.tell_from_the_start(metrics.ALARMS_RAISED, [kind.signal_class], [kind])
        metrics.tell_from_the_start(metrics.SIGNALS_SUPPRESSED, Suppression, AlarmKind)

    def forget_places(self) -> None:
        """Forget where devices hang: others may work on them from now on."""
        self._places.clear()

    async def learn_places(self, lease: Lease, device_ids: Collection[str]) -> None:
        """Learn where devices hang before any has a fire to tell: to ask takes nearly as long as to raise its alarm."""
        self._places.learn(device_ids, await places_now(lease, device_ids))

    async def note_signals(
        self, lease: Lease, signals: Sequence[Signal], reached: Reached | None
    ) -> list[Signal]:
        """Raise and restore alarms in order, and enter the message up to which these are all signals.

        What is suppressed is recorded only. After a crash the same messages give the same signals again, and what
        they did before is not done twice. Tells those that began nothing, for what they tell is over: no alarm
        signals for them.
        """
        spent: list[Signal] = []
        device_ids = {one.device_id for one in signals}
        if unknown := device_ids - self._places.keys():
            await self.learn_places(lease, unknown)
        raised, left = await self._raise_first(lease, signals, reached)
        places: Places = self._places
        if left:
            async with lease.transaction() as tx:
                places = await places_of(tx, device_ids)
                self._places.learn(device_ids, places)
                await confirmation.alone(tx, _areas(left, places))
                raised += await self._apply(tx, left, places, spent)
                if reached:
                    await detection.save_reached(tx, self._ward_code, reached)
            self._relay.wake()
        raised += await self._look(lease, _areas(signals, places))
        self._measure(signals, raised)
        return spent

    async def note_one_by_one(
        self, lease: Lease, signals: Sequence[Signal], reached: Reached | None
    ) -> list[Signal]:
        """Do what `note_signals` does, but for signals that the database refuses; tell these as well.

        Still in one transaction: signals that are stored without the place behind them are given again after a crash,
        and what began and ended would do both a second time.
        """
        raised: list[Alarm] = []
        refused: list[Signal] = []
        spent: list[Signal] = []
        async with lease.transaction() as tx:
            places = await places_of(tx, (one.device_id for one in signals))
            await confirmation.alone(tx, _areas(signals, places))
            for one in signals:
                try:
                    async with part_of(tx):
                        raised += await self._apply(tx, [one], places, spent)
                except DatabaseUnavailableError:
                    raise
                except Exception:  # noqa: BLE001 - one must not hold up the others: logged once
                    logger().exception("signal_failed", kind=one.kind)
                    refused.append(one)
            if reached:
                await detection.save_reached(tx, self._ward_code, reached)
        self._relay.wake()
        stored = [one for one in signals if one not in refused]
        raised += await self._look(lease, _areas(stored, places))
        self._measure(stored, raised)
        return refused + spent

    async def confirm_all(self, lease: Lease) -> None:
        """Confirm pre-alarms whose witness was stored by a detector that ended before it looked."""
        async with lease.statements() as statements:
            found = await confirmation.look_everywhere(statements)
        self._measure((), await self._confirm(lease, found))

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

    async def _raise_first(
        self,
        lease: Lease,
        signals: Sequence[Signal],
        reached: Reached | None,
    ) -> tuple[list[Alarm], list[Signal]]:
        """Raise the alarms of signals that are the first of their kind; tell them, and the signals that are left.

        If anything ends, is suppressed or is given twice, all are left: it must be stored in order, and together. So
        is what comes of a device that does not hang where it did.
        """
        different = {(one.device_id, one.kind) for one in signals if one.effect is Effect.BEGINS}
        if len(different) < len(signals):
            return [], list(signals)
        now = self._clock()
        places = self._places
        new = [alarms.new_alarm(self._ward_code, one, places, now) for one in signals]
        raised, events = await raise_first(lease, self._ward_code, new, places, reached, now)
        if not all(one["urgent"] for one in events):
            self._relay.wake()
        # A new alarm's event has none before it: what is urgent need not wait for the relay.
        await self._relay.send(one for one in events if one["urgent"])
        known = {one.alarm_id for one in raised}
        pairs = zip(new, signals, strict=True)
        return raised, [one for alarm, one in pairs if alarm.alarm_id not in known]

    async def _apply(
        self, tx: Transaction, signals: Sequence[Signal], places: Places, spent: list[Signal]
    ) -> list[Alarm]:
        now = self._clock()
        raised: list[Alarm] = []
        for effect, some in _runs(signals):
            match effect:
                case Effect.NONE:
                    await suppressed.record(tx, some, places)
                case Effect.BEGINS:
                    raised += await self._raise(tx, some, places, now, spent)
                case Effect.ENDS:
                    await alarms.restore_alarms(tx, some, now)
        return raised

    async def _raise(
        self,
        tx: Transaction,
        given: Sequence[Signal],
        places: Places,
        now: datetime,
        spent: list[Signal],
    ) -> list[Alarm]:
        """Raise alarms, but for repeats of what has ended; tell of those and of what else left none signalling."""
        repeated = await repeats(tx, given)
        signals = [one for one in given if one not in repeated]
        raised = await alarms.raise_alarms(tx, self._ward_code, signals, places, now)
        if any(one.shelved_until_ms for one in signals):
            await alarms.shelve_alarms(tx, signals, places, now)
        stands = await alarms.signalling(tx, given)
        spent += [one for one in given if (one.device_id, one.kind) not in stands]
        # What ends within the same message would not be found standing afterwards.
        found = await confirmation.look(tx, _areas(signals, places))
        return raised + await confirmation.confirm(tx, found, now)

    async def _look(self, lease: Lease, places: Sequence[Place]) -> list[Alarm]:
        """Confirm what is confirmed there by now.

        Whatever fails here, the signals are stored and must not be given again: what ended would end what began since.
        """
        for _ in range(_ATTEMPTS):
            try:
                async with lease.statements() as statements:
                    found = await confirmation.look(statements, places)
                return await self._confirm(lease, found)
            except DatabaseUnavailableError:
                raise
            except Exception:  # noqa: BLE001 - the next signal there, or the next detector, looks again
                logger().exception("confirmation_failed")
        return []

    async def _confirm(self, lease: Lease, found: Sequence[Confirmed]) -> list[Alarm]:
        """Confirm one after the other: who holds one alarm must not wait for another."""
        raised: list[Alarm] = []
        for one in found:
            async with lease.transaction() as tx:
                raised += await confirmation.confirm(tx, [one], self._clock())
            self._relay.wake()
        return raised

    def _measure(self, signals: Iterable[Signal], raised: Iterable[Alarm]) -> None:
        durable = self._clock().timestamp()
        received = {(one.device_id, one.kind): one.received_ms for one in signals if one.raised}
        for alarm in raised:
            metrics.ALARMS_RAISED.labels(alarm.signal_class, alarm.kind).inc()
            logger().info("alarm_raised", alarm_id=str(alarm.alarm_id), kind=alarm.kind)
            # Absent where what another device signalled confirmed it.
            if since := received.get((alarm.device_id, alarm.kind)):
                metrics.ALARM_SECONDS.observe(max(durable - since / 1000, 0))
        for one in signals:
            if one.suppressed:
                metrics.SIGNALS_SUPPRESSED.labels(one.suppressed, one.kind).inc()


def _areas(signals: Iterable[Signal], places: Places) -> list[Place]:
    """Tell where fire conditions begin or end; elsewhere nothing waits for confirmation."""
    return [
        places[one.device_id]
        for one in signals
        if one.kind in FIRE_KINDS and not one.suppressed and one.device_id in places
    ]


def _runs(signals: Iterable[Signal]) -> Iterator[tuple[Effect, list[Signal]]]:
    """Cut signals into runs of one effect, in order, since a device may begin and end within one message.

    A pre-alarm and what confirms it are in different runs. None is longer than one statement can carry.
    """
    for (effect, _), run in groupby(signals, key=lambda one: (one.effect, one.pre_alarm)):
        while some := list(islice(run, _AT_ONCE)):
            yield effect, some
