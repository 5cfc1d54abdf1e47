"""What is known of dwellings and buildings."""

from collections.abc import Callable
from uuid import UUID, uuid4

from chassis.account.access_log import accounted
from chassis.clock import Clock
from chassis.context import current_account
from chassis.storage.database import Database
from residency.domain.persons.sealing import NumberSeal
from residency.domain.places.buildings import LegalBasis, Position
from residency.domain.requests import Request
from residency.operations.requests import claim
from residency.repository import places


class PlaceOperations:
    """Keeps what is said of places, and what was said before, until when and who changed it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        seal: NumberSeal,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._new_id = new_id

    async def set_legal_basis(
        self, dwelling_id: UUID, basis: LegalBasis, request: Request
    ) -> None:
        """Keep by what right people live in a dwelling; raises DwellingNotFoundError or RequestIdReusedError."""
        now = self._clock()
        async with accounted(self._database, now) as tx:
            if not await claim(
                tx, self._seal, request.request_id, request.digest, dwelling_id, now
            ):
                await places.set_legal_basis(
                    tx, dwelling_id, basis, self._new_id(), current_account(), now
                )

    async def set_position(self, building_id: UUID, position: Position, request: Request) -> None:
        """Keep where a building is; raises BuildingNotFoundError or RequestIdReusedError."""
        now = self._clock()
        async with accounted(self._database, now) as tx:
            if not await claim(
                tx, self._seal, request.request_id, request.digest, building_id, now
            ):
                await places.set_position(
                    tx, building_id, position, self._new_id(), current_account(), now
                )
