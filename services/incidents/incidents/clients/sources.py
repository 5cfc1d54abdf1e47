"""Of which of the sources that briefs are made of not everything is known now."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.clock import Clock
from incidents.domain.rescue.people import FIRE_SAFETY, RESIDENCY

_INTERVAL_S = 1.0
_TIMEOUT_S = 2.0
# Longer than any event takes that does not stand in a queue.
_BEHIND = timedelta(seconds=10)


class Sources:
    """Knows what is not known: whether residency serves, whether events can come at all, and whether they queue.

    `waits_since` tells of each source since when the event waits that a lane takes in now; None if none does.
    """

    def __init__(
        self,
        broker_is_there: Callable[[], bool],
        waits_since: Mapping[str, Sequence[Callable[[], datetime | None]]],
        clock: Clock,
    ) -> None:
        self._broker_is_there = broker_is_there
        self._waits_since = waits_since
        self._clock = clock
        self._residency_serves = True

    def silent(self) -> frozenset[str]:
        """Name the sources of which something newer may be that is not known here."""
        if not self._broker_is_there():
            return frozenset({RESIDENCY, FIRE_SAFETY})
        behind = filter(self._is_behind, self._waits_since)
        return frozenset(behind) | (frozenset() if self._residency_serves else {RESIDENCY})

    async def watch(self, residency: aio.Channel) -> None:
        """Keep asking residency until cancelled; without it only the broker tells."""
        health = health_pb2_grpc.HealthStub(residency)
        while True:
            self._residency_serves = await self._serves(health)
            await asyncio.sleep(_INTERVAL_S)

    def _is_behind(self, source: str) -> bool:
        since = filter(None, (of_lane() for of_lane in self._waits_since[source]))
        return any(self._clock() - one > _BEHIND for one in since)

    @staticmethod
    async def _serves(health: health_pb2_grpc.HealthStub) -> bool:
        try:
            request = health_pb2.HealthCheckRequest()
            answer = await health.Check(request, timeout=_TIMEOUT_S)  # type: ignore[attr-defined] # untyped
        except aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
