"""Reading the stream in its order, each message once, from any kept position.

The reader has no state at the broker: an ephemeral consumer that acknowledges nothing delivers in order, and after
any break another one goes on behind the last message read. A durable consumer would deliver what was under way
during a crash again half a minute later, behind newer messages, which is both too late and out of order.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from chassis.broker.delivery import Delivery
from chassis.broker.pull import BATCH, Pull, PullBrokenError
from chassis.telemetry.log import logger
from fire_safety.domain.lanes.progress import StreamState

_INACTIVE_S = 30.0
_RETRY_S = 0.2


class StreamLostError(Exception):
    """The stream is gone, was made anew, or ends before what was read of it."""


async def stream_state(jetstream: JetStreamContext, stream: str) -> StreamState:
    """Ask the broker how a stream is; raises what nats-py raises, and StreamLostError if there is none."""
    try:
        info = await jetstream.stream_info(stream)
    except NotFoundError as error:
        raise StreamLostError from error
    if info.created is None:
        raise StreamLostError
    return StreamState(info.created, info.state.last_seq)


async def last_before(jetstream: JetStreamContext, stream: str, moment: datetime) -> int:
    """Ask the broker behind which message to begin so as to read what came since a moment, by its clock.

    Where that was set back, there may be newer ones before it.
    """
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        inactive_threshold=_INACTIVE_S,
        mem_storage=True,
        deliver_policy=DeliverPolicy.BY_START_TIME,
        opt_start_time=moment,
    )
    consumer = await jetstream.add_consumer(stream, config)
    await jetstream.delete_consumer(stream, consumer.name)
    return consumer.delivered.stream_seq if consumer.delivered else 0


class OrderedReader:
    """Messages of the stream that was made at a time: after one of them, or all that are kept.

    So many as `batch` and half are asked for in advance. `bindings` grows each time the reader begins or goes on:
    between two of them nothing could be heard.
    """

    def __init__(
        self,
        client: Client,
        jetstream: JetStreamContext,
        stream: str,
        created_at: datetime,
        after: int = 0,
        batch: int = BATCH,
    ) -> None:
        self._client = client
        self._jetstream = jetstream
        self._stream = stream
        self._created_at = created_at
        self._read = after
        self._batch = batch
        self._expected = 1
        self._bound = AsyncExitStack()
        self._pull: Pull | None = None
        self.bindings = 0

    async def __aenter__(self) -> Self:
        """Begin; nothing is asked for yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop reading."""
        await self._bound.aclose()

    @property
    def listening(self) -> bool:
        """Tell whether all that is in the stream comes here at once."""
        return self._pull is not None and self._client.is_connected

    @property
    def waiting(self) -> int:
        """Tell how many messages have come and are not taken."""
        return self._pull.waiting if self._pull else 0

    async def take(self, wait_s: float) -> list[Delivery]:
        """Give the next messages; empty if none came in that time or the broker is away.

        Raises StreamLostError.
        """
        try:
            if not self._client.is_connected:
                await asyncio.sleep(wait_s)
                return []
            pull = self._pull or await self._bind()
            return self._in_order(await pull.take(wait_s))
        except NotFoundError as error:
            raise StreamLostError from error
        except (NatsError, OSError, PullBrokenError) as error:
            logger().warning("reader_delayed", cause=type(error).__name__, detail=str(error))
            await self._unbind()
            await asyncio.sleep(_RETRY_S)
            return []

    def _in_order(self, messages: list[Delivery]) -> list[Delivery]:
        """Make sure that none is missing: the consumer counts what it delivers."""
        if messages:
            first, last = messages[0].consumer_sequence, messages[-1].consumer_sequence
            if first != self._expected or last - first + 1 != len(messages):
                raise PullBrokenError("gap")
            self._expected = last + 1
            self._read = messages[-1].sequence
        return messages

    async def _bind(self) -> Pull:
        config = ConsumerConfig(
            ack_policy=AckPolicy.NONE,
            inactive_threshold=_INACTIVE_S,
            mem_storage=True,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._read + 1,
        )
        consumer = await self._jetstream.add_consumer(self._stream, config)
        # Asked afterwards: until then the stream could become another one.
        state = await stream_state(self._jetstream, self._stream)
        if state.created_at != self._created_at or self._read > state.last_sequence:
            raise StreamLostError
        pull = Pull(self._client, self._stream, consumer.name, self._batch)
        self._pull = await self._bound.enter_async_context(pull)
        self._expected = 1
        self.bindings += 1
        return pull

    async def _unbind(self) -> None:
        await self._bound.aclose()
        self._bound, self._pull = AsyncExitStack(), None
