"""The recorder lane: everything is kept, in bulk; its place in the stream follows what is stored.

It gives way to the detector: while that one is behind, recording waits, for a moment at a time. One recorder of a ward
works and others stand by. It enters its place through the connection that holds its right, and stops when it has lost
that. Two that work at once, for a moment after one was taken for dead, do no harm: readings are stored once whoever
stores them. What cannot be read goes from here to the dead letters.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from chassis.broker.delivery import Delivery
from chassis.broker.jetstream import ensure_streams, readings_stream
from chassis.clock import Clock
from chassis.errors import DatabaseUnavailableError
from chassis.storage.database import Database, Lease
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.consumers.formats import Formats
from fire_safety.consumers.ordered import OrderedReader, StreamLostError, stream_state
from fire_safety.consumers.received import slices, that_count
from fire_safety.consumers.storing import Storing
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.surplus import Surplus
from fire_safety.operations.progress import ProgressOperations
from fire_safety.operations.recording import RecordingOperations
from fire_safety.queries.detection import DetectionQueries
from fire_safety.queries.recording import RecordingQueries

_TAKE_S = 0.5
_RETRY_S = 0.5
# How often it is asked for limits that came into force.
_REFRESH = timedelta(seconds=5)
# Another instance may record; it is asked again this often.
_STAND_BY_S = 1.0
# When all that has come is taken it pays to let more gather, and an alarm among it is stored first: each group costs a
# commit.
_GATHER_S = 0.1
# How long it waits at a time for a detector that is behind or has an alarm to store, and how often between two takes.
_GIVE_WAY_S = 0.005
_GIVE_WAY_TIMES = 200
# Messages asked for in advance: what the broker has sent is read between two slices, and that must not run out while
# the next ones are on their way.
_BATCH = 6_000
# Bytes decoded before others on the event loop have their turn: a few milliseconds.
_SLICE_BYTES = 65_536


class Recorder:
    """Stores the readings of a ward; waits while `must_wait` says so."""

    def __init__(
        self,
        client: Client,
        jetstream: JetStreamContext,
        database: Database,
        ward_code: str,
        queries: DetectionQueries,
        recorded: RecordingQueries,
        operations: RecordingOperations,
        places: ProgressOperations,
        formats: Formats,
        clock: Clock,
        must_wait: Callable[[], bool],
        replicas: int = 1,
    ) -> None:
        self._client = client
        self._jetstream = jetstream
        self._database = database
        self._ward_code = ward_code
        self._replicas = replicas
        self._name = f"fire_safety-recorder-{ward_code}"
        self._queries = queries
        self._recorded = recorded
        self._operations = operations
        self._places = places
        self._formats = formats
        self._clock = clock
        self._must_wait = must_wait

    async def run(self) -> None:
        """Record until cancelled; an outage of broker or database only delays."""
        while True:
            try:
                # Before the right is held: while the broker is away here, another instance records.
                await ensure_streams(self._jetstream, self._ward_code, self._replicas)
                await self._stand_by()
            except* (NatsError, OSError, StreamLostError, DatabaseUnavailableError) as errors:
                cause = type(errors.exceptions[0]).__name__
                logger().warning("recorder_delayed", cause=cause)
                await asyncio.sleep(_RETRY_S)
            except* Exception:  # noqa: BLE001 - the edge: logged once, then begun anew; detection goes on
                logger().exception("recorder_failed")
                await asyncio.sleep(_RETRY_S)

    async def _stand_by(self) -> None:
        """Record whenever nobody else does."""
        while True:
            async with self._database.lease(self._name) as lease:
                if lease:
                    await self._record_on(lease)
            await asyncio.sleep(_STAND_BY_S)

    async def _record_on(self, lease: Lease) -> None:
        """Go on behind what is stored, for as long as the right is held."""
        looked = self._clock()
        limits = await self._queries.ingestion_limits(looked)
        surplus = Surplus(await self._recorded.limits(looked))
        await self._formats.refresh()
        name = readings_stream(self._ward_code)
        stream = await stream_state(self._jetstream, name)
        await self._places.begin_recording(lease, stream)
        after = await self._recorded.recorded(self._ward_code)
        async with (
            OrderedReader(
                self._client, self._jetstream, name, stream.created_at, after=after, batch=_BATCH
            ) as reader,
            Storing(
                self._operations,
                self._places,
                lease,
                self._jetstream,
                self._client,
                self._name,
            ) as storing,
        ):
            while True:
                if abs(self._clock() - looked) >= _REFRESH:
                    looked = self._clock()
                    # While they cannot be asked for, those that were known hold.
                    with suppress(DatabaseUnavailableError):
                        limits = await self._queries.ingestion_limits(looked)
                        surplus.allow(await self._recorded.limits(looked))
                messages = await reader.take(_TAKE_S)
                pending = messages[-1].metadata.num_pending if messages else 0
                metrics.LANE_PENDING.labels("recorder").set(pending)
                if messages and not pending:
                    await asyncio.sleep(_GATHER_S)
                await self._read(storing, messages, limits, surplus)
                await storing.begin_if_free(more_waits=pending > 0)

    async def _give_way(self, left: int) -> int:
        """Let the detector go first, but never wait for ever; tell how often it may wait from now on."""
        while left and self._must_wait():
            await asyncio.sleep(_GIVE_WAY_S)
            left -= 1
        return left

    async def _read(
        self,
        storing: Storing,
        messages: Sequence[Delivery],
        limits: IngestionLimits,
        surplus: Surplus,
    ) -> None:
        """Hand on what the messages say, but for what a device sends far above any rate."""
        left = _GIVE_WAY_TIMES
        for some in slices(messages, _SLICE_BYTES):
            left = await self._give_way(left)
            kept = that_count(some)
            decoded = self._formats.decode(kept, limits)
            stored = decoded.without(surplus)
            metrics.READINGS_SURPLUS.inc(len(decoded.bulk) - len(stored.bulk))
            await storing.add(kept, stored, some[-1].sequence)
            await asyncio.sleep(0)
