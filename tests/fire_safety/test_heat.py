"""Heat by the classes of EN 54-5 (times of response from its table, as far as they are known)."""

import pytest

from fire_safety.domain.alarms.alarm import AlarmKind
from fire_safety.domain.readings.reading import Reading
from tests.fire_safety.limits import limits_for
from tests.fire_safety.rooms import START_S, reading, tell

CLASSES = {"a1": (54, 65), "a2": (54, 70), "b": (69, 85)}
SUFFIXES = ("", "s", "r")


def rising(k_per_min: float, from_c: float, to_c: float) -> list[Reading]:
    """Rise evenly, with a reading every ten seconds."""
    until_s = round((to_c - from_c) / k_per_min * 60) + 30
    calm = [reading(t, temperature=from_c) for t in range(-120, 0, 10)]
    return calm + [
        reading(t, temperature=from_c + t * k_per_min / 60) for t in range(0, until_s, 10)
    ]


def responds_at(profile_id: str, readings: list[Reading]) -> tuple[float, float]:
    """Tell when, in seconds, and at which temperature it alarms first."""
    told = tell(readings, limits=limits_for(profile_id))
    at, kind, raised = told[0]
    assert (kind, raised) == (AlarmKind.HEAT, True)
    (temperature,) = (
        one.temperature for one in readings if one.observed_ms == round((START_S + at) * 1000)
    )
    assert temperature is not None
    return at, temperature


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_static_response_is_inside_its_class(name: str, suffix: str) -> None:
    """When it grows warm as slowly as a day does."""
    lowest, highest = CLASSES[name]

    _, temperature = responds_at(f"heat-{name}{suffix}", rising(0.5, lowest - 15, highest + 5))

    assert lowest <= temperature <= highest


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("k_per_min", [10, 20, 30])
def test_suffix_s_waits_for_its_temperature_however_fast_the_rise(
    name: str, k_per_min: float
) -> None:
    """Boiler rooms and kitchens: a fast rise is no fire there."""
    _, temperature = responds_at(f"heat-{name}s", rising(k_per_min, 25, 110))

    assert temperature >= CLASSES[name][0]


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize(
    ("k_per_min", "not_before_s", "within_s"), [(10, 60, 260), (20, 30, 140), (30, 20, 100)]
)
def test_suffix_r_responds_to_the_rise_within_its_times(
    name: str, k_per_min: float, not_before_s: float, within_s: float
) -> None:
    """Even from far below the temperature of the room."""
    at, _ = responds_at(f"heat-{name}r", rising(k_per_min, 5, 120))

    assert not_before_s <= at <= within_s


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_morning_sun_is_no_fire(suffix: str) -> None:
    """5 K/min up to the highest temperature of application."""
    assert tell(rising(5, 20, 49), limits=limits_for(f"heat-a1{suffix}")) == []
