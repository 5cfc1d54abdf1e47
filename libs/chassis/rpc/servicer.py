"""What answers the methods of a gRPC service."""

from typing import Any, Protocol

from grpc import aio

Context = aio.ServicerContext[Any, Any]


class Servicer(Protocol):
    """Answers one gRPC service."""

    # Full name of the service.
    service: str

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
