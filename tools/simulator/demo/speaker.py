"""The device's side: speaks for the detectors of the demo premises while the fleet holds them."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Sequence
from random import Random

from nats.errors import Error as NatsError

from simulator.demo.records import Reading
from simulator.demo.replay import Step
from simulator.fleet.holds import SUBJECT, HoldRequest
from simulator.fleet.sender import Sender
from simulator.fleet.sensor import Sample, Sensor

TURN_S = 0.05
CONNECTED_WITHIN_S = 5.0
ANSWER_WITHIN_S = 2.0
# Clean air after a fire is told at the spacing of the fire, at most this much of it at once.
CLEAN_SPACING_S = 2.0
CLEAN_AT_ONCE_S = 90.0
Published = Callable[[Reading, float], None]
Clock = Callable[[], float]


class Speaker:
    """Sends readings in the name of some detectors. `clock` is seconds since 1970."""

    def __init__(
        self, sensors: Sequence[Sensor], sender: Sender, clock: Clock, rng: Random
    ) -> None:
        self._sensors = sensors
        self._sender = sender
        self._clock = clock
        self._rng = rng
        self._connected = asyncio.Event()
        sender.link.on_connected(self._connected.set)
        self._said_until = dict.fromkeys((s.device_id for s in sensors), clock())

    async def connected(self) -> bool:
        """Wait for the broker; tell whether it is there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECTED_WITHIN_S):
                await self._connected.wait()
        return self._connected.is_set()

    async def speak(self) -> None:
        """Stay connected and send again what got lost, until cancelled."""
        keeping = asyncio.create_task(self._sender.link.keep_up({}))
        try:
            while True:
                await self._sender.tend()
                await asyncio.sleep(TURN_S)
        finally:
            keeping.cancel()
            await self._sender.link.close()

    async def take_over(self, seconds: float) -> bool:
        """Ask the fleet to be silent for these detectors; tell whether it is. 0 hands them back."""
        device_ids = tuple(sensor.device_id for sensor in self._sensors)
        question = HoldRequest(device_ids, seconds).encode()
        try:
            answer = await self._sender.link.ask(SUBJECT, question, ANSWER_WITHIN_S)
        except (NatsError, TimeoutError, OSError):
            return False
        return len(json.loads(answer).get("held", ())) == len(device_ids)

    async def play(self, steps: Sequence[Step], published: Published) -> None:
        """Send the readings of a fire when their time comes."""
        begin = time.monotonic()
        for step in steps:
            await asyncio.sleep(max(begin + step.after_s - time.monotonic(), 0))
            published((step.device_id, step.sample.at_ms), time.monotonic())
            await self._submit(step.device_id, step.sample)

    async def delivered(self, within_s: float) -> bool:
        """Wait until the platform has all that was said; tell whether it was in time."""
        for _ in range(round(within_s / TURN_S)):
            if not self._sender.kept:
                return True
            await asyncio.sleep(TURN_S)
        return False

    async def breathe(self) -> None:
        """Report clean air from where each detector's clock stopped up to now."""
        now = self._clock()
        for sensor in self._sensors:
            last = max(self._said_until[sensor.device_id], now - CLEAN_AT_ONCE_S)
            count = int((now - last) / CLEAN_SPACING_S)
            times = [last + n * CLEAN_SPACING_S for n in range(1, count + 1)]
            await self._submit(sensor.device_id, *(sensor.sample(at, self._rng) for at in times))

    async def _submit(self, device_id: str, *samples: Sample) -> None:
        if samples:
            self._said_until[device_id] = samples[-1].at_ms / 1000
            await self._sender.submit(device_id, *samples)
