"""The detector lane: folds readings in the order of the stream and stores nothing but transitions.

It never waits for the recorder. One detector works at a time: it holds a lease of the database, and writes through
the very connection that holds it. How far it has come is entered in the transaction of each effect, so that a crash
anywhere repeats nothing and leaves nothing out. After any outage it begins anew: the open alarms from the database,
the windows of all devices from the last minutes of the stream, folded silently; then it goes on.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from chassis import context, metrics
from chassis.clock import Clock
from chassis.database import Database, Lease
from chassis.delivery import Delivery
from chassis.errors import (
    BrokerUnavailableError,
    DatabaseUnavailableError,
    InvalidMessageError,
)
from chassis.jetstream import READINGS, ensure_streams
from chassis.log import logger
from fire_safety.consumers.formats import Formats
from fire_safety.consumers.ordered import OrderedReader, StreamLostError
from fire_safety.consumers.received import comes_again, position_of, received_ms
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms import Signal
from fire_safety.domain.limits import IngestionLimits
from fire_safety.domain.progress import Position
from fire_safety.operations.detection import DetectionOperations
from fire_safety.queries.detection import DetectionQueries

_STREAM = READINGS.name or ""
_TAKE_S = 0.25
_RETRY_S = 0.5
# Bytes folded before others on the event loop have their turn: some hundred readings.
_SLICE_BYTES = 16_384
# How much of the stream fills the windows again: longer than any gap that still counts as in a row.
_REMEMBERED = timedelta(minutes=3)
# How often progress is saved and silence looked for, and the register asked for changes.
_TICK = timedelta(seconds=1)
_REFRESH = timedelta(seconds=5)
# Changes of the register may become visible this long after they were made.
_LATE_CHANGES = timedelta(minutes=5)
_STORED_AT_ONCE = 500
# So many messages waiting mean that detection does not keep up.
_BEHIND = 200


class Detector:
    """Keeps one detector working on the messages of some subjects, wherever it runs."""

    def __init__(
        self,
        client: Client,
        jetstream: JetStreamContext,
        database: Database,
        subject: str,
        queries: DetectionQueries,
        operations: DetectionOperations,
        formats: Formats,
        clock: Clock,
    ) -> None:
        self._client = client
        self._jetstream = jetstream
        self._database = database
        self._subject = subject
        self._queries = queries
        self._operations = operations
        self._formats = formats
        self._clock = clock
        self._ready = False
        self._waiting = 0

    @property
    def is_behind(self) -> bool:
        """Tell whether readings wait for detection here."""
        return self._waiting > _BEHIND

    async def check(self) -> None:
        """Fail unless this detector is up to date, or stands by for one that works elsewhere."""
        if not self._ready:
            raise BrokerUnavailableError

    async def run(self) -> None:
        """Detect until cancelled; an outage of broker or database only delays."""
        while True:
            try:
                async with self._database.lease(f"detector {self._subject}") as lease:
                    if lease:
                        await self._detect(lease)
                    self._ready = True
            except (DatabaseUnavailableError, NatsError, OSError, StreamLostError) as error:
                self._ready, self._waiting = False, 0
                logger().warning("detector_delayed", cause=type(error).__name__)
            except Exception:  # noqa: BLE001 - the edge: logged once, then begun anew
                self._ready, self._waiting = False, 0
                logger().exception("detector_failed")
            await asyncio.sleep(_RETRY_S)

    async def _detect(self, lease: Lease) -> None:
        self._ready = False
        position = await self._known_position()
        watch = await self._recall(lease, position)
        since = position.received_at - _REMEMBERED if position else None
        reader = OrderedReader(self._client, self._jetstream, self._subject, since)
        logger().info("detector_begins", position=position.stream_sequence if position else 0)
        async with reader:
            while True:
                messages = await reader.take(_TAKE_S)
                await watch.take(messages)
                self._waiting = messages[-1].metadata.num_pending if messages else 0
                metrics.LANE_PENDING.labels("detector").set(self._waiting)
                self._ready = watch.is_settled or (reader.listening and not messages)
                await watch.tick(reader, idle=not messages)

    async def _known_position(self) -> Position | None:
        """Tell how far detection came; nowhere in a stream that is another than it was."""
        await ensure_streams(self._jetstream)
        position = await self._queries.position(self._subject)
        state = (await self._jetstream.stream_info(_STREAM)).state
        if position and position.stream_sequence > state.last_seq:
            logger().error("stream_was_lost", position=position.stream_sequence)
            return None
        return position

    async def _recall(self, lease: Lease, position: Position | None) -> "_Watch":
        now = self._clock()
        profiles = await self._queries.profiles(now)
        ward = Ward(profiles, await self._queries.signalling(), _ms(now))
        limits = await self._queries.ingestion_limits(now)
        await self._formats.refresh()
        watch = _Watch(
            lease,
            ward,
            limits,
            position,
            self._queries,
            self._operations,
            self._formats,
            self._clock,
        )
        await watch.refresh(since=datetime.min.replace(tzinfo=now.tzinfo))
        return watch


class _Watch:
    """One uninterrupted watch over the ward."""

    def __init__(
        self,
        lease: Lease,
        ward: Ward,
        limits: IngestionLimits,
        settled: Position | None,
        queries: DetectionQueries,
        operations: DetectionOperations,
        formats: Formats,
        clock: Clock,
    ) -> None:
        self._lease = lease
        self._ward = ward
        self._limits = limits
        self._settled = settled.stream_sequence if settled else 0
        self._position = self._saved = settled
        self._queries = queries
        self._operations = operations
        self._formats = formats
        self._clock = clock
        self._bindings = 0
        self._ticked = self._refreshed = clock()

    @property
    def is_settled(self) -> bool:
        """Tell whether all that had its effect before is remembered again."""
        return self._position is not None and self._position.stream_sequence > self._settled

    async def take(self, messages: list[Delivery]) -> None:
        """Fold messages; when this returns, what they gave is durable."""
        for some in _slices(messages):
            signals = [signal for message in some for signal in self._fold(message)]
            if some[-1].metadata.sequence.stream > self._settled:
                self._position = position_of(some[-1])
            if signals:
                await self._note(signals)
            await asyncio.sleep(0)

    async def tick(self, reader: OrderedReader, *, idle: bool) -> None:
        """Do once a second what is not for each message."""
        now = self._clock()
        if abs(now - self._ticked) < _TICK:
            return
        self._ticked = now
        await self._supervise(reader, now, idle=idle)
        seen = self._ward.unstored(_STORED_AT_ONCE)
        if seen or self._position != self._saved:
            await self._operations.save_progress(self._lease, self._position, seen)
            self._saved = self._position
        if abs(now - self._refreshed) >= _REFRESH:
            await self.refresh(since=self._refreshed - _LATE_CHANGES)

    async def refresh(self, since: datetime) -> None:
        """Learn of limits that came into force, and of devices that were entered or changed."""
        now = self._clock()
        self._ward.take_profiles(await self._queries.profiles(now))
        self._ward.register(await self._queries.devices(since), _ms(now))
        self._refreshed = now

    async def _supervise(self, reader: OrderedReader, now: datetime, *, idle: bool) -> None:
        """Look for silence, but only while everything that is sent can be heard."""
        supervision = self._ward.supervision
        metrics.DEVICES_WATCHED.set(len(supervision))
        metrics.DEVICES_SILENT.set(len(supervision.lost))
        if reader.bindings != self._bindings:
            self._bindings = reader.bindings
            supervision.resume(_ms(now))
        if not reader.listening or (self._settled and not self.is_settled and not idle):
            return
        # While messages are waiting, only what was sent before the newest taken has been heard.
        heard_until = now if idle or not self._position else self._position.received_at
        if signals := self._ward.sweep(_ms(heard_until)):
            await self._note(signals)

    def _fold(self, message: Delivery) -> list[Signal]:
        """Fold one message; whatever is wrong with it, the lane goes on: the recorder keeps or refuses it."""
        if comes_again(message):
            return []
        silently = message.metadata.sequence.stream <= self._settled
        try:
            batch = self._formats.decode(
                message.subject, message.data, received_ms(message), self._limits
            )
            signals = self._ward.take(batch, silently=silently)
        except InvalidMessageError:
            return []
        except Exception:  # noqa: BLE001 - the edge: logged once
            logger().exception("fold_failed", sequence=message.metadata.sequence.stream)
            return []
        if not silently:
            metrics.READINGS.labels("detector").inc(len(batch.readings))
        return signals

    async def _note(self, signals: list[Signal]) -> None:
        """Store signals; one that the database refuses must not hold up the others, and is given again."""
        context.request_id.set(context.accept_request_id(None))
        try:
            await self._operations.note_signals(self._lease, signals, self._position)
        except DatabaseUnavailableError:
            raise
        except Exception:  # noqa: BLE001 - the edge: logged once
            logger().exception("signals_failed", signals=len(signals))
            for signal in signals:
                await self._note_alone(signal)

    async def _note_alone(self, signal: Signal) -> None:
        try:
            await self._operations.note_signals(self._lease, [signal], None)
        except DatabaseUnavailableError:
            raise
        except Exception:  # noqa: BLE001 - the edge: logged once
            logger().exception("signal_failed", kind=signal.kind)
            self._ward.forget(signal)


def _slices(messages: list[Delivery]) -> Iterator[list[Delivery]]:
    """Cut messages into pieces of about `_SLICE_BYTES`, none of them empty."""
    some: list[Delivery] = []
    size = 0
    for message in messages:
        some.append(message)
        size += len(message.data)
        if size >= _SLICE_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
