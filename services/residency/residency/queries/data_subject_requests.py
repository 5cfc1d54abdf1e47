"""Requests of data subjects, and what is held of who asks to view it."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import func, select, tuple_

from chassis.clock import ward_day
from chassis.database import Database
from residency.domain.data_subject_requests import (
    DataSubjectRequest,
    DataSubjectRequestNotFoundError,
    RequestFigures,
    RequestFilter,
    RequestKind,
    RequestPosition,
    WholeRequest,
)
from residency.domain.personal_data_export import Look
from residency.repository.data_subject_requests import (
    NoteSeal,
    due_soon_days,
    entry_columns,
    entry_of,
    is_open,
    request_of,
    restriction_stands,
)
from residency.tables import (
    access_records,
    data_subject_request_history,
    data_subject_requests,
)

# The newest looks that a person is told of at once.
_MOST_LOOKS = 1000


class DataSubjectRequestQueries:
    """Asks for requests."""

    def __init__(self, database: Database, seal: NoteSeal) -> None:
        self._database = database
        self._seal = seal

    async def get(self, request_number: str) -> WholeRequest:
        """Give a request with its history; raises DataSubjectRequestNotFoundError."""
        statement = (
            select(
                data_subject_requests,
                *entry_columns(),
                restriction_stands().label("restriction_stands"),
            )
            .join(data_subject_request_history)
            .where(data_subject_requests.c.request_number == request_number)
            .order_by(data_subject_request_history.c.entry_id)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).all()
        if not rows:
            raise DataSubjectRequestNotFoundError
        return WholeRequest(
            request=request_of(rows[0]),
            history=[entry_of(row, self._seal) for row in rows],
            restriction_stands=rows[0].restriction_stands,
        )

    async def due_soon_days(self, now: datetime) -> int:
        """Tell how many days ahead a request is due soon."""
        async with self._database.transaction() as tx:
            return await due_soon_days(tx, ward_day(now))

    async def list_requests(
        self, chosen: RequestFilter, after: RequestPosition | None, size: int, today: date
    ) -> list[DataSubjectRequest]:
        """Give requests, oldest first."""
        columns = data_subject_requests.c
        statement = (
            select(data_subject_requests)
            .order_by(columns.received_at, columns.request_uuid)
            .limit(size)
        )
        if chosen.subject:
            statement = statement.where(columns.subject == chosen.subject)
        if chosen.kind:
            statement = statement.where(columns.kind == chosen.kind)
        if chosen.state:
            statement = statement.where(columns.state == chosen.state)
        if chosen.overdue:
            statement = statement.where(is_open(), columns.due_on < today)
        if chosen.unacknowledged:
            late = (columns.acknowledge_by < today) & columns.acknowledged_at.is_(None)
            statement = statement.where(is_open(), late)
        if after:
            place = tuple_(columns.received_at, columns.request_uuid)
            statement = statement.where(place > (after.received_at, after.request_uuid))
        async with self._database.transaction() as tx:
            if chosen.due_soon:
                soon = columns.due_on - today <= await due_soon_days(tx, today)
                statement = statement.where(is_open(), columns.due_on >= today, soon)
            return [request_of(row) for row in await tx.execute(statement)]

    async def looks(self, subjects: Collection[str]) -> list[Look]:
        """Tell the newest looks at a person, who has these names in the account, newest first."""
        columns = access_records.c
        statement = (
            select(
                columns.recorded_at,
                columns.roles,
                columns.purpose,
                columns.reference,
                columns.outcome,
            )
            .where(columns.subject.in_(subjects))
            .order_by(columns.position.desc())
            .limit(_MOST_LOOKS)
        )
        async with self._database.transaction() as tx:
            return [Look(*row) for row in await tx.execute(statement)]

    async def figures(self, today: date) -> dict[RequestKind, RequestFigures]:
        """Count by kind what is open."""
        columns = data_subject_requests.c
        overdue = func.count().filter(columns.due_on < today)
        statement = (
            select(columns.kind, func.count(), overdue).where(is_open()).group_by(columns.kind)
        )
        async with self._database.transaction() as tx:
            found = {
                kind: RequestFigures(*counts) for kind, *counts in await tx.execute(statement)
            }
        return {kind: found.get(kind, RequestFigures(0, 0)) for kind in RequestKind}
