"""Traces: spans of one request are one trace, errors leave no text, and nothing is traced unless asked for."""

import asyncio
from uuid import uuid4

import pytest
from nats.aio.client import Client
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from chassis import context
from chassis.broker.consumer import EventConsumer
from chassis.broker.messages import Envelope, subject_of
from chassis.clock import utc_now
from chassis.storage import outbox
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from chassis.telemetry import tracing
from tests.chassis.conftest import OUTBOX
from tests.fixtures.collector import Collector
from ward.incidents.v1 import incidents_pb2 as pb

ID_NUMBER = "999000000017"


def test_nothing_is_traced_unless_asked_for() -> None:
    """What is said of a span is then said to nobody."""
    with tracing.span("x", tracing.SpanKind.SERVER, "request-1", first=True) as span:
        span.set_attribute("y", "z")

    assert not span.is_recording()


async def test_spans_of_a_request_are_children_of_its_first(collector: Collector) -> None:
    """Whichever process made them: all follows from the request id."""
    for name, request_id in (("one", "request-1"), ("other", "request-2"), ("late", "request-1")):
        with tracing.span(name, tracing.SpanKind.CONSUMER, request_id):
            pass
    with tracing.span("first", tracing.SpanKind.SERVER, "request-1", first=True):
        pass
    spans = await collector.spans()

    first = spans["first"]
    assert not first.parent_span_id
    assert {spans["one"].trace_id, spans["late"].trace_id} == {first.trace_id}
    assert {spans["one"].parent_span_id, spans["late"].parent_span_id} == {first.span_id}
    assert spans["other"].trace_id != first.trace_id
    assert len({one.span_id for one in spans.values()}) == 4


async def test_of_an_error_only_that_it_was_is_told(collector: Collector) -> None:
    """Its text may hold anything."""
    with (
        pytest.raises(RuntimeError),
        tracing.span("fails", tracing.SpanKind.SERVER, "request-1"),
    ):
        raise RuntimeError(ID_NUMBER)
    span = (await collector.spans())["fails"]

    assert span.status.code == Status.STATUS_CODE_ERROR
    assert not span.events
    assert ID_NUMBER not in collector.text


@pytest.mark.postgres
@pytest.mark.nats
async def test_an_event_is_part_of_the_trace_of_its_request(
    collector: Collector, database: Database, broker: Client
) -> None:
    """From the outbox through the broker to whoever takes it; the payload is in no span."""
    event = pb.IncidentOpened(incident=pb.Incident(incident_id=str(uuid4()), place=ID_NUMBER))
    relay = Relay(database, OUTBOX, broker.jetstream(), utc_now)
    context.request_id.set("request-0001")
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), event)
    taken = asyncio.Event()

    async def take(_: Envelope) -> None:
        taken.set()

    consumer = EventConsumer(
        broker, broker.jetstream(), "tests", "EVENTS", {subject_of(event): take}
    )
    tasks = [asyncio.create_task(relay.run()), asyncio.create_task(consumer.run())]
    await asyncio.wait_for(taken.wait(), 30)
    with tracing.span("first", tracing.SpanKind.SERVER, "request-0001", first=True):
        pass
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    spans = await collector.spans()

    name = "ward.incidents.v1.IncidentOpened"
    published, processed = spans[f"publish {name}"], spans[f"process {name}"]
    assert (published.kind, processed.kind) == (Span.SPAN_KIND_PRODUCER, Span.SPAN_KIND_CONSUMER)
    assert published.trace_id == processed.trace_id == spans["first"].trace_id
    assert published.parent_span_id == processed.parent_span_id == spans["first"].span_id
    assert ID_NUMBER not in collector.text
