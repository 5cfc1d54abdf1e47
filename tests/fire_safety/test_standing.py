"""From pre-alarm to alarm, held while it comes and goes, and its end."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.detection.standing import Standing
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import AlarmKind, Signal
from fire_safety.domain.readings.reading import Batch, Condition, Reading
from tests.fire_safety.limits import MAINS, PROFILES
from tests.fire_safety.rooms import CLEAN, SMOKE, START_S, reading

NOW = START_S * 1000
# As type A and B: verified by 30 s more, taken back after 60 s and after 300 s of normal.
TYPE_A, TYPE_B = "smoke-verified-a", "smoke-verified-b"


def ward(profile_id: str, **signalling: dict[AlarmKind, Standing]) -> Ward:
    """Remember one device, judged by a profile."""
    made = Ward(PROFILES, signalling, NOW)
    made.register([replace(MAINS, profile_id=profile_id)], NOW)
    return made


def take(made: Ward, *readings: Reading) -> list[Signal]:
    """Send readings, each in a message of its own and with a sweep after it."""
    signals = []
    for one in readings:
        signals += made.take(Batch(MAINS.device_id, one.received_ms, [one]))
        signals += made.sweep(one.received_ms)
    return signals


def told(signals: list[Signal]) -> list[tuple[float, str]]:
    """Tell when, in seconds, and what."""
    names = {True: "pre-alarm", False: "alarm"}
    return [
        (one.received_ms / 1000 - START_S, names[one.pre_alarm] if one.raised else "restored")
        for one in signals
        if one.kind is AlarmKind.SMOKE
    ]


def smoke(start: float, end: float) -> list[Reading]:
    """Smoke, every ten seconds."""
    return [reading(t, SMOKE) for t in range(round(start), round(end), 10)]


def air(start: float, end: float) -> list[Reading]:
    """Clean air, every ten seconds."""
    return [reading(t, CLEAN) for t in range(round(start), round(end), 10)]


# ---------------------------------------------------------------- verification


@pytest.mark.parametrize("profile_id", [TYPE_A, TYPE_B])
def test_measured_smoke_is_a_pre_alarm_at_once_and_the_alarm_when_it_lasts(
    profile_id: str,
) -> None:
    """Told when the limits are met; confirmed by the same device 30 s later; each once."""
    assert told(take(ward(profile_id), *smoke(0, 600))) == [(10, "pre-alarm"), (40, "alarm")]


def test_smoke_that_comes_and_goes_is_confirmed_as_well() -> None:
    """The pre-alarm has waited: what shows smoke again after that is the second sign."""
    signals = take(ward(TYPE_B), *smoke(0, 20), *air(20, 50), *smoke(50, 70))

    assert told(signals) == [(10, "pre-alarm"), (60, "alarm")]


@pytest.mark.parametrize(("profile_id", "cancel_after_s"), [(TYPE_A, 60), (TYPE_B, 300)])
def test_a_pre_alarm_is_taken_back_when_it_has_been_normal_long_enough(
    profile_id: str, cancel_after_s: int
) -> None:
    """Normal since it was below the limit for its hold; and not a moment sooner."""
    signals = take(ward(profile_id), *smoke(0, 20), *air(20, 600))

    assert told(signals) == [(10, "pre-alarm"), (50 + cancel_after_s, "restored")]


def test_a_pre_alarm_is_taken_back_without_another_reading() -> None:
    """A device that only speaks when something happens has said all there is to say."""
    made = ward(TYPE_B)
    warning = reading(0, None, None, int(Condition.SMOKE_WARNING))

    first = take(made, warning, reading(5, None, None))
    swept = [signal for s in range(6, 400) for signal in made.sweep((START_S + s) * 1000)]

    assert told(first) == [(0, "pre-alarm")]
    assert told(swept) == [(305, "restored")]


def test_a_pre_alarm_waits_on_after_a_restart() -> None:
    """It is known from the database, with the time since when it waits."""
    waiting = {AlarmKind.SMOKE: Standing(NOW - 60_000, pre_alarm=True, measured=True)}

    signals = take(ward(TYPE_B, **{MAINS.device_id: waiting}), *smoke(0, 30))

    assert told(signals) == [(10, "alarm")]


@given(st.lists(st.sampled_from([CLEAN, 0.02, SMOKE]), max_size=80))
@settings(max_examples=100)
def test_verification_lowers_the_class_and_suppresses_nothing(air_of: list[float]) -> None:
    """What alarms without it is a pre-alarm at the same reading with it, or stands as one already."""
    readings = [reading(10 * n, density) for n, density in enumerate(air_of)]
    plain, verified = ward("smoke-optical"), ward(TYPE_B)
    stands = False
    for one in readings:
        at_once, later = take(plain, one), take(verified, one)
        stands = next((signal.raised for signal in reversed(later)), stands)
        assert stands or not any(signal.raised for signal in at_once)


# ---------------------------------------------------------------- flapping


def flaps(times: int, start: float = 0) -> list[Reading]:
    """Smoke that lasts and goes, once a minute."""
    return [
        one
        for n in range(times)
        for one in (
            *smoke(start + 60 * n, start + 60 * n + 20),
            *air(start + 60 * n + 20, start + 60 * n + 60),
        )
    ]


def test_what_comes_and_goes_is_held_as_raised() -> None:
    """The sixth time within an hour it is shelved for an hour; shown as raised all the time, and told no more."""
    made = ward("smoke-optical")
    signals = take(made, *flaps(20))

    last = signals[-1]
    assert [one.raised for one in signals] == [True, False] * 5 + [True]
    assert last.shelved_until_ms == last.received_ms + 3_600_000
    assert [one.shelved_until_ms for one in signals[:-1]] == [0] * 10


def test_what_was_shelved_is_restored_when_it_is_quiet_after_its_time() -> None:
    """By the clock, if no reading comes."""
    made = ward("smoke-optical")
    until_s = take(made, *flaps(20))[-1].shelved_until_ms / 1000 - START_S

    quiet = take(made, *air(1200, 3000))
    made.supervision.resume(NOW)
    swept = [one for s in range(3000, 5000) for one in made.sweep((START_S + s) * 1000)]

    assert told(quiet) == []
    assert told(swept) == [(round(until_s), "restored")]


def test_what_burns_when_its_shelving_ends_goes_on() -> None:
    """Never told as normal, and restored as ever afterwards."""
    made = ward("smoke-optical")
    take(made, *flaps(20))

    assert told(take(made, *smoke(1200, 4200), *air(4200, 4300))) == [(4230, "restored")]


def test_shelving_goes_on_after_a_restart() -> None:
    """It is known from the database until when."""
    shelved = {AlarmKind.SMOKE: Standing(NOW, measured=True, shelved_until_ms=NOW + 600_000)}

    signals = take(ward("smoke-optical", **{MAINS.device_id: shelved}), *air(0, 900))

    assert told(signals) == [(600, "restored")]


def test_what_came_and_went_before_a_change_of_shares_counts() -> None:
    """Whoever begins anew with what was raised lately shelves as whoever goes on does."""
    made = ward("smoke-optical")
    before = take(made, *flaps(4))
    raised = tuple(one.received_ms for one in before if one.raised)
    anew = Ward(PROFILES, {}, NOW, raises={MAINS.device_id: {AlarmKind.SMOKE: raised}})
    anew.register([replace(MAINS, profile_id="smoke-optical")], NOW)
    after = take(anew, *flaps(3, 240))

    assert [one.raised for one in before + after] == [True, False] * 5 + [True]
    assert after[-1].shelved_until_ms


@given(st.lists(st.integers(1, 8), min_size=10, max_size=80))
@settings(max_examples=60)
def test_shelving_never_tells_normal_while_it_smokes(lengths: list[int]) -> None:
    """However it comes and goes: smoke for some readings, clean air for some."""
    made, at, signals = ward("smoke-optical"), 0, []
    for n, length in enumerate(lengths):
        some = (air if n % 2 else smoke)(at, at + 10 * length)
        at += 10 * length
        for one in some:
            new = take(made, one)
            assert one.optical_density == CLEAN or all(signal.raised for signal in new)
            signals += new

    assert [one.raised for one in signals] == [n % 2 == 0 for n in range(len(signals))]
    hour = 3_600_000
    raised = [one.received_ms for one in signals if one.raised]
    assert all(b - a >= hour for a, b in zip(raised, raised[6:], strict=False))
