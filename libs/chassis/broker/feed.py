"""Watching events: what was missed since a resume token, then each event as it happens."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from nats.aio.client import Client
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from chassis import context
from chassis.broker.messages import EVENT_ID_HEADER
from chassis.broker.pull import Pull, PullBrokenError
from chassis.errors import (
    BrokerUnavailableError,
    ResumeTokenExpiredError,
    ResumeTokenInvalidError,
)
from chassis.telemetry.log import logger

# How often a lost connection is looked for while nothing comes.
_TAKE_S = 1.0
_RETRY_S = 0.5
_INACTIVE_S = 30.0
_MAX_TOKEN_DIGITS = 19


@dataclass(frozen=True)
class FeedEvent:
    """One event of the feed: the token that resumes after it, its subject and its payload."""

    resume_token: str
    subject: str
    payload: bytes


class Feed:
    """The events of some subjects of one stream, readable from any kept position by any number of watchers."""

    def __init__(
        self, client: Client, jetstream: JetStreamContext, stream: str, subjects: list[str]
    ) -> None:
        self._client = client
        self._jetstream = jetstream
        self._stream = stream
        self._subjects = subjects

    async def watch(self, resume_token: str) -> AsyncIterator[FeedEvent]:
        """Give the events after the token, or from now on without one, until the watcher leaves.

        An outage of the broker is bridged: the watcher waits and misses nothing.
        Raises ResumeTokenInvalidError, ResumeTokenExpiredError, or BrokerUnavailableError at the start.
        """
        position = await self._start(resume_token)
        await context.begin_stream(str(position))
        while True:
            try:
                position = await self._still_kept(position)
                async for event in self._events_after(position):
                    position = int(event.resume_token)
                    yield event
            except ConnectionClosedError as error:  # ours: the service is stopping
                raise BrokerUnavailableError from error
            except (NatsError, OSError, PullBrokenError) as error:
                logger().info("feed_reattached", cause=type(error).__name__)
                await asyncio.sleep(_RETRY_S)

    async def _still_kept(self, position: int) -> int:
        """Make sure that nothing after the position was lost: the stream may be another one after an outage."""
        state = (await self._jetstream.stream_info(self._stream)).state
        if not state.first_seq - 1 <= position <= state.last_seq:
            raise ResumeTokenExpiredError
        return position

    async def _start(self, resume_token: str) -> int:
        if resume_token and not (
            resume_token.isascii()
            and resume_token.isdigit()
            and len(resume_token) <= _MAX_TOKEN_DIGITS
        ):
            raise ResumeTokenInvalidError
        try:
            state = (await self._jetstream.stream_info(self._stream)).state
        except (NatsError, OSError, TimeoutError) as error:
            raise BrokerUnavailableError from error
        if not resume_token:
            return state.last_seq
        if not state.first_seq - 1 <= int(resume_token) <= state.last_seq:
            raise ResumeTokenExpiredError
        return int(resume_token)

    async def _events_after(self, position: int) -> AsyncIterator[FeedEvent]:
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=position + 1,
            ack_policy=AckPolicy.NONE,
            filter_subjects=self._subjects,
            inactive_threshold=_INACTIVE_S,
            mem_storage=True,
        )
        consumer = await self._jetstream.add_consumer(self._stream, config)
        delivered = 0
        async with Pull(self._client, self._stream, consumer.name) as pull:
            while True:
                for message in await pull.take(_TAKE_S):
                    sequence = message.metadata.sequence
                    delivered += 1
                    # Nothing is acknowledged, so nothing would come again: the consumer's own count shows a gap.
                    if sequence.consumer != delivered:
                        raise PullBrokenError("gap")
                    # Not published by a service: the broker acknowledges to wherever a device says, without headers.
                    # Consumers refuse it with its reason; a watcher could never get past it.
                    if EVENT_ID_HEADER not in message.headers:
                        continue
                    yield FeedEvent(str(sequence.stream), message.subject, message.data)
