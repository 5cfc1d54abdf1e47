"""Readiness: named checks, asked anew every second, told over gRPC health, HTTP and metrics alike."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from grpc_health.v1 import health, health_pb2

from chassis.telemetry import metrics

Check = Callable[[], Awaitable[None]]

_INTERVAL_S = 1.0
_TIMEOUT_S = 2.0
_STATUS = health_pb2.HealthCheckResponse


class Readiness:
    """Whether each part a service stands on can be used now."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = dict(checks)
        self._warnings: set[str] = set()
        self.parts: dict[str, bool] = dict.fromkeys(checks, False)
        self.health = health.aio.HealthServicer()

    def watch(self, part: str, check: Check) -> None:
        """Ask for one more part from now on."""
        self._checks[part] = check
        self.parts[part] = False

    def warn(self, part: str, check: Check) -> None:
        """Tell one more part from now on, which is no reason to give the service nothing to do."""
        self.watch(part, check)
        self._warnings.add(part)

    @property
    def ready(self) -> bool:
        """Tell whether all parts that are needed can be used."""
        return all(is_fine for part, is_fine in self.parts.items() if part not in self._warnings)

    async def run(self, services: list[str]) -> None:
        """Keep the parts and the gRPC health of `services` up to date until cancelled."""
        while True:
            await asyncio.gather(*(self._ask(part, check) for part, check in self._checks.items()))
            status = _STATUS.SERVING if self.ready else _STATUS.NOT_SERVING
            for service in ["", *services]:
                await self.health.set(service, status)
            await asyncio.sleep(_INTERVAL_S)

    async def _ask(self, part: str, check: Check) -> None:
        try:
            await asyncio.wait_for(check(), _TIMEOUT_S)
        except Exception:  # noqa: BLE001 - whatever fails, the part cannot be used
            self.parts[part] = False
        else:
            self.parts[part] = True
        metrics.READY.labels(part).set(self.parts[part])
