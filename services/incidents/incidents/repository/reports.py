"""Reports: stored, loaded with their deadlines, moved to another incident, and forgotten."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    Select,
    Subquery,
    exists,
    func,
    insert,
    select,
    true,
    update,
)

from chassis.storage import outbox
from chassis.storage.database import Transaction
from chassis.storage.running_numbers import next_number
from incidents import tables
from incidents.domain.places import Position
from incidents.domain.reports.report import (
    Report,
    ReportChannel,
    ReportNotFoundError,
    RoadAccident,
)
from incidents.domain.rules.kinds import IncidentKind
from incidents.repository.catalogue import categories_on
from incidents.repository.gathering import DEADLINES, deadlines_of, gather
from incidents.wire.report_events import received_message


async def next_report_ordinal(tx: Transaction, ward_code: str, year: int) -> int:
    """Count the reports of a ward's year; others who count wait until this transaction has ended."""
    return await next_number(tx, tables.report_numbers, ward_code=ward_code, year=year)


async def add_report(tx: Transaction, report: Report, sealed: bytes, token_hash: bytes) -> None:
    """Store a report; that it was received is told with the transaction."""
    columns = dict(vars(report))
    for part in ("position", "road_accident", "deadlines"):
        del columns[part]
    where, accident = report.position, report.road_accident
    await tx.execute(
        insert(tables.reports).values(
            **columns,
            latitude=where and where.latitude,
            longitude=where and where.longitude,
            content_sealed=sealed,
            token_hash=token_hash,
        )
    )
    if accident is not None:
        await tx.execute(
            insert(tables.road_accidents).values(report_id=report.report_id, **vars(accident))
        )
    await outbox.add(tx, tables.outbox, report.received_at, received_message(report))


async def load_report(tx: Transaction, report_id: UUID) -> Report:
    """Load a report; raises ReportNotFoundError."""
    wanted = select(tables.reports).where(tables.reports.c.report_id == report_id)
    row = (await tx.execute(whole_reports(wanted))).one_or_none()
    if row is None:
        raise ReportNotFoundError
    return report_of(row)


async def reports_of_incident(tx: Transaction, incident_id: UUID) -> list[Report]:
    """Load the reports of a locked incident, oldest first; nobody else can add to it or take from it."""
    wanted = select(tables.reports).where(tables.reports.c.incident_id == incident_id)
    rows = (await tx.execute(whole_reports(wanted))).all()
    return [report_of(row) for row in reversed(rows)]


async def move_reports(tx: Transaction, report_ids: Collection[UUID], incident_id: UUID) -> None:
    """Have reports belong to another incident."""
    columns = tables.reports.c
    await tx.execute(
        update(tables.reports)
        .where(columns.report_id.in_(report_ids))
        .values(incident_id=incident_id)
    )


async def forget_expired(tx: Transaction, now: datetime, day: date, limit: int) -> int:
    """Forget what some reports say whose incident ended long enough ago; tell how many.

    That is the one that goes on for it; how long is in the catalogue, for the report's category. Where and when it
    was is forgotten with it, and of an incident with the last of its reports.
    """
    columns, rules = tables.reports.c, categories_on(day).subquery("rules")
    kept = select(columns.report_id, columns.incident_id, columns.category).where(
        columns.content_sealed.is_not(None)
    )
    ongoing = ongoing_incidents(kept.subquery("kept"))
    incidents = tables.incidents.c
    expired = (
        select(ongoing.c.report_id)
        .join(tables.incidents, incidents.incident_id == ongoing.c.incident_id)
        .join(tables.reports, columns.report_id == ongoing.c.report_id)
        .join(rules, rules.c.code == columns.category)
        .where(incidents.ended_at <= now - func.make_interval(0, rules.c.retention_months))
        .limit(limit)
    )
    forgotten = await tx.execute(
        update(tables.reports)
        .where(columns.report_id.in_(expired), columns.content_sealed.is_not(None))
        .values(
            content_sealed=None,
            address="",
            latitude=None,
            longitude=None,
            occurred_at=None,
            forgotten_at=now,
        )
        .returning(columns.incident_id)
    )
    of_incidents = forgotten.scalars().all()
    await _forget_places(tx, set(of_incidents))
    return len(of_incidents)


async def _forget_places(tx: Transaction, incident_ids: Collection[UUID]) -> None:
    """Have ended incidents of which no report is kept say no more where they were than the premises' register."""
    incidents, premises = tables.incidents.c, tables.premises.c
    kept = exists().where(
        tables.reports.c.incident_id == incidents.incident_id,
        tables.reports.c.content_sealed.is_not(None),
    )
    registered = (
        select(premises.address)
        .where(premises.premises_id == incidents.premises_id)
        .scalar_subquery()
    )
    await tx.execute(
        update(tables.incidents)
        .where(incidents.incident_id.in_(incident_ids), incidents.ended_at.is_not(None), ~kept)
        .values(address=func.coalesce(registered, ""), latitude=None, longitude=None)
    )


def ongoing_incidents(reports: Subquery) -> Subquery:
    """Select for each of some reports the incident that goes on for it: its own, or what that was merged into."""
    chain = _chain(reports, "ongoing_chain")
    incidents = tables.incidents.c
    return (
        select(chain.c.report_id, chain.c.incident_id)
        .join(tables.incidents, incidents.incident_id == chain.c.incident_id)
        .where(incidents.duplicate_of.is_(None))
        .subquery("ongoing")
    )


def tree_of(incident_id: UUID) -> Select[Any]:
    """Select an incident and all that was merged into it, at whatever remove."""
    incidents = tables.incidents.c
    first = (
        select(incidents.incident_id)
        .where(incidents.incident_id == incident_id)
        .cte("tree", recursive=True)
    )
    merged = select(incidents.incident_id).join(
        first, incidents.duplicate_of == first.c.incident_id
    )
    whole = first.union_all(merged)
    return select(whole.c.incident_id)


def whole_reports(wanted: Select[Any]) -> Select[Any]:
    """Complete some rows of reports with their deadlines and counts, newest first."""
    page = wanted.subquery("page")
    deadlines = tables.deadlines.c
    gathered = gather(
        "gathered",
        tables.deadlines,
        deadlines.report_id == page.c.report_id,
        [deadlines.due_at, deadlines.kind],
        **DEADLINES,
    )
    accidents = tables.road_accidents
    counts = [column for column in accidents.c if column.name != "report_id"]
    return (
        select(page, *gathered.c, *counts)
        .select_from(
            page.join(gathered, true()).outerjoin(
                accidents, accidents.c.report_id == page.c.report_id
            )
        )
        .order_by(page.c.received_at.desc(), page.c.report_id.desc())
    )


def report_of(row: Row[Any]) -> Report:
    """Read a report."""
    accident = None
    if row.vehicles is not None:
        accident = RoadAccident(
            row.vehicles, row.fatalities, row.injured, row.damage_vnd, row.road
        )
    return Report(
        report_id=row.report_id,
        number=row.number,
        ward_code=row.ward_code,
        category=row.category,
        kind=IncidentKind(row.kind),
        channel=ReportChannel(row.channel),
        received_at=row.received_at,
        received_by=row.received_by,
        occurred_at=row.occurred_at,
        incident_id=row.incident_id,
        address=row.address,
        position=None if row.latitude is None else Position(row.latitude, row.longitude),
        road_accident=accident,
        forgotten_at=row.forgotten_at,
        deadlines=deadlines_of(row),
    )


def _chain(reports: Subquery, name: str) -> Any:  # noqa: ANN401 - a recursive CTE
    """Select for each of some reports its incident and all that it was merged into, one after the other."""
    incidents = tables.incidents.c
    first = select(reports.c.report_id, reports.c.incident_id).cte(name, recursive=True)
    following = (
        select(first.c.report_id, incidents.duplicate_of)
        .join(tables.incidents, incidents.incident_id == first.c.incident_id)
        .where(incidents.duplicate_of.is_not(None))
    )
    return first.union_all(following)
