"""An incident under lock, with the one that goes on for it."""

from uuid import UUID

from sqlalchemy import select

from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.incidents.incident import Incident
from incidents.repository.incidents import lock_both, lock_incident


async def lock_merged(tx: Transaction, incident_id: UUID) -> tuple[Incident, Incident | None]:
    """Load and lock an incident and the one that it is merged into, None if it is into none.

    Both are locked in order of their ids, as whoever merges locks them, so that nobody waits in a circle; but for one
    that is merged at this very moment. Raises IncidentNotFoundError.
    """
    columns = tables.incidents.c
    into_id = await tx.scalar(
        select(columns.duplicate_of).where(columns.incident_id == incident_id)
    )
    if into_id is None:
        incident = await lock_incident(tx, incident_id)
        # Merged since it was looked at. Should the other's holder wait for this one, the database ends one of the two.
        into_id = incident.duplicate_of
        return incident, await lock_incident(tx, into_id) if into_id else None
    incident, into = await lock_both(tx, incident_id, into_id)
    # As it is under the lock: somebody may have separated it meanwhile.
    return incident, into if incident.duplicate_of == into_id else None
