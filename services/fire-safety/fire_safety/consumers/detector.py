"""The detector lane: folds readings in the order of the stream and stores nothing but transitions.

It never waits for the recorder. Any number of detectors share the devices by partition; each holds the right to its
share, and writes through the very connection that holds it. How far it has come is entered in the transaction of each
effect, so that a crash anywhere repeats nothing and leaves nothing out. After any outage, and when its share changes,
it begins anew: the open alarms from the database, the windows of its devices from the last minutes of the stream,
folded silently; then it goes on.
"""

import asyncio
from datetime import datetime, timedelta

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from chassis.broker.jetstream import ensure_streams, readings_stream
from chassis.clock import Clock
from chassis.errors import BrokerUnavailableError, DatabaseUnavailableError
from chassis.storage.database import Database, Lease
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.consumers.formats import Formats
from fire_safety.consumers.listening import Listening
from fire_safety.consumers.mode_changes import ModeChanges
from fire_safety.consumers.ordered import (
    OrderedReader,
    StreamLostError,
    last_before,
    stream_state,
)
from fire_safety.consumers.share import Share
from fire_safety.consumers.watch import Watch, milliseconds
from fire_safety.detection.ward import Ward
from fire_safety.domain.lanes.progress import Progress
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.progress import ProgressOperations
from fire_safety.queries.detection import DetectionQueries

_TAKE_S = 0.25
_RETRY_S = 0.5
# How much of the stream fills the windows again. Of devices whose readings count as in a row over longer gaps, what is
# stored does.
_REMEMBERED = timedelta(minutes=3)
# How far back what comes and goes is counted, at most: no profile looks further.
_RAISED = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)
# Of messages that come one by one, more are let gather: to read few takes nearly as long as to read many. Fires in the
# platform's own format are heard beside the stream, once a detector that began is at its place again; others wait.
_FEW = 50
_GATHER_S = 0.005
# How often the others are looked for.
_LOOK = timedelta(seconds=1)
# So many messages waiting mean that detection does not keep up: some ten milliseconds of it.
_BEHIND = 50


class Detector:
    """Keeps one detector working on its share of a ward's devices."""

    def __init__(
        self,
        client: Client,
        listening: Listening,
        jetstream: JetStreamContext,
        database: Database,
        ward_code: str,
        queries: DetectionQueries,
        operations: DetectionOperations,
        places: ProgressOperations,
        formats: Formats,
        clock: Clock,
        broker_clock: Clock,
        replicas: int = 1,
    ) -> None:
        self._client = client
        self._listening = listening
        self._jetstream = jetstream
        self._database = database
        self._ward_code = ward_code
        self._replicas = replicas
        self._stream = readings_stream(ward_code)
        self._queries = queries
        self._operations = operations
        self._places = places
        self._formats = formats
        self._clock = clock
        self._broker_clock = broker_clock
        self._ready = False
        self._reader: OrderedReader | None = None
        self._watch: Watch | None = None

    @property
    def goes_first(self) -> bool:
        """Tell whether readings wait for detection here, or something that was found for being stored."""
        reader, watch = self._reader, self._watch
        if reader is None or watch is None:
            return False
        return watch.is_noting or watch.unread + reader.waiting > _BEHIND

    async def check(self) -> None:
        """Fail unless this detector is up to date with its share, or stands by for those that work elsewhere."""
        if not self._ready:
            raise BrokerUnavailableError

    async def run(self) -> None:
        """Detect until cancelled; an outage of broker or database only delays."""
        while True:
            try:
                # Before any right is held: while the broker is away here, others work.
                await ensure_streams(self._jetstream, self._ward_code, self._replicas)
                async with self._database.holder() as lease:
                    await self._take_part(lease)
            except* (DatabaseUnavailableError, NatsError, OSError, StreamLostError) as errors:
                cause = type(errors.exceptions[0]).__name__
                logger().warning("detector_delayed", cause=cause)
            except* Exception:  # noqa: BLE001 - the edge: logged once, then begun anew
                logger().exception("detector_failed")
            self._ready, self._reader, self._watch = False, None, None
            await asyncio.sleep(_RETRY_S)

    async def _take_part(self, lease: Lease) -> None:
        """Work on whatever share is ours, for as long as the connection holds."""
        await lease.keep_plans()
        share = Share(lease, self._ward_code)
        while True:
            await share.look()
            await share.give_back()
            # Those of what is still ours are learned again with the register.
            self._operations.forget_places()
            metrics.PARTITIONS_HELD.set(len(share.held))
            if share.held:
                async with ModeChanges(self._client) as changes:
                    await self._detect(lease, share, changes)
            else:
                self._ready, self._reader, self._watch = True, None, None
                await asyncio.sleep(_LOOK.total_seconds())

    async def _detect(self, lease: Lease, share: Share, changes: ModeChanges) -> None:
        """Work on a share until it should change; then everything done with it is saved."""
        self._ready, self._reader, self._watch = False, None, None
        stream = await stream_state(self._jetstream, self._stream)
        await self._places.begin_detection(lease, share.held, stream)
        progress = await self._queries.progress(self._ward_code, share.held)
        after, since = await self._begin(progress)
        self._watch = watch = await self._recall(lease, share.held, progress, since, changes)
        # All of the ward, also what others work on: to select takes the broker much longer than us
        # (docs/bench-ingest.md).
        self._reader = reader = OrderedReader(
            self._client, self._jetstream, self._stream, stream.created_at, after
        )
        logger().info("detector_begins", partitions=len(share.held), position=progress.settled)
        async with reader, self._listening, asyncio.TaskGroup() as tasks:
            beside = [
                tasks.create_task(self._listening.keep(watch.overhear, watch.miss)),
                tasks.create_task(watch.keep_noting()),
                tasks.create_task(watch.keep_informed()),
            ]
            await self._follow(reader, watch, share)
            await watch.save()
            for task in beside:
                task.cancel()

    async def _begin(self, progress: Progress) -> tuple[int, datetime | None]:
        """Tell behind which message to begin, and since when what was taken before is taken again, if any is.

        What has not had its effect is read in any case: behind a place of which the broker's clock was ahead, times
        lead to the end of the stream.
        """
        after = progress.begins_after
        if progress.begins_at is None:
            return after, None
        since = progress.begins_at - _REMEMBERED
        before = await last_before(self._jetstream, self._stream, since)
        return (before, since) if before < after else (after, None)

    async def _follow(self, reader: OrderedReader, watch: Watch, share: Share) -> None:
        """Fold what comes until the share should change."""
        looked = self._clock()
        while True:
            messages = await reader.take(_TAKE_S)
            _heed_cancellation()
            await watch.take(messages)
            if 0 < len(messages) < _FEW:
                await asyncio.sleep(_GATHER_S)
            pending = messages[-1].metadata.num_pending if messages else 0
            metrics.LANE_PENDING.labels("detector").set(pending)
            self._ready = watch.is_settled or (reader.listening and not messages)
            watch.tick(reader, idle=not messages)
            if abs(self._clock() - looked) >= _LOOK:
                looked = self._clock()
                if await share.look():
                    return

    async def _recall(
        self,
        lease: Lease,
        partitions: frozenset[int],
        progress: Progress,
        taken_again_from: datetime | None,
        changes: ModeChanges,
    ) -> Watch:
        now = self._clock()
        profiles = await self._queries.profiles(now)
        by_broker = self._broker_clock()
        since, until = progress.heard_since or by_broker, progress.begins_at or by_broker
        again_from = milliseconds(taken_again_from) if taken_again_from else None
        ward = Ward(
            profiles,
            await self._queries.signalling(),
            milliseconds(since),
            milliseconds(until),
            again_from,
            await self._queries.raised_since(now - _RAISED),
        )
        limits = await self._queries.ingestion_limits(now)
        await self._formats.refresh()
        await self._operations.confirm_all(lease)
        watch = Watch(
            lease,
            ward,
            limits,
            partitions,
            progress,
            self._queries,
            self._operations,
            self._formats,
            changes,
            self._clock,
            self._broker_clock,
        )
        await watch.refresh(since=datetime.min.replace(tzinfo=now.tzinfo))
        if taken_again_from:
            slow = ward.slower_than(_REMEMBERED // _MILLISECOND)
            for batch in await self._queries.stored_readings(slow, taken_again_from):
                ward.recall(batch)
        return watch


def _heed_cancellation() -> None:
    """End if we were asked to: what comes now would be stored by nobody.

    `asyncio.wait_for`, before Python 3.12, loses a cancellation that arrives together with its result, and the client
    of the broker uses it.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
