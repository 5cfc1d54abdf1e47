"""Events that this service publishes, and as watchers are told them."""

from google.protobuf.message import DecodeError

from incidents.domain.incidents.events import (
    Acknowledged,
    ActionDue,
    AlarmJoined,
    Assigned,
    Breached,
    Closed,
    DueSoon,
    Escalated,
    Event,
    Moved,
    Opened,
    RollCallMarked,
)
from incidents.domain.incidents.incident import Incident
from incidents.wire.deadline_events import deadline_message
from incidents.wire.incidents import incident_message
from ward.incidents.v1 import after_action_reviews_pb2, deadlines_pb2, incidents_pb2

EventMessage = (
    incidents_pb2.IncidentOpened
    | incidents_pb2.IncidentAlarmJoined
    | incidents_pb2.IncidentAcknowledged
    | incidents_pb2.IncidentAssigned
    | incidents_pb2.IncidentEscalated
    | incidents_pb2.IncidentMoved
    | incidents_pb2.IncidentRollCallMarked
    | after_action_reviews_pb2.ReviewActionDue
    | incidents_pb2.IncidentClosed
    | deadlines_pb2.IncidentDueSoon
    | deadlines_pb2.IncidentBreached
)

_TYPES: dict[str, type[EventMessage]] = {
    message.DESCRIPTOR.full_name: message for message in EventMessage.__args__
}


def event_message(event: Event, incident: Incident) -> EventMessage:
    """Write an event with the incident after it."""
    told = incident_message(incident)
    match event:
        case Opened():
            return incidents_pb2.IncidentOpened(incident=told)
        case AlarmJoined(alarm_id):
            return incidents_pb2.IncidentAlarmJoined(incident=told, alarm_id=alarm_id)
        case Acknowledged():
            return incidents_pb2.IncidentAcknowledged(incident=told)
        case Assigned():
            return incidents_pb2.IncidentAssigned(incident=told)
        case Escalated(step, recipients):
            return incidents_pb2.IncidentEscalated(
                incident=told, step=step, recipient=recipients[0], recipients=recipients
            )
        case Moved(act):
            return incidents_pb2.IncidentMoved(incident=told, act=act)
        case RollCallMarked(sequence):
            return incidents_pb2.IncidentRollCallMarked(incident=told, sequence=sequence)
        case ActionDue(action_id, owner, due_on, overdue):
            return after_action_reviews_pb2.ReviewActionDue(
                incident=told,
                action_id=str(action_id),
                owner=owner,
                due_on=due_on.isoformat(),
                overdue=overdue,
            )
        case Closed():
            return incidents_pb2.IncidentClosed(incident=told)
        case DueSoon(owed):
            deadline = deadline_message(owed, breached=False)
            return deadlines_pb2.IncidentDueSoon(incident=told, deadline=deadline)
        case Breached(owed):
            deadline = deadline_message(owed, breached=True)
            return deadlines_pb2.IncidentBreached(incident=told, deadline=deadline)


def watched(
    resume_token: str, subject: str, payload: bytes, ward_code: str
) -> incidents_pb2.WatchIncidentsResponse | None:
    """Write an event of the feed for watchers of a ward.

    None for one that this contract does not know, or of another ward: wards may share a broker.
    """
    kind = _TYPES.get(subject)
    if kind is None:
        return None
    try:
        event = kind.FromString(payload)
    except DecodeError:
        return None
    if event.incident.ward_code != ward_code:
        return None
    return incidents_pb2.WatchIncidentsResponse(
        resume_token=resume_token,
        event=subject.rpartition(".")[2],
        incident=event.incident,
    )
