"""The delivery policy, on a real NATS server."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from prometheus_client import REGISTRY

from chassis.broker.consumer import EventConsumer, dead_letter, retry_delay
from chassis.broker.messages import Envelope
from chassis.broker.pull import Pull
from chassis.clock import utc_now
from chassis.errors import DatabaseUnavailableError, InvalidMessageError
from stack.nats_server import NatsServer
from tests.fixtures.barrier import taken_in

SUBJECT = "ward.incidents.v1.IncidentOpened"


class Handled:
    """What a handler has seen; it fails as it is told to, then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self.seen: list[bytes] = []
        self._failures = list(failures)

    async def __call__(self, envelope: Envelope) -> None:
        """Handle one event."""
        if self._failures:
            raise self._failures.pop(0)
        self.seen.append(envelope.payload)

    async def count(self, number: int) -> None:
        """Wait until so many have been handled."""
        async with asyncio.timeout(30):
            while len(self.seen) < number:
                await asyncio.sleep(0.02)


async def publish(broker: Client, payload: bytes) -> None:
    """Publish one event, again until it is acknowledged."""
    headers = {"Nats-Msg-Id": str(uuid4())}
    async with asyncio.timeout(20):
        while True:
            with suppress(NatsError):
                await broker.jetstream().publish(SUBJECT, payload, timeout=1, headers=headers)
                return


async def consuming(
    broker: Client, handler: Callable[[Envelope], Awaitable[None]]
) -> "asyncio.Task[None]":
    """Start a consumer."""
    consumer = EventConsumer(broker, broker.jetstream(), "tests", "EVENTS", {SUBJECT: handler})
    return asyncio.create_task(consumer.run())


class HandledAtOnce:
    """What a handler of many has seen; it cannot read one payload."""

    def __init__(self) -> None:
        self.sets: list[list[bytes]] = []

    async def __call__(self, envelopes: Sequence[Envelope]) -> None:
        """Handle events."""
        payloads = [one.payload for one in envelopes]
        if b"unreadable" in payloads:
            raise InvalidMessageError("malformed")
        self.sets.append(payloads)


async def dead_letters(broker: Client) -> int:
    """Count the dead letters."""
    return (await broker.jetstream().stream_info("DEAD_LETTERS")).state.messages


async def settled(broker: Client, number: int = 0) -> None:
    """Wait until nothing is pending and all is acknowledged, of so many at least."""
    async with asyncio.timeout(30):
        while True:
            with suppress(NotFoundError):
                info = await broker.jetstream().consumer_info("EVENTS", "tests")
                waiting = info.num_pending or info.num_ack_pending
                if not waiting and info.ack_floor.stream_seq >= number:
                    return
            await asyncio.sleep(0.02)


@pytest.mark.nats
async def test_events_are_handled_in_order(broker: Client) -> None:
    """What returned is acknowledged and does not come again."""
    handled = Handled()
    task = await consuming(broker, handled)
    for number in range(50):
        await publish(broker, str(number).encode())
    await handled.count(50)
    await settled(broker)
    task.cancel()

    assert handled.seen == [str(number).encode() for number in range(50)]


def _told() -> list[float]:
    """Read how many messages of these tests were tried again, and how many are done."""
    labels = {"consumer": "tests", "subject": SUBJECT}
    return [
        REGISTRY.get_sample_value("ward_messages_total", labels | {"outcome": outcome}) or 0
        for outcome in ("retry", "done")
    ]


@pytest.mark.nats
@pytest.mark.parametrize("failure", [RuntimeError("bug"), DatabaseUnavailableError()])
async def test_what_failed_comes_again(broker: Client, failure: Exception) -> None:
    """An outage or a bug delays an event and loses nothing; both tries are told by what they were about."""
    handled, before = Handled(failure), _told()
    task = await consuming(broker, handled)
    await publish(broker, b"1")
    await handled.count(1)
    await settled(broker)
    task.cancel()

    assert await dead_letters(broker) == 0
    assert [now - then for now, then in zip(_told(), before, strict=True)] == [1, 1]


@pytest.mark.nats
async def test_what_came_together_is_handled_at_once(broker: Client) -> None:
    """In order, in few sets; where one of a set is refused, each has its own fate, and all others are handled."""
    handled = HandledAtOnce()
    payloads = [str(number).encode() for number in range(60)]
    for payload in [*payloads[:30], b"unreadable", *payloads[30:]]:
        await publish(broker, payload)
    consumer = EventConsumer(
        broker, broker.jetstream(), "tests", "EVENTS", {}, of_many={SUBJECT: handled}
    )
    task = asyncio.create_task(consumer.run())
    await settled(broker, 61)
    task.cancel()

    assert [one for some in handled.sets for one in some] == payloads
    assert max(map(len, handled.sets)) > 1
    assert await dead_letters(broker) == 1


@pytest.mark.nats
async def test_it_is_told_how_many_wait_and_since_when(broker: Client) -> None:
    """All that was not handled, by the oldest of it, and nothing once it was."""
    may_go = asyncio.Event()

    async def waits(_: Envelope) -> None:
        await may_go.wait()

    def pending() -> float | None:
        return REGISTRY.get_sample_value("ward_consumer_pending_messages", {"consumer": "tests"})

    for number in range(30):
        await publish(broker, str(number).encode())
    consumer = EventConsumer(broker, broker.jetstream(), "tests", "EVENTS", {SUBJECT: waits})
    never = consumer.waits_since()
    task = asyncio.create_task(consumer.run())
    async with asyncio.timeout(30):
        while pending() != 30:
            await asyncio.sleep(0.02)
        since = consumer.waits_since()
        may_go.set()
        while pending() != 0 or consumer.waits_since() is not None:
            await asyncio.sleep(0.02)
    task.cancel()

    assert never is None
    assert since == (await broker.jetstream().get_msg("EVENTS", 1)).time


@pytest.mark.nats
async def test_what_is_to_be_tried_again_waits_since_it_was_stored(broker: Client) -> None:
    """Though others came and were handled meanwhile; once it is handled, nothing waits."""
    stored: list[datetime] = []
    may_go = asyncio.Event()

    async def fails_at_first(envelope: Envelope) -> None:
        stored.append(envelope.stored_at)
        if envelope.payload == b"first" and not may_go.is_set():
            raise RuntimeError

    consumer = EventConsumer(
        broker, broker.jetstream(), "tests", "EVENTS", {SUBJECT: fails_at_first}
    )
    await publish(broker, b"first")
    task = asyncio.create_task(consumer.run())
    async with asyncio.timeout(30):
        while not stored:
            await asyncio.sleep(0.02)
        first = stored[0]
        await publish(broker, b"second")
        while stored[-1] == first:
            await asyncio.sleep(0.02)
        tried = len(stored)
        waiting = {consumer.waits_since()}
        while len(stored) == tried:
            waiting.add(consumer.waits_since())
            await asyncio.sleep(0.02)
        may_go.set()
        while consumer.waits_since() is not None:
            await asyncio.sleep(0.02)
    task.cancel()

    assert waiting == {first}


@pytest.mark.nats
async def test_an_outage_of_the_database_keeps_the_order(broker: Client) -> None:
    """What waits for the database is handled before what came after it."""
    handled = Handled(*(DatabaseUnavailableError() for _ in range(3)))
    for number in range(5):
        await publish(broker, str(number).encode())
    task = await consuming(broker, handled)
    await handled.count(5)
    task.cancel()

    assert handled.seen == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.nats
async def test_what_a_killed_process_had_taken_comes_again_soon(broker: Client) -> None:
    """A process that dies with an event in its hands delays it by seconds, not by half a minute."""
    taken = asyncio.Event()

    async def hang(_: Envelope) -> None:
        taken.set()
        await asyncio.Event().wait()

    await publish(broker, b"1")
    killed = await consuming(broker, hang)
    await taken.wait()
    killed.cancel()
    handled = Handled()
    task = await consuming(broker, handled)
    async with asyncio.timeout(20):
        await handled.count(1)
    task.cancel()

    assert handled.seen == [b"1"]


@pytest.mark.nats
async def test_what_is_invalid_goes_to_the_dead_letters_with_its_reason(broker: Client) -> None:
    """The lane goes on with the next."""
    handled = Handled(InvalidMessageError("not_protobuf"))
    task = await consuming(broker, handled)
    await publish(broker, b"noise")
    await publish(broker, b"2")
    await handled.count(1)
    await settled(broker)
    task.cancel()
    letter = await broker.jetstream().get_msg("DEAD_LETTERS", 1)

    assert handled.seen == [b"2"]
    assert letter.data == b"noise"
    assert letter.subject == "dead.EVENTS.tests"
    assert letter.headers is not None
    assert letter.headers["Ward-Dead-Subject"] == SUBJECT
    assert letter.headers["Ward-Dead-Reason"] == "not_protobuf"


@pytest.mark.nats
async def test_a_senders_own_headers_cannot_hold_a_letter_back(broker: Client) -> None:
    """What the sender told the broker about its stream is not true of the dead letters."""
    handled = Handled(InvalidMessageError("not_protobuf"))
    task = await consuming(broker, handled)
    headers = {"Nats-Msg-Id": str(uuid4()), "Nats-Expected-Stream": "EVENTS"}
    await broker.jetstream().publish(SUBJECT, b"noise", headers=headers)
    await publish(broker, b"2")
    await handled.count(1)
    await settled(broker)
    task.cancel()

    assert await dead_letters(broker) == 1


@pytest.mark.nats
async def test_a_senders_long_subject_cannot_close_the_connection(broker: Client) -> None:
    """A letter is not sent under the sender's subject: with it the protocol line could grow too long."""
    stream = broker.jetstream()
    await stream.publish(f"ward.11002.device.{'a' * 3978}.up", b"noise")
    await stream.add_consumer("READINGS_11002", durable_name="long")
    async with Pull(broker, "READINGS_11002", "long") as pull:
        (message,) = await pull.take(5)
    await dead_letter(stream, "tests", message, "bad_device_id")

    assert broker.is_connected
    assert await dead_letters(broker) == 1


@pytest.mark.nats
async def test_an_event_without_an_id_is_invalid(broker: Client) -> None:
    """It could not be deduplicated."""
    handled = Handled()
    task = await consuming(broker, handled)
    await broker.jetstream().publish(SUBJECT, b"1")
    await publish(broker, b"2")
    await handled.count(1)
    await settled(broker)
    task.cancel()

    assert handled.seen == [b"2"]
    assert await dead_letters(broker) == 1


@pytest.mark.nats
async def test_an_event_tells_when_it_was_stored(broker: Client) -> None:
    """The broker's time, not that of the delivery: a late reader knows how old the news is."""
    arrived: asyncio.Queue[Envelope] = asyncio.Queue()
    await publish(broker, b"1")
    stored_by = utc_now()
    task = await consuming(broker, arrived.put)
    envelope = await arrived.get()
    task.cancel()

    assert stored_by - timedelta(seconds=10) < envelope.stored_at <= stored_by


@pytest.mark.nats
async def test_a_consumer_outlives_the_broker(broker: Client, nats_server: NatsServer) -> None:
    """After kill -9 and restart it goes on where it was."""
    handled = Handled()
    task = await consuming(broker, handled)
    await publish(broker, b"1")
    await handled.count(1)
    nats_server.kill()
    nats_server.start()
    await publish(broker, b"2")
    await handled.count(2)
    task.cancel()

    assert handled.seen[-1] == b"2"


def test_retries_slow_down_to_half_a_minute() -> None:
    """Half a second first, then doubling, then steady."""
    assert [retry_delay(deliveries) for deliveries in (1, 2, 3, 7, 100)] == [0.5, 1, 2, 30, 30]


@pytest.mark.nats
async def test_a_consumer_that_gets_another_name_goes_on_where_the_old_one_was(
    broker: Client,
) -> None:
    """What the old one had not acknowledged comes again, nothing before it does, and a restart changes nothing.

    The old one is the first that there is of those named.
    """
    blocked, old = asyncio.Event(), Handled()

    async def hang_at_the_fourth(envelope: Envelope) -> None:
        if envelope.payload == b"3":
            blocked.set()
            await asyncio.Event().wait()
        await old(envelope)

    for number in range(6):
        await publish(broker, str(number).encode())
    task = await consuming(broker, hang_at_the_fourth)
    await blocked.wait()
    # Sent before the hanging one was taken, not waited for.
    await taken_in(broker)
    task.cancel()

    handled = Handled()
    for number in range(6, 8):
        renamed = EventConsumer(
            broker,
            broker.jetstream(),
            "tests-11002",
            "EVENTS",
            {SUBJECT: handled},
            ("never", "tests"),
        )
        task = asyncio.create_task(renamed.run())
        await publish(broker, str(number).encode())
        await handled.count(number - 2)
        task.cancel()

    assert old.seen == [b"0", b"1", b"2"]
    assert handled.seen == [b"3", b"4", b"5", b"6", b"7"]
