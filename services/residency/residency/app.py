"""The only place where the service's parts are constructed."""

from pathlib import Path

import residency
from chassis import jetstream, migrations
from chassis.access_log import AccessLog
from chassis.admin import admin_server
from chassis.clock import utc_now
from chassis.database import Database
from chassis.grpc_server import AccessGuard, grpc_server
from chassis.health import Readiness
from chassis.lifecycle import Lifecycle
from chassis.log import logger
from chassis.outbox import Relay
from chassis.tokens import TokenVerifier
from residency import tables
from residency.operations import Operations
from residency.servicer import SERVICE, ResidencyServicer
from residency.settings import Settings
from ward.residency.v1 import residency_pb2_grpc

MIGRATIONS = Path(residency.__file__).parents[1] / "migrations"


async def serve(settings: Settings) -> None:
    """Serve until stopped."""
    async with Lifecycle() as life:
        await start(life, settings)
        await life.until_stopped()


async def start(life: Lifecycle, settings: Settings) -> int:
    """Start the service within a lifecycle; tell its gRPC port."""
    database = Database.connect(settings.database_url.get_secret_value())
    life.at_stop(database.close)
    broker = await jetstream.connect(settings.nats_url.get_secret_value(), "residency")
    life.at_stop(broker.close)
    stream = broker.jetstream()
    await jetstream.ensure_streams(stream)
    ...
