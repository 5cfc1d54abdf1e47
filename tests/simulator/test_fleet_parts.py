"""The parts of the fleet, without a broker."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from simulator import wire
from simulator.fleet import climate
from simulator.fleet.command import read_sensors
from simulator.fleet.holds import HoldRequest, Holds, InvalidHoldError
from simulator.fleet.mailbox import CAPACITY, Mailbox
from simulator.fleet.schedule import Schedule
from simulator.fleet.sensor import FAULT, LOW_BATTERY, Sample, Sensor
from simulator.generator.seeds import Seed
from ward.fire_safety.v1 import readings_pb2 as pb

NOON = 1_790_000_000.0


def sensor(device_id: str = "CS0009-D01", interval_s: int = 10) -> Sensor:
    """Make a mains detector."""
    return Sensor(device_id, interval_s, on_battery=False, conditions=0)


def sample(at_ms: int) -> Sample:
    """Make an observation of clean air."""
    return Sample(at_ms, 0.002, 25.0, None)


def test_each_detector_comes_once_an_interval_and_not_all_at_once() -> None:
    """In a minute 100 mains detectors report 6 times each, at most 25 in any second."""
    sensors = [sensor(f"CS0009-D{n:02d}") for n in range(100)]
    schedule = Schedule(sensors, NOON)

    seconds = [
        [sensor.device_id for sensor, _ in schedule.due(NOON + second)] for second in range(1, 61)
    ]

    reports = sorted(device for second in seconds for device in second)
    assert reports == sorted(s.device_id for s in sensors for _ in range(6))
    assert max(map(len, seconds)) <= 25


def test_after_a_standstill_each_detector_comes_once() -> None:
    """An hour without a turn is one report a detector, not 360, and it is of this interval."""
    schedule = Schedule([sensor()], NOON)

    ((_, at),) = schedule.due(NOON + 3600)

    assert NOON + 3590 < at <= NOON + 3600
    assert (at - sensor().phase_s) % 10 == pytest.approx(0)


def test_a_detector_was_at_work_before_the_fleet_was() -> None:
    """It knows its last twelve readings: of a mains detector, two minutes."""
    kept = sensor().kept(NOON, Seed(1).random("test"))

    assert [NOON - s.at_ms / 1000 for s in kept] == list(range(120, 0, -10))


def test_clean_air_is_clean_and_rooms_change_slowly() -> None:
    """Optical density stays in 0.001 to 0.004 m⁻¹; a room moves less than 0.5 K an hour."""
    rng = Seed(1).random("test")
    air = [climate.clean_air("CS0009-D01", rng) for _ in range(1000)]
    rooms = [climate.room_temperature("CS0009-D01", NOON + 3600 * h) for h in range(25)]

    assert min(air) >= 0.001
    assert max(air) <= 0.004
    assert max(air) - min(air) > 0.0005
    assert 21 < min(rooms) < max(rooms) < 29
    assert all(abs(b - a) < 0.5 for a, b in pairwise(rooms))


def test_a_battery_falls_a_little_every_day() -> None:
    """A tenth of a percent a day."""
    today = climate.battery("CS0009-D01", NOON)

    assert climate.battery("CS0009-D01", NOON + 86_400) == pytest.approx(today - 0.1)


def test_three_detectors_need_a_hand(small_ward_sensors: list[Sensor]) -> None:
    """One low battery in the demo premises, two faults elsewhere, and all others are well."""
    troubled = {s.device_id: s.conditions for s in small_ward_sensors if s.conditions}

    assert troubled == {"CS0001-D08": LOW_BATTERY, "CS0002-D02": FAULT, "CS0003-D01": FAULT}
    low = next(s for s in small_ward_sensors if s.device_id == "CS0001-D08")
    assert low.sample(NOON, Seed(1).random("test")).battery == 8.0


def test_a_reading_says_all_a_mains_detector_knows() -> None:
    """Clock, optical density, temperature and conditions are always there; battery is not."""
    batch = pb.ReadingBatch.FromString(wire.encode("D1", [sample(7), sample(8)]))

    assert [reading.observed_at_ms for reading in batch.readings] == [7, 8]
    assert batch.device_id == "D1"
    assert batch.readings[0].HasField("conditions")
    assert not batch.readings[0].HasField("battery")


def test_a_batch_under_way_stays_the_same_until_acknowledged() -> None:
    """What is sent again is the same message, with later samples waiting behind it."""
    box = Mailbox()
    box.add(sample(1))
    first = box.take()
    box.add(sample(2))

    assert box.take() == first
    assert box.acknowledge(1) == 1
    assert box.take() == (sample(2),)


def test_a_late_acknowledgement_of_an_earlier_batch_counts_for_nothing() -> None:
    """Only the batch it names is forgotten."""
    box = Mailbox()
    box.add(sample(1))
    box.take()
    box.acknowledge(1)
    box.add(sample(2))
    box.take()

    assert box.acknowledge(1) == 0
    assert box.under_way == (sample(2),)


def test_a_full_mailbox_drops_the_oldest_and_counts_it() -> None:
    """Memory is bounded; the newest samples survive."""
    box = Mailbox()
    for at_ms in range(CAPACITY + 3):
        box.add(sample(at_ms))

    assert box.dropped == 3
    assert box.take()[0].at_ms == 3


def test_a_hold_ends_by_itself_or_at_once() -> None:
    """A lease covers its seconds; zero seconds end it."""
    holds = Holds()
    holds.grant(HoldRequest(("D1", "D2"), 60), now=100)
    holds.grant(HoldRequest(("D2",), 0), now=110)

    assert holds.covers("D1", 159)
    assert not holds.covers("D1", 161)
    assert not holds.covers("D2", 111)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"device_ids": "D1", "seconds": 1}']
    + [json.dumps({"device_ids": [], "seconds": s}).encode() for s in (-1, 1e9, "x", None)],
)
def test_a_malformed_hold_is_refused(data: bytes) -> None:
    """Anything but ids and a sensible time is an InvalidHoldError."""
    with pytest.raises(InvalidHoldError):
        HoldRequest.parse(data)


@pytest.fixture(scope="module")
def small_ward_sensors(small_ward: Path) -> list[Sensor]:
    """Read the detectors of the small ward."""
    return read_sensors(small_ward)
