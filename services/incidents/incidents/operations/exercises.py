"""Exercises."""

from collections.abc import Callable
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from incidents.domain.incidents.incident import (
    Incident,
    Opener,
    number_for,
    open_exercise,
    year_of,
)
from incidents.domain.incidents.requests import ExerciseWanted
from incidents.domain.places import PremisesNotFoundError
from incidents.operations.requests import claimed
from incidents.repository.incidents import add_incident, lock_incident, next_ordinal
from incidents.repository.projections import place_of


class ExerciseOperations:
    """Begins exercises."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        ward_code: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._ward_code = ward_code
        self._new_id = new_id

    async def begin(self, wanted: ExerciseWanted) -> Incident:
        """Begin an exercise; a repeat gets it as it is now.

        Raises PremisesNotFoundError or RequestIdReusedError.
        """
        now, incident_id = self._clock(), self._new_id()
        async with self._database.transaction() as tx:
            first = await claimed(tx, wanted, str(incident_id), now)
            if first is not None:
                return await lock_incident(tx, UUID(first))
            place = await place_of(tx, wanted.premises_id)
            if place is None:
                raise PremisesNotFoundError
            year = year_of(now)
            number = number_for(year, await next_ordinal(tx, self._ward_code, year))
            by = Opener(incident_id, number, self._ward_code, wanted.account)
            change = open_exercise(place, wanted.premises_id, wanted.scenario, by, now)
            await add_incident(tx, change)
        self._relay.wake()
        return change.incident
