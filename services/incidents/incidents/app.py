"""The only place where the service's parts are constructed."""

import os
from datetime import timedelta
from pathlib import Path

from grpc import aio

import incidents as package
from chassis import grpc_client, migrations
from chassis.clock import Clock, utc_now
from chassis.consumer import EventConsumer
from chassis.feed import Feed
from chassis.jetstream import EVENTS
from chassis.lifecycle import Lifecycle
from chassis.sealing import Seal, read_key
from chassis.service import Base, start_base
from chassis.settings import parts_of
from incidents import tables
from incidents.clients.residency import NoRegister, OccupancyRegister, ResidencyClient
from incidents.clients.sources import Sources
from incidents.consumers.lanes import ALARM_LANE, OCCUPANCY_LANE, Consumers
from incidents.domain.contacts import ContactSeal
from incidents.domain.sealing import ReportSeal
from incidents.operations.alarms import AlarmOperations
from incidents.operations.duty import DutyOperations
from incidents.operations.escalation import EscalationOperations
from incidents.operations.exercises import ExerciseOperations
from incidents.operations.incidents import IncidentOperations
from incidents.operations.lifecycle import LifecycleOperations
from incidents.operations.projections import ProjectionOperations
from incidents.operations.reports import ReportOperations
from incidents.operations.roll_call import RollCallOperations
from incidents.operations.upkeep import UpkeepOperations
from incidents.queries.briefs import BriefQueries
from incidents.queries.catalogue import CatalogueQueries
from incidents.queries.duty import DutyQueries
from incidents.queries.figures import FigureQueries
from incidents.queries.incidents import IncidentQueries
from incidents.queries.lifecycle import LifecycleQueries
from incidents.queries.reports import ReportQueries
from incidents.queries.roll_call import RollCallQueries
from incidents.queries.timers import TimerQueries
from incidents.servicer import Servicer
from incidents.servicer.categories import CategoriesServicer
from incidents.servicer.disclosure import Disclosure
from incidents.servicer.duty import DutyServicer
from incidents.servicer.exercises import ExercisesServicer
from incidents.servicer.incidents import IncidentsServicer
from incidents.servicer.lifecycle import LifecycleServicer
from incidents.servicer.printing import PrintingServicer
from incidents.servicer.reports import ReportsServicer
from incidents.servicer.roll_call import RollCallServicer
from incidents.settings import Settings
from incidents.timers import (
    Timers,
    forget_hourly,
    forget_reports_hourly,
    forget_roll_calls_hourly,
    tell_figures,
)

MIGRATIONS = Path(package.__file__).parents[1] / "migrations"
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
    incidents = IncidentOperations(base.database, base.relay, clock)
    _start_background(life, base, incidents)
    seal = content_seal(settings)
    told = ReportSeal(seal, read_key(settings.follow_up_key.get_secret_value()))
    reports = ReportOperations(base.database, base.relay, clock, told, settings.ward_code)
    life.background("forgetting-reports", forget_reports_hourly(reports))
    duties = DutyOperations(base.database, clock, ContactSeal(seal))
    channel = residency_channel(life, settings)
    sources = Sources(lambda: base.broker.is_connected)
    if channel is not None:
        life.background("sources", sources.watch(channel))
    register = occupancy_register(channel, settings)
    roll_calls = RollCallOperations(base.database, base.relay, clock)
    life.background("forgetting-roll-calls", forget_roll_calls_hourly(roll_calls))
    servicers = [
        *servicers_of(base, incidents, reports, roll_calls, told, register, sources),
        DutyServicer(duties, DutyQueries(base.database), clock),
    ]
    services = [one.service for one in servicers]
    server = base.server(services)
    for one in servicers:
        one.add_to(server)
    return await base.serve(life, server, services)


def servicers_of(
    base: Base,
    incidents: IncidentOperations,
    reports: ReportOperations,
    roll_calls: RollCallOperations,
    seal: ReportSeal,
    register: OccupancyRegister,
    sources: Sources,
) -> list[Servicer]:
    """Make what answers each service of the package."""
    queries, briefs = IncidentQueries(base.database), BriefQueries(base.database)
    disclosure = Disclosure(queries, register, seal)
    return [
        IncidentsServicer(
            incidents,
            queries,
            briefs,
            disclosure,
            sources,
            Feed(base.broker, base.jetstream, str(EVENTS.name), SUBJECTS),
            base.clock,
            base.settings.ward_code,
        ),
        PrintingServicer(briefs, disclosure, sources, base.clock),
        ExercisesServicer(
            ExerciseOperations(base.database, base.relay, base.clock, base.settings.ward_code)
        ),
        RollCallServicer(roll_calls, RollCallQueries(base.database)),
        CategoriesServicer(CatalogueQueries(base.database), base.clock),
        LifecycleServicer(
            LifecycleOperations(base.database, base.relay, base.clock),
            reports,
            LifecycleQueries(base.database),
            base.clock,
        ),
        ReportsServicer(
            reports,
            ReportQueries(base.database, seal),
            base.clock,
            base.settings.ward_code,
        ),
    ]


def residency_channel(life: Lifecycle, settings: Settings) -> aio.Channel | None:
    """Connect to residency, if the service was told where it is."""
    if not settings.residency_target:
        return None
    channel = grpc_client.channel(settings.residency_target)
    life.at_stop(channel.close)
    return channel


def occupancy_register(channel: aio.Channel | None, settings: Settings) -> OccupancyRegister:
    """Ask residency who is inside, if the service was told by which token it proves itself there."""
    if channel is None or settings.service_token_file is None:
        return NoRegister()
    return ResidencyClient(channel, settings.service_token_file)


def _start_background(life: Lifecycle, base: Base, incidents: IncidentOperations) -> None:
    ward_code = base.settings.ward_code
    consumers = Consumers(
        ward_code,
        AlarmOperations(base.database, base.relay, base.clock),
        ProjectionOperations(base.database, base.clock),
        incidents,
    )
    for name, handlers in (
        (ALARM_LANE, consumers.of_alarm_lane()),
        (OCCUPANCY_LANE, consumers.of_occupancy_lane()),
    ):
        consumer = EventConsumer(
            base.broker,
            base.jetstream,
            f"{name}-{ward_code}",
            str(EVENTS.name),
            handlers,
            formerly=name,
        )
        life.background(name, consumer.run())
    escalations = EscalationOperations(base.database, base.relay, base.clock)
    timers = Timers(escalations, TimerQueries(base.database), base.clock)
    life.background("timers", timers.run())
    life.background("figures", tell_figures(FigureQueries(base.database), base.clock))
    upkeep = UpkeepOperations(base.database, base.clock)
    life.background("forgetting", forget_hourly(upkeep, KEPT))


def content_seal(settings: Settings) -> Seal:
    """Make the seal of what reports say, and of how officers are reached, from the keys."""
    texts = [
        settings.report_encryption_key.get_secret_value(),
        *parts_of(settings.report_encryption_old_keys),
    ]
    return Seal([read_key(text) for text in texts], os.urandom)


async def migrate(settings: Settings) -> None:
    """Bring the tables to the present version."""
    if settings.migration_database_url is None:
        raise SystemExit("MIGRATION_DATABASE_URL is needed: the role that owns the tables.")
    await migrations.upgrade(settings.migration_database_url.get_secret_value(), MIGRATIONS)
