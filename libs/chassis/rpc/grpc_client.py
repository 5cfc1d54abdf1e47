"""Calling another service: one channel, the caller's request id and token passed on, a deadline always."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from grpc import aio

from chassis import context
from chassis.rpc.certificates import NO_CERTIFICATES, CertificateFiles, RenewingChannel

DEADLINE_S = 5.0

_OPTIONS = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Documents are answered in one message, up to ten mebibytes.
    ("grpc.max_receive_message_length", 12 * 2**20),
    # A name may stand for several replicas: each of them gets its share of the calls.
    ("grpc.lb_policy_name", "round_robin"),
)


def channel(
    target: str, certificates: CertificateFiles = NO_CERTIFICATES, *, passes_on: bool = True
) -> aio.Channel:
    """Open a channel that reconnects by itself, with TLS if there are certificates to trust.

    It passes on the caller's request id and token, unless it leads out of the ward or each call does (`passed_on`).
    Raises OSError or CertificateError for files that cannot be used.
    """
    interceptors: list[aio.ClientInterceptor] = (
        [_PassOnUnary(), _PassOnStream()] if passes_on else []
    )
    if certificates.authority is None:
        return aio.insecure_channel(target, options=_OPTIONS, interceptors=interceptors)

    def open_channel(credentials: grpc.ChannelCredentials) -> aio.Channel:
        return aio.secure_channel(target, credentials, options=_OPTIONS, interceptors=interceptors)

    return RenewingChannel(certificates, open_channel)


def passed_on() -> tuple[tuple[str, str], ...]:
    """Tell the metadata that pass on the caller's request id and token."""
    told = []
    if request_id := context.request_id.get():
        told.append((context.REQUEST_ID_HEADER, request_id))
    if caller := context.identity.get():
        told.append(("authorization", f"Bearer {caller.token}"))
    return tuple(told)


def _passed_on(details: aio.ClientCallDetails, deadline_s: float | None) -> aio.ClientCallDetails:
    metadata = aio.Metadata(*(details.metadata or ()), *passed_on())
    return aio.ClientCallDetails(
        method=details.method,
        timeout=details.timeout or deadline_s,
        metadata=metadata,
        credentials=details.credentials,
        wait_for_ready=details.wait_for_ready,
    )


class _PassOnUnary(aio.UnaryUnaryClientInterceptor):  # type: ignore[type-arg, unused-ignore]
    async def intercept_unary_unary(
        self,
        continuation: Callable[[aio.ClientCallDetails, Any], Awaitable[Any]],
        client_call_details: aio.ClientCallDetails,
        request: Any,  # noqa: ANN401 - any message
    ) -> Any:  # noqa: ANN401 - any message
        return await continuation(_passed_on(client_call_details, DEADLINE_S), request)


class _PassOnStream(aio.UnaryStreamClientInterceptor):  # type: ignore[type-arg, unused-ignore]
    async def intercept_unary_stream(
        self,
        continuation: Callable[[aio.ClientCallDetails, Any], Any],
        client_call_details: aio.ClientCallDetails,
        request: Any,  # noqa: ANN401 - any message
    ) -> AsyncIterator[Any]:
        # A watch has no deadline: it lasts as long as somebody watches.
        watched: AsyncIterator[Any] = await continuation(
            _passed_on(client_call_details, None), request
        )
        return watched
