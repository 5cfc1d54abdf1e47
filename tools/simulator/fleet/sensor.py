"""One detector: when it reports and what it says."""

from dataclasses import dataclass
from random import Random

from simulator.fleet import climate
from simulator.generator.devices import device_id
from ward.fire_safety.v1 import fire_safety_pb2 as pb
from ward.fire_safety.v1 import readings_pb2

FAULT = 1 << (readings_pb2.DEVICE_CONDITION_FAULT - 1)
LOW_BATTERY = 1 << (readings_pb2.DEVICE_CONDITION_LOW_BATTERY - 1)
EMPTY_BATTERY = 8.0
# Detectors were at work before the fleet was started: they know this many readings, two minutes
# of a mains detector.
KEPT = 12

# Three detectors in need of a hand, so that lists of faults have something to show. The eighth of
# the demo premises is wireless and takes no part in its fires.
TROUBLED = {
    device_id(1, 8): LOW_BATTERY,
    device_id(2, 2): FAULT,
    device_id(3, 1): FAULT,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One observation: device clock in ms since 1970, m⁻¹, °C, percent, condition bits; None is not measured."""

    at_ms: int
    optical_density: float | None
    temperature: float | None
    battery: float | None
    conditions: int = 0


@dataclass(frozen=True, slots=True)
class Sensor:
    """A detector of the register, as far as its reports depend on it."""

    device_id: str
    interval_s: int
    on_battery: bool
    conditions: int
    # A gateway measures nothing: what it sends are signs of life.
    measures: bool = True
    payload_format: pb.PayloadFormat.ValueType = pb.PAYLOAD_FORMAT_NATIVE
    over_mqtt: bool = False

    @classmethod
    def of(cls, device: pb.Device) -> "Sensor":
        """Return the detector, troubled if it is one of the three."""
        trouble = TROUBLED.get(device.device_id, 0)
        measures = device.kind != pb.DEVICE_KIND_GATEWAY
        return cls(
            device.device_id,
            device.interval_s,
            not device.mains_powered,
            trouble,
            measures,
            device.payload_format,
            device.protocol == pb.PROTOCOL_MQTT,
        )

    @property
    def is_own(self) -> bool:
        """Whether it is of another maker, and signs in as itself; the others share the fleet's connection."""
        return self.payload_format != pb.PAYLOAD_FORMAT_NATIVE

    @property
    def phase_s(self) -> float:
        """When within its interval it reports: spread evenly, the same after every start."""
        return climate.share(self.device_id, "phase") * self.interval_s

    def kept(self, at: float, rng: Random) -> list["Sample"]:
        """Return its last `KEPT` observations before a time, oldest first."""
        return [self.sample(at - n * self.interval_s, rng) for n in range(KEPT, 0, -1)]

    def sample(self, at: float, rng: Random) -> Sample:
        """Observe a room where nothing burns, at a time in seconds since 1970."""
        if not self.measures:
            return Sample(round(at * 1000), None, None, None, self.conditions)
        temperature = climate.room_temperature(self.device_id, at)
        return Sample(
            at_ms=round(at * 1000),
            optical_density=climate.clean_air(self.device_id, rng),
            temperature=rng.gauss(temperature, climate.ROOM_NOISE),
            battery=self._battery(at),
            conditions=self.conditions,
        )

    def _battery(self, at: float) -> float | None:
        if not self.on_battery:
            return None
        empty = self.conditions & LOW_BATTERY
        return EMPTY_BATTERY if empty else climate.battery(self.device_id, at)
