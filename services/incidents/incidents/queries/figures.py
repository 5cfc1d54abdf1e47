"""What is open and what is late, in numbers."""

from datetime import date, datetime

from sqlalchemy import and_, func, select

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.lifecycle.states import IncidentState
from incidents.domain.reviews.figures import ActionFigures, IncidentFigures
from incidents.domain.rules.catalogue import ClockKind
from incidents.domain.rules.priorities import Priority

_incidents = tables.incidents.c
_deadlines = tables.deadlines.c


class FigureQueries:
    """Asks for numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def incidents(self, now: datetime) -> dict[Priority, IncidentFigures]:
        """Count the incidents that have not ended, by priority; exercises are none.

        Overdue is what nobody has taken on by its deadline, as its row says: it moves with the priority.
        """
        waits = _incidents.state == IncidentState.REPORTED
        waited_for = and_(
            _deadlines.subject_id == _incidents.incident_id,
            _deadlines.kind == ClockKind.ACKNOWLEDGE,
            tables.RUNNING,
        )
        statement = (
            select(
                _incidents.priority,
                func.count().label("open"),
                func.count().filter(waits).label("unacknowledged"),
                func.count().filter(waits, _deadlines.due_at < now).label("overdue"),
            )
            .select_from(tables.incidents)
            .outerjoin(tables.deadlines, waited_for)
            .where(_incidents.ended_at.is_(None), ~_incidents.exercise)
            .group_by(_incidents.priority)
        )
        async with self._database.transaction() as tx:
            found = {
                row.priority: IncidentFigures(row.open, row.unacknowledged, row.overdue)
                for row in await tx.execute(statement)
            }
        return {one: found.get(one, IncidentFigures()) for one in Priority}

    async def overdue_deadlines(self, now: datetime) -> dict[ClockKind, int]:
        """Count the deadlines of reports that are past and not met, by what they wait for.

        What is paused is not, nor what stopped with its incident.
        """
        statement = (
            select(_deadlines.kind, func.count().label("reports"))
            .where(_deadlines.report_id.is_not(None), tables.RUNNING, _deadlines.due_at < now)
            .group_by(_deadlines.kind)
        )
        async with self._database.transaction() as tx:
            found = {row.kind: row.reports for row in await tx.execute(statement)}
        return {one: found.get(one, 0) for one in ClockKind}

    async def review_actions(self, today: date) -> ActionFigures:
        """Count the open actions of after-action reviews, and those whose day is past."""
        past = tables.review_actions.c.due_on < today
        statement = (
            select(func.count().label("open"), func.count().filter(past).label("overdue"))
            .select_from(tables.review_actions)
            .where(tables.ACTION_OPEN)
        )
        async with self._database.transaction() as tx:
            row = (await tx.execute(statement)).one()
        return ActionFigures(row.open, row.overdue)
