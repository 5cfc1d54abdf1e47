"""Incidents and their timelines as the contract tells them."""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.clock import ward_local
from incidents.domain.incidents.incident import OUTCOMES, Incident
from incidents.domain.lifecycle.durations import Durations
from incidents.domain.lifecycle.timeline import TimelineEntry
from incidents.domain.places import Position
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2

_FIRST = datetime.min.replace(tzinfo=UTC)


def incident_message(incident: Incident) -> incidents_pb2.Incident:
    """Write an incident."""
    ended_as = incident.disposition or "UNSPECIFIED"
    is_outcome = incident.disposition in OUTCOMES
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
            f"DISPOSITION_{'UNSPECIFIED' if is_outcome else ended_as}"
        ),
        version=incident.version,
        category=incident.category,
        severity=incidents_pb2.Severity.Value(f"SEVERITY_{incident.severity}"),
        position=position_message(incident.position),
        duplicate_of=str(incident.duplicate_of or ""),
        reopenings=incident.reopenings,
        outcome=incidents_pb2.Outcome.Value(
            f"OUTCOME_{ended_as if is_outcome else 'UNSPECIFIED'}"
        ),
        ended_at=timestamp(incident.ended_at),
        exercise=incident.exercise,
    )


def durations_message(told: Durations) -> incidents_pb2.IncidentDurations:
    """Write how long an incident took."""
    return incidents_pb2.IncidentDurations(
        acknowledge_s=_seconds(told.acknowledge),
        assign_s=_seconds(told.assign),
        arrive_s=_seconds(told.arrive),
        control_s=_seconds(told.control),
        end_s=_seconds(told.end),
        open_s=_seconds(told.open) or 0,
        paused_s=_seconds(told.paused) or 0,
    )


def position_message(position: Position | None) -> fire_safety_pb2.Position | None:
    """Write a position; None leaves the field absent."""
    if position is None:
        return None
    return fire_safety_pb2.Position(latitude=position.latitude, longitude=position.longitude)


def _seconds(duration: timedelta | None) -> int | None:
    # A clock that was set back makes it 0, never negative.
    return None if duration is None else max(0, int(duration.total_seconds()))


def entry_message(entry: TimelineEntry) -> incidents_pb2.TimelineEntry:
    """Write one entry of a timeline."""
    return incidents_pb2.TimelineEntry(
        sequence=entry.sequence,
        at=timestamp(entry.at),
        kind=entry.kind,
        actor=entry.actor,
        text=entry.text,
        corrects=entry.corrects,
    )


def timestamp(moment: datetime | None) -> Timestamp | None:
    """Write a moment; None leaves the field absent."""
    if moment is None:
        return None
    written = Timestamp()
    written.FromDatetime(moment)
    return written


def moment(written: Timestamp) -> datetime:
    """Read a moment; raises ValueError or OverflowError for one that no calendar has, that of the ward included."""
    told = written.ToDatetime(UTC)
    # Programs write the first instant of all where they have none, and the database keeps it as minus infinity.
    if told == _FIRST:
        raise ValueError
    # The last hours of the year 9999 are in the year 10000 here, and could never be shown.
    ward_local(told)
    return told
