"""Watching events with resume, on a real NATS server."""

import asyncio
from contextlib import aclosing, suppress
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError

from chassis.broker import jetstream
from chassis.broker.feed import Feed, FeedEvent
from chassis.errors import ResumeTokenExpiredError, ResumeTokenInvalidError
from stack.nats_server import NatsServer

pytestmark = pytest.mark.nats

OPENED = "ward.incidents.v1.IncidentOpened"


def feed(broker: Client) -> Feed:
    """Make a feed of incident events."""
    return Feed(broker, broker.jetstream(), "EVENTS", ["ward.incidents.v1.>"])


async def publish(broker: Client, payload: bytes, subject: str = OPENED) -> None:
    """Publish one event, again until it is acknowledged."""
    headers = {"Nats-Msg-Id": str(uuid4())}
    async with asyncio.timeout(20):
        while True:
            with suppress(NatsError):
                await broker.jetstream().publish(subject, payload, timeout=1, headers=headers)
                return


async def take(broker: Client, token: str, number: int) -> list[FeedEvent]:
    """Take so many events after the token."""
    taken: list[FeedEvent] = []
    async with asyncio.timeout(20), aclosing(feed(broker).watch(token)) as events:
        async for event in events:
            taken.append(event)
            if len(taken) == number:
                break
    return taken


async def until_watched(broker: Client) -> None:
    """Wait until the broker knows of a watcher, who has looked by then where the stream stands."""
    async with asyncio.timeout(30):
        while not (await broker.jetstream().stream_info("EVENTS")).state.consumer_count:
            await asyncio.sleep(0.02)


async def test_a_watcher_receives_what_happens_from_now_on(broker: Client) -> None:
    """Older events are not told to a new watcher, nor those of other subjects."""
    await publish(broker, b"old")
    taking = asyncio.create_task(take(broker, "", 1))
    await until_watched(broker)
    await publish(broker, b"other", "ward.residency.v1.OccupancyChanged")
    await publish(broker, b"new")

    assert [event.payload for event in await taking] == [b"new"]


async def test_a_watcher_that_resumes_misses_nothing(broker: Client) -> None:
    """First what was missed, in order, each once."""
    for number in range(5):
        await publish(broker, str(number).encode())
    first = await take(broker, "0", 2)
    rest = await take(broker, first[-1].resume_token, 3)

    assert [event.payload for event in first + rest] == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_watcher_is_not_told_what_no_service_published(broker: Client) -> None:
    """The broker acknowledges a device's message wherever the device says: among the events, for one."""
    await publish(broker, b"before")
    await broker.publish("ward.11002.device.D-1.up", b"", reply=OPENED)
    async with asyncio.timeout(20):
        while (await broker.jetstream().stream_info("EVENTS")).state.messages < 2:
            await asyncio.sleep(0.05)
    await publish(broker, b"after")

    assert [event.payload for event in await take(broker, "0", 2)] == [b"before", b"after"]


async def test_a_watcher_outlives_the_broker(broker: Client, nats_server: NatsServer) -> None:
    """Events published after kill -9 and restart reach a watcher that stayed."""
    await publish(broker, b"before")
    async with asyncio.timeout(30), aclosing(feed(broker).watch("0")) as events:
        before = await anext(events)
        coming = asyncio.ensure_future(anext(events))
        nats_server.kill()
        nats_server.start()
        await publish(broker, b"after")

        assert [before.payload, (await coming).payload] == [b"before", b"after"]


@pytest.mark.parametrize("token", ["x", "-1", "1.5", "٣", "9" * 40])
async def test_a_token_made_elsewhere_is_refused(broker: Client, token: str) -> None:
    """Only digits of a stream position are a token."""
    with pytest.raises(ResumeTokenInvalidError):
        await take(broker, token, 1)


async def test_a_token_outside_what_is_kept_is_expired(broker: Client) -> None:
    """The watcher must list again instead of missing events silently."""
    for number in range(5):
        await publish(broker, str(number).encode())
    await broker.jetstream().purge_stream("EVENTS", keep=1)

    with pytest.raises(ResumeTokenExpiredError):
        await take(broker, "1", 1)
    with pytest.raises(ResumeTokenExpiredError):
        await take(broker, "99", 1)


async def test_a_watcher_is_told_when_the_stream_is_another_one(broker: Client) -> None:
    """A lost disk, a restored backup: silence would look like a quiet night."""
    for number in range(3):
        await publish(broker, str(number).encode())
    taking = asyncio.create_task(take(broker, "3", 1))
    await until_watched(broker)
    await broker.jetstream().delete_stream("EVENTS")
    await jetstream.ensure_streams(broker.jetstream(), "11002")
    await publish(broker, b"new")

    with pytest.raises(ResumeTokenExpiredError):
        await taking
