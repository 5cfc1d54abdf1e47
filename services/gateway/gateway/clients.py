"""gRPC out: one channel for each of the ward's services, a caller for each method, and their health."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol

import grpc
from google.protobuf.message import Message
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.errors import InternalError
from chassis.rpc import grpc_client
from chassis.rpc.certificates import CertificateFiles
from chassis.rpc.grpc_server import REFUSED_HEADER
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from gateway.schemas.contracts import Contracts, Method

_INTERVAL_S = 1.0
_TIMEOUT_S = 2.0

Metadata = tuple[tuple[str, str], ...]
Stream = Callable[[Message], "aio.UnaryStreamCall[Message, Message]"]


class Unary(Protocol):
    """Calls a method with one answer; it has a deadline and passes identity and request id on."""

    def __call__(self, request: Message, metadata: Metadata = (), /) -> Awaitable[Message]:
        """Call; raises AioRpcError."""


class Clients:
    """Channels to the services, by the package that each serves.

    What is passed on goes with each call: an interceptor of gRPC's has one more call and task around each, which took a
    tenth of all that the gateway does for a request.
    """

    def __init__(self, targets: Mapping[str, str], certificates: CertificateFiles) -> None:
        self._channels = {
            package: grpc_client.channel(target, certificates, passes_on=False)
            for package, target in targets.items()
        }

    def unary(self, method: Method) -> Unary:
        """Make the caller of a method with one answer."""
        send = self._channels[method.package].unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )

        def call(request: Message, metadata: Metadata = (), /) -> Awaitable[Message]:
            return send(
                request,
                timeout=grpc_client.DEADLINE_S,
                metadata=(*metadata, *grpc_client.passed_on()),
            )

        return call

    def caller(
        self, contracts: Contracts, service: str
    ) -> Callable[[str, Message], Awaitable[Any]]:
        """Make the caller of a service's methods by their names, for addresses whose shape a standard dictates."""
        callers = {
            method.descriptor.name: self.unary(method)
            for method in contracts.methods
            if method.descriptor.containing_service.full_name == service and not method.streams
        }

        async def call(name: str, request: Message) -> Any:  # noqa: ANN401 - the method's response
            return await callers[name](request)

        return call

    async def refuse(self, method: Method, reason: str) -> None:
        """Have the service refuse an empty request for a reason, and so account for who asked.

        Raises AioRpcError where it refuses for another cause (token, role) or cannot answer, InternalError where it
        does not refuse at all.
        """
        try:
            await self.unary(method)(method.request(), ((REFUSED_HEADER, reason),))
        except aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
                raise
        else:
            logger().error("not_refused", method=method.path)
            raise InternalError

    def stream(self, method: Method) -> Stream:
        """Make the caller of a method with a stream of answers, which has no deadline."""
        send = self._channels[method.package].unary_stream(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )

        def call(request: Message) -> "aio.UnaryStreamCall[Message, Message]":
            return send(request, metadata=grpc_client.passed_on())

        return call

    def health(self) -> dict[str, health_pb2_grpc.HealthStub]:
        """Give the health service of each, by package."""
        return {
            package: health_pb2_grpc.HealthStub(channel)
            for package, channel in self._channels.items()
        }

    async def close(self) -> None:
        """Close all channels; calls under way are cancelled."""
        await asyncio.gather(*(channel.close() for channel in self._channels.values()))


class State(StrEnum):
    """What a service says of itself."""

    SERVING = "serving"
    # It answers, though something it stands on is away: many of its calls still work.
    NOT_SERVING = "not_serving"
    UNREACHABLE = "unreachable"


class Health:
    """The state of each service, asked anew every second."""

    def __init__(self, clients: Clients) -> None:
        self._stubs = {_name(package): stub for package, stub in clients.health().items()}
        self.states = dict.fromkeys(self._stubs, State.UNREACHABLE)

    async def run(self) -> None:
        """Keep the states up to date until cancelled."""
        while True:
            await asyncio.gather(*(self._ask(name, stub) for name, stub in self._stubs.items()))
            await asyncio.sleep(_INTERVAL_S)

    async def _ask(self, name: str, stub: health_pb2_grpc.HealthStub) -> None:
        try:
            request = health_pb2.HealthCheckRequest()
            answer = await stub.Check(request, timeout=_TIMEOUT_S)  # type: ignore[attr-defined] # untyped
        except aio.AioRpcError:
            state = State.UNREACHABLE
        else:
            serving = answer.status == health_pb2.HealthCheckResponse.SERVING
            state = State.SERVING if serving else State.NOT_SERVING
        self.states[name] = state
        metrics.READY.labels(name).set(state is State.SERVING)


def _name(package: str) -> str:
    """Name the service of a package: `fire_safety` of `ward.fire_safety.v1`."""
    return package.split(".")[1]
