"""The only place where the service's parts are constructed."""

from pathlib import Path

import residency
from chassis import migrations
from chassis.lifecycle import Lifecycle
from chassis.service import start_base
from residency import tables
from residency.operations import Operations
from residency.queries import Queries
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
    base = await start_base(
        life,
        "residency",
        settings,
        outbox=tables.outbox,
        access_records=tables.access_records,
    )
    servicer = ResidencyServicer(
        Operations(base.database, base.relay, base.clock), Queries(base.database)
    )
    server = base.server([SERVICE])
    residency_pb2_grpc.add_ResidencyServiceServicer_to_server(servicer, server)
    return await base.serve(life, server, [SERVICE])
