"""The frame of every answer: request id, security headers, one line in the log, one observation in the metrics."""

import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import context
from chassis.telemetry import metrics, tracing
from chassis.telemetry.log import logger

# Headers that every answer has unless it brings its own.
_HEADERS = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_REQUEST_ID = context.REQUEST_ID_HEADER.encode()
_VERBS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Whoever calls these is not known: a request id of theirs could stand in the records of their other calls.
_ANONYMOUS = frozenset(
    {
        "/v1/reports:tip",
        "/v1/attachments:begin",
        "/v1/attachments:addPart",
        "/v1/attachments:progress",
        "/v1/attachments:complete",
    }
)
# Asked every few seconds by machines; their failures are told by what they ask about.
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class Frame:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # Kept, since to make one takes as long as to write a line with it.
        self._log = logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request inside the frame."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = context.accept_request_id(_offered_id(scope))
        context.request_id.set(request_id)
        started, status = time.perf_counter(), int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message["headers"], request_id.encode())
            await send(message)

        with tracing.span("HTTP", tracing.SpanKind.SERVER, request_id, first=True) as span:
            try:
                await self._app(scope, receive, framed)
            except Exception:  # noqa: BLE001 - the edge: logged once, told to nobody
                self._log.exception("request_failed")
            finally:
                self._account(scope, status, time.perf_counter() - started, span)

    def _account(self, scope: Scope, status: int, seconds: float, span: tracing.Span) -> None:
        """Count and log by the route's template; the path itself could hold ids, the query anything."""
        route = getattr(scope.get("route"), "path", "unmatched")
        verb = scope["method"] if scope["method"] in _VERBS else "OTHER"
        metrics.HTTP_SECONDS.labels(route, verb, str(status)).observe(seconds)
        span.update_name(f"{verb} {route}")
        span.set_attribute("http.response.status_code", status)
        if route not in _QUIET:
            self._log.info(
                "http_request", verb=verb, route=route, status=status, seconds=round(seconds, 6)
            )


def _offered_id(scope: Scope) -> str | None:
    if scope["path"] in _ANONYMOUS:
        return None
    for name, value in scope["headers"]:
        if name == _REQUEST_ID:
            return str(value, "latin-1")
    return None


def _add_headers(headers: list[tuple[bytes, bytes]], request_id: bytes) -> None:
    present = {name for name, _ in headers}
    headers.extend(header for header in _HEADERS if header[0] not in present)
    headers.append((_REQUEST_ID, request_id))
