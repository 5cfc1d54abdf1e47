"""The administrators' port of a gRPC service: `/healthz`, `/readyz` and `/metrics` over HTTP."""

import contextlib
import socket
from collections.abc import Generator

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from chassis.errors import CannotListenError
from chassis.telemetry.health import Readiness


class AdminServer(uvicorn.Server):
    """A server that leaves the process's signals to the service's own lifecycle."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture nothing."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; raises CannotListenError, where uvicorn would end the process out of order."""
        try:
            await super().startup(sockets)
        except SystemExit:
            raise CannotListenError(f"{self.config.host}:{self.config.port}") from None


def admin_server(listen: str, readiness: Readiness) -> AdminServer:
    """Make the server; `serve()` runs it."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        return JSONResponse(readiness.parts, status_code=200 if readiness.ready else 503)

    async def metrics(request: Request) -> Response:
        # As Prometheus' own clients have it: all takes some milliseconds, which is much for who looks often.
        names = request.query_params.getlist("name[]")
        chosen = REGISTRY.restricted_registry(names) if names else REGISTRY
        return Response(generate_latest(chosen), media_type=CONTENT_TYPE_LATEST)

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )
    host, _, port = listen.rpartition(":")
    return AdminServer(
        uvicorn.Config(app, host=host, port=int(port), log_config=None, access_log=False)
    )
