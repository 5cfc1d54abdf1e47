"""Roll-calls."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.sql.selectable import LateralFromClause

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.rescue.roll_call import Mark, RollCall, RollCallState
from incidents.queries.gathering import one_incident_with, row_of
from incidents.repository.gathering import gather


class RollCallQueries:
    """Asks for roll-calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def roll_call(self, incident_id: UUID) -> RollCall:
        """Tell who is expected where, and all marks; raises IncidentNotFoundError."""
        row = await row_of(self._database, incident_id, _roll_call())
        marks = zip(
            row.mark_sequences,
            row.mark_tags,
            row.mark_dwellings,
            row.mark_states,
            row.mark_accounts,
            row.mark_times,
            strict=True,
        )
        return RollCall(
            dwellings=tuple(row.dwelling_payloads),
            marks=tuple(
                Mark(sequence, tag, dwelling, RollCallState(state), account, at)
                for sequence, tag, dwelling, state, account, at in marks
            ),
        )


@cache
def _roll_call() -> Select[Any]:
    at_premises = tables.incidents.outerjoin(
        tables.premises, tables.premises.c.premises_id == tables.incidents.c.premises_id
    )
    return one_incident_with(_dwellings(), _marks(), source=at_premises)


def _dwellings() -> LateralFromClause:
    columns = tables.occupancies.c
    belongs = (columns.building_id == tables.premises.c.building_id) & (columns.building_id != "")
    order = [columns.floor, columns.unit, columns.dwelling_id]
    return gather(
        "dwellings", tables.occupancies, belongs, order, dwelling_payloads=columns.payload
    )


def _marks() -> LateralFromClause:
    columns = tables.roll_call_marks.c
    return gather(
        "marks",
        tables.roll_call_marks,
        columns.incident_id == tables.incidents.c.incident_id,
        [columns.sequence],
        mark_sequences=columns.sequence,
        mark_tags=columns.tag,
        mark_dwellings=columns.dwelling_id,
        mark_states=columns.state,
        mark_accounts=columns.marked_by,
        mark_times=columns.marked_at,
    )
