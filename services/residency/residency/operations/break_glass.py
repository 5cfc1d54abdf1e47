"""Breaking the glass, and what is kept of incidents for it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from chassis import context
from chassis.account.access_log import accounted
from chassis.clock import Clock, ward_day
from chassis.storage import inbox
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from residency import tables
from residency.domain.lookups.disclosure import Asker, Disclosure, Way
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal, subject_of
from residency.domain.protection.break_glass import (
    BreakGlass,
    BreakGlassWanted,
    Incident,
    PremisesPlace,
)
from residency.domain.residence.found import OccupiedDwelling
from residency.operations.requests import claim
from residency.repository import break_glass as repository
from residency.repository.disclosure import disclosure_to


@dataclass(frozen=True)
class Disclosed:
    """Who is inside, as far as it may be shown, and the breaking of the glass that it belongs to."""

    broken: BreakGlass
    disclosure: Disclosure
    dwellings: list[OccupiedDwelling]


class BreakGlassOperations:
    """Discloses the occupants of a burning building, and keeps the incidents that allow it."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: NumberSeal,
        particulars: ParticularsSeal,
        ward_code: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._particulars = particulars
        self._ward_code = ward_code
        self._new_id = new_id

    async def disclose(self, wanted: BreakGlassWanted, asker: Asker) -> Disclosed:
        """Tell who is in the building of an open incident, and announce it to the data protection officer.

        Until it expires the officer may look again in the same incident. Raises DisclosureNotAllowedError,
        IncidentNotFoundError, IncidentClosedError, IncidentPlaceUnknownError, ReviewPendingError, FieldInvalidError or
        RequestIdReusedError.
        """
        now, review_id = self._clock(), self._new_id()
        today = ward_day(now)
        async with accounted(self._database, now) as tx:
            await claim(tx, self._seal, wanted.request_id, wanted.digest, review_id, now)
            disclosure = await disclosure_to(tx, asker, Way.BREAK_GLASS, today)
            place = await repository.place_of(tx, wanted.incident_id)
            building_id = place.building_for(wanted.reference)
            breaking = BreakGlass(
                review_id=review_id,
                incident_id=wanted.incident_id,
                incident_number=place.incident.number,
                building_id=building_id,
                officer=asker.account,
                reason=wanted.reason,
                opened_at=now,
                expires_at=now + await repository.duration(tx, today),
                due_at=now + await repository.review_term(tx, today),
            )
            broken = await repository.add_unless_pending(tx, breaking, self._ward_code, now)
            broken.check_continues(wanted.incident_id, now)
            if broken.building_id != building_id:
                # The premises were corrected meanwhile: what is told of the building is announced again.
                broken = replace(broken, building_id=building_id)
                await repository.announce(tx, broken, self._ward_code, now)
            occupied = await repository.occupants_of(tx, building_id, now, self._particulars)
            found = Disclosed(broken, disclosure, occupied)
            _account_for(found)
        self._relay.wake()
        if broken is breaking:
            metrics.GLASS_BROKEN.inc()
        return found

    async def take_incident(self, event_id: UUID, incident: Incident) -> None:
        """Keep the newest state of an incident."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await repository.project_incident(tx, incident)

    async def take_premises(self, event_id: UUID, place: PremisesPlace) -> None:
        """Keep the newest place of premises."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await repository.project_premises(tx, place)


def _account_for(found: Disclosed) -> None:
    """Have the access records name the building, and each who is shown in it."""
    if access := context.access.get():
        access.subject = f"building:{found.broken.building_id}"
        access.fields = sorted(found.disclosure.fields)
        access.shown = [
            subject_of(index) for dwelling in found.dwellings for index in dwelling.indexes
        ]
