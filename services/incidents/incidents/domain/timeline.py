"""The timeline of an incident: entries are never changed, a correction is a new entry."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EntryKind(StrEnum):
    """What a timeline entry is about."""

    OPENED = "opened"
    ALARM_JOINED = "alarm_joined"
    ALARM_AGAIN = "alarm_again"
    NOTIFIED = "notified"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    ALARM_RESTORED = "alarm_restored"
    GLASS_BROKEN = "glass_broken"
    CLOSED = "closed"


@dataclass(frozen=True)
class TimelineEntry:
    """One entry of the timeline, `sequence` from 1; `actor` is empty where the platform acted."""

    sequence: int
    at: datetime
    kind: EntryKind
    actor: str
    text: str
