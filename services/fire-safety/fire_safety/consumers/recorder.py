"""The recorder lane: everything is kept, in bulk, and acknowledged when it is durable.

It gives way to the detector: while that one is behind, recording waits, for a moment at a time. Order does not matter
here, so the durable consumer acknowledges each message by itself: several recorders may share the work, and whatever
one leaves unfinished comes again. What cannot be read goes from here to the dead letters.
"""

import asyncio
from collections.abc import Callable

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
from fire_safety.consumers.received import received_ms
from fire_safety.domain.limits import IngestionLimits
from fire_safety.domain.readings import Batch
from fire_safety.operations.recording import RecordingOperations
from fire_safety.queries.detection import DetectionQueries

_STREAM = READINGS.name or ""
_ACK_WAIT_S = 30.0
# Several groups under way (SPEED.md §10: the default of 1,000 halves the rate).
_MAX_ACK_PENDING = 5_000
_TAKE_S = 0.5
_RETRY_S = 0.5
# Below so many messages at a time it pays to let some gather: each group costs a commit.
_FEW = 100
_GATHER_S = 0.05
# How long a group waits for a detector that is behind, and how often at most.
_GIVE_WAY_S = 0.02
_GIVE_WAY_TIMES = 50
_NAK_DELAY_S = 5.0
# Readings in one COPY: enough to pay for its commit, few enough to be done in some 20 ms.
_GROUP = 5_000
# Messages decoded before others on the event loop have their turn.
_SLICE = 20
# What the headers of a dead letter need besides the message itself.
_HEADER_ROOM = 4096


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
            except (NatsError, OSError, PullBrokenError, DatabaseUnavailableError) as error:
                logger().warning("recorder_delayed", cause=type(error).__name__)
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
        async with Pull(self._client, _STREAM, self._name) as pull:
            while True:
                messages = await pull.take(_TAKE_S)
                await self._give_way()
                await self._record(pull, messages, limits)
                if len(messages) < _FEW:
                    await asyncio.sleep(_GATHER_S)

    async def _give_way(self) -> None:
        """Let the detector catch up first, but never wait for ever."""
        for _ in range(_GIVE_WAY_TIMES):
            if not self._must_wait():
                return
            await asyncio.sleep(_GIVE_WAY_S)

    async def _record(self, pull: Pull, messages: list[Delivery], limits: IngestionLimits) -> None:
        """Store the messages' readings in groups, then refuse what cannot be read."""
        refused: list[tuple[Delivery, str]] = []
        group: list[Delivery] = []
        batches: list[Batch] = []
        readings = 0
        for message in messages:
            try:
                batch = self._formats.decode(
                    message.subject, message.data, received_ms(message), limits
                )
            except InvalidMessageError as error:
                refused.append((message, error.reason))
                continue
            group.append(message)
            batches.append(batch)
            readings += len(batch.readings)
            if readings >= _GROUP:
                await self._store(pull, group, batches)
                group, batches, readings = [], [], 0
            elif len(group) % _SLICE == 0:
                await asyncio.sleep(0)
        if group:
            await self._store(pull, group, batches)
        if messages:
            metrics.LANE_PENDING.labels("recorder").set(messages[-1].metadata.num_pending)
        for message, reason in refused:
            await self._refuse(message, reason)

    async def _store(self, pull: Pull, group: list[Delivery], batches: list[Batch]) -> None:
        """Store a group and acknowledge it; the database being away only delays."""
        while True:
            try:
                await self._operations.record(batches)
                break
            except DatabaseUnavailableError:
                logger().warning("recorder_delayed", cause="DatabaseUnavailableError")
                await asyncio.sleep(_RETRY_S)
            except Exception as error:  # noqa: BLE001 - the edge: logged once, then retried
                logger().exception("readings_failed", messages=len(group))
                await self._retry(group, type(error).__name__)
                return
        await pull.acknowledge(group)
        metrics.MESSAGES.labels(self._name, "done").inc(len(group))

    async def _retry(self, group: list[Delivery], cause: str) -> None:
        """Have them delivered again, later."""
        logger().warning("message_retry", consumer=self._name, cause=cause, messages=len(group))
        metrics.MESSAGES.labels(self._name, "retry").inc(len(group))
        for message in group:
            await message.nak(delay=_NAK_DELAY_S)

    async def _refuse(self, message: Delivery, reason: str) -> None:
        """Send a message to the dead letters; one that leaves no room for their headers is cut to fit."""
        room = self._client.max_payload - _HEADER_ROOM
        headers = sum(len(key) + len(value.encode()) + 4 for key, value in message.headers.items())
        if len(message.data) + headers > room:
            message = message.cut(room)
        await dead_letter(self._jetstream, self._name, message, reason)
