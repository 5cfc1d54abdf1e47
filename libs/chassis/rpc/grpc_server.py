"""The gRPC edge of every service: request id, metrics, errors, access, health and reflection.

Each concern is an async context manager around one call; the order below is the order they wrap in.
"""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from types import TracebackType
from typing import Any, NamedTuple, NoReturn

import grpc
from google.protobuf.message import Message
from grpc import aio
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from prometheus_client import Gauge, Histogram

from chassis import context
from chassis.account.access_log import OK, AccessLog, records_of
from chassis.account.record_ids import record_id
from chassis.clock import Clock
from chassis.context import Access
from chassis.errors import DomainError, InternalError, TokenExpiredError
from chassis.rpc import access, pages
from chassis.rpc.grpc_errors import abort, reasons
from chassis.rpc.reflection import enable_reflection
from chassis.rpc.tokens import TokenVerifier
from chassis.telemetry import metrics, tracing
from chassis.telemetry.health import Readiness
from chassis.telemetry.log import logger

# Health and reflection describe the service and tell nothing about the ward.
_OPEN_SERVICES = frozenset(
    {health.SERVICE_NAME, reflection.SERVICE_NAME, "grpc.reflection.v1.ServerReflection"}
)
_MAX_MESSAGE = 4 * 2**20
_CONNECTION_AGE_MS = 300_000
# The gateway could not read a request for personal data: the call it makes instead is refused for that reason, so
# that the attempt is accounted for like any other.
REFUSED_HEADER = "ward-refused"
_CANCELLED = "CANCELLED"
# Whom a call is about that was refused before anybody read it, as servicers name whom they could not read.
_UNREAD = "unknown"
_CODE_NAMES = {status.value[0]: status.name for status in grpc.StatusCode}
# Records cannot be deleted, so callers who are nobody may not write any number of them: beyond this they are counted.
_ANONYMOUS_RECORDS_A_MINUTE = 600


class Call(NamedTuple):
    """One call as the wrappers see it."""

    method: str
    metadata: dict[str, str | bytes]
    request: Message
    context: "aio.ServicerContext[Any, Any]"
    streams: bool = False

    def header(self, name: str) -> str:
        """Give a text header; empty if it is missing or binary."""
        value = self.metadata.get(name, "")
        return value if isinstance(value, str) else ""


class Edge(grpc.GenericRpcHandler):
    """Finds the called method, and wraps every answer, single or streamed, of the ward's own services.

    Each method is wrapped once. As the one handler of its server it needs no interceptor, which grpc.aio would have
    each call wait for.
    """

    def __init__(self, guard: "AccessGuard") -> None:
        self._guard = guard
        self._handlers: list[grpc.GenericRpcHandler] = []
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def add(self, handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Take what answers the methods of services."""
        self._handlers += handlers

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """Give the wrapped handler of the called method; None if there is no such method."""
        method = handler_call_details.method
        if wrapped := self._wrapped.get(method):
            return wrapped
        found = (one.service(handler_call_details) for one in self._handlers)
        handler = next(filter(None, found), None)
        if handler is None or method.lstrip("/").split("/")[0] in _OPEN_SERVICES:
            return handler
        wrapped = self._wrapped[method] = self._wrap(method, handler)
        return wrapped

    def _wrap(self, method: str, handler: Any) -> "grpc.RpcMethodHandler[Any, Any]":  # noqa: ANN401
        async def unary(request: Message, servicer: "aio.ServicerContext[Any, Any]") -> Any:  # noqa: ANN401
            call = _call(method, request, servicer)
            with Measured(call):
                try:
                    async with self._guard(call):
                        return await answer(handler.unary_unary, request, servicer)
                except Exception as error:  # noqa: BLE001 - the edge
                    await tell(call, error)

        async def stream(
            request: Message, servicer: "aio.ServicerContext[Any, Any]"
        ) -> AsyncIterator[Any]:
            call = _call(method, request, servicer, streams=True)
            with Measured(call):
                try:
                    async with self._guard(call):
                        async for answer in handler.unary_stream(request, servicer):
                            yield answer
                except Exception as error:  # noqa: BLE001 - the edge
                    await tell(call, error)

        codecs = (handler.request_deserializer, handler.response_serializer)
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(unary, *codecs)
        return grpc.unary_stream_rpc_method_handler(stream, *codecs)


def _call(
    method: str,
    request: Message,
    servicer: "aio.ServicerContext[Any, Any]",
    *,
    streams: bool = False,
) -> Call:
    """Take a call, and bind its request id for logs, events and calls that follow."""
    call = Call(method, dict(servicer.invocation_metadata() or ()), request, servicer, streams)
    request_id = context.accept_request_id(call.header(context.REQUEST_ID_HEADER))
    context.request_id.set(request_id)
    _promise(call, (context.REQUEST_ID_HEADER, request_id))
    return call


def _promise(call: Call, told: tuple[str, str]) -> None:
    """Have the request id told to the caller.

    With a single answer it goes behind it, in the same write: ahead of it, it would take a write of its own, which
    costs as much as half the call. A stream's goes ahead but waits for `context.begin_stream`, so that its arrival
    means that the watcher was let in.
    """
    if not call.streams:
        call.context.set_trailing_metadata((told,))
        return

    async def begin(resume_token: str) -> None:
        token = (context.RESUME_TOKEN_HEADER, resume_token)
        await call.context.send_initial_metadata((told, token))

    context.stream_beginning.set(begin)


class Measured:
    """Counts and times a call by its status code."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._started = 0.0
        self._spans = tracing.span(
            call.method.lstrip("/"),
            tracing.SpanKind.SERVER,
            context.request_id.get(),
            first=not call.header(context.REQUEST_ID_HEADER),
        )

    def __enter__(self) -> None:
        """Begin."""
        self._started = time.perf_counter()
        _in_flight(self._call.method).inc()
        self._span = self._spans.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Note how the call ended."""
        method, servicer = self._call.method, self._call.context
        _in_flight(method).dec()
        if isinstance(error, asyncio.CancelledError):
            code = "CANCELLED" if (servicer.time_remaining() or 1) > 0 else "DEADLINE_EXCEEDED"
        else:
            code = _code_name(servicer.code())
        _seconds(method, code).observe(time.perf_counter() - self._started)
        self._span.set_attribute("rpc.response.status_code", code)
        self._spans.__exit__(None, None, None)


@cache
def _in_flight(method: str) -> Gauge:
    service, _, name = method.lstrip("/").partition("/")
    return metrics.RPC_IN_FLIGHT.labels(service, name)


@cache
def _seconds(method: str, code: str) -> Histogram:
    service, _, name = method.lstrip("/").partition("/")
    return metrics.RPC_SECONDS.labels(service, name, code)


def _code_name(code: object) -> str:
    if isinstance(code, grpc.StatusCode):
        return code.name
    return _CODE_NAMES.get(code, "OK") if isinstance(code, int) else "OK"


async def answer(
    behavior: Callable[[Any, "aio.ServicerContext[Any, Any]"], Awaitable[Any]],
    request: Any,  # noqa: ANN401 - any request of any contract
    servicer: "aio.ServicerContext[Any, Any]",
) -> Any:  # noqa: ANN401 - its response
    """Answer a call; the page tokens of a list go on with this very list, of this caller, only."""
    if not pages.has_pages(request.DESCRIPTOR):
        return await behavior(request, servicer)
    mark = pages.mark_of(request, (context.identity.get() or context.NOBODY).account)
    request.page_token = pages.unbind(request.page_token, mark)
    found = await behavior(request, servicer)
    found.next_page_token = pages.bind(found.next_page_token, mark)
    return found


async def tell(call: Call, error: Exception) -> NoReturn:
    """Tell an expected error as the contract says; log an unexpected one once and tell nothing of it."""
    if isinstance(error, aio.AbortError):
        raise error
    if not isinstance(error, DomainError):
        logger().error("call_failed", method=call.method, exc_info=error)
        error = InternalError()
    elif reasons()[error.reason].code is grpc.StatusCode.UNAVAILABLE:
        logger().warning("call_unavailable", method=call.method, reason=error.reason)
    await abort(call.context, error)


class AccessGuard:
    """Checks every call against its access rule, and accounts for calls that touch personal data."""

    def __init__(
        self, verifier: TokenVerifier, log: AccessLog | None, clock: Clock, ward_code: str = ""
    ) -> None:
        self._verifier = verifier
        self._log = log
        self._clock = clock
        self._ward_code = ward_code
        self._anonymous = access.Budget(_ANONYMOUS_RECORDS_A_MINUTE)

    def __call__(self, call: Call) -> AbstractAsyncContextManager[None]:
        """Let an allowed call through; record it, or its refusal, before the answer leaves."""
        rule = access.rule_of(call.method)
        return Accounted(self, rule, call) if rule.personal_data else self._admitted(rule, call)

    @asynccontextmanager
    async def _admitted(self, rule: access.AccessRule, call: Call) -> AsyncGenerator[None]:
        await self.admit(rule, call)
        async with self._until_expiry(call):
            yield

    def access_of(self, call: Call) -> Access:
        """Begin the account of a call, with what it states."""
        stated = access.stated_purpose(call.request)
        return Access(
            record_id=record_id(self._clock()),
            method=call.method,
            purpose=stated.purpose,
            legal_basis=stated.legal_basis,
            reference=stated.reference,
            ward_code=self._ward_code,
        )

    @asynccontextmanager
    async def _until_expiry(self, call: Call) -> AsyncGenerator[None]:
        """End a stream when the token that opened it expires: who has lost the right to see sees no more."""
        caller = context.identity.get()
        if not call.streams or caller is None:
            yield
            return
        left_s = max(0.0, caller.expires_at - self._clock().timestamp())
        expiry = asyncio.timeout(None if math.isinf(left_s) else left_s)
        try:
            async with expiry:
                yield
        except TimeoutError as error:
            if expiry.expired():
                raise TokenExpiredError from error
            raise

    async def admit(self, rule: access.AccessRule, call: Call) -> None:
        """Tell who calls; raises DomainError where the call is not allowed."""
        context.identity.set(None)
        caller = await access.authenticate(self._verifier, call.header("authorization"))
        context.identity.set(caller)
        if acting := call.header(access.ACTING_HEADER):
            caller = await access.acted_for(self._verifier, caller, acting)
            context.identity.set(caller)
        access.authorize(rule, caller, call.method)
        if reason := call.header(REFUSED_HEADER):
            raise access.refusal(reason)
        access.check_fields(call.request)
        access.require_purpose(rule, call.request)

    async def record_answer(self, entry: Access) -> None:
        """Write the records of an answer; what waits is committed together."""
        await self._log_of(entry).record(*records_of(entry, self._clock(), entry.record_id))

    async def record(self, entry: Access, outcome: str) -> None:
        """Write the records of a call without an answer, under ids of their own: of whom it concerned as well.

        Whether a record that should have been written with its answer is there is not known when that has failed.
        """
        log, now = self._log_of(entry), self._clock()
        entry.subject = entry.subject or _UNREAD
        caller = context.identity.get() or context.NOBODY
        if not caller.account and not self._anonymous.take(now.timestamp()):
            metrics.ACCESS_RECORDS.labels(entry.method, f"{outcome}_COUNTED").inc()
            return
        await log.record(*records_of(entry, now, record_id(now), outcome))

    def _log_of(self, entry: Access) -> AccessLog:
        if self._log is None:
            raise LookupError(
                f"{entry.method} is marked personal_data, but there is no access log"
            )
        return self._log


class Accounted:
    """One call that touches personal data: it is let in, and recorded however it ends."""

    def __init__(self, guard: AccessGuard, rule: access.AccessRule, call: Call) -> None:
        self._guard = guard
        self._rule = rule
        self._call = call
        self._entry = guard.access_of(call)

    async def __aenter__(self) -> None:
        """Let the call in, or record its refusal."""
        context.access.set(self._entry)
        try:
            await self._guard.admit(self._rule, self._call)
        except BaseException as error:
            await self._record(error)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Record the answer, or why there is none."""
        await self._record(error)

    async def _record(self, error: BaseException | None) -> None:
        guard, entry = self._guard, self._entry
        match error:
            case None:
                if not entry.accounted:
                    await asyncio.shield(guard.record_answer(entry))
            case DomainError():
                await guard.record(entry, error.reason)
            case asyncio.CancelledError():
                # The caller has left, and what was done stays done: it is accounted for all the same.
                await asyncio.shield(guard.record(entry, _CANCELLED))
            case Exception():
                await guard.record(entry, InternalError.reason)
            case _:  # the process ends
                pass


def grpc_server(guard: AccessGuard, readiness: Readiness, services: list[str]) -> aio.Server:
    """Make a server with health, reflection and the wrappers; the caller adds its servicer and a port.

    Two processes never share a port: a second one must fail, not silently take half of the calls.
    """
    edge = Edge(guard)
    server = aio.server(
        handlers=[edge],
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", _MAX_MESSAGE),
            ("grpc.keepalive_time_ms", 20_000),
            # A caller looks anew who there is: a replica that was added gets its share. Watches stay as they are.
            ("grpc.max_connection_age_ms", _CONNECTION_AGE_MS),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ],
    )
    # What services are added by: no method is answered but through the edge.
    server.add_generic_rpc_handlers = edge.add  # type: ignore[assignment, method-assign]
    server.add_registered_method_handlers = _found_by_name  # type: ignore[assignment, method-assign]
    health_pb2_grpc.add_HealthServicer_to_server(readiness.health, server)
    enable_reflection((*services, health.SERVICE_NAME), server)
    return server


def _found_by_name(service: str, handlers: Mapping[str, object]) -> None:
    """Register no method apart: each is found by its name anyway. Those that are accounted for are counted from 0.

    grpc.aio waits for the next call of each registered method with a task of its own, and looks through all of them
    at each call (grpc pull request 43461): with a hundred methods that took a third of a look.
    """
    methods = (f"/{service}/{name}" for name in handlers)
    accounted = [one for one in methods if access.rule_of(one).personal_data]
    metrics.tell_from_the_start(metrics.ACCESS_RECORDS, accounted, [OK])
