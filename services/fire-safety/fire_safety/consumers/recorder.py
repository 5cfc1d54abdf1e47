"""The recorder lane: everything is kept, in bulk, and acknowledged when it is durable.

It gives way to the detector: while that one is behind, recording waits, for a moment at a time. Order does not matter
here, so the durable consumer acknowledges each message by itself: several recorders may share the work, and whatever
one leaves unfinished comes again. What cannot be read goes from here to the dead letters.

While a group of readings is being stored, the next one gathers and may be stored beside it: this process decodes
while the database writes, and the more comes, the larger the groups become.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from chassis import metrics
from chassis.clock import Clock
from chassis.consumer import dead_letter
from chassis.delivery import Delivery
from chassis.errors import DatabaseUnavailableError, InvalidMessageError
from chassis.jetstream import READINGS
from chassis.log import logger
from chassis.pull import Pull, PullBrokenError
from fire_safety.consumers.formats import Formats
from fire_safety.consumers.received import comes_again, received_ms
from fire_safety.domain.limits import IngestionLimits
from fire_safety.domain.readings import Batch
from fire_safety.operations.recording import RecordingOperations
from fire_safety.queries.detection import DetectionQueries

_STREAM = READINGS.name or ""
_ACK_WAIT_S = 30.0
# Enough for the groups under way and the next one, also if each message holds one reading.
_MAX_ACK_PENDING = 25_000
_TAKE_S = 0.5
_RETRY_S = 0.5
# When all that has come is taken it pays to let some gather: each group costs a commit.
_GATHER_S = 0.05
# Messages asked for at a time.
_BATCH = 2_000
# How long a group waits for a detector that is behind, and how often at most.
_GIVE_WAY_S = 0.02
_GIVE_WAY_TIMES = 50
_NAK_DELAY_S = 5.0
# Readings in one COPY: enough to pay for its commit, few enough to be done in some 20 ms. Bytes bound the memory.
_GROUP = 5_000
_GROUP_BYTES = 4 * 2**20
_GROUPS_AT_ONCE = 2
# Messages decoded before others on the event loop have their turn.
_SLICE = 20
# What the headers of a dead letter need besides the message itself.
_HEADER_ROOM = 4096


@dataclass
class _Group:
    """Messages whose readings are stored together, and then acknowledged together."""

    messages: list[Delivery] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    readings: int = 0
    size: int = 0

    @property
    def is_full(self) -> bool:
        """Tell whether it should not grow further."""
        return self.readings >= _GROUP or self.size >= _GROUP_BYTES

    def add(self, message: Delivery, batch: Batch) -> None:
        """Add a message and what was read from it."""
        self.messages.append(message)
        self.batches.append(batch)
        self.readings += len(batch.readings)
        self.size += len(message.data)


class Recorder:
    """Stores the readings of some subjects under the durable consumer `name`; waits while `must_wait` says so."""

    def __init__(
        self,
        client: Client,
        jetstream: JetStreamContext,
        name: str,
        subject: str,
        queries: DetectionQueries,
        operations: RecordingOperations,
        formats: Formats,
        clock: Clock,
        must_wait: Callable[[], bool],
    ) -> None:
        self._client = client
        self._jetstream = jetstream
        self._name = name
        self._subject = subject
        self._queries = queries
        self._operations = operations
        self._formats = formats
        self._clock = clock
        self._must_wait = must_wait

    async def run(self) -> None:
        """Record until cancelled; an outage of broker or database only delays."""
        while True:
            try:
                limits = await self._queries.ingestion_limits(self._clock())
                await self._formats.refresh()
                await self._consume(limits)
            except* (NatsError, OSError, PullBrokenError, DatabaseUnavailableError) as errors:
                cause = type(errors.exceptions[0]).__name__
                logger().warning("recorder_delayed", cause=cause)
            await asyncio.sleep(_RETRY_S)

    async def _consume(self, limits: IngestionLimits) -> None:
        config = ConsumerConfig(
            durable_name=self._name,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_WAIT_S,
            max_deliver=-1,
            max_ack_pending=_MAX_ACK_PENDING,
            filter_subject=self._subject,
        )
        await self._jetstream.add_consumer(_STREAM, config)
        async with (
            Pull(self._client, _STREAM, self._name, _BATCH) as pull,
            _Storing(self._operations, pull, self._name) as storing,
        ):
            while True:
                messages = await pull.take(_TAKE_S)
                await self._give_way()
                kept = await _without_copies(pull, messages)
                await self._record(storing, kept, limits)
                if messages and not messages[-1].metadata.num_pending:
                    await asyncio.sleep(_GATHER_S)

    async def _give_way(self) -> None:
        """Let the detector catch up first, but never wait for ever."""
        for _ in range(_GIVE_WAY_TIMES):
            if not self._must_wait():
                return
            await asyncio.sleep(_GIVE_WAY_S)

    async def _record(
        self, storing: "_Storing", messages: list[Delivery], limits: IngestionLimits
    ) -> None:
        """Store the messages' readings, and refuse what cannot be read."""
        refused: list[tuple[Delivery, str]] = []
        for number, message in enumerate(messages, 1):
            try:
                batch = self._formats.decode(
                    message.subject,
                    message.data,
                    received_ms(message),
                    limits,
                    message.metadata.sequence.stream,
                )
            except InvalidMessageError as error:
                refused.append((message, error.reason))
                continue
            await storing.add(message, batch)
            if number % _SLICE == 0:
                await asyncio.sleep(0)
        await storing.begin_if_free()
        if messages:
            metrics.LANE_PENDING.labels("recorder").set(messages[-1].metadata.num_pending)
        for message, reason in refused:
            await self._refuse(message, reason)

    async def _refuse(self, message: Delivery, reason: str) -> None:
        """Send a message to the dead letters; one that leaves no room for their headers is cut to fit."""
        room = self._client.max_payload - _HEADER_ROOM
        headers = sum(len(key) + len(value.encode()) + 4 for key, value in message.headers.items())
        if len(message.data) + headers > room:
            message = message.cut(room)
        await dead_letter(self._jetstream, self._name, message, reason)


class _Storing:
    """The groups that are being stored and the one that gathers.

    When the block ends, what is being stored is given up: unacknowledged, it comes again and changes nothing.
    """

    def __init__(self, operations: RecordingOperations, pull: Pull, name: str) -> None:
        self._operations = operations
        self._pull = pull
        self._name = name
        self._tasks = asyncio.TaskGroup()
        self._free = asyncio.Semaphore(_GROUPS_AT_ONCE)
        self._group = _Group()

    async def __aenter__(self) -> Self:
        """Begin with nothing."""
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give up what is under way."""
        await self._tasks.__aexit__(kind, error, trace)

    async def add(self, message: Delivery, batch: Batch) -> None:
        """Add to the group that gathers; if that fills it, wait until it can be stored."""
        self._group.add(message, batch)
        if self._group.is_full:
            await self._free.acquire()
            self._begin()

    async def begin_if_free(self) -> None:
        """Store what has gathered, unless enough is being stored already: then it goes on gathering."""
        if self._group.messages and not self._free.locked():
            await self._free.acquire()
            self._begin()

    def _begin(self) -> None:
        group, self._group = self._group, _Group()
        self._tasks.create_task(self._store(group)).add_done_callback(
            lambda _: self._free.release()
        )

    async def _store(self, group: _Group) -> None:
        """Store a group and acknowledge it; the database being away only delays."""
        while True:
            try:
                await self._operations.record(group.batches)
                break
            except DatabaseUnavailableError:
                logger().warning("recorder_delayed", cause="DatabaseUnavailableError")
                await asyncio.sleep(_RETRY_S)
            except Exception as error:  # noqa: BLE001 - the edge: logged once, then retried
                logger().exception("readings_failed", messages=len(group.messages))
                await self._retry(group, type(error).__name__)
                return
        await self._pull.acknowledge(group.messages)
        metrics.MESSAGES.labels(self._name, "done").inc(len(group.messages))

    async def _retry(self, group: _Group, cause: str) -> None:
        """Have them delivered again, later."""
        count = len(group.messages)
        logger().warning("message_retry", consumer=self._name, cause=cause, messages=count)
        metrics.MESSAGES.labels(self._name, "retry").inc(count)
        for message in group.messages:
            await message.nak(delay=_NAK_DELAY_S)


async def _without_copies(pull: Pull, messages: list[Delivery]) -> list[Delivery]:
    """Be done with what comes a second time, from a safer place."""
    copies = [one for one in messages if comes_again(one)]
    if not copies:
        return messages
    await pull.acknowledge(copies)
    return [one for one in messages if not comes_again(one)]
