"""Which of the sources that briefs are made of do not answer now."""

import asyncio
from collections.abc import Callable

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from incidents.domain.people import FIRE_SAFETY, RESIDENCY

_INTERVAL_S = 1.0
_TIMEOUT_S = 2.0


class Sources:
    """Asks residency every second whether it serves, and the broker's connection whether events can come at all."""

    def __init__(self, broker_is_there: Callable[[], bool]) -> None:
        self._broker_is_there = broker_is_there
        self._residency_serves = True

    def silent(self) -> frozenset[str]:
        """Name the sources of which nothing newer could be known now."""
        if not self._broker_is_there():
            return frozenset({RESIDENCY, FIRE_SAFETY})
        return frozenset() if self._residency_serves else frozenset({RESIDENCY})

    async def watch(self, residency: aio.Channel) -> None:
        """Keep asking residency until cancelled; without it only the broker tells."""
        health = health_pb2_grpc.HealthStub(residency)
        while True:
            self._residency_serves = await self._serves(health)
            await asyncio.sleep(_INTERVAL_S)

    @staticmethod
    async def _serves(health: health_pb2_grpc.HealthStub) -> bool:
        try:
            request = health_pb2.HealthCheckRequest()
            answer = await health.Check(request, timeout=_TIMEOUT_S)  # type: ignore[attr-defined] # untyped
        except aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
