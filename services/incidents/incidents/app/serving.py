"""Serving: what answers, and what is done in time beside it."""

from contextlib import suppress

from chassis.broker.consumer import EventConsumer
from chassis.broker.jetstream import EVENTS, EVENTS_REMEMBERED
from chassis.clock import Clock, utc_now
from chassis.errors import DatabaseUnavailableError
from chassis.lifecycle import Lifecycle
from chassis.rpc import grpc_client, service_token
from chassis.rpc.certificates import own_certificates
from chassis.service import Base, start_base
from chassis.storage.database import Database
from incidents import tables, timers
from incidents.app.lanes import start_lanes
from incidents.app.parts import Parts
from incidents.app.servicers import servicers_of
from incidents.clients.dispatch import DispatchClient
from incidents.clients.gateways import AppriseMessenger
from incidents.clients.residency import NoRegister, OccupancyRegister, ResidencyClient
from incidents.clients.sources import Sources
from incidents.clients.webhooks import WebhookClient
from incidents.consumers.notices import NOTICE_LANE, Notices
from incidents.operations.deadlines import DeadlineOperations
from incidents.operations.deliveries import DeliveryOperations
from incidents.operations.escalation import EscalationOperations
from incidents.operations.upkeep import UpkeepOperations
from incidents.queries.figures import FigureQueries
from incidents.queries.indicators import IndicatorQueries
from incidents.queries.timers import TimerQueries
from incidents.settings import Settings

# Lanes and officers at once; those beyond wait for milliseconds.
_URGENT_CONNECTIONS = 4


async def serve(settings: Settings) -> None:
    """Serve until stopped."""
    async with Lifecycle() as life:
        await start(life, settings)
        await life.until_stopped()


async def start(life: Lifecycle, settings: Settings, clock: Clock = utc_now) -> int:
    """Start the service within a lifecycle; tell its gRPC port."""
    base = await start_base(
        life, "incidents", settings, outbox=tables.outbox, accounted=True, clock=clock
    )
    urgent = await urgent_database(life, settings)
    waits_since = start_lanes(life, base, urgent)
    sources = Sources(lambda: base.broker.is_connected, waits_since, clock)
    register = ask_residency(life, settings, sources)
    parts = Parts.of(base, settings, urgent, register, sources)
    do_in_time(life, parts)
    send_messages(life, parts, settings)
    tell_webhooks(life, base, parts, settings)
    follow_handovers(life, parts, settings)
    servicers = servicers_of(parts, private_allowed=settings.webhook_private_addresses)
    return await base.serve(life, servicers)


async def urgent_database(life: Lifecycle, settings: Settings) -> Database:
    """Connect for what nobody may wait for: fires and their briefs have connections of their own, and kept plans."""
    url = settings.database_url.get_secret_value()
    database = Database.connect(url, pool_size=_URGENT_CONNECTIONS, plans_kept=True)
    life.at_stop(database.close)
    # The first fire finds a connection open, unless the database is away.
    with suppress(DatabaseUnavailableError):
        await database.check()
    return database


def ask_residency(life: Lifecycle, settings: Settings, sources: Sources) -> OccupancyRegister:
    """Make what asks residency who is inside, if the service was told where it is and by which token it proves itself.

    Where it is known, it is watched whether it serves.
    """
    if not settings.residency_target:
        return NoRegister()
    channel = grpc_client.channel(settings.residency_target, own_certificates(settings))
    life.at_stop(channel.close)
    life.background("sources", sources.watch(channel))
    if settings.service_token_file is None:
        return NoRegister()
    service_token.tell_expiry(settings.service_token_file)
    return ResidencyClient(channel, settings.service_token_file)


def do_in_time(life: Lifecycle, parts: Parts) -> None:
    """Do what is due when its time comes, forget what is kept long enough, and tell in figures how things are."""
    database, relay, clock = parts.database, parts.relay, parts.clock
    escalations = EscalationOperations(database, relay, clock)
    deadlines, queries = DeadlineOperations(database, relay, clock), TimerQueries(database)
    for name, take_due, next_due_at in (
        ("timers", escalations.escalate_due, queries.next_due_at),
        ("deadlines", deadlines.tell_due, queries.next_told_at),
    ):
        life.background(name, timers.Timers(take_due, next_due_at, clock).run())
    life.background("reminding-of-actions", timers.remind_of_actions(parts.reviews))
    life.background("figures", timers.tell_figures(FigureQueries(database), clock))
    life.background("indicators", timers.tell_indicators(IndicatorQueries(database), clock))
    upkeep = UpkeepOperations(database, clock)
    # Requests are kept as long.
    life.background("forgetting", timers.forget_hourly(upkeep, EVENTS_REMEMBERED))
    life.background("forgetting-reports", timers.forget_reports_hourly(parts.reports))
    life.background("forgetting-roll-calls", timers.forget_roll_calls_hourly(parts.roll_calls))
    life.background("forgetting-attachments", timers.forget_attachments_hourly(parts.attachments))
    life.background("forgetting-deliveries", timers.forget_deliveries_hourly(parts.webhooks))


def send_messages(life: Lifecycle, parts: Parts, settings: Settings) -> None:
    """Send officers what they are to be told, off the console."""
    deliveries = DeliveryOperations(
        parts.database, parts.clock, parts.contacts, settings.console_url
    )
    messenger = AppriseMessenger(settings.notification_gateways_file)
    life.background("deliveries", timers.Deliveries(deliveries, messenger).run())


def tell_webhooks(life: Lifecycle, base: Base, parts: Parts, settings: Settings) -> None:
    """Have webhooks told of what this service publishes."""
    client = WebhookClient(parts.clock, private_allowed=settings.webhook_private_addresses)
    life.at_stop(client.close)
    lane = EventConsumer(
        base.broker,
        base.jetstream,
        f"{NOTICE_LANE}-{parts.ward_code}",
        str(EVENTS.name),
        {},
        of_many=Notices(parts.webhooks, parts.ward_code).of_many(),
    )
    life.background(NOTICE_LANE, lane.run())
    life.background("webhooks", timers.WebhookDeliveries(parts.webhooks, client).run())


def follow_handovers(life: Lifecycle, parts: Parts, settings: Settings) -> None:
    """Follow what is offered to the city's centre, if there is one."""
    if not settings.dispatch_target:
        return
    channel = grpc_client.channel(settings.dispatch_target, own_certificates(settings))
    life.at_stop(channel.close)
    following = timers.HandoverFollowing(parts.handovers, DispatchClient(channel))
    life.background("handovers", following.run())
