"""Carbon monoxide by dose, against the times of EN 50291-1."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.detection.dose import curve_of, dose_after
from fire_safety.detection.fold import DeviceState, fold
from fire_safety.domain.alarms.alarm import AlarmKind
from fire_safety.domain.profiles.profile import CoLimits
from fire_safety.domain.readings.reading import Reading
from tests.fire_safety.limits import PROFILE, limits_for
from tests.fire_safety.rooms import START_S, follow, tell

LIMITS = limits_for("co-dose")
CO = AlarmKind.CO
NEVER = float("inf")


def breathed(at_s: float, ppm: float) -> Reading:
    """Measure carbon monoxide alone."""
    at_ms = round((START_S + at_s) * 1000)
    return Reading(at_ms, at_ms, carbon_monoxide=ppm)


def alarms_at_min(ppm: float, interval_s: float, delay_s: float = 0) -> float:
    """Go from clean air into a constant concentration; tell after how many minutes it alarms, within four hours."""
    state = DeviceState()
    for n in range(-2, round(4 * 3600 / interval_s)):
        at_s = n * interval_s + delay_s
        state, told = fold(state, breathed(at_s, 0 if n < 0 else ppm), LIMITS)
        if told:
            return at_s / 60
    return NEVER


@pytest.mark.parametrize("interval_s", [10, 60])
@pytest.mark.parametrize(
    ("ppm", "not_before_min", "within_min"),
    [
        (30, 120, NEVER),
        (33, 120, NEVER),
        (36, 120, NEVER),
        (50, 60, 90),
        (55, 60, 90),
        (60, 60, 90),
        (100, 10, 40),
        (110, 10, 40),
        (120, 10, 40),
        (270, 0, 3),
        (300, 0, 3),
        (330, 0, 3),
        (5000, 0, 3),
    ],
)
def test_the_times_of_the_standard_are_kept(
    ppm: float, not_before_min: float, within_min: float, interval_s: float
) -> None:
    """At the concentrations of its test gases and a tenth around them, however often the device reports.

    The gas may come just after a reading: it is up to an interval older than the first that shows it.
    """
    assert alarms_at_min(ppm, interval_s) >= not_before_min
    assert alarms_at_min(ppm, interval_s, delay_s=interval_s * 0.999) <= within_min


@given(
    st.lists(st.tuples(st.floats(0, 600), st.floats(0, 200)), min_size=5, max_size=60),
    st.sampled_from([5, 30, 60]),
)
@settings(max_examples=100)
def test_more_carbon_monoxide_never_alarms_later(
    air: list[tuple[float, float]], interval_s: int
) -> None:
    """Whatever the course: with something added anywhere it alarms at the same time or before."""
    less = [breathed(n * interval_s, ppm) for n, (ppm, _) in enumerate(air)]
    more = [breathed(n * interval_s, ppm + added) for n, (ppm, added) in enumerate(air)]

    first = [
        next((at for at, _, raised in tell(one, limits=LIMITS) if raised), NEVER)
        for one in (less, more)
    ]

    assert first[1] <= first[0]


@given(st.floats(35, 50_000), st.floats(1, 2))
def test_the_curve_only_rises(ppm: float, times: float) -> None:
    """Between its points and beyond the last."""
    assert PROFILE.limits.carbon_monoxide
    curve = curve_of(PROFILE.limits.carbon_monoxide)

    assert 0 < dose_after(0, ppm, 1, curve) <= dose_after(0, ppm * times, 1, curve) * (1 + 1e-9)


def test_half_of_the_dose_leaves_in_its_time() -> None:
    """In clean air."""
    given_limits = PROFILE.limits.carbon_monoxide
    assert isinstance(given_limits, CoLimits)

    left = dose_after(0.8, 0, 320 * 60_000, curve_of(given_limits))

    assert left == pytest.approx(0.4)


@given(st.integers(1, 600), st.sampled_from([0.0, 60.0]))
def test_over_a_gap_nothing_is_added_and_what_was_taken_up_leaves(
    gap_min: int, ppm: float
) -> None:
    """What the air was while nothing was measured nobody knows: the dose is that of clean air until the longest gap."""
    state, _ = follow([breathed(t, 60) for t in range(0, 1800, 60)])
    taken_up, gas = state.live.dose, PROFILE.limits.carbon_monoxide
    assert gas
    ends_s = 1740 + LIMITS.gap_ms // 1000 + gap_min * 60

    after, _ = follow([breathed(ends_s, ppm)], state)

    left = taken_up * 0.5 ** (gap_min / gas.half_life_min)
    assert after.live.dose == pytest.approx(dose_after(left, ppm, LIMITS.gap_ms, curve_of(gas)))


def test_one_wild_reading_is_no_alarm() -> None:
    """Of whatever height: it must be confirmed by the next."""
    wild = [breathed(0, 0), breathed(60, 100_000), breathed(120, 0), breathed(180, 0)]

    assert tell(wild, limits=LIMITS) == []


def test_carbon_monoxide_is_restored_when_it_has_gone_for_its_hold() -> None:
    """Not while some is left, and not by a reading that says nothing of it."""
    gas = [breathed(t, 400) for t in range(0, 180, 10)]
    some = [breathed(t, 31) for t in range(180, 900, 10)]
    silent = [Reading((START_S + 900) * 1000, (START_S + 900) * 1000, temperature=20.0)]
    none = [breathed(t, 5) for t in range(910, 1300, 10)]

    told = tell([*gas, *some, *silent, *none], limits=LIMITS)

    assert [(kind, raised) for _, kind, raised in told] == [(CO, True), (CO, False)]
    assert told[1][0] == 1210


def test_devices_that_measure_it_in_every_other_reading_alarm_in_time() -> None:
    """The dose is counted from one measurement to the next, not from reading to reading."""
    told = tell(
        [
            breathed(t, 100) if t % 20 == 0 else breathed(t, 0)._replace(carbon_monoxide=None)
            for t in range(0, 3600, 10)
        ],
        limits=LIMITS,
    )

    assert 24 <= told[0][0] / 60 <= 26
