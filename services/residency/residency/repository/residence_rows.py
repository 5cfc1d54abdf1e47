"""What rows of a table are compared with: the dwellings of the ward, and registrations that there are already."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, any_, literal, select

from chassis.database import Transaction
from residency.domain.residence import ResidenceKind, Term
from residency.domain.residence_rows import Homes, Known
from residency.tables import building_index, dwellings, persons, registrations
from residency.tables.bitemporal import known


async def load_homes(tx: Transaction) -> Homes:
    """Load all dwellings, some ten thousand in a ward, by the key of their building's address."""
    statement = select(
        building_index.c.key, dwellings.c.dwelling_id, dwellings.c.floor, dwellings.c.unit
    ).join(dwellings, dwellings.c.building_id == building_index.c.building_id)
    by_building: defaultdict[str, list[tuple[UUID, int, str]]] = defaultdict(list)
    for key, *dwelling in await tx.execute(statement):
        by_building[key].append((dwelling[0], dwelling[1], dwelling[2]))
    return Homes(by_building)


async def load_known(tx: Transaction, number_indexes: Sequence[bytes]) -> set[Known]:
    """Load the registrations of those who have these numbers, also those that have ended."""
    statement = (
        select(
            persons.c.number_index,
            registrations.c.dwelling_id,
            registrations.c.kind,
            registrations.c.valid_from,
            registrations.c.valid_until,
        )
        .join(registrations, registrations.c.person_id == persons.c.person_id)
        .where(
            persons.c.number_index == any_(literal(number_indexes, ARRAY(LargeBinary))),
            known(registrations, None),
        )
    )
    return {
        Known(
            row.number_index,
            row.dwelling_id,
            ResidenceKind(row.kind),
            Term(row.valid_from, row.valid_until),
        )
        for row in await tx.execute(statement)
    }
