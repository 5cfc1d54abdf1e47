"""Incidents and their timelines as the contract tells them."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from incidents.domain.incidents import Incident
from incidents.domain.timeline import TimelineEntry
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2


def incident_message(incident: Incident) -> incidents_pb2.Incident:
    """Write an incident."""
    return incidents_pb2.Incident(
        incident_id=str(incident.incident_id),
        number=incident.number,
        ward_code=incident.ward_code,
        kind=incidents_pb2.IncidentKind.Value(f"INCIDENT_KIND_{incident.kind}"),
        state=incidents_pb2.IncidentState.Value(f"INCIDENT_STATE_{incident.state}"),
        priority=incidents_pb2.Priority.Value(f"PRIORITY_{incident.priority}"),
        premises_id=incident.premises_id,
        place=incident.place,
        address=incident.address,
        alarm_ids=[member.alarm_id for member in incident.members],
        opened_at=timestamp(incident.opened_at),
        acknowledged_at=timestamp(incident.acknowledged_at),
        acknowledged_by=incident.acknowledged_by,
        assignee=incident.assignee,
        closed_at=timestamp(incident.closed_at),
        disposition=fire_safety_pb2.Disposition.Value(
            f"DISPOSITION_{incident.disposition or 'UNSPECIFIED'}"
        ),
        version=incident.version,
    )


def entry_message(entry: TimelineEntry) -> incidents_pb2.TimelineEntry:
    """Write one entry of a timeline."""
    return incidents_pb2.TimelineEntry(
        sequence=entry.sequence,
        at=timestamp(entry.at),
        kind=entry.kind,
        actor=entry.actor,
        text=entry.text,
    )


def timestamp(moment: datetime | None) -> Timestamp | None:
    """Write a moment; None leaves the field absent."""
    if moment is None:
        return None
    written = Timestamp()
    written.FromDatetime(moment)
    return written


def moment(written: Timestamp) -> datetime:
    """Read a moment; raises ValueError or OverflowError for one that no calendar has."""
    return written.ToDatetime(UTC)
