"""Messages whose time has come, taken once whoever asks, and what came of each attempt."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, case, insert, select, update
from sqlalchemy.sql import ColumnElement, FromClause

from chassis.clock import ward_day
from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.duty.deliveries import Attempt, DeliveryRules, DeliveryState, Outcome
from incidents.domain.lifecycle.owner_notices import Subject
from incidents.domain.lifecycle.states import ENDED, IncidentState
from incidents.domain.lifecycle.tasks import TaskState
from incidents.domain.reviews.after_action_reviews import ReviewActionState
from incidents.repository.catalogue import categories_on
from incidents.tables.deliveries import DUE

# Whether a message is still worth sending.
_WANTED = case(
    (
        tables.deliveries.c.subject == Subject.TASK,
        (tables.tasks.c.state == TaskState.OFFERED) & tables.incidents.c.state.not_in(ENDED),
    ),
    (
        tables.deliveries.c.subject == Subject.REVIEW_ACTION,
        tables.review_actions.c.state == ReviewActionState.OPEN,
    ),
    else_=tables.incidents.c.state == IncidentState.REPORTED,
)
# What a message is made of.
_TOLD: Sequence[Any] = (
    tables.deliveries.c.delivery_id,
    (tables.deliveries.c.attempts + 1).label("attempt"),
    tables.deliveries.c.account,
    tables.deliveries.c.contact,
    tables.deliveries.c.channel,
    tables.deliveries.c.subject,
    tables.deliveries.c.subject_id,
    tables.deliveries.c.step.label("told_step"),
    tables.tasks.c.due_at.label("task_due_at"),
    tables.review_actions.c.due_on.label("action_due_on"),
    _WANTED.label("wanted"),
    tables.incidents,
    tables.officers.c.contacts_sealed,
    tables.premises.c.payload.label("premises_payload"),
)
# How long an attempt may take before another instance makes the next one: longer than any gateway is waited for.
_ATTEMPT = timedelta(seconds=60)


async def take_due(tx: Transaction, now: datetime, at_most: int) -> Sequence[Row[Any]]:
    """Take the messages that are due the longest, for one attempt each, with what they are made of.

    What somebody took on, declined or ended meanwhile is cancelled instead. What is locked is passed over.
    """
    deliveries, incidents, columns = tables.deliveries, tables.incidents, tables.deliveries.c
    tasks, actions = tables.tasks, tables.review_actions
    found = await tx.execute(
        select(*_TOLD)
        .join(incidents, incidents.c.incident_id == columns.incident_id)
        .outerjoin(tasks, tasks.c.task_id == columns.subject_id)
        .outerjoin(actions, actions.c.action_id == columns.subject_id)
        .outerjoin(tables.officers, tables.officers.c.account == columns.account)
        .outerjoin(tables.premises, tables.premises.c.premises_id == incidents.c.premises_id)
        .where(DUE, columns.due_at <= now)
        .order_by(columns.due_at)
        .limit(at_most)
        .with_for_update(of=[deliveries], skip_locked=True)
    )
    rows = found.all()
    wanted = [row for row in rows if row.wanted]
    answered = [row.delivery_id for row in rows if not row.wanted]
    await _set(tx, columns.delivery_id.in_(answered), state=DeliveryState.CANCELLED)
    taken = columns.delivery_id.in_([row.delivery_id for row in wanted])
    await _set(tx, taken, attempts=columns.attempts + 1, due_at=now + _ATTEMPT)
    return wanted


async def names_of_categories(tx: Transaction, now: datetime) -> dict[str, str]:
    """Tell the Vietnamese names of the categories in force."""
    return {row.code: row.name_vi for row in await tx.execute(categories_on(ward_day(now)))}


async def keep_attempt(tx: Transaction, attempt: Attempt, rules: DeliveryRules) -> None:
    """Record an attempt, and decide by it: who is reached by one channel is tried by no other one."""
    columns = tables.deliveries.c
    await tx.execute(insert(tables.delivery_attempts).values(**vars(attempt)))
    this = columns.delivery_id == attempt.delivery_id
    again = rules.after(attempt.attempt, attempt.at)
    if attempt.outcome is Outcome.TAKEN:
        await _set(tx, this, state=DeliveryState.CONFIRMED)
        await _set(tx, _others(attempt), state=DeliveryState.CANCELLED)
    elif attempt.outcome is Outcome.UNREACHABLE or again is None:
        await _set(tx, this, state=DeliveryState.FAILED)
        await _set(tx, _next(attempt), due_at=attempt.at)
    else:
        await _set(tx, this, due_at=again)


def _same(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Compare what two messages are about, and whom they go to."""
    return and_(
        *(
            one.c[name].is_not_distinct_from(other.c[name])
            for name in ("incident_id", "subject", "subject_id", "step", "account", "contact")
        )
    )


async def _set(tx: Transaction, which: ColumnElement[bool], **values: Any) -> None:  # noqa: ANN401 - columns' own
    """Change messages that still wait."""
    await tx.execute(update(tables.deliveries).where(which, DUE).values(**values))


def _others(attempt: Attempt) -> ColumnElement[bool]:
    """Choose the messages about the same to the same addressee."""
    this, others = tables.deliveries.alias("this"), tables.deliveries
    mine = this.c.delivery_id == attempt.delivery_id
    return select(this).where(mine, _same(this, others)).exists()


def _next(attempt: Attempt) -> ColumnElement[bool]:
    """Choose the one of those that comes next, if it is still to come."""
    this, other = tables.deliveries.alias("this"), tables.deliveries.alias("other")
    following = (
        select(other.c.delivery_id)
        .join(this, _same(this, other))
        .where(this.c.delivery_id == attempt.delivery_id)
        .where(other.c.state == DeliveryState.WAITING, other.c.due_at > attempt.at)
        .order_by(other.c.due_at)
        .limit(1)
        .scalar_subquery()
    )
    return tables.deliveries.c.delivery_id == following
