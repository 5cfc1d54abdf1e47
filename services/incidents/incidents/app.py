"""The only place where the service's parts are constructed."""

from datetime import timedelta
from pathlib import Path

import incidents
from chassis import grpc_client, migrations
from chassis.clock import Clock, utc_now
from chassis.consumer import EventConsumer
from chassis.feed import Feed
from chassis.jetstream import EVENTS
from chassis.lifecycle import Lifecycle
from chassis.service import Base, start_base
from incidents import tables
from incidents.clients.residency import NoRegister, OccupancyRegister, ResidencyClient
from incidents.consumers import ALARM_LANE, OCCUPANCY_LANE, Consumers
from incidents.operations import Operations
from incidents.queries import Queries
from incidents.servicer import SERVICE, IncidentsServicer
from incidents.settings import Settings
from incidents.timers import Timers, forget_hourly
from ward.incidents.v1 import incidents_pb2_grpc

MIGRATIONS = Path(incidents.__file__).parents[1] / "migrations"
SUBJECTS = ["ward.incidents.v1.>"]
# A day longer than the stream keeps events: what it can still deliver is never forgotten. Requests are kept as long.
KEPT = timedelta(seconds=EVENTS.max_age or 0) + timedelta(days=1)


async def serve(settings: Settings) -> None:
    """Serve until stopped."""
    async with Lifecycle() as life:
        await start(life, settings)
        await life.until_stopped()


async def start(life: Lifecycle, settings: Settings, clock: Clock = utc_now) -> int:
    """Start the service within a lifecycle; tell its gRPC port."""
    base = await start_base(
        life,
        "incidents",
        settings,
        outbox=tables.outbox,
        accounted=True,
        clock=clock,
    )
    operations = Operations(base.database, base.relay, clock)
    queries = Queries(base.database)
    feed = Feed(base.broker, base.jetstream, str(EVENTS.name), SUBJECTS)
    register = occupancy_register(life, settings)
    servicer = IncidentsServicer(operations, queries, register, feed, clock, settings.ward_code)
    server = base.server([SERVICE])
    incidents_pb2_grpc.add_IncidentsServiceServicer_to_server(servicer, server)
    _start_background(life, base, operations, queries)
    return await base.serve(life, server, [SERVICE])


def occupancy_register(life: Lifecycle, settings: Settings) -> OccupancyRegister:
    """Connect to residency, if the service was told where it is and by which token it proves itself."""
    if not settings.residency_target or settings.service_token_file is None:
        return NoRegister()
    channel = grpc_client.channel(settings.residency_target)
    life.at_stop(channel.close)
    return ResidencyClient(channel, settings.service_token_file)


def _start_background(
    life: Lifecycle, base: Base, operations: Operations, queries: Queries
) -> None:
    consumers = Consumers(operations)
    for name, handlers in (
        (ALARM_LANE, consumers.of_alarm_lane()),
        (OCCUPANCY_LANE, consumers.of_occupancy_lane()),
    ):
        consumer = EventConsumer(base.broker, base.jetstream, name, str(EVENTS.name), handlers)
        life.background(name, consumer.run())
    life.background("timers", Timers(operations, queries, base.clock).run())
    life.background("forgetting", forget_hourly(operations, KEPT))


async def migrate(settings: Settings) -> None:
    """Bring the tables to the present version."""
    if settings.migration_database_url is None:
        raise SystemExit("MIGRATION_DATABASE_URL is needed: the role that owns the tables.")
    await migrations.upgrade(settings.migration_database_url.get_secret_value(), MIGRATIONS)
