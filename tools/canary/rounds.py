"""Rounds: one signal after the other, and how long each took to be seen."""

import asyncio
import time
from contextlib import suppress

from canary.officer import Officer
from canary.sensor import Sensor
from chassis.clock import Clock
from chassis.telemetry import metrics
from chassis.telemetry.log import logger

_SEEN, _LOST = "seen", "lost"


class Rounds:
    """Signals again and again. Sensor and officer share this process's clock, so that no other is trusted."""

    def __init__(
        self, sensor: Sensor, officer: Officer, clock: Clock, every_s: float, lost_after_s: float
    ) -> None:
        self._sensor = sensor
        self._officer = officer
        self._clock = clock
        self._every_s = every_s
        self._lost_after_s = lost_after_s
        self._waiting: dict[int, asyncio.Event] = {}
        # Both are told from the start: what was never counted cannot increase.
        self._counted = {one: metrics.CANARY_ROUNDS.labels(one) for one in (_SEEN, _LOST)}

    async def watch(self) -> None:
        """Follow the officers' stream until cancelled."""
        async for at_ms in self._officer.watch():
            if seen := self._waiting.get(at_ms):
                seen.set()

    async def run(self) -> None:
        """Signal until cancelled; the first time once an officer is there, or should be."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._lost_after_s):
                await self._officer.opened.wait()
        while True:
            began = time.perf_counter()
            await self._go_round()
            await asyncio.sleep(max(self._every_s - (time.perf_counter() - began), 0))

    async def _go_round(self) -> None:
        at_ms = round(self._clock().timestamp() * 1000)
        seen = self._waiting[at_ms] = asyncio.Event()
        began, stored = time.perf_counter(), False
        try:
            async with asyncio.timeout(self._lost_after_s):
                await self._sensor.signal(at_ms)
                stored = True
                await seen.wait()
        except TimeoutError:
            self._counted[_LOST].inc()
            logger().warning(
                "canary_lost", stored=stored, stream_open=self._officer.opened.is_set()
            )
        else:
            metrics.CANARY_SECONDS.observe(time.perf_counter() - began)
            self._counted[_SEEN].inc()
        finally:
            del self._waiting[at_ms]
