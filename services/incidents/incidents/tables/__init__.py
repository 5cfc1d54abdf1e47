"""Tables and constraints, one file per topic. What must never be doubled is a constraint here, not a check in code."""

from incidents.tables.after_action_reviews import (
    ACTION_OPEN,
    TO_REMIND,
    after_action_reviews,
    review_actions,
)
from incidents.tables.alarms import ENDED_FIRE, IN_TROUBLE, alarms, incident_alarms
from incidents.tables.attachments import attachment_parts, attachment_types, attachments
from incidents.tables.catalogue import categories, category_clocks, decided_days, priorities
from incidents.tables.deadlines import (
    RUNNING,
    clock_pauses,
    clock_resumptions,
    clock_warnings,
    deadlines,
    pause_reasons,
)
from incidents.tables.deliveries import deliveries, delivery_attempts, delivery_policies
from incidents.tables.duty import (
    duties,
    duty_requirements,
    officers,
    shifts,
    substitutions,
    units,
)
from incidents.tables.escalation import PENDING, escalation_policies, escalations, notifications
from incidents.tables.handovers import HANDOVER_PENDING, handovers
from incidents.tables.incidents import OPEN_FIRE, incident_numbers, incidents, timeline, transfers
from incidents.tables.indicators import entered_figures, indicators, review_periods
from incidents.tables.limits import legal_limits
from incidents.tables.messages import access_records, account, inbox, outbox, requests
from incidents.tables.metadata import metadata
from incidents.tables.projections import (
    NOT_ENDED,
    device_modes,
    mutual_aid_groups,
    occupancies,
    premises,
    supply_points,
)
from incidents.tables.public_alerts import alert_numbers, public_alerts
from incidents.tables.reports import report_numbers, reports, road_accidents
from incidents.tables.roll_call import roll_call_marks
from incidents.tables.service_requests import public_services
from incidents.tables.tasks import shift_handover_signatures, shift_handovers, tasks
from incidents.tables.webhooks import WAITING, webhook_deliveries, webhooks

__all__ = [
    "ACTION_OPEN",
    "ENDED_FIRE",
    "HANDOVER_PENDING",
    "IN_TROUBLE",
    "NOT_ENDED",
    "OPEN_FIRE",
    "PENDING",
    "RUNNING",
    "TO_REMIND",
    "WAITING",
    "access_records",
    "account",
    "after_action_reviews",
    "alarms",
    "alert_numbers",
    "attachment_parts",
    "attachment_types",
    "attachments",
    "categories",
    "category_clocks",
    "clock_pauses",
    "clock_resumptions",
    "clock_warnings",
    "deadlines",
    "decided_days",
    "deliveries",
    "delivery_attempts",
    "delivery_policies",
    "device_modes",
    "duties",
    "duty_requirements",
    "entered_figures",
    "escalation_policies",
    "escalations",
    "handovers",
    "inbox",
    "incident_alarms",
    "incident_numbers",
    "incidents",
    "indicators",
    "legal_limits",
    "metadata",
    "mutual_aid_groups",
    "notifications",
    "occupancies",
    "officers",
    "outbox",
    "pause_reasons",
    "premises",
    "priorities",
    "public_alerts",
    "public_services",
    "report_numbers",
    "reports",
    "requests",
    "review_actions",
    "review_periods",
    "road_accidents",
    "roll_call_marks",
    "shift_handover_signatures",
    "shift_handovers",
    "shifts",
    "substitutions",
    "supply_points",
    "tasks",
    "timeline",
    "transfers",
    "units",
    "webhook_deliveries",
    "webhooks",
]
