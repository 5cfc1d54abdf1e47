"""The detectors at work: each observes its room at its interval, unless somebody speaks for it."""

import asyncio
import json
from collections.abc import Sequence
from random import Random

from chassis.telemetry.log import logger
from simulator.fleet.holds import HoldRequest, Holds, InvalidHoldError
from simulator.fleet.schedule import Schedule
from simulator.fleet.sender import Clock, Sender
from simulator.fleet.sensor import Sensor

TICK_S = 0.05


class Fleet:
    """All detectors of a ward. `clock` is seconds since 1970, `monotonic` never goes back."""

    def __init__(
        self,
        sensors: Sequence[Sensor],
        sender: Sender,
        clock: Clock,
        monotonic: Clock,
        rng: Random,
    ) -> None:
        self.sender = sender
        self._sensors = sensors
        self._clock = clock
        self._monotonic = monotonic
        self._rng = rng
        self._holds = Holds()
        self._heard: set[str] = set()

    async def run(self) -> None:
        """Report until cancelled."""
        schedule = Schedule(self._sensors, self._clock())
        while True:
            now, monotonic = self._clock(), self._monotonic()
            for sensor, at in schedule.due(now):
                if not self._holds.covers(sensor.device_id, monotonic):
                    await self._report(sensor, at)
            await self.sender.tend()
            await asyncio.sleep(TICK_S)

    async def _report(self, sensor: Sensor, at: float) -> None:
        """Send an observation, the first time after those that were kept before the start."""
        kept = [] if sensor.device_id in self._heard else sensor.kept(at, self._rng)
        self._heard.add(sensor.device_id)
        await self.sender.submit(sensor.device_id, *kept, sensor.sample(at, self._rng))

    def hold(self, data: bytes) -> bytes:
        """Answer a request for silence: which detectors are on lease afterwards."""
        try:
            request = HoldRequest.parse(data)
        except InvalidHoldError:
            return json.dumps({"error": InvalidHoldError.__doc__}).encode()
        known = tuple(d for d in request.device_ids if d in self.sender)
        now = self._monotonic()
        self._holds.grant(HoldRequest(known, request.seconds), now)
        # Whoever speaks for them tells what came before, too.
        self._heard.update(known)
        logger().info("hold", devices=len(known), seconds=request.seconds)
        return json.dumps({"held": self._holds.held(known, now)}).encode()
