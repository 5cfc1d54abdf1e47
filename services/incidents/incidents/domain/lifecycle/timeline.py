"""The timeline of an incident: entries are never changed, a correction is a new entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from incidents.domain.lifecycle.states import Act


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
    TRIAGED = "triaged"
    DISPATCHED = "dispatched"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CONTROLLED = "controlled"
    RESOLVED = "resolved"
    TRANSFERRED = "transferred"
    FALSE_ALARM = "false_alarm"
    MERGED = "merged"
    ABSORBED = "absorbed"
    RELEASED = "released"
    SEPARATED = "separated"
    SPLIT = "split"
    REOPENED = "reopened"
    REPORT_JOINED = "report_joined"
    REPORT_LEFT = "report_left"
    TASK = "task"
    NOTED = "noted"
    CORRECTED = "corrected"
    PAUSED = "paused"
    RESUMED = "resumed"
    DUE_SOON = "due_soon"
    BREACHED = "breached"
    PUBLIC_ALERT = "public_alert"
    HANDOVER = "handover"
    AFTER_ACTION_REVIEW = "after_action_review"
    REVIEW_ACTION = "review_action"
    ATTACHED = "attached"


# The entry that tells of an act.
ENTRY_OF: Mapping[Act, EntryKind] = {
    Act.ACKNOWLEDGE: EntryKind.ACKNOWLEDGED,
    Act.TRIAGE: EntryKind.TRIAGED,
    Act.ASSIGN: EntryKind.ASSIGNED,
    Act.DISPATCH: EntryKind.DISPATCHED,
    Act.SET_OUT: EntryKind.EN_ROUTE,
    Act.ARRIVE: EntryKind.ON_SCENE,
    Act.CONTROL: EntryKind.CONTROLLED,
    Act.RESOLVE: EntryKind.RESOLVED,
    Act.CLOSE: EntryKind.CLOSED,
    Act.TRANSFER: EntryKind.TRANSFERRED,
    Act.DISMISS: EntryKind.FALSE_ALARM,
    Act.MERGE: EntryKind.MERGED,
    Act.SEPARATE: EntryKind.SEPARATED,
    Act.REOPEN: EntryKind.REOPENED,
}


@dataclass(frozen=True)
class TimelineEntry:
    """One entry of the timeline, `sequence` from 1; `actor` is empty where the platform acted.

    `corrects` is the sequence of the entry that this one corrects, 0 for none.
    """

    sequence: int
    at: datetime
    kind: EntryKind
    actor: str
    text: str
    corrects: int = 0
