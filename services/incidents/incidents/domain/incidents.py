"""Incidents and what may happen to them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError
from incidents.domain import sentences
from incidents.domain.alarms import Alarm
from incidents.domain.escalation import Ladders, Notification, Timer
from incidents.domain.events import (
    Acknowledged,
    AlarmJoined,
    Assigned,
    Closed,
    Escalated,
    Event,
    Opened,
)
from incidents.domain.places import Place
from incidents.domain.priorities import Priority, grade, most_urgent
from incidents.domain.timeline import EntryKind, TimelineEntry

# Viet Nam has one time zone and no summer time.
LOCAL = timezone(timedelta(hours=7))


class IncidentNotFoundError(DomainError):
    """No incident has this id."""

    reason = "INCIDENT_NOT_FOUND"


class IncidentClosedError(DomainError):
    """The incident has ended."""

    reason = "INCIDENT_CLOSED"


class IncidentNotAcknowledgedError(DomainError):
    """Nobody has taken the incident on, so nobody can close it."""

    reason = "INCIDENT_NOT_ACKNOWLEDGED"


class IncidentKind(StrEnum):
    """Kind of incident."""

    FIRE = "FIRE"


class IncidentState(StrEnum):
    """Where an incident stands."""

    REPORTED = "REPORTED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    ASSIGNED = "ASSIGNED"
    CLOSED = "CLOSED"


class Disposition(StrEnum):
    """What an incident turned out to be."""

    FIRE = "FIRE"
    NUISANCE = "NUISANCE"
    TEST = "TEST"
    FAULT = "FAULT"
    MALICIOUS = "MALICIOUS"
    DRILL = "DRILL"


@dataclass(frozen=True)
class Member:
    """An alarm that belongs to an incident."""

    alarm_id: str
    device_id: str
    # The alarm's version in its newest raising that the incident knows of.
    raised_version: int


@dataclass(frozen=True)
class Incident:
    """An incident (vụ việc).

    `place_key` names what may have one open fire incident at a time. `step` is the last step of the ladder that
    was told, `entries` the length of the timeline. Its methods decide and change nothing: they return a Change.
    """

    incident_id: UUID
    number: str
    ward_code: str
    kind: IncidentKind
    state: IncidentState
    priority: Priority
    place_key: str
    premises_id: str
    place: str
    address: str
    opened_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    assignee: str = ""
    closed_at: datetime | None = None
    disposition: Disposition | None = None
    step: int = 0
    entries: int = 0
    version: int = 0
    members: tuple[Member, ...] = ()

    def take(self, alarm: Alarm, ladders: Ladders, now: datetime) -> "Change | None":
        """Take a raised alarm in: a further one, or one of its own that was raised again; None if it knows of it."""
        for member in self.members:
            if member.alarm_id == alarm.alarm_id:
                return self._again(alarm, now) if alarm.version > member.raised_version else None
        return self._join(alarm, ladders, now)

    def _again(self, alarm: Alarm, now: datetime) -> "Change":
        """Tell that a detector which was back to normal signals again."""
        change = Change(self, now, AlarmJoined(alarm.alarm_id)).admitting(alarm)
        return change.noting(EntryKind.ALARM_AGAIN, sentences.alarm_again(alarm))

    def _join(self, alarm: Alarm, ladders: Ladders, now: datetime) -> "Change":
        """Take a further alarm in; it may raise the priority, and then the next step comes sooner."""
        devices = [*(member.device_id for member in self.members), alarm.device_id]
        priority = most_urgent(self.priority, grade(devices, place_known=alarm.place_known))
        raised = priority is not self.priority
        waiting = self.state is IncidentState.REPORTED
        change = Change(replace(self, priority=priority), now, AlarmJoined(alarm.alarm_id))
        change = change.admitting(alarm)
        if raised and waiting:
            change = replace(change, timer=ladders.after(priority, self.step, now))
        text = sentences.alarm_joined(alarm, priority, raised=raised)
        return change.noting(EntryKind.ALARM_JOINED, text)

    def note_restored(self, device_id: str, now: datetime) -> "Change":
        """Note that a detector is back to normal: a note, never an end, and no event."""
        text = sentences.restored(device_id, still_open=self.state is not IncidentState.CLOSED)
        return Change(self, now).noting(EntryKind.ALARM_RESTORED, text)

    def note_glass_broken(self, officer: str, until: datetime, now: datetime) -> "Change":
        """Note that an officer was told who is registered inside: a note, also of an incident that has ended."""
        text = sentences.glass_broken(until.astimezone(LOCAL))
        return Change(self, now).noting(EntryKind.GLASS_BROKEN, text, officer)

    def escalate(self, due: Timer, ladders: Ladders, now: datetime) -> "Change":
        """Tell the next function, and start the timer of the step after it."""
        notification = Notification(due.step, due.recipient, due.channel, now)
        change = Change(
            incident=replace(self, step=due.step),
            at=now,
            event=Escalated(due.step, due.recipient),
            notification=notification,
            timer=ladders.after(self.priority, due.step, now),
        )
        return change.noting(EntryKind.ESCALATED, sentences.escalated(due))

    def acknowledge(self, account: str, now: datetime) -> "Change | None":
        """Take the incident on, which ends its escalation; None if somebody has. Raises IncidentClosedError."""
        self.require_open()
        if self.acknowledged_at is not None:
            return None
        taken_on = replace(
            self,
            state=IncidentState.ACKNOWLEDGED,
            acknowledged_at=now,
            acknowledged_by=account,
        )
        change = Change(taken_on, now, Acknowledged(), ends_timers=True)
        return change.noting(EntryKind.ACKNOWLEDGED, sentences.acknowledged(), account)

    def assign(self, assignee: str, task: str, account: str, now: datetime) -> "Change":
        """Give the task to a unit or account; a later one replaces it. Raises IncidentClosedError."""
        self.require_open()
        given = replace(self, state=IncidentState.ASSIGNED, assignee=assignee)
        change = Change(given, now, Assigned())
        return change.noting(EntryKind.ASSIGNED, sentences.assigned(assignee, task), account)

    def close(self, disposition: Disposition, note: str, account: str, now: datetime) -> "Change":
        """End it with what it turned out to be.

        Raises IncidentClosedError, or IncidentNotAcknowledgedError if nobody has taken it on.
        """
        self.require_open()
        if self.acknowledged_at is None:
            raise IncidentNotAcknowledgedError
        ended = replace(self, state=IncidentState.CLOSED, closed_at=now, disposition=disposition)
        change = Change(ended, now, Closed(), ends_timers=True)
        return change.noting(EntryKind.CLOSED, sentences.closed(disposition, note), account)

    def require_open(self) -> None:
        """Raise IncidentClosedError if it has ended."""
        if self.state is IncidentState.CLOSED:
            raise IncidentClosedError


@dataclass(frozen=True)
class Change:
    """What one act does to an incident, stored as a whole or not at all: the incident after it, and what it adds."""

    incident: Incident
    at: datetime
    event: Event | None = None
    entries: tuple[TimelineEntry, ...] = ()
    admitted: Member | None = None
    notification: Notification | None = None
    timer: Timer | None = None
    ends_timers: bool = False

    def admitting(self, alarm: Alarm) -> "Change":
        """Add an alarm to the incident, or its newest raising to what the incident knows."""
        member = Member(alarm.alarm_id, alarm.device_id, alarm.version)
        known = {one.alarm_id: one for one in self.incident.members}
        members = tuple({**known, alarm.alarm_id: member}.values())
        return replace(self, incident=replace(self.incident, members=members), admitted=member)

    def noting(self, kind: EntryKind, text: str, actor: str = "") -> "Change":
        """Add an entry to the timeline; the incident's version grows with it."""
        entry = TimelineEntry(self.incident.entries + 1, self.at, kind, actor, text)
        incident = replace(
            self.incident, entries=entry.sequence, version=self.incident.version + 1
        )
        return replace(self, incident=incident, entries=(*self.entries, entry))


def open_fire(
    alarm: Alarm, place: Place, incident_id: UUID, number: str, ladders: Ladders, now: datetime
) -> Change:
    """Open a fire incident for an alarm, tell the first function and start the timer of the next step."""
    priority = grade([alarm.device_id], place_known=alarm.place_known)
    notification = ladders.first(priority, now)
    incident = Incident(
        incident_id=incident_id,
        number=number,
        ward_code=alarm.ward_code,
        kind=IncidentKind.FIRE,
        state=IncidentState.REPORTED,
        priority=priority,
        place_key=alarm.place_key,
        premises_id=alarm.premises_id,
        place=place.name,
        address=place.address,
        opened_at=now,
    )
    change = Change(
        incident=incident,
        at=now,
        event=Opened(),
        notification=notification,
        timer=ladders.after(priority, 0, now),
    )
    change = change.admitting(alarm)
    change = change.noting(EntryKind.OPENED, sentences.opened(alarm, priority))
    if notification is None:
        return change
    return change.noting(EntryKind.NOTIFIED, sentences.notified(notification))


def year_of(now: datetime) -> int:
    """Tell the year of the incident number: the ward's calendar decides, not UTC's."""
    return now.astimezone(LOCAL).year


def number_for(year: int, ordinal: int) -> str:
    """Write the number for people, `VV-2026-000042` (VV: vụ việc)."""
    return f"VV-{year}-{ordinal:06d}"
