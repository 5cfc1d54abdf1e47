"""The fires of the demo: what each detector says and when."""

from itertools import groupby, pairwise

import pytest

from simulator.demo import traces
from simulator.demo.replay import Step, Timing, steps
from simulator.demo.stations import HIGHEST_TEMPERATURE, stations
from simulator.fleet import climate
from simulator.generator.seeds import Seed

NOW = 1_790_000_000.0
# Stations whose own photoelectric alarm sounded, with the earliest time in seconds.
SOUNDED = {
    "SDC05": {"A": 147, "B": 42, "C": 107, "D": 42, "E": 117},
    "SDC07": {"A": 167, "B": 85, "C": 135, "E": 115},
    "SDC38": {"A": 171, "B": 95, "C": 133, "D": 105, "E": 111},
    "SDC39": {"B": 90, "D": 102, "E": 120},
}


def played(test: str, speed: float) -> tuple[Timing, list[Step]]:
    """Return the steps of a fire whose station A is device D-A, and so on."""
    trace = traces.load(test)
    timing = Timing(NOW, trace.length_s, speed)
    placed = {f"D-{station.name}": station for station in stations(trace)}
    return timing, steps(placed, timing, Seed(1).random("test"))


@pytest.mark.parametrize("test", traces.TESTS)
def test_the_earliest_real_alarm_of_each_station_is_known(test: str) -> None:
    """It is the first photoelectric one; a station without any has none."""
    sounded = {s.name: s.photo_alarm_s for s in stations(traces.load(test)) if s.photo_alarm_s}

    assert sounded == SOUNDED[test]


@pytest.mark.parametrize("test", traces.TESTS)
@pytest.mark.parametrize("speed", [1, 10, 500])
def test_no_reading_comes_from_the_future(test: str, speed: float) -> None:
    """When it is sent, its device time is past, at any speed; the last one is 15 s before the start."""
    _, readings = played(test, speed)

    assert all(step.sample.at_ms / 1000 <= NOW + step.after_s for step in readings)
    assert max(step.sample.at_ms for step in readings) == (NOW - 15) * 1000


@pytest.mark.parametrize("test", traces.TESTS)
@pytest.mark.parametrize("speed", [1, 10, 500])
def test_device_times_keep_the_true_spacing(test: str, speed: float) -> None:
    """Each detector reports every row of its trace, as far apart as in the real fire."""
    timing, readings = played(test, speed)
    trace = traces.load(test)

    by_device = sorted(readings, key=lambda step: step.device_id)
    for _, group in groupby(by_device, key=lambda step: step.device_id):
        times = [timing.fire_s(step.sample.at_ms) for step in group]
        assert times == pytest.approx(trace.seconds, abs=0.001)


def test_a_fire_at_tenfold_speed_takes_a_tenth_of_the_time() -> None:
    """The rows of SDC07, two seconds apart, are sent 0.2 s apart."""
    _, readings = played("SDC07", 10)

    moments = sorted({step.after_s for step in readings})
    assert moments[-1] == pytest.approx(23.9)
    assert all(b - a == pytest.approx(0.2) for a, b in pairwise(moments))


def test_a_fire_begins_in_the_room_as_it_was() -> None:
    """The first readings are clean air at the room's own temperature: no step marks the start."""
    for test in traces.TESTS:
        _, readings = played(test, 10)
        for step in readings[:6]:
            room = climate.room_temperature(step.device_id, NOW)
            assert step.sample.optical_density < 0.015
            assert step.sample.temperature == pytest.approx(room, abs=1.5)


def test_a_detector_reports_no_more_than_it_can_measure() -> None:
    """Flames reach 390 °C at station B of SDC07; a detector's range ends before."""
    _, readings = played("SDC07", 10)

    assert max(step.sample.temperature for step in readings) == HIGHEST_TEMPERATURE
    assert max(step.sample.optical_density for step in readings) <= 2.0


def test_the_meter_under_the_ceiling_is_used_where_it_sees_smoke() -> None:
    """Its offset in clean air is taken off."""
    station = stations(traces.load("SDC05"))[4]

    assert (station.name, station.meter) == ("E", "SME_1")
    assert station.density[:3] == pytest.approx([0, 0, 0.001], abs=0.0015)


def test_a_dead_meter_leaves_the_temperature_to_tell() -> None:
    """Both meters of station A in SDC38 are dead; only the ceiling gets warmer, by 7.5 K."""
    station = stations(traces.load("SDC38"))[0]

    assert station.meter == "SMA_1"
    assert max(station.density) < 0.005
    assert max(station.warming) == pytest.approx(7.5, abs=0.1)


def test_no_replay_repeats_a_device_time_of_another() -> None:
    """Begun in any two seconds of a quarter of an hour, two replays share no reading's time."""
    trace = traces.load("SDC07")
    seen: set[int] = set()
    for second in range(0, 900, 7):
        timing = Timing.beginning(NOW + second + 0.5, trace.length_s, 10)
        times = {timing.device_ms(at) for at in trace.seconds}

        assert abs(timing.start - NOW - second) < 1
        assert not seen & times
        seen |= times
