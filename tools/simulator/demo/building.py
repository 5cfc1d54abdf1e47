"""The demo premises as the platform knows it: its detectors and where the stations of a fire go."""

import asyncio
import time
from dataclasses import dataclass

from simulator.demo.errors import NoPremisesError
from simulator.demo.gateway import Gateway
from simulator.demo.stations import Station
from ward.fire_safety.v1 import fire_safety_pb2 as fire

CODE = "CS-0001"
# From the station nearest to the fire outwards, as smoke reached them in the tests: the fire is in
# the garage of the ground floor and the smoke rises through the stairs.
PLACED = "BDFECA"
HEARD_WITHIN_S = 15.0
LOOK_S = 0.5


@dataclass(frozen=True)
class Building:
    """The premises and the detectors that take part, in the order of `PLACED`."""

    premises: fire.Premises
    devices: list[fire.Device]

    @property
    def device_ids(self) -> list[str]:
        """The ids of the detectors that take part."""
        return [device.device_id for device in self.devices]

    @property
    def heard(self) -> bool:
        """Whether a reading of each detector has been taken in."""
        return all(device.HasField("last_seen_at") for device in self.devices)

    @property
    def zones(self) -> dict[str, str]:
        """The name of each detector's zone."""
        names = {zone.zone_id: zone.name for zone in self.premises.zones}
        return {device.device_id: names.get(device.zone_id, "") for device in self.devices}

    def place(self, stations: list[Station]) -> dict[str, Station]:
        """Return the station that each detector stands for."""
        by_name = {station.name: station for station in stations}
        return {
            device_id: by_name[name]
            for device_id, name in zip(self.device_ids, PLACED, strict=True)
        }


async def find(gateway: Gateway) -> Building:
    """Find the demo premises, the first of the register, once its detectors have been heard.

    Right after the start that takes one interval; without a fleet they never are, and it goes on.
    Raises NoPremisesError.
    """
    give_up = time.monotonic() + HEARD_WITHIN_S
    place = await _find(gateway)
    while not place.heard and time.monotonic() < give_up:
        await asyncio.sleep(LOOK_S)
        place = await _find(gateway)
    return place


async def _find(gateway: Gateway) -> Building:
    listed = await gateway.get("/v1/premises", fire.ListPremisesResponse(), page_size=1)
    if not listed.premises or listed.premises[0].code != CODE:
        raise NoPremisesError
    premises = listed.premises[0]
    path = f"/v1/premises/{premises.premises_id}/devices"
    hung = await gateway.get(path, fire.ListDevicesResponse(), page_size=100)
    wired = [device for device in hung.devices if device.mains_powered]
    if len(wired) < len(PLACED):
        raise NoPremisesError
    return Building(premises, wired[: len(PLACED)])
