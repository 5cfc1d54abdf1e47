"""After-action reviews and their actions, one transaction each."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID, uuid4

from chassis.calendar.decided_days import working_calendar
from chassis.clock import Clock, ward_day
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from incidents import tables
from incidents.domain.reviews.after_action_reviews import (
    AfterActionReview,
    AfterActionReviewRevisedError,
    ReviewAction,
    ReviewActionEnd,
    ReviewActionWanted,
    ReviewWanted,
    first_reminder,
)
from incidents.operations.requests import claimed
from incidents.repository.after_action_reviews import (
    add_action,
    add_review,
    load_action,
    load_review,
    load_review_revision,
    newest_review,
    next_to_remind,
    save_action,
)
from incidents.repository.incidents import lock_incident, save_change
from incidents.repository.limits import limit_in_force

_TERM, _REMIND_BEFORE = "review_actions.term", "review_actions.remind_before"


class AfterActionReviewOperations:
    """Writes reviews, and gives, ends and reminds of actions. A repeat changes nothing; raises RequestIdReusedError."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._new_id = new_id

    async def write(self, asked: ReviewWanted) -> AfterActionReview:
        """Write a review as a new revision.

        Raises IncidentNotFoundError, IncidentNotClosedError, and AfterActionReviewRevisedError if the newest revision
        is another than the one that is replaced.
        """
        now, revision = self._clock(), asked.revises + 1
        async with self._database.transaction() as tx:
            incident = await lock_incident(tx, asked.incident_id)
            if await claimed(tx, asked, str(asked.incident_id), now) is not None:
                return await load_review_revision(tx, asked.incident_id, revision)
            change = incident.note_review(revision, asked.account, now)
            newest = await newest_review(tx, asked.incident_id)
            newest_revision = newest.revision if newest else 0
            if newest_revision != asked.revises:
                raise AfterActionReviewRevisedError(revision=str(newest_revision))
            review = AfterActionReview(
                incident_id=asked.incident_id,
                revision=revision,
                happened=asked.happened,
                went_well=asked.went_well,
                went_badly=asked.went_badly,
                participants=asked.participants,
                written_by=asked.account,
                written_at=now,
            )
            await add_review(tx, review)
            await save_change(tx, change)
        self._relay.wake()
        return review

    async def add_action(self, asked: ReviewActionWanted) -> ReviewAction:
        """Give an action; raises IncidentNotFoundError or AfterActionReviewNotFoundError."""
        now, action_id = self._clock(), self._new_id()
        async with self._database.transaction() as tx:
            incident = await lock_incident(tx, asked.incident_id)
            first = await claimed(tx, asked, str(action_id), now)
            if first is not None:
                return await load_action(tx, UUID(first))
            await load_review(tx, asked.incident_id)
            due_on, remind_at = await _terms(tx, asked.due_on, now)
            action = ReviewAction(
                action_id=action_id,
                incident_id=asked.incident_id,
                owner=asked.owner,
                action=asked.action,
                due_on=due_on,
                given_by=asked.account,
                given_at=now,
                remind_at=remind_at,
            )
            await add_action(tx, action)
            await save_change(tx, incident.note_action_given(action, asked.account, now))
        self._relay.wake()
        return action

    async def end_action(self, asked: ReviewActionEnd) -> ReviewAction:
        """End an action.

        Raises ReviewActionNotFoundError, ReviewActionOfAnotherError or ReviewActionEndedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            action = await load_action(tx, asked.action_id)
            incident = await lock_incident(tx, action.incident_id)
            first = await claimed(tx, asked, str(asked.action_id), now)
            # As it is under the lock: somebody may have ended it meanwhile.
            action = await load_action(tx, asked.action_id)
            if first is not None:
                return action
            action = action.ended(asked.state, asked.result, asked.account, now)
            await save_action(tx, action)
            await save_change(tx, incident.note_action_ended(action, asked.account, now))
        self._relay.wake()
        return action

    async def remind_due(self) -> bool:
        """Tell of an action that it is due soon, or overdue, once each; False if there was none to tell of."""
        now = self._clock()
        async with self._database.transaction() as tx:
            found = await next_to_remind(tx, now)
            if found is None:
                return False
            incident = await lock_incident(tx, found.incident_id)
            # As it is under the lock: another instance may have told it, or somebody ended it.
            action = await load_action(tx, found.action_id)
            if action.is_to_remind(now):
                await save_action(tx, action.reminded(now))
                await save_change(tx, incident.note_action_due(action, now))
        self._relay.wake()
        return True


async def _terms(tx: Transaction, due_on: date | None, now: datetime) -> tuple[date, datetime]:
    """Tell the day of an action, of the term in force if none is said, and when it is first told that it is due."""
    today = ward_day(now)
    calendar = await working_calendar(tx, tables.decided_days)
    if due_on is None:
        due_on = calendar.after(today, await limit_in_force(tx, _TERM, today))
    before = await limit_in_force(tx, _REMIND_BEFORE, today)
    return due_on, first_reminder(due_on, before, calendar, now)
