"""Storms: found, followed and ended."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.domain.alarms.storms import Burst, Storm, StormPolicy, begins, goes_on
from fire_safety.repository import storms as repository


class StormOperations:
    """Looks whether many premises alarm at once."""

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

    async def look(self) -> Storm | None:
        """Begin a storm, follow the one that is on, or end it; tell it. Any number of instances may look."""
        now = self._clock()
        async with self._database.transaction() as tx:
            policy = await repository.policy_in_force(tx, now)
            before = await repository.load_open(tx, self._ward_code)
            burst = await repository.burst(tx, policy, now)
            if before is not None:
                storm: Storm | None = goes_on(before, burst, policy, now)
            else:
                storm = self._begun(burst, policy, now)
            if storm is not None and storm != before:
                await (repository.save if before else repository.begin)(tx, storm, now)
        if storm != before:
            self._relay.wake()
            logger().warning("storm_changed", on=_is_on(storm))
        metrics.STORM_ON.set(_is_on(storm))
        return storm

    def _begun(self, burst: Burst, policy: StormPolicy, now: datetime) -> Storm | None:
        if not begins(burst, policy):
            return None
        return Storm(self._new_id(), self._ward_code, now, None, burst.within, policy.version)


def _is_on(storm: Storm | None) -> bool:
    return storm is not None and storm.ended_at is None
