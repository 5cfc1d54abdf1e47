"""What all services with a database, a broker and a gRPC server construct alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
from nats.aio.client import Client
from nats.js import JetStreamContext
from pydantic import SecretStr
from sqlalchemy import ColumnElement, Table

from chassis.account.access_log import AccessLog
from chassis.account.witness import Witness, subject_of
from chassis.broker import jetstream
from chassis.clock import Clock, utc_now
from chassis.errors import BrokerUnavailableError
from chassis.lifecycle import Lifecycle
from chassis.rpc import certificates
from chassis.rpc.certificates import CertificateFiles
from chassis.rpc.grpc_server import AccessGuard, grpc_server
from chassis.rpc.servicer import Servicer
from chassis.rpc.tokens import TokenVerifier
from chassis.settings import ServiceSettings
from chassis.storage.database import Database, Line
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from chassis.telemetry.admin import admin_server
from chassis.telemetry.health import Readiness

# A request that was lost with the broker is repeated after this time.
_REQUEST_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class Base:
    """The started parts that a service builds on."""

    settings: ServiceSettings
    database: Database
    broker: Client
    jetstream: JetStreamContext
    relay: Relay
    readiness: Readiness
    clock: Clock
    guard: AccessGuard

    async def serve(self, life: Lifecycle, servicers: Sequence[Servicer]) -> int:
        """Start relaying events, telling readiness and answering calls; tell the gRPC port."""
        services = [one.service for one in servicers]
        server = grpc_server(self.guard, self.readiness, services)
        for one in servicers:
            one.add_to(server)
        life.background("outbox", self.relay.run())
        self.readiness.warn("outbox", self.relay.check)
        credentials = _server_credentials(self.settings)
        port = await life.serve_grpc(server, self.settings.grpc_listen, credentials)
        life.background("readiness", self.readiness.run(services))
        return port


async def connect_broker(
    life: Lifecycle, url: SecretStr, name: str, authority_file: Path | None
) -> Client:
    """Connect to the broker for as long as the process lives, which ends when the connection ends for good.

    Without its connection it would live on and hear nothing: its supervisor must start another.
    """
    broker = await jetstream.connect(
        url.get_secret_value(),
        name,
        lambda: life.fail(BrokerUnavailableError()),
        authority_file=authority_file,
    )
    life.at_stop(broker.close)
    return broker


async def start_base(
    life: Lifecycle,
    name: str,
    settings: ServiceSettings,
    *,
    outbox: Table,
    outbox_order: ColumnElement[Any] | None = None,
    accounted: bool = False,
    clock: Clock = utc_now,
) -> Base:
    """Start what every service stands on.

    The administrators' port answers first, so that a service waiting for the broker is seen to be alive.
    `outbox_order` tells which of the events that wait go first, where not the oldest.
    Services with methods marked `personal_data` are `accounted`: they have the tables of
    `chassis.account.access_schema`.
    """
    life.trace(name, settings.otlp_endpoint)
    database = Database.connect(settings.database_url.get_secret_value())
    life.at_stop(database.close)
    connected: list[Client] = []

    async def broker_connected() -> None:
        if not (connected and connected[0].is_connected):
            raise BrokerUnavailableError

    readiness = Readiness({"database": database.check, "broker": broker_connected})
    life.serve_http(admin_server(settings.admin_listen, readiness))
    broker = await connect_broker(life, settings.nats_url, name, settings.nats_authority_file)
    connected.append(broker)
    stream = broker.jetstream(timeout=_REQUEST_TIMEOUT_S)
    await jetstream.ensure_streams(stream, settings.ward_code, settings.nats_replicas)
    verifier = TokenVerifier(
        settings.auth_issuer,
        settings.auth_audience,
        settings.auth_jwks,
        ward_code=settings.ward_code,
    )
    log = None
    if accounted:
        log = AccessLog(account_line(life, settings))
        witness = Witness(
            database,
            stream,
            subject_of(settings.ward_code, name),
            timedelta(seconds=settings.access_witness_every_s),
            settings.access_witness_file,
            clock,
        )
        life.background("access-witness", witness.run())
    return Base(
        settings=settings,
        database=database,
        broker=broker,
        jetstream=stream,
        relay=Relay(database, outbox, stream, clock, outbox_order),
        readiness=readiness,
        clock=clock,
        guard=AccessGuard(verifier, log, clock, settings.ward_code),
    )


def _server_credentials(settings: ServiceSettings) -> grpc.ServerCredentials | None:
    """Make what the server speaks TLS with; None where no certificate is named."""
    certificate, key = settings.grpc_certificate_file, settings.grpc_key_file
    if certificate is None or key is None:
        return None
    callers = settings.grpc_caller_authority_file
    files = CertificateFiles(callers, certificate, key)
    return certificates.server_credentials(files, metrics.CERTIFICATE_EXPIRES.labels("grpc").set)


def account_line(life: Lifecycle, settings: ServiceSettings) -> Line:
    """Make a connection of its own for what must be durable before an answer."""
    url = settings.database_url.get_secret_value()
    database = Database.connect(url, pool_size=1, plans_kept=True)
    line = database.line()
    life.at_stop(database.close)
    life.at_stop(line.close)
    return line
