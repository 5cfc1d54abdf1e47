"""Incidents and their timelines."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, tuple_
from sqlalchemy.sql.selectable import LateralFromClause

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.incidents.incident import Incident
from incidents.domain.incidents.requests import Listing
from incidents.domain.lifecycle.timeline import EntryKind, TimelineEntry
from incidents.queries.gathering import (
    incident_from,
    incidents_with,
    one_incident_with,
    row_of,
)
from incidents.repository.gathering import gather


@dataclass(frozen=True)
class Story:
    """An incident with its timeline and the incidents merged into it, oldest first."""

    incident: Incident
    timeline: tuple[TimelineEntry, ...]
    merged: tuple[UUID, ...]


@dataclass(frozen=True)
class Page:
    """A page of incidents, and whether more follow."""

    incidents: tuple[Incident, ...]
    more: bool


class IncidentQueries:
    """Asks for incidents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def story(self, incident_id: UUID) -> Story:
        """Tell one incident and what happened so far; raises IncidentNotFoundError."""
        row = await row_of(self._database, incident_id, _story())
        timeline = zip(
            row.sequences, row.times, row.kinds, row.actors, row.texts, row.corrected, strict=True
        )
        return Story(
            incident=incident_from(row),
            timeline=tuple(
                TimelineEntry(sequence, at, EntryKind(kind), actor, text, corrects)
                for sequence, at, kind, actor, text, corrects in timeline
            ),
            merged=tuple(row.merged_ids),
        )

    async def open_incident(self, incident_id: UUID) -> Incident:
        """Tell an incident that has not ended; raises IncidentNotFoundError or IncidentClosedError."""
        found = incident_from(await row_of(self._database, incident_id, _incident()))
        found.require_open()
        return found

    async def page(self, listing: Listing) -> Page:
        """Tell a page of incidents, newest first."""
        async with self._database.transaction() as tx:
            rows = (await tx.execute(_page(listing))).all()
        incidents = tuple(incident_from(row) for row in rows[: listing.size])
        return Page(incidents, more=len(rows) > listing.size)


def _page(listing: Listing) -> Select[Any]:
    columns = tables.incidents.c
    newest_first = (columns.opened_at.desc(), columns.incident_id.desc())
    page = incidents_with().order_by(*newest_first).limit(listing.size + 1)
    if listing.open_only:
        page = page.where(columns.ended_at.is_(None))
    if listing.kind is not None:
        page = page.where(columns.kind == listing.kind)
    if listing.premises_id:
        page = page.where(columns.premises_id == listing.premises_id)
    if listing.after is not None:
        opened_at, incident_id = listing.after
        page = page.where(
            tuple_(columns.opened_at, columns.incident_id) < tuple_(opened_at, incident_id)
        )
    return page


@cache
def _incident() -> Select[Any]:
    return one_incident_with()


@cache
def _story() -> Select[Any]:
    return one_incident_with(_entries(), _merged())


def _entries() -> LateralFromClause:
    columns = tables.timeline.c
    return gather(
        "entries",
        tables.timeline,
        columns.incident_id == tables.incidents.c.incident_id,
        [columns.sequence],
        sequences=columns.sequence,
        times=columns.at,
        kinds=columns.kind,
        actors=columns.actor,
        texts=columns.text,
        corrected=columns.corrects,
    )


def _merged() -> LateralFromClause:
    merged = tables.incidents.alias("merged_incidents")
    return gather(
        "merged",
        merged,
        merged.c.duplicate_of == tables.incidents.c.incident_id,
        [merged.c.opened_at, merged.c.incident_id],
        merged_ids=merged.c.incident_id,
    )
