"""The only place where the service's parts are constructed."""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from grpc import aio

import incidents as package
from chassis.broker.consumer import EventConsumer
from chassis.broker.feed import Feed
from chassis.broker.jetstream import EVENTS
from chassis.clock import Clock, utc_now
from chassis.errors import DatabaseUnavailableError
from chassis.lifecycle import Lifecycle
from chassis.rpc import grpc_client, service_token
from chassis.rpc.certificates import own_certificates
from chassis.sealing import Seal, read_key
from chassis.service import Base, start_base
from chassis.settings import parts_of
from chassis.storage import migrations
from chassis.storage.database import Database
from chassis.storage.object_store import BucketStore, FolderStore, ObjectStore
from incidents import tables
from incidents.clients.dispatch import DispatchClient
from incidents.clients.gateways import AppriseMessenger
from incidents.clients.residency import NoRegister, OccupancyRegister, ResidencyClient
from incidents.clients.sources import Sources
from incidents.clients.webhooks import WebhookClient
from incidents.consumers.lanes import ALARM_LANE, FIRE_LANE, OCCUPANCY_LANE, Consumers
from incidents.consumers.notices import NOTICE_LANE, Notices
from incidents.domain.duty.contacts import ContactSeal
from incidents.domain.public_alerts import Sender
from incidents.domain.reports.sealing import AttachmentSeal, ReportSeal
from incidents.domain.rescue.people import FIRE_SAFETY, RESIDENCY
from incidents.domain.webhooks import WebhookSeal
from incidents.operations.after_action_reviews import AfterActionReviewOperations
from incidents.operations.alarms import AlarmOperations
from incidents.operations.attachments import AttachmentOperations
from incidents.operations.deadlines import DeadlineOperations
from incidents.operations.deliveries import DeliveryOperations
from incidents.operations.duty import DutyOperations
from incidents.operations.escalation import EscalationOperations
from incidents.operations.exercises import ExerciseOperations
from incidents.operations.handovers import HandoverOperations
from incidents.operations.incidents import IncidentOperations
from incidents.operations.indicators import IndicatorOperations
from incidents.operations.lifecycle import LifecycleOperations
from incidents.operations.projections import ProjectionOperations
from incidents.operations.public_alerts import PublicAlertOperations
from incidents.operations.reports import ReportOperations
from incidents.operations.roll_call import RollCallOperations
from incidents.operations.shift_handovers import ShiftHandoverOperations
from incidents.operations.tasks import TaskOperations
from incidents.operations.upkeep import UpkeepOperations
from incidents.operations.webhooks import WebhookOperations
from incidents.queries.after_action_reviews import AfterActionReviewQueries
from incidents.queries.attachments import AttachmentQueries
from incidents.queries.briefs import BriefQueries
from incidents.queries.catalogue import CatalogueQueries
from incidents.queries.deadlines import DeadlineQueries
from incidents.queries.deliveries import DeliveryQueries
from incidents.queries.duty import DutyQueries
from incidents.queries.figures import FigureQueries
from incidents.queries.handovers import HandoverQueries
from incidents.queries.incidents import IncidentQueries
from incidents.queries.indicators import IndicatorQueries
from incidents.queries.lifecycle import LifecycleQueries
from incidents.queries.public_alerts import PublicAlertQueries
from incidents.queries.reports import ReportQueries
from incidents.queries.roll_call import RollCallQueries
from incidents.queries.service_requests import ServiceRequestQueries
from incidents.queries.shift_handovers import ShiftHandoverQueries
from incidents.queries.tasks import TaskQueries
from incidents.queries.timers import TimerQueries
from incidents.queries.webhooks import WebhookQueries
from incidents.servicer import Servicer
from incidents.servicer.after_action_reviews import AfterActionReviewsServicer
from incidents.servicer.attachments import AttachmentsServicer
from incidents.servicer.categories import CategoriesServicer
from incidents.servicer.deadlines import DeadlinesServicer
from incidents.servicer.deliveries import DeliveriesServicer
from incidents.servicer.disclosure import Disclosure
from incidents.servicer.duty import DutyServicer
from incidents.servicer.exercises import ExercisesServicer
from incidents.servicer.handovers import HandoversServicer
from incidents.servicer.incidents import IncidentsServicer
from incidents.servicer.indicators import IndicatorsServicer
from incidents.servicer.lifecycle import LifecycleServicer
from incidents.servicer.printing import PrintingServicer
from incidents.servicer.public_alerts import PublicAlertsServicer
from incidents.servicer.reports import ReportsServicer
from incidents.servicer.roll_call import RollCallServicer
from incidents.servicer.service_requests import ServiceRequestsServicer
from incidents.servicer.shift_handovers import ShiftHandoversServicer
from incidents.servicer.tasks import TasksServicer
from incidents.servicer.webhooks import WebhooksServicer
from incidents.settings import Settings
from incidents.timers import (
    Deliveries,
    HandoverFollowing,
    Timers,
    WebhookDeliveries,
    forget_attachments_hourly,
    forget_deliveries_hourly,
    forget_hourly,
    forget_reports_hourly,
    forget_roll_calls_hourly,
    remind_of_actions,
    tell_figures,
    tell_indicators,
)

MIGRATIONS = Path(package.__file__).parents[1] / "migrations"
SUBJECTS = ["ward.incidents.v1.>"]
# A day longer than the stream keeps events: what it can still deliver is never forgotten. Requests are kept as long.
KEPT = timedelta(seconds=EVENTS.max_age or 0) + timedelta(days=1)
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
        life,
        "incidents",
        settings,
        outbox=tables.outbox,
        accounted=True,
        clock=clock,
    )
    incidents = IncidentOperations(base.database, base.relay, clock)
    urgent = await _urgent_database(life, settings)
    lanes = _start_lanes(life, base, incidents, urgent)
    _start_background(life, base)
    seal = content_seal(settings)
    told = ReportSeal(seal, read_key(settings.follow_up_key.get_secret_value()))
    reports = ReportOperations(base.database, base.relay, clock, told, settings.ward_code)
    life.background("forgetting-reports", forget_reports_hourly(reports))
    contacts = ContactSeal(seal)
    deliveries = DeliveryOperations(base.database, clock, contacts, settings.console_url)
    reviews = AfterActionReviewOperations(base.database, base.relay, clock)
    life.background("reminding-of-actions", remind_of_actions(reviews))
    messenger = AppriseMessenger(settings.notification_gateways_file)
    life.background("deliveries", Deliveries(deliveries, messenger).run())
    channel = residency_channel(life, settings)
    sources = Sources(lambda: base.broker.is_connected, lanes, clock)
    if channel is not None:
        life.background("sources", sources.watch(channel))
    register = occupancy_register(channel, settings)
    roll_calls = RollCallOperations(base.database, base.relay, clock)
    life.background("forgetting-roll-calls", forget_roll_calls_hourly(roll_calls))
    servicers = [
        *servicers_of(base, urgent, incidents, reports, roll_calls, told, register, sources),
        public_alerts_servicer(base, settings),
        _start_attachments(life, base, settings),
        _start_webhooks(life, base, settings),
        _start_handovers(life, base, settings),
        *people_servicers_of(base, contacts),
        *learning_servicers_of(base, reviews),
    ]
    services = [one.service for one in servicers]
    server = base.server(services)
    for one in servicers:
        one.add_to(server)
    return await base.serve(life, server, services)


def servicers_of(
    base: Base,
    urgent: Database,
    incidents: IncidentOperations,
    reports: ReportOperations,
    roll_calls: RollCallOperations,
    seal: ReportSeal,
    register: OccupancyRegister,
    sources: Sources,
) -> list[Servicer]:
    """Make what answers each service of the package."""
    queries, briefs = IncidentQueries(base.database), BriefQueries(urgent)
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
        DeadlinesServicer(
            DeadlineOperations(base.database, base.relay, base.clock),
            DeadlineQueries(base.database),
            base.clock,
        ),
        ReportsServicer(
            reports,
            ReportQueries(base.database, seal),
            base.clock,
            base.settings.ward_code,
        ),
        ServiceRequestsServicer(
            reports,
            ServiceRequestQueries(base.database, base.settings.ward_code),
            base.clock,
        ),
    ]


def residency_channel(life: Lifecycle, settings: Settings) -> aio.Channel | None:
    """Connect to residency, if the service was told where it is."""
    if not settings.residency_target:
        return None
    channel = grpc_client.channel(settings.residency_target, own_certificates(settings))
    life.at_stop(channel.close)
    return channel


def public_alerts_servicer(base: Base, settings: Settings) -> Servicer:
    """Make what warns the public in the ward's name."""
    ward_code = settings.ward_code
    sender = Sender(settings.alert_sender or f"ward-{ward_code}", settings.alert_sender_name)
    return PublicAlertsServicer(
        PublicAlertOperations(base.database, base.relay, base.clock, ward_code, sender),
        PublicAlertQueries(base.database, ward_code),
        base.clock,
    )


def people_servicers_of(base: Base, contacts: ContactSeal) -> list[Servicer]:
    """Make what answers of who is on duty, who was told, who has which task, and who hands over."""
    database, clock = base.database, base.clock
    return [
        DutyServicer(DutyOperations(database, clock, contacts), DutyQueries(database), clock),
        DeliveriesServicer(DeliveryQueries(database)),
        ShiftHandoversServicer(
            ShiftHandoverOperations(database, clock), ShiftHandoverQueries(database), clock
        ),
        TasksServicer(TaskOperations(database, base.relay, clock), TaskQueries(database), clock),
    ]


def learning_servicers_of(base: Base, reviews: AfterActionReviewOperations) -> list[Servicer]:
    """Make what answers of what is learnt: reviews of incidents, and figures of periods."""
    database, clock = base.database, base.clock
    return [
        AfterActionReviewsServicer(reviews, AfterActionReviewQueries(database), clock),
        IndicatorsServicer(
            IndicatorOperations(database, clock), IndicatorQueries(database), clock
        ),
    ]


def occupancy_register(channel: aio.Channel | None, settings: Settings) -> OccupancyRegister:
    """Ask residency who is inside, if the service was told by which token it proves itself there."""
    if channel is None or settings.service_token_file is None:
        return NoRegister()
    service_token.tell_expiry(settings.service_token_file)
    return ResidencyClient(channel, settings.service_token_file)


async def _urgent_database(life: Lifecycle, settings: Settings) -> Database:
    """Connect for what nobody may wait for: fires and their briefs have connections of their own, and kept plans."""
    url = settings.database_url.get_secret_value()
    database = Database.connect(url, pool_size=_URGENT_CONNECTIONS, plans_kept=True)
    life.at_stop(database.close)
    # The first fire finds a connection open, unless the database is away.
    with suppress(DatabaseUnavailableError):
        await database.check()
    return database


def _start_lanes(
    life: Lifecycle, base: Base, incidents: IncidentOperations, urgent: Database
) -> Mapping[str, Sequence[Callable[[], datetime | None]]]:
    """Have events taken in; tell for each source since when its events wait, in each lane that hears it."""
    ward_code = base.settings.ward_code
    consumers = Consumers(
        ward_code,
        AlarmOperations(urgent, base.relay, base.clock),
        ProjectionOperations(base.database, base.clock),
        incidents,
    )
    one_lane = (f"incidents-{ward_code}", "incidents")
    waits_since = defaultdict[str, list[Callable[[], datetime | None]]](list)
    for source, name, formerly, handlers, of_many in (
        (
            FIRE_SAFETY,
            FIRE_LANE,
            one_lane,
            consumers.of_fire_lane(),
            consumers.of_fires_at_once(),
        ),
        (
            FIRE_SAFETY,
            ALARM_LANE,
            one_lane,
            consumers.of_alarm_lane(),
            consumers.of_alarms_at_once(),
        ),
        (RESIDENCY, OCCUPANCY_LANE, (OCCUPANCY_LANE,), {}, consumers.of_occupancy_at_once()),
    ):
        consumer = EventConsumer(
            base.broker,
            base.jetstream,
            f"{name}-{ward_code}",
            str(EVENTS.name),
            handlers,
            formerly,
            of_many,
        )
        life.background(name, consumer.run())
        waits_since[source].append(consumer.waits_since)
    return waits_since


def _start_background(life: Lifecycle, base: Base) -> None:
    escalations = EscalationOperations(base.database, base.relay, base.clock)
    deadlines = DeadlineOperations(base.database, base.relay, base.clock)
    queries = TimerQueries(base.database)
    for name, take_due, next_due_at in (
        ("timers", escalations.escalate_due, queries.next_due_at),
        ("deadlines", deadlines.tell_due, queries.next_told_at),
    ):
        life.background(name, Timers(take_due, next_due_at, base.clock).run())
    life.background("figures", tell_figures(FigureQueries(base.database), base.clock))
    life.background("indicators", tell_indicators(IndicatorQueries(base.database), base.clock))
    upkeep = UpkeepOperations(base.database, base.clock)
    life.background("forgetting", forget_hourly(upkeep, KEPT))


def _start_attachments(life: Lifecycle, base: Base, settings: Settings) -> Servicer:
    """Make what takes photos and files in and gives them out, and have them forgotten in time."""
    seal = AttachmentSeal(
        content_seal(settings), read_key(settings.follow_up_key.get_secret_value())
    )
    store = attachment_store(base, settings)
    operations = AttachmentOperations(
        base.database, base.relay, base.clock, seal, store, settings.ward_code
    )
    life.background("forgetting-attachments", forget_attachments_hourly(operations))
    return AttachmentsServicer(operations, AttachmentQueries(base.database, seal, store))


def attachment_store(base: Base, settings: Settings) -> ObjectStore:
    """Make where photos and files lie: the folder that the settings name, or a bucket of the broker for this ward."""
    if settings.attachment_folder is not None:
        return FolderStore(settings.attachment_folder)
    return BucketStore(
        base.jetstream,
        f"ATTACHMENTS_{settings.ward_code}",
        settings.attachment_store_bytes,
        settings.nats_replicas,
    )


def _start_webhooks(life: Lifecycle, base: Base, settings: Settings) -> Servicer:
    """Have webhooks told of what this service publishes; give what registers them."""
    private_allowed = settings.webhook_private_addresses
    operations = webhook_operations(base.database, settings, base.clock)
    client = WebhookClient(base.clock, private_allowed=private_allowed)
    life.at_stop(client.close)
    lane = EventConsumer(
        base.broker,
        base.jetstream,
        f"{NOTICE_LANE}-{settings.ward_code}",
        str(EVENTS.name),
        {},
        of_many=Notices(operations, settings.ward_code).of_many(),
    )
    life.background(NOTICE_LANE, lane.run())
    life.background("webhooks", WebhookDeliveries(operations, client).run())
    life.background("forgetting-deliveries", forget_deliveries_hourly(operations))
    return WebhooksServicer(
        operations, WebhookQueries(base.database), private_allowed=private_allowed
    )


def _start_handovers(life: Lifecycle, base: Base, settings: Settings) -> Servicer:
    """Follow what is offered to the city's centre, if there is one; give what offers."""
    target = settings.dispatch_target
    operations = HandoverOperations(base.database, base.relay, base.clock, has_centre=bool(target))
    if target:
        channel = grpc_client.channel(target, own_certificates(settings))
        life.at_stop(channel.close)
        following = HandoverFollowing(operations, DispatchClient(channel))
        life.background("handovers", following.run())
    return HandoversServicer(operations, HandoverQueries(base.database))


def webhook_operations(
    database: Database, settings: Settings, clock: Clock = utc_now
) -> WebhookOperations:
    """Make what tells webhooks; their secrets are sealed under the keys of reports, each at a place of its own."""
    return WebhookOperations(database, clock, WebhookSeal(content_seal(settings)), os.urandom)


async def tell_dead_deliveries(settings: Settings) -> None:
    """Tell people of deliveries that were given up."""
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=1)
    try:
        dead = await WebhookQueries(database).dead()
    finally:
        await database.close()
    for one in dead:
        _say(
            f"{one.delivery_id}  {one.created_at:%Y-%m-%d %H:%M:%S%z}  {one.event}  {one.url}"
            f"  {one.failure} ({one.attempts})"
        )
    _say(f"{len(dead)} thông báo không gửi được / deliveries were given up")


async def retry_dead_deliveries(settings: Settings, delivery_ids: list[UUID]) -> None:
    """Have deliveries that were given up sent again, all if none is named."""
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=1)
    try:
        count = await webhook_operations(database, settings).retry_dead(delivery_ids)
    finally:
        await database.close()
    _say(f"{count} thông báo sẽ được gửi lại / deliveries will be sent again")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command speaks to people


def content_seal(settings: Settings) -> Seal:
    """Make the seal of what reports say, and of how officers are reached, from the keys."""
    texts = [
        settings.report_encryption_key.get_secret_value(),
        *parts_of(settings.report_encryption_old_keys),
    ]
    return Seal([read_key(text) for text in texts], os.urandom)


async def migrate(settings: Settings) -> None:
    """Bring the tables to the present version."""
    await migrations.upgrade(settings.owner_url(), MIGRATIONS)
