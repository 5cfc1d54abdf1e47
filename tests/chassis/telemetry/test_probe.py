"""What a container asks its own server."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from chassis.telemetry import probe

STATUS = health_pb2.HealthCheckResponse


@pytest.fixture
async def server() -> AsyncGenerator[tuple[health.HealthServicer, str]]:
    """Run a gRPC server that tells its health."""
    servicer, server = health.HealthServicer(), aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield servicer, f"127.0.0.1:{port}"
    await server.stop(None)


@pytest.mark.parametrize(("status", "code"), [(STATUS.SERVING, 0), (STATUS.NOT_SERVING, 1)])
async def test_it_tells_what_a_grpc_server_says_of_itself(
    server: tuple[health.HealthServicer, str], status: int, code: int
) -> None:
    """0 when it serves, else 1."""
    servicer, address = server
    await servicer.set("", status)

    assert await asyncio.to_thread(probe.main, address) == code


class Answer(BaseHTTPRequestHandler):
    """Serves /readyz, and nothing else."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200 if self.path == "/readyz" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def http_address() -> Iterator[str]:
    """Run an HTTP server."""
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_it_tells_what_an_http_server_answers(http_address: str) -> None:
    """200 alone is health."""
    assert probe.main(f"{http_address}/readyz") == 0
    assert probe.main(f"{http_address}/other") == 1


@pytest.mark.parametrize("address", ["127.0.0.1:1", "http://127.0.0.1:1/readyz"])
def test_nobody_who_answers_is_not_health(address: str) -> None:
    """It ends in time, and without a traceback."""
    assert probe.main(address) == 1
