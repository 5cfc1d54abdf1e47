"""What a ward does all the time: detectors report, some begin to burn, officers look; all of it noted in a ledger."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import httpx2

from stack.installation import Installation
from tests.system.ledger import Kind, Ledger
from tests.system.officer import Officer
from tests.system.smoke import CLEAN_AIR, SMOKE, STEP_S, Detector

_LOOK_S = 0.5


class Load:
    """The detectors of so many premises, and one officer. A fire breaks out at the next premises every `fire_s`.

    Each detector reports every `every_s`; its own clock goes on by two seconds each time.
    """

    def __init__(
        self,
        ledger: Ledger,
        detectors: dict[str, list[Detector]],
        fire_s: float,
        every_s: float,
    ) -> None:
        self._ledger = ledger
        self._every_s = every_s
        self._detectors = detectors
        self._fire_s = fire_s
        self._burning: list[str] = []

    @classmethod
    async def choose(
        cls,
        place: Installation,
        ledger: Ledger,
        numbers: range,
        fire_s: float,
        every_s: float = STEP_S,
    ) -> "Load":
        """Take the premises of these numbers of the register: of two detectors each, the first will burn."""
        detectors = {}
        async with Officer(place) as officer:
            for number in numbers:
                premises_id = (await officer.premises(number))["premisesId"]
                devices = (await officer.devices(premises_id))[:2]
                detectors[premises_id] = [Detector(place, one) for one in devices]
        return cls(ledger, detectors, fire_s, every_s)

    @property
    def burning(self) -> list[str]:
        """The premises that burn, in the order in which they began."""
        return list(self._burning)

    @asynccontextmanager
    async def running(self, officer: Officer) -> AsyncGenerator["Load"]:
        """Run it during the block; whatever is under way at its end is brought to its end first."""
        ended = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for premises_id, those in self._detectors.items():
                for place, detector in enumerate(those):
                    group.create_task(self._report(ended, premises_id, detector, burns=place == 0))
            group.create_task(self._spread(ended))
            group.create_task(self._look(ended, officer))
            try:
                yield self
            finally:
                ended.set()

    async def until_told(self, officer: Officer) -> None:
        """Wait until the officer has been told of each fire that broke out, and looked at it."""
        for premises_id in self._burning:
            await officer.until(partial(self._told, officer, premises_id))

    async def _told(self, officer: Officer, premises_id: str) -> bool:
        await self._look_at(officer, premises_id)
        return premises_id in self._ledger.entries[Kind.INCIDENT]

    async def _report(
        self, ended: asyncio.Event, premises_id: str, detector: Detector, *, burns: bool
    ) -> None:
        while not ended.is_set():
            on_fire = burns and premises_id in self._burning
            await detector.report(SMOKE if on_fire else CLEAN_AIR, 1)
            name = f"{detector.device_id}@{detector.acknowledged_ms[-1]}"
            self._ledger.add(Kind.READING, name)
            await _pause(ended, self._every_s)

    async def _spread(self, ended: asyncio.Event) -> None:
        for premises_id in self._detectors:
            await _pause(ended, self._fire_s)
            if ended.is_set():
                return
            self._burning.append(premises_id)

    async def _look(self, ended: asyncio.Event, officer: Officer) -> None:
        while not ended.is_set():
            for premises_id in self.burning[-3:]:
                await self._look_at(officer, premises_id)
            await _pause(ended, _LOOK_S)

    async def _look_at(self, officer: Officer, premises_id: str) -> None:
        """Look once; what is not answered is not acknowledged."""
        try:
            await self._read(officer, premises_id)
        except (httpx2.HTTPError, TimeoutError):
            return

    async def _read(self, officer: Officer, premises_id: str) -> None:
        detector = self._detectors[premises_id][0]
        alarms = await _answer(
            officer, "/v1/alarms", deviceId=detector.device_id, signalClass="SIGNAL_CLASS_ALARM"
        )
        for _ in alarms["alarms"]:
            self._ledger.add(Kind.ALARM, detector.device_id)
        listed = await _answer(officer, "/v1/incidents", premisesId=premises_id)
        for incident in listed["incidents"]:
            self._ledger.add(Kind.INCIDENT, premises_id)
            await self._brief(officer, incident["incidentId"])

    async def _brief(self, officer: Officer, incident_id: str) -> None:
        look = str(uuid4())
        address = f"/v1/incidents/{incident_id}/brief"
        told = await _answer(officer, address, look=look)
        self._ledger.add(Kind.LOOK, look)
        for one in told["brief"]["notifications"]:
            name = f"{incident_id}/{one.get('step', 0)}/{one['recipient']}/{one['channel']}"
            self._ledger.add(Kind.PAGE, name)


async def _answer(officer: Officer, path: str, look: str = "", **query: str) -> Any:
    headers = {"x-request-id": look} if look else {}
    response = await officer.client.get(path, params=query, headers=headers)
    response.raise_for_status()
    return response.json()


async def _pause(ended: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return
