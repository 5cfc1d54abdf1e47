"""What one would write instead of transcoding: a FastAPI route by hand, over the same method of the same service.

`python -m bench.hand_written [--in-frame]`, with the gateway's settings, for VerifyIdentity alone. It is served as the
gateway is: one process, uvicorn with httptools on uvloop, the same limit of connections, the collector spared alike,
one channel. Pydantic reads and checks the body and writes the answer, as FastAPI does by itself; the caller's token is
passed on and the call has a deadline. There is nothing else: no request id, no headers of security, no line in the
log, no figures, no bounds of heads and bodies, no problems in two languages.

With `--in-frame` the same route stands in the gateway's own server and frame and calls over its own channel: what its
routes would cost if each were written by hand.
"""

import argparse
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from google.type import date_pb2
from grpc import aio
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from bench.http_caller import ONE
from chassis import lifecycle
from chassis.lifecycle import Lifecycle
from chassis.rpc import grpc_client
from chassis.settings import read_settings
from chassis.telemetry import log
from chassis.telemetry.admin import AdminServer
from gateway.clients import Metadata
from gateway.routes import Frame, GatewayServer
from gateway.routes.server import MAX_CONNECTIONS
from gateway.settings import Settings
from gateway.transcoder import sign_in
from ward.options.v1 import access_pb2
from ward.residency.v1 import residency_pb2 as pb
from ward.residency.v1 import residency_pb2_grpc

PassOn = Callable[[Request], Metadata]
Call = Callable[[Request, pb.VerifyIdentityRequest], Awaitable[pb.VerifyIdentityResponse]]


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Purpose(_Model):
    """Why, and in which case."""

    purpose: str
    reference: str


class Day(_Model):
    """A date as declared."""

    year: int
    month: int = 0
    day: int = 0


class Declared(_Model):
    """What is asked."""

    purpose: Purpose
    personal_id_number: str
    full_name: str
    birth_date: Day


class Verified(_Model):
    """What is answered."""

    personal_id_number: str
    full_name: str
    birth_date: str
    access_record_id: str
    warnings: list[str]


def make_app(call: Call) -> FastAPI:
    """Write the route."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    @app.post(ONE)
    async def verify(declared: Declared, request: Request) -> Verified:
        answer = await call(request, _message(declared))
        match = pb.FieldMatch.Name
        return Verified(
            personal_id_number=match(answer.personal_id_number),
            full_name=match(answer.full_name),
            birth_date=match(answer.birth_date),
            access_record_id=answer.access_record_id,
            warnings=[pb.IdentityWarning.Name(one) for one in answer.warnings],
        )

    return app


def _message(declared: Declared) -> pb.VerifyIdentityRequest:
    asked, born = declared.purpose, declared.birth_date
    return pb.VerifyIdentityRequest(
        purpose=access_pb2.AccessPurpose(
            purpose=access_pb2.Purpose.Value(asked.purpose), reference=asked.reference
        ),
        personal_id_number=declared.personal_id_number,
        full_name=declared.full_name,
        birth_date=date_pb2.Date(year=born.year, month=born.month, day=born.day),
    )


def _caller(channel: aio.Channel, pass_on: PassOn) -> Call:
    method = residency_pb2_grpc.ResidencyServiceStub(channel).VerifyIdentity

    async def call(request: Request, message: pb.VerifyIdentityRequest) -> Any:  # noqa: ANN401 - grpc's call
        return await method(message, timeout=grpc_client.DEADLINE_S, metadata=pass_on(request))

    return call


def _the_token(request: Request) -> Metadata:
    return (("authorization", request.headers["authorization"]),)


def _as_the_gateway_does(request: Request) -> Metadata:
    sign_in(request)
    return grpc_client.passed_on()


def _server(app: FastAPI, listen: str) -> uvicorn.Server:
    """Make a server with the gateway's settings of uvicorn, and the library's own connections."""
    host, _, port = listen.rpartition(":")
    return AdminServer(
        uvicorn.Config(
            app,
            host=host,
            port=int(port),
            http="httptools",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MAX_CONNECTIONS,
        )
    )


async def _serve(settings: Settings, *, in_frame: bool) -> None:
    target, listen = settings.residency_target, settings.http_listen
    async with Lifecycle() as life:
        channel = (
            grpc_client.channel(target, passes_on=False)
            if in_frame
            else aio.insecure_channel(target)
        )
        life.at_stop(channel.close)
        if in_frame:
            life.serve_http(
                GatewayServer(Frame(make_app(_caller(channel, _as_the_gateway_does))), listen)
            )
        else:
            life.serve_http(_server(make_app(_caller(channel, _the_token)), listen))
        await life.until_stopped()


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser("python -m bench.hand_written", description=__doc__)
    parser.add_argument(
        "--in-frame", action="store_true", help="in the gateway's server and frame"
    )
    in_frame = parser.parse_args().in_frame
    settings = read_settings(Settings)
    log.configure("hand_written", settings.log_level)
    lifecycle.run(_serve(settings, in_frame=in_frame))


if __name__ == "__main__":
    main()
