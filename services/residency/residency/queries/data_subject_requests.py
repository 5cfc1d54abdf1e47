"""Requests of data subjects, and what is held of who asks to view it."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select, tuple_

from chassis.clock import ward_day
from chassis.storage.database import Database
from residency.domain.persons.citizens import Citizen
from residency.domain.persons.sealing import subject_of
from residency.domain.protection.account import Names
from residency.domain.protection.data_subject_requests import (
    DataSubjectRequest,
    DataSubjectRequestNotFoundError,
    RequestFigures,
    RequestFilter,
    RequestKind,
    RequestPosition,
    WholeRequest,
)
from residency.domain.protection.personal_data_export import Look, Looks
from residency.repository.data_subject_requests import (
    NoteSeal,
    due_soon_days,
    entry_columns,
    entry_of,
    is_open,
    request_of,
    restriction_stands,
    with_person,
)
from residency.tables import (
    access_records,
    data_subject_request_history,
    data_subject_requests,
)
from residency.tables.account import are_of
from residency.tables.duplicates import holder_of, records_of

# The newest looks that a person is told of at once; ListAccessesToPerson tells all, page by page.
_MOST_LOOKS = 1000


class DataSubjectRequestQueries:
    """Asks for requests."""

    def __init__(self, database: Database, seal: NoteSeal) -> None:
        self._database = database
        self._seal = seal

    async def get(self, request_number: str, citizen: Citizen | None = None) -> WholeRequest:
        """Give a request with its history, to a citizen only their own; raises DataSubjectRequestNotFoundError."""
        statement = (
            select(
                data_subject_requests,
                *entry_columns(),
                restriction_stands().label("restriction_stands"),
            )
            .join(data_subject_request_history)
            .where(data_subject_requests.c.request_number == request_number, *_own(citizen))
            .order_by(data_subject_request_history.c.entry_id)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).all()
            if not rows:
                raise DataSubjectRequestNotFoundError
            request = await with_person(tx, request_of(rows[0]))
        return WholeRequest(
            request=request,
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
            .where(*_own(chosen.citizen))
            .order_by(columns.received_at, columns.request_uuid)
            .limit(size)
        )
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

    async def looks(self, person: Names) -> Looks:
        """Tell how many looks at a person there are, and the newest of them."""
        columns = access_records.c
        statement = (
            select(
                columns.recorded_at,
                columns.roles,
                columns.purpose,
                columns.reference,
                columns.outcome,
                func.count().over().label("number"),
            )
            .where(are_of(person))
            .order_by(columns.position.desc())
            .limit(_MOST_LOOKS)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).all()
        return Looks(rows[0].number if rows else 0, [Look(*row[:-1]) for row in rows])

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


def _own(citizen: Citizen | None) -> list[ColumnElement[bool]]:
    """Tell which requests are a citizen's own: all if there is no citizen.

    Those under their number, and those that they filed while their record had another. Under either number somebody
    else may have asked, who has or had it by mistake: what names another's record is theirs only if they filed it, and
    of what names theirs under another number, only what they filed.
    """
    if citizen is None:
        return []
    columns = data_subject_requests.c
    records = records_of(holder_of(citizen.number_index))
    filed = columns.received_by == citizen.account
    theirs = columns.person_id.is_(None) | columns.person_id.in_(records)
    under_number = columns.subject == subject_of(citizen.number_index)
    return [(under_number & (theirs | filed)) | (columns.person_id.in_(records) & filed)]
