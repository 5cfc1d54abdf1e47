"""Incidents and what may happen to them."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule
from incidents.domain.incidents import sentences
from incidents.domain.incidents.alarms import Alarm
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
)
from incidents.domain.lifecycle.handovers import Handover
from incidents.domain.lifecycle.owner_notices import About, OwnerNotice, Subject
from incidents.domain.lifecycle.states import (
    ENDED,
    MERGE_AN_EXERCISE,
    OPEN,
    Act,
    IncidentClosedError,
    IncidentNotAcknowledgedError,
    IncidentNotClosedError,
    IncidentState,
    IncidentStateConflictError,
    after,
)
from incidents.domain.lifecycle.tasks import MOVES_INCIDENT, Task, TaskAct
from incidents.domain.lifecycle.timeline import ENTRY_OF, EntryKind, TimelineEntry
from incidents.domain.places import Place, Position
from incidents.domain.reviews.after_action_reviews import ReviewAction
from incidents.domain.rules.catalogue import FIRE_ALARM, Category
from incidents.domain.rules.deadlines import Owed, PauseNotAllowedError, PauseReason
from incidents.domain.rules.escalation import Ladders, Notification, Timer, told
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority, Severity, grade, most_urgent

# Viet Nam has one time zone and no summer time.
LOCAL = timezone(timedelta(hours=7))


class IncidentNotFoundError(DomainError):
    """No incident has this id."""

    reason = "INCIDENT_NOT_FOUND"


class Disposition(StrEnum):
    """What an incident turned out to be."""

    FIRE = "FIRE"
    NUISANCE = "NUISANCE"
    TEST = "TEST"
    FAULT = "FAULT"
    MALICIOUS = "MALICIOUS"
    DRILL = "DRILL"
    # What is no fire turned out to be:
    HANDLED = "HANDLED"
    UNFOUNDED = "UNFOUNDED"
    NOT_COMPETENT = "NOT_COMPETENT"
    WITHDRAWN = "WITHDRAWN"


OUTCOMES = frozenset(
    {
        Disposition.HANDLED,
        Disposition.UNFOUNDED,
        Disposition.NOT_COMPETENT,
        Disposition.WITHDRAWN,
    }
)


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
    was told, `entries` the length of the timeline. `ended_at` is when it ended for the first time since it was last
    open. Its methods decide and change nothing: they return a Change.
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
    category: str = FIRE_ALARM
    severity: Severity = Severity.UNSPECIFIED
    position: Position | None = None
    duplicate_of: UUID | None = None
    reopenings: int = 0
    ended_at: datetime | None = None
    exercise: bool = False
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
            change = replace(change, timer=ladders.after(priority, self.step, now), raised=True)
        text = sentences.alarm_joined(alarm, priority, raised=raised)
        return change.noting(EntryKind.ALARM_JOINED, text)

    def note_restored(self, alarm: Alarm, now: datetime) -> "Change":
        """Note that an alarm's detector is back to normal: a note, never an end, and no event."""
        text = sentences.restored(alarm, still_open=self.state in OPEN)
        return Change(self, now).noting(EntryKind.ALARM_RESTORED, text)

    def note_glass_broken(self, officer: str, until: datetime, now: datetime) -> "Change":
        """Note that an officer was told who is registered inside: a note, also of an incident that has ended."""
        text = sentences.glass_broken(until.astimezone(LOCAL))
        return Change(self, now).noting(EntryKind.GLASS_BROKEN, text, officer)

    def escalate(self, due: Timer, ladders: Ladders, now: datetime) -> "Change":
        """Tell the next functions, and start the timer of the step after it."""
        change = Change(
            incident=replace(self, step=due.step),
            at=now,
            event=Escalated(due.step, due.recipients),
            notifications=told(due, now),
            timer=ladders.after(self.priority, due.step, now),
        )
        return change.noting(EntryKind.ESCALATED, sentences.escalated(due))

    def acknowledge(self, account: str, now: datetime) -> "Change | None":
        """Take the incident on, which ends its escalation; None if somebody has. Raises if it has ended."""
        if after(self.state, Act.ACKNOWLEDGE) is self.state:
            return None
        taken_on = replace(self, acknowledged_at=now, acknowledged_by=account)
        change = _moved(taken_on, Act.ACKNOWLEDGE, sentences.acknowledged(), account, now)
        return replace(change, event=Acknowledged(), ends_timers=True)

    def assign(self, assignee: str, task: str, account: str, now: datetime) -> "Change":
        """Give the task to a unit or account; a later one replaces it."""
        text = sentences.assigned(assignee, task)
        change = _moved(replace(self, assignee=assignee), Act.ASSIGN, text, account, now)
        return replace(change, event=Assigned())

    def give_task(self, task: Task, account: str, now: datetime) -> "Change":
        """Give a task with its term; the incident's assignee is who got the newest one."""
        due_at = task.due_at.astimezone(LOCAL)
        text = sentences.task_given(task.owner, task.task, due_at)
        assigned = replace(self, assignee=task.owner)
        change = _moved(assigned, Act.ASSIGN, text, account, now)
        told = OwnerNotice(About(Subject.TASK, 0, task.task_id), task.owner)
        # Whoever gives a task to themselves knows of it.
        owner_notices = () if task.owner == account else (told,)
        return replace(change, event=Assigned(), owner_notices=owner_notices)

    def task_moved(
        self, owner: str, act: TaskAct, note: str, account: str, now: datetime
    ) -> "Change":
        """Note how far a task is; who sets out or arrives moves the incident on, where its lifecycle allows that."""
        text = sentences.task_moved(owner, act, note)
        if moves := MOVES_INCIDENT.get(act):
            with suppress(IncidentStateConflictError, IncidentClosedError):
                return _moved(self, moves, text, account, now)
        return Change(self, now, Moved(EntryKind.TASK)).noting(EntryKind.TASK, text, account)

    def triage(
        self,
        category: Category | None,
        priority: Priority | None,
        severity: Severity | None,
        note: str,
        account: str,
        now: datetime,
    ) -> "Change":
        """Judge it; None leaves a part as it is. A person may lower the priority, which a machine never does.

        What neither premises nor alarms give a place is called by its category, also by a new one; what is at premises
        keeps its name, even where nothing else is known of them. Raises FieldInvalidError for a category of another
        kind where alarms belong to it: they make it a fire.
        """
        if category is not None and self.members and category.kind is not self.kind:
            raise FieldInvalidError(
                "category",
                Rule("vụ việc có báo động vẫn là vụ cháy", "an incident with alarms stays a fire"),
            )
        placed = self.premises_id or self.members
        judged = replace(
            self,
            category=category.code if category else self.category,
            kind=category.kind if category else self.kind,
            place=category.name_vi if category and not placed else self.place,
            priority=priority or self.priority,
            severity=severity or self.severity,
        )
        name = category.name_vi if category else ""
        text = sentences.triaged(name, judged.priority, judged.severity, note)
        return _moved(judged, Act.TRIAGE, text, account, now)

    def dispatch(self, assignee: str, task: str, account: str, now: datetime) -> "Change":
        """Send a unit to the scene."""
        text = sentences.dispatched(assignee, task)
        return _moved(replace(self, assignee=assignee), Act.DISPATCH, text, account, now)

    def advance(self, act: Act, note: str, account: str, now: datetime) -> "Change":
        """Note how far the unit is, that the work is done, that there was nothing, or where it went."""
        return _moved(self, act, sentences.advanced(act, note), account, now)

    def transfer(self, to: str, reference: str, account: str, now: datetime) -> "Change":
        """Hand it over; once more adds what was learnt later."""
        text = sentences.transferred(to, reference)
        return _moved(self, Act.TRANSFER, text, account, now)

    def merge_into(self, into: "Incident", reason: str, account: str, now: datetime) -> "Change":
        """Say that it is the same as another one, which goes on. What belongs to it stays with it.

        Raises what the table of the lifecycle says unless the other one can be merged itself, and
        IncidentStateConflictError if one of both is an exercise.
        """
        after(into.state, Act.MERGE)
        if into.exercise is not self.exercise:
            raise IncidentStateConflictError(state=into.state, act=MERGE_AN_EXERCISE)
        text = sentences.merged(into.number, reason)
        duplicate = replace(self, duplicate_of=into.incident_id)
        return _moved(duplicate, Act.MERGE, text, account, now)

    def absorb(self, duplicate: "Incident", account: str, now: datetime) -> "Change":
        """Go on for another one too, with the more urgent priority of both."""
        urgent = most_urgent(self.priority, duplicate.priority)
        change = Change(replace(self, priority=urgent), now, Moved(EntryKind.ABSORBED))
        text = sentences.absorbed(duplicate.number, urgent)
        return change.noting(EntryKind.ABSORBED, text, account)

    def release(self, duplicate: "Incident", account: str, now: datetime) -> "Change":
        """Note that it no longer goes on for another one; also of an incident that has ended."""
        change = Change(self, now, Moved(EntryKind.RELEASED))
        return change.noting(EntryKind.RELEASED, sentences.released(duplicate.number), account)

    def separate(self, reason: str, account: str, now: datetime) -> "Change":
        """Take a merge back."""
        text = sentences.separated(reason)
        return _moved(replace(self, duplicate_of=None), Act.SEPARATE, text, account, now)

    def reopen(self, reason: str, account: str, now: datetime) -> "Change":
        """Open it again, since it had not ended after all."""
        again = replace(self, closed_at=None, disposition=None, reopenings=self.reopenings + 1)
        return _moved(again, Act.REOPEN, sentences.reopened(reason), account, now)

    def close(self, disposition: Disposition, note: str, account: str, now: datetime) -> "Change":
        """End it with what it turned out to be; raises FieldInvalidError for what only a fire, or no fire, can be.

        An exercise can only have been a drill.
        """
        if self.exercise and disposition is not Disposition.DRILL:
            raise FieldInvalidError(
                "disposition",
                Rule("diễn tập phải kết luận là diễn tập", "an exercise was a drill"),
            )
        if (disposition in OUTCOMES) is (self.kind is IncidentKind.FIRE):
            field = "disposition" if self.kind is IncidentKind.FIRE else "outcome"
            raise FieldInvalidError(
                field,
                Rule("bắt buộc ghi vụ việc hóa ra là gì", "what it turned out to be is required"),
            )
        text = sentences.closed(disposition, note)
        ended = replace(self, closed_at=now, disposition=disposition)
        change = _moved(ended, Act.CLOSE, text, account, now)
        return replace(change, event=Closed())

    def pause(
        self, reason: PauseReason | None, note: str, account: str, now: datetime
    ) -> "Change":
        """Pause its clocks; raises PauseNotAllowedError, or what it must not be: untouched, or ended."""
        if self.state is IncidentState.REPORTED:
            raise IncidentNotAcknowledgedError
        self.require_open()
        if reason is None or not reason.allows(self.priority):
            raise PauseNotAllowedError
        change = Change(self, now, Moved(EntryKind.PAUSED))
        text = sentences.paused(reason.name_vi, note)
        return change.noting(EntryKind.PAUSED, text, account)

    def resume(self, note: str, account: str, now: datetime) -> "Change":
        """Have its clocks run on."""
        change = Change(self, now, Moved(EntryKind.RESUMED))
        return change.noting(EntryKind.RESUMED, sentences.resumed(note), account)

    def tell_deadline(self, owed: Owed, now: datetime) -> "Change":
        """Tell that a deadline is due soon, or over."""
        deadline = owed.deadline
        breached = deadline.is_breached(now)
        kind = EntryKind.BREACHED if breached else EntryKind.DUE_SOON
        change = Change(self, now, Breached(owed) if breached else DueSoon(owed))
        due_at = deadline.due_at.astimezone(LOCAL)
        text = sentences.deadline(deadline.kind, owed.report_number, due_at, breached=breached)
        return change.noting(kind, text)

    def note(self, text: str, corrects: int, account: str, now: datetime) -> "Change":
        """Add a note, or a correction of an entry, which stays; raises FieldInvalidError for one that is not there."""
        if corrects > self.entries:
            raise FieldInvalidError(
                "corrects",
                Rule("một mục trong nhật ký này, hoặc 0", "an entry of this timeline, or 0"),
            )
        kind = EntryKind.CORRECTED if corrects else EntryKind.NOTED
        return Change(self, now).noting(
            kind, sentences.noted(text, corrects), account, corrects=corrects
        )

    def note_handover(self, handover: Handover, account: str, now: datetime) -> "Change":
        """Note how far handing it over to the city's centre is; also of an incident that has ended."""
        change = Change(self, now, Moved(EntryKind.HANDOVER))
        text = sentences.handed_over(
            handover.state, handover.centre_reference, handover.remark or handover.summary
        )
        return change.noting(EntryKind.HANDOVER, text, account)

    def note_warning(
        self, number: str, message_type: str, account: str, now: datetime
    ) -> "Change":
        """Note that the public was warned, or told otherwise; also of an incident that has ended."""
        change = Change(self, now, Moved(EntryKind.PUBLIC_ALERT))
        text = sentences.warned(number, message_type)
        return change.noting(EntryKind.PUBLIC_ALERT, text, account)

    def note_review(self, revision: int, account: str, now: datetime) -> "Change":
        """Note that it was reviewed, or the review revised; raises IncidentNotClosedError."""
        if self.state is not IncidentState.CLOSED:
            raise IncidentNotClosedError
        text = sentences.reviewed(revision)
        change = Change(self, now, Moved(EntryKind.AFTER_ACTION_REVIEW))
        return change.noting(EntryKind.AFTER_ACTION_REVIEW, text, account)

    def note_action_given(self, action: ReviewAction, account: str, now: datetime) -> "Change":
        """Note what is to be done after its review."""
        text = sentences.action_given(action.owner, action.action, action.due_on)
        change = Change(self, now, Moved(EntryKind.REVIEW_ACTION))
        return change.noting(EntryKind.REVIEW_ACTION, text, account)

    def note_action_ended(self, action: ReviewAction, account: str, now: datetime) -> "Change":
        """Note what came of it."""
        text = sentences.action_ended(action.owner, action.state, action.result)
        change = Change(self, now, Moved(EntryKind.REVIEW_ACTION))
        return change.noting(EntryKind.REVIEW_ACTION, text, account)

    def note_action_due(self, action: ReviewAction, now: datetime) -> "Change":
        """Note that it is due soon, or overdue."""
        overdue = action.overdue(now)
        due = ActionDue(action.action_id, action.owner, action.due_on, overdue)
        text = sentences.action_due(action.owner, action.due_on, overdue=overdue)
        about = About(Subject.REVIEW_ACTION, int(overdue), action.action_id)
        change = Change(self, now, due, owner_notices=(OwnerNotice(about, action.owner),))
        return change.noting(EntryKind.REVIEW_ACTION, text)

    def report_joined(self, number: str, account: str, now: datetime) -> "Change":
        """Note that a report belongs to it."""
        change = Change(self, now, Moved(EntryKind.REPORT_JOINED))
        return change.noting(EntryKind.REPORT_JOINED, sentences.report_joined(number), account)

    def attached(
        self, media_type: str, size: int, report_number: str, account: str, now: datetime
    ) -> "Change":
        """Note that a photo or file was added to it, or to a report of it; `size` in bytes."""
        change = Change(self, now, Moved(EntryKind.ATTACHED))
        text = sentences.attached(media_type, size, report_number)
        return change.noting(EntryKind.ATTACHED, text, account)

    def report_left(
        self, numbers: str, into: str, reason: str, account: str, now: datetime
    ) -> "Change":
        """Note that reports were taken out of it into another one."""
        change = Change(self, now, Moved(EntryKind.REPORT_LEFT))
        text = sentences.report_left(numbers, into, reason)
        return change.noting(EntryKind.REPORT_LEFT, text, account)

    def require_open(self) -> None:
        """Raise IncidentClosedError if it has ended."""
        if self.state in ENDED:
            raise IncidentClosedError


@dataclass(frozen=True)
class Change:
    """What one act does to an incident, stored as a whole or not at all: the incident after it, and what it adds."""

    incident: Incident
    at: datetime
    event: Event | None = None
    entries: tuple[TimelineEntry, ...] = ()
    admitted: Member | None = None
    notifications: tuple[Notification, ...] = ()
    owner_notices: tuple[OwnerNotice, ...] = ()
    timer: Timer | None = None
    ends_timers: bool = False
    # The priority was raised while nobody had taken it on.
    raised: bool = False
    # Under which request it is told; empty: under the one that is being served.
    request_id: str = ""

    def admitting(self, alarm: Alarm) -> "Change":
        """Add an alarm to the incident, or its newest raising to what the incident knows."""
        member = Member(alarm.alarm_id, alarm.device_id, alarm.version)
        known = {one.alarm_id: one for one in self.incident.members}
        members = tuple({**known, alarm.alarm_id: member}.values())
        return replace(self, incident=replace(self.incident, members=members), admitted=member)

    def noting(
        self, kind: EntryKind, text: str, actor: str = "", *, corrects: int = 0
    ) -> "Change":
        """Add an entry to the timeline; the incident's version grows with it."""
        sequence = self.incident.entries + 1
        entry = TimelineEntry(sequence, self.at, kind, actor, text, corrects)
        incident = replace(
            self.incident, entries=entry.sequence, version=self.incident.version + 1
        )
        return replace(self, incident=incident, entries=(*self.entries, entry))


@dataclass(frozen=True)
class Opener:
    """Under which id and number an incident is opened, in which ward and by which account."""

    incident_id: UUID
    number: str
    ward_code: str
    account: str


def open_fire(
    alarm: Alarm, place: Place, incident_id: UUID, number: str, ladders: Ladders, now: datetime
) -> Change:
    """Open a fire incident for an alarm, tell the first functions and start the timer of the next step."""
    priority = grade([alarm.device_id], place_known=alarm.place_known)
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
    change = Change(incident, now, Opened()).admitting(alarm)
    return opening(change, sentences.opened(alarm, priority), ladders)


def open_exercise(
    place: Place, premises_id: str, scenario: str, by: Opener, now: datetime
) -> Change:
    """Open an exercise: at the place, but apart from what really happens there, and without telling anybody."""
    incident = Incident(
        incident_id=by.incident_id,
        number=by.number,
        ward_code=by.ward_code,
        kind=IncidentKind.FIRE,
        state=IncidentState.REPORTED,
        priority=Priority.P2,
        place_key=f"exercise:{by.incident_id}",
        premises_id=premises_id,
        place=sentences.exercise_at(place.name),
        address=place.address,
        opened_at=now,
        exercise=True,
    )
    text = sentences.exercise_begun(scenario)
    return Change(incident, now, Opened()).noting(EntryKind.OPENED, text, by.account)


def opening(change: Change, text: str, ladders: Ladders, actor: str = "") -> Change:
    """Complete the opening of an incident: its first entry, the first functions told, the timer of the next step."""
    priority, now = change.incident.priority, change.at
    notifications = ladders.first(priority, now)
    change = replace(change, notifications=notifications, timer=ladders.after(priority, 0, now))
    change = change.noting(EntryKind.OPENED, text, actor)
    if not notifications:
        return change
    return change.noting(EntryKind.NOTIFIED, sentences.notified(notifications))


def _moved(incident: Incident, act: Act, text: str, account: str, now: datetime) -> Change:
    """Move an incident by an act, as the table of the lifecycle says; raises what it refuses."""
    state = after(incident.state, act)
    ended_at = (incident.ended_at or now) if state in ENDED else None
    moved = replace(incident, state=state, ended_at=ended_at)
    change = Change(moved, now, Moved(ENTRY_OF[act]), ends_timers=state in ENDED)
    return change.noting(ENTRY_OF[act], text, account)


def year_of(now: datetime) -> int:
    """Tell the year of the incident number: the ward's calendar decides, not UTC's."""
    return now.astimezone(LOCAL).year


def number_for(year: int, ordinal: int) -> str:
    """Write the number for people, `VV-2026-000042` (VV: vụ việc)."""
    return f"VV-{year}-{ordinal:06d}"
