"""The detectors at work: sample, send, keep what was not acknowledged, send again."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from random import Random

from chassis.log import logger
from simulator import wire
from simulator.fleet.holds import HoldRequest, Holds, InvalidHoldError
from simulator.fleet.link import Acknowledged, Link
from simulator.fleet.mailbox import Mailbox
from simulator.fleet.schedule import Schedule
from simulator.fleet.sensor import Sensor

TICK_S = 0.05
# An acknowledgement takes milliseconds; what waits longer than this was lost on the way.
ACKNOWLEDGED_WITHIN_S = 5.0
# After an outage everybody wants to talk: this many batches a tick leave the broker air.
RESENT_A_TICK = 100
Clock = Callable[[], float]


class Fleet:
    """All detectors of a ward. `clock` is seconds since 1970, `monotonic` never goes back."""

    def __init__(
        self,
        sensors: Sequence[Sensor],
        ward_code: str,
        link: Callable[[Acknowledged], Link],
        clock: Clock,
        monotonic: Clock,
        rng: Random,
    ) -> None:
        self.sent = 0
        self.acknowledged = 0
        self._sensors = sensors
        self._ward_code = ward_code
        self._clock = clock
        self._monotonic = monotonic
        self._rng = rng
        self._holds = Holds()
        self._mailboxes = {sensor.device_id: Mailbox() for sensor in sensors}
        # Batches under way with the time by which an acknowledgement is due, oldest first.
        self._awaited: deque[tuple[float, str]] = deque()
        self.link = link(self._note_acknowledged)
        self.link.on_connected(self._expect_nothing)

    @property
    def kept(self) -> int:
        """How many samples are not acknowledged."""
        return sum(len(mailbox) for mailbox in self._mailboxes.values())

    @property
    def dropped(self) -> int:
        """How many samples were given up because the broker was away too long."""
        return sum(mailbox.dropped for mailbox in self._mailboxes.values())

    async def run(self) -> None:
        """Report until cancelled."""
        schedule = Schedule(self._sensors, self._clock())
        while True:
            now, monotonic = self._clock(), self._monotonic()
            for sensor in schedule.due(now):
                await self._report(sensor, now, monotonic)
            await self._send_again(monotonic)
            await asyncio.sleep(TICK_S)

    def hold(self, data: bytes) -> bytes:
        """Answer a request for silence: which detectors are on lease afterwards."""
        try:
            request = HoldRequest.parse(data)
        except InvalidHoldError:
            return json.dumps({"error": InvalidHoldError.__doc__}).encode()
        known = HoldRequest(
            tuple(d for d in request.device_ids if d in self._mailboxes), request.seconds
        )
        now = self._monotonic()
        self._holds.grant(known, now)
        logger().info("hold", devices=len(known.device_ids), seconds=request.seconds)
        return json.dumps({"held": self._holds.held(known.device_ids, now)}).encode()

    async def _report(self, sensor: Sensor, now: float, monotonic: float) -> None:
        if self._holds.covers(sensor.device_id, monotonic):
            return
        mailbox = self._mailboxes[sensor.device_id]
        mailbox.add(sensor.sample(now, self._rng))
        if not mailbox.under_way and self.link.up:
            await self._send(sensor.device_id, mailbox, monotonic)

    async def _send(self, device_id: str, mailbox: Mailbox, monotonic: float) -> None:
        batch = mailbox.take()
        self._awaited.append((monotonic + ACKNOWLEDGED_WITHIN_S, device_id))
        self.sent += len(batch)
        await self.link.send(wire.subject(self._ward_code, device_id), device_id, batch)

    async def _send_again(self, monotonic: float) -> None:
        """Send what should have been acknowledged by now, and what gathered behind it."""
        if not self.link.up:
            return
        for _ in range(RESENT_A_TICK):
            if not self._awaited or self._awaited[0][0] > monotonic:
                return
            _, device_id = self._awaited.popleft()
            if self._mailboxes[device_id].take():
                await self._send(device_id, self._mailboxes[device_id], monotonic)

    def _note_acknowledged(self, device_id: str, at_ms: int) -> None:
        self.acknowledged += self._mailboxes[device_id].acknowledge(at_ms)

    def _expect_nothing(self) -> None:
        """After a new connection no earlier acknowledgement comes: all that is kept is due."""
        waiting = [device_id for device_id, box in self._mailboxes.items() if len(box)]
        self._awaited = deque((0.0, device_id) for device_id in waiting)
