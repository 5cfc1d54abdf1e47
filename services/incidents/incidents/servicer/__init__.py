"""gRPC in: read the request, call one operation or query, write the response; one file for each service."""

from typing import Any, Protocol

from grpc import aio

Context = aio.ServicerContext[Any, Any]


class Servicer(Protocol):
    """What `app` lists: answers one service of the package `ward.incidents.v1`."""

    # Full name of the service.
    service: str

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
