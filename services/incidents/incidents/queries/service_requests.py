"""Services for everybody, and how far their requests are."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.lifecycle.states import IncidentState
from incidents.domain.places import Position
from incidents.domain.reports.service_requests import (
    CLOSED,
    SPAN_RULE,
    PublicService,
    ServiceRequest,
    ServiceRequestListing,
    ServiceRequestStatus,
)
from incidents.domain.rules.catalogue import CategoryNotFoundError, ClockKind
from incidents.repository.limits import limit_in_force
from incidents.repository.reports import ongoing_incidents
from incidents.repository.service_requests import service_of, services_on


class ServiceRequestQueries:
    """Asks for what everybody is told."""

    def __init__(self, database: Database, ward_code: str) -> None:
        self._database = database
        self._ward_code = ward_code

    async def services(self, day: date) -> tuple[PublicService, ...]:
        """Tell the services in force on a day, in order of their codes."""
        async with self._database.transaction() as tx:
            return tuple(service_of(row) for row in await tx.execute(services_on(day)))

    async def service(self, code: str, day: date) -> PublicService:
        """Tell one service in force on a day; raises CategoryNotFoundError."""
        services = services_on(day).subquery("services")
        async with self._database.transaction() as tx:
            found = await tx.execute(select(services).where(services.c.code == code))
            row = found.one_or_none()
        if row is None:
            raise CategoryNotFoundError
        return service_of(row)

    async def longest_span(self, day: date) -> int:
        """Tell how many days a listing may span on a day."""
        async with self._database.transaction() as tx:
            return await limit_in_force(tx, SPAN_RULE, day)

    async def page(self, listing: ServiceRequestListing, day: date) -> list[ServiceRequest]:
        """Tell a page of requests of the services in force on a day, newest first, and one more if others follow."""
        async with self._database.transaction() as tx:
            rows = await tx.execute(_page(listing, self._ward_code, day))
            return [_request_of(row).for_everybody() for row in rows]


def _page(listing: ServiceRequestListing, ward_code: str, day: date) -> Select[Any]:
    wanted = _wanted(listing, ward_code).subquery("wanted")
    ongoing, incidents = ongoing_incidents(wanted), tables.incidents.c
    services = services_on(day).subquery("services")
    page = (
        select(
            *services.c,
            *(
                wanted.c[name]
                for name in ("report_id", "number", "received_at", "latitude", "longitude")
            ),
            incidents.state,
            func.greatest(
                wanted.c.received_at, incidents.acknowledged_at, incidents.ended_at
            ).label("updated_at"),
            _answer_due(wanted.c.report_id).label("expected_at"),
        )
        .join(ongoing, ongoing.c.report_id == wanted.c.report_id)
        .join(tables.incidents, incidents.incident_id == ongoing.c.incident_id)
        .join(services, services.c.code == wanted.c.category)
        .order_by(wanted.c.received_at.desc(), wanted.c.report_id.desc())
        .limit(listing.size + 1)
    )
    if listing.status is not None:
        is_closed = incidents.state.in_(CLOSED)
        page = page.where(
            is_closed if listing.status is ServiceRequestStatus.CLOSED else ~is_closed
        )
    return page


def _wanted(listing: ServiceRequestListing, ward_code: str) -> Select[Any]:
    columns = tables.reports.c
    wanted = select(tables.reports).where(columns.ward_code == ward_code)
    if listing.after is not None:
        wanted = wanted.where(
            tuple_(columns.received_at, columns.report_id) < tuple_(*listing.after)
        )
    if listing.numbers:
        return wanted.where(columns.number.in_(listing.numbers))
    if listing.service_codes:
        wanted = wanted.where(columns.category.in_(listing.service_codes))
    return wanted.where(columns.received_at.between(listing.start, listing.end))


def _answer_due(report_id: ColumnElement[Any]) -> ColumnElement[Any]:
    deadlines = tables.deadlines.c
    return (
        select(deadlines.due_at)
        .where(deadlines.report_id == report_id, deadlines.kind == ClockKind.ANSWER)
        .scalar_subquery()
    )


def _request_of(row: Any) -> ServiceRequest:  # noqa: ANN401 - a row
    return ServiceRequest(
        report_id=row.report_id,
        number=row.number,
        service=service_of(row),
        state=IncidentState(row.state),
        requested_at=row.received_at,
        updated_at=row.updated_at,
        expected_at=row.expected_at,
        position=None if row.latitude is None else Position(row.latitude, row.longitude),
    )
