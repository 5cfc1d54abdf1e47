"""What may be the same incident, and to whom incidents were handed over."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    case,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.incidents.duplicates import DuplicateSuggestion
from incidents.domain.incidents.incident import IncidentNotFoundError
from incidents.domain.lifecycle.transfers import RecordedTransfer, Transfer, TransferChannel
from incidents.queries.gathering import incident_from, incidents_with
from incidents.repository.catalogue import categories_on

_EARTH_RADIUS_M = 6_371_000.0


class LifecycleQueries:
    """Asks what a person needs to decide."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def suggestions(
        self, incident_id: UUID, day: date, limit: int
    ) -> tuple[DuplicateSuggestion, ...]:
        """Tell incidents that may be the same, nearest first, ended ones too; raises IncidentNotFoundError."""
        async with self._database.transaction() as tx:
            rows = (await tx.execute(_suggestions(incident_id, day).limit(limit))).all()
        if not rows:
            raise IncidentNotFoundError
        return tuple(
            DuplicateSuggestion(incident_from(row), row.distance_m, row.apart)
            for row in rows
            if row.incident_id is not None
        )

    async def transfers(self, incident_id: UUID) -> tuple[RecordedTransfer, ...]:
        """Tell to whom an incident was handed over, oldest first; raises IncidentNotFoundError."""
        columns = tables.transfers.c
        statement = (
            select(tables.transfers)
            .select_from(tables.incidents.outerjoin(tables.transfers))
            .where(tables.incidents.c.incident_id == incident_id)
            .order_by(columns.sequence)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).all()
        if not rows:
            raise IncidentNotFoundError
        return tuple(
            RecordedTransfer(
                row.sequence,
                row.account,
                Transfer(
                    row.authority,
                    TransferChannel(row.channel),
                    row.transferred_at,
                    row.receipt_number,
                    row.external_reference,
                ),
            )
            for row in rows
            if row.sequence is not None
        )


def _suggestions(incident_id: UUID, day: date) -> Select[Any]:
    """Select the incidents near the one asked for; one row without an incident where there are none.

    They are of its kind, as near in time and place as the catalogue says of its category: at the same premises, at the
    same address however it is spaced and capitalised, or within its metres. What is merged with it already is left out.
    """
    asked = tables.incidents.alias("asked")
    rules = categories_on(day).subquery("rules")
    near = incidents_with().subquery("near")
    apart = func.greatest(near.c.opened_at, asked.c.opened_at) - func.least(
        near.c.opened_at, asked.c.opened_at
    )
    same_place = _same_place(asked, near)
    metres = _metres(asked, near)
    belongs = (
        (near.c.incident_id != asked.c.incident_id)
        & (near.c.ward_code == asked.c.ward_code)
        & (near.c.kind == asked.c.kind)
        & (apart <= func.make_interval(0, 0, 0, 0, 0, rules.c.same_within_min))
        & or_(same_place, metres <= rules.c.same_within_m)
        & near.c.duplicate_of.is_distinct_from(asked.c.incident_id)
        & asked.c.duplicate_of.is_distinct_from(near.c.incident_id)
    )
    distance = case((same_place, null()), else_=metres)
    return (
        select(
            *near.c,
            type_coerce(distance, Float).label("distance_m"),
            apart.label("apart"),
        )
        .select_from(
            asked.outerjoin(rules, rules.c.code == asked.c.category).outerjoin(near, belongs)
        )
        .where(asked.c.incident_id == incident_id)
        .order_by(distance.nulls_first(), apart, near.c.incident_id)
    )


def _same_place(one: Any, other: Any) -> ColumnElement[bool]:  # noqa: ANN401 - aliases of one table
    def spelling(table: Any) -> ColumnElement[str]:  # noqa: ANN401
        return func.lower(func.regexp_replace(func.btrim(table.c.address), r"\s+", " ", "g"))

    return or_(
        (one.c.premises_id == other.c.premises_id) & (one.c.premises_id != ""),
        (spelling(one) == spelling(other)) & (spelling(one) != ""),
    )


def _metres(one: Any, other: Any) -> ColumnElement[float]:  # noqa: ANN401 - aliases of one table
    """Say in SQL how far apart two are on the sphere, by the haversine formula; null where a position is missing."""
    north, south = func.radians(one.c.latitude), func.radians(other.c.latitude)
    east = func.radians(one.c.longitude - other.c.longitude)
    half = func.power(func.sin((north - south) / 2), 2) + func.cos(north) * func.cos(
        south
    ) * func.power(func.sin(east / 2), 2)
    return literal(2 * _EARTH_RADIUS_M) * func.asin(func.sqrt(func.least(1.0, half)))
