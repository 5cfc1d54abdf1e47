"""Taking messages from a stream under one delivery policy.

Return: acknowledged. InvalidMessageError: to the dead-letter stream, with its reason. Anything else: again, later:
while the database is away at the same place, so that order holds; after a bug behind the others, so that one poisoned
message does not stop the lane. There is no third way, and it is written only here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy
from nats.js.errors import NotFoundError

from chassis import context
from chassis.broker.delivery import Delivery
from chassis.broker.messages import EVENT_ID_HEADER, REQUEST_ID_HEADER, Envelope
from chassis.broker.pull import Pull, PullBrokenError
from chassis.errors import DatabaseUnavailableError, DomainError, InvalidMessageError
from chassis.telemetry import metrics, tracing
from chassis.telemetry.log import Sparing, logger

REASON_HEADER = "Ward-Dead-Reason"
CONSUMER_HEADER = "Ward-Dead-Consumer"
SUBJECT_HEADER = "Ward-Dead-Subject"

_RETRY_S = 0.5
_MAX_RETRY_S = 30.0
# How often a lost connection is looked for while nothing comes.
_TAKE_S = 1.0
_PUBLISH_TIMEOUT_S = 5.0
# What a process that was killed had taken comes again after this time. Few are taken at once, so that none of them
# waits that long for its turn; some more where they are handled at once.
_ACK_WAIT_S = 3.0
_BATCH, _BATCH_OF_MANY = 20, 40
# Messages that were given out and are neither handled nor refused.
_MOST_OUT = 1000
_SUBJECT_MAX = 512
# One device may send thousands that nobody can read: each kind is logged once a minute, and all are counted and kept.
_LETTERS = Sparing("message_dead", every_s=60.0)
DONE, RETRY, DEAD_LETTER = "done", "retry", "dead_letter"

Handler = Callable[[Envelope], Awaitable[None]]
HandlerOfMany = Callable[[Sequence[Envelope]], Awaitable[None]]


class _Waiting(NamedTuple):
    """An event that waits to be tried again: when it was stored, and by when it comes, by the event loop's clock."""

    stored_at: datetime
    due_s: float


class EventConsumer:
    """Takes events in order, and gives each to the handler of its subject.

    One by one; a handler `of_many` is given all that has come of its subjects without others between at once or, if
    that fails, one by one too.

    Whoever consumes under one `name` shares the events. A name that is new begins where the first that there is of the
    names before it, `formerly`, has everything behind itself; what that one had taken beyond comes twice, which the
    inbox drops.
    """

    def __init__(
        self,
        client: Client,
        jetstream: JetStreamContext,
        name: str,
        stream: str,
        handlers: Mapping[str, Handler],
        formerly: Sequence[str] = (),
        of_many: Mapping[str, HandlerOfMany] = MappingProxyType({}),
    ) -> None:
        self._client = client
        self._jetstream = jetstream
        self._name = name
        self._stream = stream
        self._handlers = {**handlers, **{name: _by_one(many) for name, many in of_many.items()}}
        self._of_many = of_many
        self._formerly = formerly
        self._taken_since: datetime | None = None
        # Events that wait to be tried again, by their place in the stream.
        self._to_retry: dict[int, _Waiting] = {}
        for subject in self._handlers:
            tell_from_the_start(name, subject)

    def waits_since(self) -> datetime | None:
        """Tell when the oldest event was stored that was taken last or waits to be tried again; None if none was.

        Whoever is given it then tells of it, which may be another process.
        """
        waiting = [one.stored_at for one in self._to_retry.values()]
        return min([*waiting, *filter(None, [self._taken_since])], default=None)

    async def run(self) -> None:
        """Consume until cancelled; an outage of the broker only delays."""
        while True:
            try:
                await self._consume()
            except (NatsError, OSError, TimeoutError, PullBrokenError) as error:
                logger().warning(
                    "consumer_delayed", consumer=self._name, cause=type(error).__name__
                )
                await asyncio.sleep(_RETRY_S)

    async def _consume(self) -> None:
        policy, first = await self._beginning()
        config = ConsumerConfig(
            durable_name=self._name,
            deliver_policy=policy,
            opt_start_seq=first,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_WAIT_S,
            max_deliver=-1,
            max_ack_pending=_MOST_OUT,
            filter_subjects=sorted(self._handlers),
        )
        await self._jetstream.add_consumer(self._stream, config)
        batch = _BATCH_OF_MANY if self._of_many else _BATCH
        async with Pull(self._client, self._stream, self._name, batch) as pull:
            while True:
                messages = await pull.take(_TAKE_S)
                stored = (message.metadata.timestamp for message in messages)
                self._taken_since = min(stored, default=None)
                self._leave_to_others()
                waiting = messages[-1].metadata.num_pending if messages else 0
                metrics.CONSUMER_PENDING.labels(self._name).set(waiting + len(messages))
                for of_many, some in groupby(messages, self._handler_of_many):
                    await self._handle_all(of_many, list(some))

    async def _beginning(self) -> tuple[DeliverPolicy | None, int | None]:
        """Tell where this consumer began, which cannot be changed, or is to begin: policy and first message."""
        if known := await self._info(self._name):
            return known.config.deliver_policy, known.config.opt_start_seq
        for name in self._formerly:
            # The former stays: an earlier version that is started again goes on with it.
            if (former := await self._info(name)) and former.ack_floor:
                return DeliverPolicy.BY_START_SEQUENCE, former.ack_floor.stream_seq + 1
        return DeliverPolicy.ALL, None

    async def _info(self, name: str) -> ConsumerInfo | None:
        try:
            info: ConsumerInfo = await self._jetstream.consumer_info(self._stream, name)
        except NotFoundError:
            return None
        return info

    def _handler_of_many(self, message: Delivery) -> HandlerOfMany | None:
        return self._of_many.get(message.subject)

    async def _handle_all(
        self, of_many: HandlerOfMany | None, messages: Sequence[Delivery]
    ) -> None:
        """Handle messages; those that cannot be handled at once one by one, each by its own fate."""
        if of_many is not None and len(messages) > 1:
            if await self._done(of_many, messages):
                return
            # The last of them waits for all others now.
            for message in messages:
                await message.in_progress()
        for message in messages:
            await self._handle(message)

    async def _done(self, of_many: HandlerOfMany, messages: Sequence[Delivery]) -> bool:
        """Give messages all at once; False if that failed."""
        context.request_id.set(context.accept_request_id(None))
        timed = metrics.MESSAGE_SECONDS.labels(self._name, messages[0].subject).time()
        with timed, ExitStack() as spans:
            try:
                envelopes = [read_envelope(message) for message in messages]
                for envelope in envelopes:
                    spans.enter_context(_span(envelope))
                await of_many(envelopes)
            except Exception as error:  # noqa: BLE001 - told of each when it is handled by itself
                cause = type(error).__name__
                logger().warning("messages_one_by_one", consumer=self._name, cause=cause)
                return False
        for message in messages:
            await message.ack()
            self._settle(message, DONE)
        return True

    async def _handle(self, message: Delivery) -> None:
        with metrics.MESSAGE_SECONDS.labels(self._name, message.subject).time():
            try:
                await self._give(message)
            except InvalidMessageError as error:
                await dead_letter(self._jetstream, self._name, message, error.reason)
                self._settle(message, DEAD_LETTER)
                await message.term()
            except DomainError as error:
                await self._retry(message, error.reason)
            except Exception as error:  # noqa: BLE001 - the edge: logged once, then retried
                logger().exception("message_failed", consumer=self._name, subject=message.subject)
                await self._retry(message, type(error).__name__)
            else:
                await message.ack()
                self._settle(message, DONE)

    async def _give(self, message: Delivery) -> None:
        envelope = read_envelope(message)
        context.request_id.set(envelope.request_id)
        with _span(envelope):
            await self._handle_by(self._handlers[envelope.subject], envelope, message)

    async def _handle_by(self, handler: Handler, envelope: Envelope, message: Delivery) -> None:
        while True:
            try:
                return await handler(envelope)
            except DatabaseUnavailableError as error:
                logger().warning("consumer_delayed", consumer=self._name, cause=error.reason)
                self._count(message, RETRY)
                await message.in_progress()
                await asyncio.sleep(_RETRY_S)

    async def _retry(self, message: Delivery, cause: str) -> None:
        delay = retry_delay(message.metadata.num_delivered)
        logger().warning("message_retry", consumer=self._name, cause=cause, delay_s=delay)
        self._count(message, RETRY)
        await message.nak(delay=delay)
        due_s = asyncio.get_running_loop().time() + delay + _ACK_WAIT_S
        metadata = message.metadata
        # No more than the broker has out at once.
        if len(self._to_retry) < _MOST_OUT:
            self._to_retry[metadata.sequence.stream] = _Waiting(metadata.timestamp, due_s)

    def _leave_to_others(self) -> None:
        """Forget what should have come again and did not: another process was given it."""
        now_s = asyncio.get_running_loop().time()
        for sequence in [at for at, one in self._to_retry.items() if one.due_s < now_s]:
            del self._to_retry[sequence]

    def _settle(self, message: Delivery, outcome: str) -> None:
        """Count what became of a message that does not come again."""
        self._to_retry.pop(message.metadata.sequence.stream, None)
        self._count(message, outcome)

    def _count(self, message: Delivery, outcome: str) -> None:
        """Count it under its subject: the broker gives none but those that there are handlers for."""
        metrics.MESSAGES.labels(self._name, message.subject, outcome).inc()


def tell_from_the_start(consumer: str, subject: str) -> None:
    """Have each outcome told before the first message: what was never counted cannot increase."""
    outcomes = (DONE, RETRY, DEAD_LETTER)
    metrics.tell_from_the_start(metrics.MESSAGES, [consumer], [subject], outcomes)


def _by_one(of_many: HandlerOfMany) -> Handler:
    return lambda envelope: of_many([envelope])


def _span(envelope: Envelope) -> AbstractContextManager[tracing.Span]:
    return tracing.span(
        f"process {envelope.subject}",
        tracing.SpanKind.CONSUMER,
        envelope.request_id,
        messaging_system="nats",
    )


def retry_delay(deliveries: int) -> float:
    """Tell how long to wait before the next delivery, seconds: doubling, at most half a minute."""
    return float(min(_RETRY_S * 2 ** min(deliveries - 1, 10), _MAX_RETRY_S))


def read_envelope(message: Delivery) -> Envelope:
    """Read an event's id and request id from its headers; InvalidMessageError without an id."""
    headers = message.headers
    try:
        event_id = UUID(headers[EVENT_ID_HEADER])
    except (KeyError, ValueError) as error:
        raise InvalidMessageError("no_event_id") from error
    request_id = context.accept_request_id(headers.get(REQUEST_ID_HEADER))
    stored_at = message.metadata.timestamp
    return Envelope(event_id, message.subject, message.data, request_id, stored_at)


async def dead_letter(
    jetstream: JetStreamContext, consumer: str, message: Delivery, reason: str
) -> None:
    """Store a message in the dead-letter stream; then it need not be delivered again."""
    await jetstream.publish(
        # Not under the sender's subject: with it the protocol line could grow too long, which closes the connection.
        f"dead.{message.metadata.stream}.{consumer}",
        message.data,
        timeout=_PUBLISH_TIMEOUT_S,
        headers={**_own_headers(message), **_dead_headers(consumer, message, reason)},
    )
    metrics.DEAD_LETTERS.labels(consumer, reason).inc()
    now_s = asyncio.get_running_loop().time()
    _LETTERS.warn(now_s, consumer=consumer, reason=reason)


def _own_headers(message: Delivery) -> dict[str, str]:
    # What a sender told the broker (`Nats-Expected-Stream` and the like) would refuse the letter.
    headers = message.headers.items()
    return {name: value for name, value in headers if not name.lower().startswith("nats-")}


def _dead_headers(consumer: str, message: Delivery, reason: str) -> dict[str, str]:
    # Its own id: the same message refused by two consumers is two letters, a repeat is none.
    sequence = message.metadata.sequence.stream
    return {
        EVENT_ID_HEADER: f"{consumer}-{message.metadata.stream}-{sequence}",
        REASON_HEADER: reason,
        CONSUMER_HEADER: consumer,
        SUBJECT_HEADER: message.subject[:_SUBJECT_MAX].encode("ascii", "replace").decode(),
    }
