"""One uninterrupted watch over the devices of a share."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from chassis.broker.delivery import Delivery
from chassis.broker.partitions import partition_of
from chassis.clock import Clock
from chassis.storage.database import Lease
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.consumers.formats import Formats
from fire_safety.consumers.mode_changes import ModeChanges
from fire_safety.consumers.noting import Noting, Signs
from fire_safety.consumers.ordered import OrderedReader
from fire_safety.consumers.received import Overheard, position_of, slices, that_count
from fire_safety.decoders.origin import partition_in
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import Signal
from fire_safety.domain.lanes.progress import Position, Progress, Reached
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.operations.detection import DetectionOperations
from fire_safety.queries.detection import DetectionQueries, Entry

# Bytes read, and steps of detection, before others on the event loop have their turn: some milliseconds.
_SLICE_BYTES = 32_768
_STEPS_AT_ONCE = 200
# How often progress is saved and silence looked for, and the register asked for changes.
_TICK = timedelta(seconds=1)
_REFRESH = timedelta(seconds=5)
# Changes of the register may become visible this long after they were made.
_LATE_CHANGES = timedelta(minutes=5)
_STORED_AT_ONCE = 500
# So long detection waits for what it found before the next piece; in a storm of alarms it must go on.
_GIVE_WAY_S = 0.01
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Watch:
    """Folds what the devices of some partitions send, and watches that they do."""

    def __init__(
        self,
        lease: Lease,
        ward: Ward,
        limits: IngestionLimits,
        partitions: frozenset[int],
        progress: Progress,
        queries: DetectionQueries,
        operations: DetectionOperations,
        formats: Formats,
        changes: ModeChanges,
        clock: Clock,
        broker_clock: Clock,
    ) -> None:
        self._ward = ward
        self._limits = limits
        self._partitions = partitions
        self._progress = progress
        self._settled = progress.settled
        self._position: Position | None = None
        self._unread = 0
        self._lease = lease
        self._queries = queries
        self._operations = operations
        self._formats = formats
        self._changes = changes
        self._clock = clock
        # What was heard was so by the broker's clock, and so is found who was not.
        self._broker_clock = broker_clock
        self._bindings = 0
        self._ticked = self._refreshed = clock()
        self._entries: dict[str, Entry] = {}
        self._noting = Noting(lease, operations, self._reached, self._signs, ward.forget)

    @property
    def is_settled(self) -> bool:
        """Tell whether all that had its effect before is remembered again."""
        position = self._position
        return position is not None and position.stream_sequence > self._settled

    @property
    def unread(self) -> int:
        """Tell how many of the messages that were taken are not folded yet."""
        return self._unread

    @property
    def is_noting(self) -> bool:
        """Tell whether something that was found is not stored yet."""
        return self._noting.is_under_way

    async def take(self, messages: list[Delivery]) -> None:
        """Fold messages; what they give is stored beside, in order."""
        self._unread = len(messages)
        for some in slices(messages, _SLICE_BYTES):
            await self._give_way()
            for last, signals in self._fold(some):
                self._position = position_of(last)
                self._noting.add(signals)
                await asyncio.sleep(0)
            self._unread -= len(some)
            if self._noting.is_full:
                await self._noting.all_done()

    async def _give_way(self) -> None:
        """Let what was found be stored and told first, unless that takes long: all share one event loop."""
        if self._noting.is_under_way:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._noting.all_done(), _GIVE_WAY_S)

    def overhear(self, messages: Sequence[Overheard]) -> None:
        """Find the fires that begin with messages which the stream has not brought yet; they are stored like others.

        Only of the platform's own format, whose readings have times of their own: others could not be told from what
        the stream brings.
        """
        if not self.is_settled:
            return
        ours = [one for one in messages if partition_in(one.subject) in self._partitions]
        try:
            self._noting.add(self._ward.overhear(self._formats.overheard(ours, self._limits)))
        except Exception:  # noqa: BLE001 - the edge: logged once, and told in its turn
            logger().exception("overhearing_failed", messages=len(ours))
            self._ward.miss()

    def miss(self) -> None:
        """Note that something was not heard which the stream brings."""
        self._ward.miss()

    def tick(self, reader: OrderedReader, *, idle: bool) -> None:
        """Do once a second what is not for each message."""
        now = self._clock()
        if abs(now - self._ticked) >= _TICK:
            self._ticked = now
            self._supervise(reader, self._broker_clock(), idle=idle)
            self._noting.save()

    async def save(self) -> None:
        """Enter all that was found, how far this watch has come, and signs of life."""
        self._noting.save()
        await self._noting.all_done()

    async def keep_noting(self) -> None:
        """Store what is found until cancelled; raises DatabaseUnavailableError."""
        await self._noting.keep()

    async def keep_informed(self) -> None:
        """Follow the register, modes, and what others hear of gateways, until cancelled.

        Raises DatabaseUnavailableError.
        """
        while True:
            if await self._changes.within(_TICK.total_seconds()):
                await self._learn_of_modes(self._clock())
            await self._learn_of_gateways()
            if abs(self._clock() - self._refreshed) >= _REFRESH:
                await self.refresh(since=self._refreshed - _LATE_CHANGES)

    async def refresh(self, since: datetime) -> None:
        """Learn of limits that came into force, of devices that were entered or changed, and of modes."""
        now = self._clock()
        self._ward.take_profiles(await self._queries.profiles(now))
        self._limits = await self._queries.ingestion_limits(now)
        await self._learn_of_devices(since)
        await self._learn_of_gateways()
        await self._learn_of_modes(now)
        self._refreshed = now

    async def _learn_of_devices(self, since: datetime) -> None:
        """Take the entries that are not as they were: a change is looked for again and again for some minutes."""
        entries = await self._queries.entries(since)
        news = [one for one, entry in entries.items() if self._entries.get(one) != entry]
        changed = await self._queries.devices(news) if news else []
        ours = [one for one in changed if partition_of(one.device_id) in self._partitions]
        self._ward.register(ours, milliseconds(self._broker_clock()))
        # In pieces: a fire that is found meanwhile waits for no more than one of them.
        for begin in range(0, len(ours), _STORED_AT_ONCE):
            some = ours[begin : begin + _STORED_AT_ONCE]
            await self._operations.learn_places(self._lease, [one.device_id for one in some])
        self._entries = entries

    async def _learn_of_gateways(self) -> None:
        """Learn what others hear of the gateways of our devices, and find of ours."""
        supervision = self._ward.supervision
        if not supervision.relays.known:
            return
        for gateway in await self._queries.gateways():
            # That it was heard since it was lost brings it back.
            supervision.note_gateway(gateway.device_id, is_lost=gateway.is_lost)
            supervision.hear_gateway(gateway.device_id, gateway.heard_ms)

    async def _learn_of_modes(self, now: datetime) -> None:
        """Take the modes in force, and those that were when what is still to be read was sent."""
        modes = await self._queries.suppressed(self._read_until(now))
        self._ward.suppress(modes, await self._queries.longest_test_ms(now))

    def _read_until(self, now: datetime) -> datetime:
        """Tell what was received before and is not read again: a mode may have ended while nobody read."""
        read = self._position.received_at if self._position else self._progress.begins_at
        return min(read, now) - _LATE_CHANGES if read else _BEGINNING

    def _supervise(self, reader: OrderedReader, now: datetime, *, idle: bool) -> None:
        """Look for silence, but only while everything that is sent can be heard."""
        supervision = self._ward.supervision
        metrics.DEVICES_WATCHED.set(len(supervision))
        metrics.DEVICES_SILENT.set(supervision.silent)
        if reader.bindings != self._bindings:
            # What was sent before the first one is read again: only later ones leave a gap in what was heard.
            if self._bindings:
                supervision.resume(milliseconds(now))
            self._bindings = reader.bindings
        if not reader.listening or (self._settled and not self.is_settled and not idle):
            return
        # While messages are waiting, only what was sent before the newest taken has been heard.
        heard_until = now if idle or not self._position else self._position.received_at
        self._noting.add(self._ward.sweep(milliseconds(heard_until)))

    def _fold(self, messages: Sequence[Delivery]) -> Iterator[tuple[Delivery, list[Signal]]]:
        """Fold messages; tell, whenever others should have their turn, the last one and the signals found until it.

        Whatever is wrong with one, the lane goes on: the recorder keeps or refuses it.
        """
        ours = [
            one for one in that_count(messages) if partition_in(one.subject) in self._partitions
        ]
        decoded = self._formats.decode(ours, self._limits)
        stretches = decoded.summed_up()
        may_be_settled = bool(ours) and ours[0].sequence <= self._settled
        signals: list[Signal] = []
        folded, paused_at = 0, self._ward.steps
        for place, message in enumerate(ours):
            if place in decoded.refused:
                continue
            silently = may_be_settled and self._has_settled(message)
            try:
                if stretch := stretches.get(place):
                    count = stretch.readings
                    signals += self._ward.pass_over(stretch, silently=silently)
                else:
                    batch = decoded.batches[place]
                    count = len(batch.readings)
                    signals += self._ward.take(batch, silently=silently)
            except Exception:  # noqa: BLE001 - the edge: logged once
                logger().exception("fold_failed", sequence=message.sequence)
                continue
            folded += 0 if silently else count
            if self._ward.steps - paused_at >= _STEPS_AT_ONCE:
                yield message, signals
                signals, paused_at = [], self._ward.steps
        metrics.READINGS.labels("detector").inc(folded)
        yield messages[-1], signals

    def _has_settled(self, message: Delivery) -> bool:
        sequence = message.sequence
        if sequence > self._settled:
            return False
        return self._progress.has_settled(partition_in(message.subject), sequence)

    def _reached(self) -> Reached | None:
        """Say how far this watch has come, where that is progress."""
        if self._position is None:
            return None
        partitions = self._progress.news_for(self._position.stream_sequence)
        since = datetime.fromtimestamp(self._ward.supervision.heard_since_ms / 1000, UTC)
        return Reached(partitions, self._position, since) if partitions else None

    def _signs(self) -> Signs:
        """Hand out signs of life that are to be stored."""
        return Signs(self._ward.unstored(_STORED_AT_ONCE), self._ward.supervision.relays.news())


def milliseconds(moment: datetime) -> int:
    """Tell a time in milliseconds since 1970."""
    return round(moment.timestamp() * 1000)
