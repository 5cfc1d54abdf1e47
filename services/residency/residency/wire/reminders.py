"""Reminders as they are published."""

from uuid import UUID

from residency.domain.residence.reminders import Reminder
from residency.wire import fields
from ward.residency.v1 import reminders_pb2 as pb


def reminder_due(one: Reminder, reminder_id: UUID) -> pb.ReminderDue:
    """Write the event; it names nobody."""
    return pb.ReminderDue(
        reminder_id=str(reminder_id),
        kind=pb.ReminderKind.Value(f"REMINDER_KIND_{one.kind}"),
        day=fields.date_message(one.day),
        registration_id=str(one.registration_id or ""),
        case_number=one.case_number,
        dwelling_id=str(one.dwelling_id or ""),
        premises_id=one.premises_id,
    )
