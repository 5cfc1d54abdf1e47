"""Several buildings burn at once; afterwards everything is counted in the databases."""

import asyncio
import time
from dataclasses import dataclass

from tests.containers.platform import Platform
from tests.system.officer import Officer
from tests.system.smoke import CLEAN_AIR, SMOKE, Detector

BUILDINGS = 3
DETECTORS = 2
PATIENCE_S = 90


@dataclass(frozen=True)
class Fires:
    """Some detectors of some premises, and how many readings each has had acknowledged."""

    platform: Platform
    detectors: dict[str, list[Detector]]

    @classmethod
    async def choose(cls, platform: Platform, first: int) -> "Fires":
        """Take premises of the register from the number `first` on."""
        place, ports = platform.place, platform.nats_ports
        detectors = {}
        async with Officer(place) as officer:
            for number in range(first, first + BUILDINGS):
                premises_id = (await officer.premises(number))["premisesId"]
                devices = (await officer.devices(premises_id))[:DETECTORS]
                detectors[premises_id] = [Detector(place, one, ports) for one in devices]
        return cls(platform, detectors)

    @property
    def all(self) -> list[Detector]:
        """Every detector."""
        return [one for those in self.detectors.values() for one in those]

    async def begin(self) -> None:
        """Report clean air, and then the first smoke."""
        await self.report(CLEAN_AIR, 3)
        await self.report(SMOKE, 2)

    async def burn(self) -> None:
        """Report enough smoke for an alarm."""
        await self.report(SMOKE, 8)

    async def report(self, optical_density: float, times: int) -> None:
        """Let all detectors report at once; each waits for the acknowledgement of each of its readings."""
        await asyncio.gather(*(one.report(optical_density, times) for one in self.all))

    async def until_settled(self) -> None:
        """Wait until as much is stored as was acknowledged, and an incident holds the alarm of every detector."""
        deadline = time.monotonic() + PATIENCE_S
        while missing := await asyncio.to_thread(self._missing):
            assert time.monotonic() < deadline, f"missing after {PATIENCE_S} s: {missing}"
            await asyncio.sleep(0.5)

    def _missing(self) -> dict[str, int]:
        """Count what is not there yet: readings, alarms, and alarms in incidents."""
        expected = {
            "readings": (sum(one.reported for one in self.all), self.stored().values()),
            "alarms": (len(self.all), self.alarms().values()),
            "alarms in incidents": (len(self.all), map(len, self.incidents().values())),
        }
        left = {what: number - sum(there) for what, (number, there) in expected.items()}
        return {what: number for what, number in left.items() if number > 0}

    def stored(self) -> dict[str, int]:
        """Count the readings in the database, by device."""
        return self._of_devices("select device_id, count(*) from readings group by 1")

    def alarms(self) -> dict[str, int]:
        """Count the smoke alarms in the database, by device."""
        return self._of_devices(
            "select device_id, count(*) from alarms where kind = 'SMOKE' group by 1"
        )

    def incidents(self) -> dict[str, list[str]]:
        """List the devices whose alarms each incident holds, by premises and incident."""
        rows = self.platform.rows(
            "incidents",
            "select premises_id, incident_id, device_id from incidents "
            "join incident_alarms using (incident_id)",
        )
        found: dict[str, list[str]] = {}
        for premises_id, incident_id, device_id in rows:
            if premises_id in self.detectors:
                found.setdefault(f"{premises_id} {incident_id}", []).append(device_id)
        return found

    def openings(self) -> dict[str, int]:
        """Count how often the timeline says that an incident was opened, by premises."""
        rows = self.platform.rows(
            "incidents",
            "select premises_id, count(*) from incidents join timeline using (incident_id) "
            "where timeline.kind = 'opened' group by 1",
        )
        return {one: int(count) for one, count in rows if one in self.detectors}

    def _of_devices(self, statement: str) -> dict[str, int]:
        devices = {one.device_id for one in self.all}
        rows = self.platform.rows("fire_safety", statement)
        return {one: int(count) for one, count in rows if one in devices}

    def assert_nothing_lost_or_doubled(self) -> None:
        """Each acknowledged reading is stored once; a detector has one alarm, a building one incident with them."""
        assert self.stored() == {one.device_id: one.reported for one in self.all}
        assert self.alarms() == {one.device_id: 1 for one in self.all}
        incidents = self.incidents()
        assert sorted(one.split()[0] for one in incidents) == sorted(self.detectors)
        for incident, devices in incidents.items():
            expected = [one.device_id for one in self.detectors[incident.split()[0]]]
            assert sorted(devices) == sorted(expected)
        assert self.openings() == dict.fromkeys(self.detectors, 1)
