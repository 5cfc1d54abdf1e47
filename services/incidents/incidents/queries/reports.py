"""Reports; there is no query by person."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.lifecycle.states import IncidentState
from incidents.domain.reports.report import (
    Content,
    Followed,
    Report,
    ReportListing,
    ReportNotFoundError,
)
from incidents.domain.reports.sealing import ReportSeal, token_hash
from incidents.repository.reports import ongoing_incidents, report_of, tree_of, whole_reports


class ReportQueries:
    """Asks for reports."""

    def __init__(self, database: Database, seal: ReportSeal) -> None:
        self._database = database
        self._seal = seal

    async def report(self, report_id: UUID) -> tuple[Report, Content | None]:
        """Tell one report with what it says, None once that is forgotten; raises ReportNotFoundError."""
        wanted = select(tables.reports).where(tables.reports.c.report_id == report_id)
        async with self._database.transaction() as tx:
            row = (await tx.execute(whole_reports(wanted))).one_or_none()
        if row is None:
            raise ReportNotFoundError
        sealed = row.content_sealed
        return report_of(row), None if sealed is None else self._seal.open(sealed, report_id)

    async def follow(self, ward_code: str, number: str, token: str) -> Followed:
        """Tell whoever has number and token how far a report is; raises ReportNotFoundError for all others alike."""
        columns = tables.reports.c
        wanted = select(tables.reports).where(
            columns.ward_code == ward_code,
            columns.number == number,
            columns.token_hash == token_hash(token),
        )
        ongoing = ongoing_incidents(wanted.subquery("followed"))
        incidents = tables.incidents.c
        state = (
            select(incidents.state)
            .join(ongoing, ongoing.c.incident_id == incidents.incident_id)
            .scalar_subquery()
        )
        async with self._database.transaction() as tx:
            found = await tx.execute(whole_reports(wanted).add_columns(state.label("state")))
            row = found.one_or_none()
        if row is None:
            raise ReportNotFoundError
        return Followed(report_of(row), IncidentState(row.state))

    async def page(self, listing: ReportListing) -> list[Report]:
        """Tell a page of reports, newest first, and one more if others follow."""
        async with self._database.transaction() as tx:
            rows = await tx.execute(whole_reports(_page(listing)))
            return [report_of(row) for row in rows]


def _page(listing: ReportListing) -> Select[Any]:
    columns = tables.reports.c
    page = (
        select(tables.reports)
        .order_by(columns.received_at.desc(), columns.report_id.desc())
        .limit(listing.size + 1)
    )
    if listing.incident_id is not None:
        page = page.where(columns.incident_id.in_(tree_of(listing.incident_id)))
    if listing.category:
        page = page.where(columns.category == listing.category)
    if listing.after is not None:
        page = page.where(tuple_(columns.received_at, columns.report_id) < tuple_(*listing.after))
    return page
