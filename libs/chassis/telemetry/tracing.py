"""Traces of OpenTelemetry, off unless a process is told where to: HTTP, gRPC and events of one request are one trace.

The request id travels already: in metadata, in rows of the outbox, in headers of events. The trace's id is made from
it, and so is that of the trace's first span, which all others have as their parent, whatever process they are of.
Nothing else needs to travel or to be stored. Spans name methods, routes, subjects and codes, as metrics do: nothing of
a request or of an answer, and no text of an error.
"""

import asyncio
import hashlib
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

__all__ = ["Span", "SpanKind", "export_to", "span", "start", "stop"]

_TRACE_BYTES, _SPAN_BYTES = 16, 8
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_UNTRACED = nullcontext(trace.INVALID_SPAN)


class _Ids(IdGenerator):
    """Gives the ids that were chosen for the next span, once, and others by chance."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self.chosen: SpanContext | None = None

    def generate_trace_id(self) -> int:
        """Give the id of a trace."""
        return self.chosen.trace_id if self.chosen else self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        """Give the id of a span."""
        return self.chosen.span_id if self.chosen else self._random.generate_span_id()


class _Tracer:
    """What a process with tracing has."""

    def __init__(self, service: str, exporter: SpanExporter) -> None:
        self._ids = _Ids()
        self.provider = TracerProvider(
            resource=Resource({SERVICE_NAME: service}),
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        self.provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self.provider.get_tracer(__name__)

    def begin(
        self,
        name: str,
        kind: SpanKind,
        request_id: str,
        attributes: dict[str, str],
        *,
        first: bool,
    ) -> Span:
        """Begin a span of a request's trace: its first one, or a child of that."""
        beginning = _beginning_of(request_id)
        if not first:
            parent = trace.set_span_in_context(NonRecordingSpan(beginning))
            return self._tracer.start_span(name, parent, kind, attributes)
        self._ids.chosen = beginning
        nothing = trace.set_span_in_context(trace.INVALID_SPAN)
        made = self._tracer.start_span(name, nothing, kind, attributes)
        self._ids.chosen = None
        return made


class _Process:
    """The tracer of this process, if it has one: as with metrics, there is one for all."""

    tracer: _Tracer | None = None


def export_to(endpoint: str) -> SpanExporter:
    """Make what hands spans to a collector: `http://host:4317`, or `https://` with TLS (OTLP over gRPC)."""
    return OTLPSpanExporter(endpoint=endpoint)


def start(service: str, exporter: SpanExporter) -> None:
    """Trace from now on."""
    _Process.tracer = _Tracer(service, exporter)


async def stop() -> None:
    """Hand on what was traced, and trace no longer; does nothing where nothing is traced."""
    tracer, _Process.tracer = _Process.tracer, None
    if tracer:
        # It waits for the collector, and our event loop may be what that is waiting for.
        await asyncio.to_thread(tracer.provider.shutdown)


def span(
    name: str, kind: SpanKind, request_id: str, *, first: bool = False, **attributes: str
) -> AbstractContextManager[Span]:
    """Trace what is done inside as part of a request; where nothing is traced, the span takes all and keeps nothing.

    `first` is the span that the request began with. In the names of `attributes` `_` stands for a dot.
    """
    if _Process.tracer is None:
        return _UNTRACED
    said = {key.replace("_", "."): value for key, value in attributes.items()}
    said["ward.request_id"] = request_id
    return _traced(_Process.tracer.begin(name, kind, request_id, said, first=first))


@contextmanager
def _traced(made: Span) -> Generator[Span]:
    try:
        yield made
    except BaseException:
        made.set_status(Status(StatusCode.ERROR))
        raise
    finally:
        made.end()


def _beginning_of(request_id: str) -> SpanContext:
    """Give the ids of the trace of a request and of its first span."""
    digest = hashlib.blake2b(request_id.encode(), digest_size=_TRACE_BYTES + _SPAN_BYTES).digest()
    trace_id, span_id = digest[:_TRACE_BYTES], digest[_TRACE_BYTES:]
    return SpanContext(
        int.from_bytes(trace_id), int.from_bytes(span_id), is_remote=True, trace_flags=_SAMPLED
    )
