"""The evaluation cannot lie: what never alarms misses every fire, what always alarms is false everywhere."""

from dataclasses import replace

import pytest

from evaluation.evaluation import INTERVALS_S, NUISANCES, Evaluation, evaluate, is_judged_by
from evaluation.nuisance import nuisances
from evaluation.scoring import judge, score_fires, score_nuisance
from evaluation.traces import Label, Trace, fires, reading
from fire_safety.detection.limits import Limits, limits_of
from fire_safety.domain.profiles.profile import HeatLimits, Profile, SmokeLimits
from tests.fire_safety.limits import PROFILE, PROFILES

SEEDS = range(3)
# A fire of 26 s that a real alarm told after 10 s.
BURNING = [reading(at, 0.002 if at < 6 else 0.5, 25.0) for at in range(0, 26, 2)]
FIRE = Trace("made up", Label.FIRE, BURNING, photo_alarm_s=10)


def profile(alarm_m1: float, hold_s: float = 0) -> Profile:
    """Make a profile that alarms from this optical density on."""
    smoke = SmokeLimits(alarm_m1, alarm_m1 / 2, hold_s, 30, 0, 0)
    rhythm = replace(PROFILE.limits.rhythm, confirming_readings=1)
    limits = replace(PROFILE.limits, rhythm=rhythm, smoke=smoke, heat=HeatLimits(5000, 4000, 60))
    return Profile("made-up", 1, limits)


def limits(one: Profile) -> Limits:
    """Apply it to a detector that reports every 2 s."""
    return limits_of(one, 2, mains_powered=True)


@pytest.fixture(scope="module")
def never() -> list[Evaluation]:
    """Evaluate a profile that nothing makes alarm."""
    return list(evaluate([profile(1000)], SEEDS))


@pytest.fixture(scope="module")
def always() -> list[Evaluation]:
    """Evaluate a profile that clean air makes alarm."""
    return list(evaluate([profile(0.0001)], SEEDS))


def test_what_never_alarms_misses_every_fire(never: list[Evaluation]) -> None:
    """And is never false."""
    assert [one.interval_s for one in never] == list(INTERVALS_S)
    for one in never:
        assert (one.fires.fires, one.fires.detected, len(one.fires.missed)) == (17, 0, 17)
        assert (one.fires.median_lag_s, one.fires.not_later, one.fires.pre_alarmed) == (None, 0, 0)
        assert all(score.alarms == 0 for score in one.nuisances.values())


def test_what_always_alarms_is_false_everywhere(always: list[Evaluation]) -> None:
    """However early it tells the fires."""
    for one in always:
        assert (one.fires.detected, one.fires.not_later) == (17, 17)
        assert list(one.nuisances) == list(NUISANCES)
        for score in one.nuisances.values():
            assert (score.traces, score.alarmed) == (len(SEEDS), len(SEEDS))
            assert score.alarms >= len(SEEDS)


@pytest.mark.parametrize(("hold_s", "lag_s"), [(0, -4), (4, 0), (10, 6)])
def test_the_lag_is_measured_from_the_real_alarm(hold_s: float, lag_s: float) -> None:
    """Negative ahead of it."""
    score = score_fires([judge(FIRE, limits(profile(0.1, hold_s)))])

    assert (score.lags_s, score.missed) == ([lag_s], [])
    assert score.not_later == (lag_s <= 0)


def test_a_pre_alarm_is_no_alarm() -> None:
    """A fire that ends before it is verified is missed, and said to have been pre-alarmed."""
    (verified,) = (one for one in PROFILES if one.profile_id == "smoke-verified-b")
    score = score_fires([judge(FIRE, limits(verified))])

    assert (score.detected, score.missed, score.pre_alarmed) == (0, ["made up"], 1)


def test_a_nuisance_that_alarms_twice_is_one_trace_and_two_alarms() -> None:
    """Traces of other labels do not count."""
    densities = [0.5 if 100 <= at < 200 or 400 <= at < 500 else 0.002 for at in range(0, 700, 2)]
    burnt = Trace(
        "made up", Label.COOKING, [reading(2 * n, d, 25.0) for n, d in enumerate(densities)]
    )
    told = [judge(one, limits(PROFILE)) for one in (burnt, FIRE)]

    score = score_nuisance(Label.COOKING, told)

    assert (score.traces, score.alarmed, score.alarms, score.pre_alarmed_only) == (1, 1, 2, 0)
    assert score_nuisance(Label.STEAM, told).traces == 0


def test_seventeen_stations_with_a_real_alarm_are_judged() -> None:
    """Each until the end of its data, with the real alarm within them."""
    burning = list(fires())

    assert len({one.name for one in burning}) == 17
    for one in burning:
        seconds = [at.observed_ms for at in one.readings]
        assert seconds == sorted(set(seconds))
        assert one.photo_alarm_s is not None


def test_the_same_seeds_give_the_same_traces_and_others_give_others() -> None:
    """Whoever runs it sees the same counts."""
    first = list(nuisances(range(2)))

    assert first == list(nuisances(range(2)))
    assert len({tuple(one.readings) for one in first}) == len(first)


def test_synthetic_traces_are_called_synthetic_and_believable() -> None:
    """Every single one of them, and nothing in them is beyond what a detector may send."""
    for one in nuisances(SEEDS):
        assert one.name.startswith("SYNTHETIC ")
        assert one.label is not Label.FIRE
        assert one.photo_alarm_s is None
        assert all(0 <= (at.optical_density or 0) <= 1.1 for at in one.readings)
        assert all(20 <= (at.temperature or 0) <= 40 for at in one.readings)


def test_a_slower_detector_tells_less() -> None:
    """Never anything that was not measured."""
    told = FIRE.every(10).readings

    assert [one.observed_ms - told[0].observed_ms for one in told] == [0, 10_000, 20_000]
    assert set(told) <= set(FIRE.readings)


def test_profiles_that_judge_neither_smoke_nor_heat_are_left_out() -> None:
    """They would miss every fire by their nature."""
    left_out = {one.profile_id for one in PROFILES if not is_judged_by(one)}

    assert left_out == {"co-dose", "declared"}
