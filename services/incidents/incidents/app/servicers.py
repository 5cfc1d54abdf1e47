"""What answers each gRPC service of the package, topic by topic."""

from chassis.rpc.servicer import Servicer
from incidents.app.parts import Parts
from incidents.operations.deadlines import DeadlineOperations
from incidents.operations.duty import DutyOperations
from incidents.operations.exercises import ExerciseOperations
from incidents.operations.incidents import IncidentOperations
from incidents.operations.indicators import IndicatorOperations
from incidents.operations.lifecycle import LifecycleOperations
from incidents.operations.public_alerts import PublicAlertOperations
from incidents.operations.shift_handovers import ShiftHandoverOperations
from incidents.operations.tasks import TaskOperations
from incidents.queries.after_action_reviews import AfterActionReviewQueries
from incidents.queries.briefs import BriefQueries
from incidents.queries.catalogue import CatalogueQueries
from incidents.queries.deadlines import DeadlineQueries
from incidents.queries.deliveries import DeliveryQueries
from incidents.queries.duty import DutyQueries
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
from incidents.queries.webhooks import WebhookQueries
from incidents.servicer.after_action_reviews import AfterActionReviewsServicer
from incidents.servicer.attachments import AttachmentsServicer
from incidents.servicer.categories import CategoriesServicer
from incidents.servicer.deadlines import DeadlinesServicer
from incidents.servicer.deliveries import DeliveriesServicer
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


def servicers_of(parts: Parts, *, private_allowed: bool) -> list[Servicer]:
    """Make what answers each service; `private_allowed` is whether webhooks may lead into the ward's own net."""
    return [
        *_of_incidents(parts),
        *_of_their_course(parts),
        *_of_reports(parts),
        *_of_people(parts),
        *_of_learning(parts),
        *_of_the_outside(parts, private_allowed=private_allowed),
    ]


def _of_incidents(parts: Parts) -> list[Servicer]:
    """Make what serves whoever commands a rescue."""
    database, relay, clock = parts.database, parts.relay, parts.clock
    briefs = BriefQueries(parts.urgent)
    return [
        IncidentsServicer(
            IncidentOperations(database, relay, clock),
            IncidentQueries(database),
            briefs,
            parts.disclosure,
            parts.sources,
            parts.feed,
            clock,
            parts.ward_code,
        ),
        PrintingServicer(briefs, parts.disclosure, parts.sources, clock),
        RollCallServicer(parts.roll_calls, RollCallQueries(database)),
        ExercisesServicer(ExerciseOperations(database, relay, clock, parts.ward_code)),
    ]


def _of_their_course(parts: Parts) -> list[Servicer]:
    """Make what serves the states of incidents and their deadlines."""
    database, relay, clock = parts.database, parts.relay, parts.clock
    return [
        LifecycleServicer(
            LifecycleOperations(database, relay, clock),
            parts.reports,
            LifecycleQueries(database),
            clock,
        ),
        DeadlinesServicer(
            DeadlineOperations(database, relay, clock), DeadlineQueries(database), clock
        ),
        CategoriesServicer(CatalogueQueries(database), clock),
    ]


def _of_reports(parts: Parts) -> list[Servicer]:
    """Make what serves reports of citizens, with their photos and files."""
    database, clock, ward_code = parts.database, parts.clock, parts.ward_code
    return [
        ReportsServicer(parts.reports, ReportQueries(database, parts.seal), clock, ward_code),
        ServiceRequestsServicer(parts.reports, ServiceRequestQueries(database, ward_code), clock),
        AttachmentsServicer(parts.attachments, parts.attachment_queries),
    ]


def _of_people(parts: Parts) -> list[Servicer]:
    """Make what answers of who is on duty, who was told, who has which task, and who hands over."""
    database, clock = parts.database, parts.clock
    return [
        DutyServicer(
            DutyOperations(database, clock, parts.contacts), DutyQueries(database), clock
        ),
        DeliveriesServicer(DeliveryQueries(database)),
        ShiftHandoversServicer(
            ShiftHandoverOperations(database, clock), ShiftHandoverQueries(database), clock
        ),
        TasksServicer(TaskOperations(database, parts.relay, clock), TaskQueries(database), clock),
    ]


def _of_learning(parts: Parts) -> list[Servicer]:
    """Make what answers of what is learnt: reviews of incidents, and figures of periods."""
    database, clock = parts.database, parts.clock
    return [
        AfterActionReviewsServicer(parts.reviews, AfterActionReviewQueries(database), clock),
        IndicatorsServicer(
            IndicatorOperations(database, clock), IndicatorQueries(database), clock
        ),
    ]


def _of_the_outside(parts: Parts, *, private_allowed: bool) -> list[Servicer]:
    """Make what serves those whom the ward tells: the public, webhooks and the city's centre."""
    database, relay, clock, ward_code = parts.database, parts.relay, parts.clock, parts.ward_code
    return [
        PublicAlertsServicer(
            PublicAlertOperations(database, relay, clock, ward_code, parts.sender),
            PublicAlertQueries(database, ward_code),
            clock,
        ),
        WebhooksServicer(
            parts.webhooks, WebhookQueries(database), private_allowed=private_allowed
        ),
        HandoversServicer(parts.handovers, HandoverQueries(database)),
    ]
