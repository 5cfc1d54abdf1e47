"""Event streams all the way from JetStream, through the feed that the services use."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from google.protobuf.message import Message
from nats.aio.client import Client

from chassis.broker.feed import Feed
from tests.gateway.conftest import Ward
from tests.gateway.sse import blocks
from ward.incidents.v1 import incidents_pb2 as pb

pytestmark = pytest.mark.nats

WATCH = "/v1/incidents:watch"


class FeedEvents:
    """Answers watchers as the incidents service does."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    async def watch(self, request: Any) -> AsyncIterator[Message]:
        """Give each event of the feed as a response."""
        async with aclosing(self._feed.watch(request.resume_token)) as events:
            async for event in events:
                yield pb.WatchIncidentsResponse(
                    resume_token=event.resume_token,
                    event=event.subject.rpartition(".")[2],
                    incident=pb.IncidentOpened.FromString(event.payload).incident,
                )


async def publish(broker: Client, incident_id: str) -> None:
    """Publish one event."""
    event = pb.IncidentOpened(incident=pb.Incident(incident_id=incident_id))
    await broker.jetstream().publish(
        "ward.incidents.v1.IncidentOpened",
        event.SerializeToString(),
        headers={"Nats-Msg-Id": str(uuid4())},
    )


async def test_the_feed_tells_where_a_stream_stands(
    client: httpx2.AsyncClient, ward: Ward, broker: Client
) -> None:
    """A watcher that was cut off before any event resumes with the token of the opening, without a gap."""
    feed = Feed(broker, broker.jetstream(), "EVENTS", ["ward.incidents.v1.>"])
    ward.incidents.events["WatchIncidents"] = FeedEvents(feed)
    await publish(broker, "before")
    async with client.stream("GET", WATCH) as response:
        opening = await anext(blocks(response))
    await publish(broker, "meanwhile")
    async with client.stream("GET", WATCH, headers={"last-event-id": opening.id}) as response:
        stream = blocks(response)
        reopening, event = await anext(stream), await anext(stream)
        await stream.aclose()

    assert (opening.id, reopening.id) == ("1", "1")
    assert (event.event, event.id) == ("IncidentOpened", "2")
    assert '"incidentId":"meanwhile"' in event.fields["data"]


async def test_a_token_of_somebody_else_is_refused(
    client: httpx2.AsyncClient, ward: Ward, broker: Client
) -> None:
    """400 and 410, before any stream begins."""
    feed = Feed(broker, broker.jetstream(), "EVENTS", ["ward.incidents.v1.>"])
    ward.incidents.events["WatchIncidents"] = FeedEvents(feed)
    made_up = await client.get(WATCH, headers={"last-event-id": "abc"})
    beyond = await client.get(WATCH, headers={"last-event-id": "99"})

    assert (made_up.status_code, made_up.json()["reason"]) == (400, "RESUME_TOKEN_INVALID")
    assert (beyond.status_code, beyond.json()["reason"]) == (410, "RESUME_TOKEN_EXPIRED")
