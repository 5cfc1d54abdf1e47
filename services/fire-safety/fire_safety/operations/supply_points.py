"""What people do with supply points."""

from chassis.clock import Clock, ward_day
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from fire_safety.domain.premises.supply_points import SupplyPoint, SupplyPointState
from fire_safety.operations.requests import claim
from fire_safety.repository import supply_points


class SupplyPointOperations:
    """Notes in which state supply points were found."""

    def __init__(self, database: Database, relay: Relay, clock: Clock, ward_code: str) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._ward_code = ward_code

    async def set_state(
        self,
        supply_point_id: str,
        state: SupplyPointState,
        note: str,
        request_id: str,
        digest: bytes,
    ) -> SupplyPoint:
        """Note the state found today; a repeat gets the supply point as it is now.

        Raises SupplyPointNotFoundError, RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            repeated = await claim(tx, request_id, digest, supply_point_id, now)
            point = await supply_points.load(tx, supply_point_id)
            if not repeated:
                point = point.found(state, note, ward_day(now))
                await supply_points.save(tx, self._ward_code, [point], now)
        self._relay.wake()
        return point
