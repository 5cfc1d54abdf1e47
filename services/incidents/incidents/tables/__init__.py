"""Tables and constraints, one file per topic. What must never be doubled is a constraint here, not a check in code."""

from incidents.tables.alarms import ENDED_FIRE, IN_TROUBLE, alarms, incident_alarms
from incidents.tables.catalogue import categories, category_clocks, decided_days, priorities
from incidents.tables.duty import (
    duties,
    duty_requirements,
    officers,
    shifts,
    substitutions,
    units,
)
from incidents.tables.escalation import PENDING, escalation_policies, escalations, notifications
from incidents.tables.incidents import OPEN_FIRE, incident_numbers, incidents, timeline, transfers
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
from incidents.tables.reports import (
    report_deadlines,
    report_numbers,
    reports,
    road_accidents,
)
from incidents.tables.roll_call import roll_call_marks

__all__ = [
    "ENDED_FIRE",
    "IN_TROUBLE",
    "NOT_ENDED",
    "OPEN_FIRE",
    "PENDING",
    "access_records",
    "account",
    "alarms",
    "categories",
    "category_clocks",
    "decided_days",
    "device_modes",
    "duties",
    "duty_requirements",
    "escalation_policies",
    "escalations",
    "inbox",
    "incident_alarms",
    "incident_numbers",
    "incidents",
    "legal_limits",
    "metadata",
    "mutual_aid_groups",
    "notifications",
    "occupancies",
    "officers",
    "outbox",
    "premises",
    "priorities",
    "report_deadlines",
    "report_numbers",
    "reports",
    "requests",
    "road_accidents",
    "roll_call_marks",
    "shifts",
    "substitutions",
    "supply_points",
    "timeline",
    "transfers",
    "units",
]
