"""Devices that are tested, disabled, retired, or gone mad."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.detection.limits import limits_of
from fire_safety.detection.modes import Mode
from fire_safety.detection.standing import Standing
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import AlarmKind, Signal, Suppression
from fire_safety.domain.profiles.profile import Strangers
from fire_safety.domain.readings.reading import Batch, Condition, Reading
from tests.fire_safety.limits import MAINS, PROFILE, PROFILES
from tests.fire_safety.rooms import CLEAN, ROOM, SMOKE, START_S, reading

NOW = START_S * 1000
DEVICE = MAINS.device_id
TEST, CALLED = int(Condition.TEST), int(Condition.MANUAL_CALL_POINT)
LONGEST_MS = 14_400_000
SMOKE_RAISED, SMOKE_RESTORED = (AlarmKind.SMOKE, True), (AlarmKind.SMOKE, False)


def ward(**signalling: dict[AlarmKind, Standing]) -> Ward:
    """Remember one device."""
    made = Ward(PROFILES, signalling, NOW)
    made.register([MAINS], NOW)
    return made


def take(made: Ward, *readings: Reading) -> list[Signal]:
    """Send readings, each in a message of its own."""
    return [
        signal for one in readings for signal in made.take(Batch(DEVICE, one.received_ms, [one]))
    ]


def smoke(start: int, end: int, conditions: int = 0) -> list[Reading]:
    """Smoke, every ten seconds."""
    return [reading(t, SMOKE, conditions=conditions) for t in range(start, end, 10)]


def air(start: int, end: int, conditions: int = 0) -> list[Reading]:
    """Clean air, every ten seconds."""
    return [reading(t, CLEAN, conditions=conditions) for t in range(start, end, 10)]


def told(signals: list[Signal]) -> list[tuple[float, AlarmKind, bool, Suppression | None]]:
    """Tell when, in seconds, what, and why it counts for nothing."""
    return [
        (one.received_ms / 1000 - START_S, one.kind, one.raised, one.suppressed) for one in signals
    ]


def mode(
    why: Suppression = Suppression.TEST, since: int = 0, until: int = 100
) -> dict[str, tuple[Mode]]:
    """Suppress the device from one second to another."""
    return {DEVICE: (Mode(why, (START_S + until) * 1000, (START_S + since) * 1000),)}


# ---------------------------------------------------------------- test and disablement


@pytest.mark.parametrize("why", list(Suppression))
def test_what_a_suppressed_device_gives_is_recorded_as_such(why: Suppression) -> None:
    """Beginning and end alike."""
    made = ward()
    made.suppress(mode(why, until=1000), LONGEST_MS)

    signals = take(made, *smoke(0, 30), *air(30, 100))

    assert told(signals) == [(10, *SMOKE_RAISED, why), (60, *SMOKE_RESTORED, why)]


def test_a_device_that_says_it_is_tested_is_suppressed() -> None:
    """As long as it says so."""
    signals = take(ward(), *smoke(0, 30, TEST), *air(30, 100))

    assert told(signals) == [(10, *SMOKE_RAISED, Suppression.TEST)]


def test_a_device_that_says_for_ever_that_it_is_tested_is_not_believed() -> None:
    """One whose test never ends would hide every fire; when it ends, the next one is a test again."""
    made = ward()
    made.suppress({}, 100_000)

    stuck = take(made, *smoke(0, 120, TEST))
    ended = take(made, *air(120, 200))
    again = take(made, *smoke(200, 220, TEST))

    assert told(stuck) == [(10, *SMOKE_RAISED, Suppression.TEST), (110, *SMOKE_RAISED, None)]
    assert told(ended) == [(150, *SMOKE_RESTORED, None)]
    assert told(again) == [(210, *SMOKE_RAISED, Suppression.TEST)]


def test_a_test_ends_nothing() -> None:
    """The fire that was burning before goes on, and ends after it."""
    made = ward()
    before = take(made, *smoke(0, 20))
    made.suppress(mode(since=20, until=200), LONGEST_MS)
    during = take(made, *air(20, 200))
    after = take(made, *air(200, 300))

    assert told(before) == [(10, *SMOKE_RAISED, None)]
    assert told(during) == []
    assert told(after) == [(230, *SMOKE_RESTORED, None)]


def test_a_pre_alarm_waits_for_clean_air_that_counts() -> None:
    """Normal before a test, and normal during it, is not normal until the test is over."""
    made = Ward(PROFILES, {}, NOW)
    made.register([replace(MAINS, profile_id="smoke-verified-a")], NOW)
    take(made, *smoke(0, 20), *air(20, 80))
    made.suppress(mode(since=80, until=500), LONGEST_MS)
    during = take(made, *air(80, 500)) + made.sweep(NOW + 499_000)

    after = take(made, *air(500, 700))

    assert during == []
    assert told(after) == [(590, *SMOKE_RESTORED, None)]


@pytest.mark.parametrize("ended_by_person", [False, True])
def test_smoke_that_is_still_there_after_the_mode_alarms_after_its_hold(
    *, ended_by_person: bool
) -> None:
    """Whether its time is over or a person ended it; what was shown during the mode counts for nothing."""
    made = ward()
    made.suppress(mode(until=1000 if ended_by_person else 50), LONGEST_MS)
    take(made, *smoke(0, 50))
    if ended_by_person:
        made.suppress({}, LONGEST_MS)

    assert told(take(made, *smoke(50, 80))) == [(60, *SMOKE_RAISED, None)]


def swept(made: Ward, begin: int, end: int) -> list[Signal]:
    """Look every second, while nothing is sent."""
    return [one for s in range(begin, end) for one in made.sweep(NOW + s * 1000)]


@pytest.mark.parametrize("ended_by_person", [False, True])
@pytest.mark.parametrize("why", list(Suppression))
def test_a_fire_that_was_declared_during_the_mode_is_told_at_its_end(
    why: Suppression, *, ended_by_person: bool
) -> None:
    """A device that speaks of what changes alone may say nothing more for a day."""
    made = ward()
    made.suppress(mode(why, until=1000 if ended_by_person else 30), LONGEST_MS)
    during = take(made, reading(20, conditions=CALLED)) + swept(made, 20, 30)
    if ended_by_person:
        made.suppress({}, LONGEST_MS)

    after = swept(made, 30, 40)

    assert told(during) == [(20, AlarmKind.MANUAL_CALL_POINT, True, why)]
    assert told(after) == [(30, AlarmKind.MANUAL_CALL_POINT, True, None)]
    assert told(take(made, *air(40, 60))) == [(40, AlarmKind.MANUAL_CALL_POINT, False, None)]


@pytest.mark.parametrize(
    "meanwhile",
    [
        [reading(20, conditions=CALLED), reading(25)],
        [reading(20, SMOKE), reading(30, SMOKE), reading(40, SMOKE)],
        [reading(20, conditions=CALLED | TEST)],
    ],
    ids=["taken back", "measured", "in a test of its own"],
)
def test_nothing_else_of_the_mode_is_told_at_its_end(meanwhile: list[Reading]) -> None:
    """What ended within it, what must last anew, and what the device itself calls a test."""
    made = ward()
    made.suppress(mode(until=50), LONGEST_MS)
    take(made, *meanwhile)

    assert swept(made, 50, 80) == []


@pytest.mark.parametrize("meanwhile", [CALLED, int(Condition.SMOKE_ALARM)])
def test_what_stood_before_the_mode_goes_on_standing_at_its_end(meanwhile: int) -> None:
    """It is not told again, and what else began meanwhile does not end it."""
    made = ward()
    take(made, reading(0, conditions=CALLED))
    made.suppress(mode(since=10, until=50), LONGEST_MS)
    take(made, reading(20, conditions=meanwhile))

    called = AlarmKind.MANUAL_CALL_POINT
    assert called not in {one.kind for one in swept(made, 50, 80)}
    assert (called, False) in [(one.kind, one.raised) for one in take(made, reading(90))]


def test_what_was_sent_before_the_mode_counts() -> None:
    """The detector may be behind when it learns of it."""
    made = ward()
    made.suppress(mode(since=30), LONGEST_MS)

    signals = take(made, *smoke(0, 60))

    assert told(signals) == [
        (10, *SMOKE_RAISED, None),
        (40, *SMOKE_RAISED, Suppression.TEST),
    ]


def test_modes_that_ended_while_nobody_read_suppress_what_was_sent_under_them_and_no_more() -> (
    None
):
    """The detector was away for two of them; what was sent between counts."""
    made = ward()
    (first, second) = (*mode(until=40)[DEVICE], *mode(Suppression.DISABLED, since=80)[DEVICE])
    made.suppress({DEVICE: (first, second)}, LONGEST_MS)

    signals = take(made, *smoke(0, 120))

    assert told(signals) == [
        (10, *SMOKE_RAISED, Suppression.TEST),
        (50, *SMOKE_RAISED, None),
        (90, *SMOKE_RAISED, Suppression.DISABLED),
    ]


def test_a_mode_set_for_a_device_that_is_met_later_applies() -> None:
    """It may be disabled before it has ever spoken."""
    made = Ward(PROFILES, {}, NOW)
    made.suppress(mode(Suppression.DISABLED), LONGEST_MS)
    made.register([MAINS], NOW)

    assert [one.suppressed for one in take(made, *smoke(0, 30))] == [Suppression.DISABLED]


def test_a_disabled_device_is_watched_and_told_as_lost_when_it_is_enabled() -> None:
    """Meanwhile its silence is recorded and dispatches nothing."""
    made = ward()
    made.suppress(mode(Suppression.DISABLED, until=200), LONGEST_MS)

    signals = [one for s in range(300) for one in made.sweep(NOW + s * 1000)]

    lost = AlarmKind.SUPERVISION_LOST
    assert told(signals) == [(66, lost, True, Suppression.DISABLED), (200, lost, True, None)]


def test_a_disabled_device_that_comes_back_was_never_lost() -> None:
    """Nothing is told when it is enabled."""
    made = ward()
    made.suppress(mode(Suppression.DISABLED, until=200), LONGEST_MS)
    for s in range(100):
        made.sweep(NOW + s * 1000)

    assert told(take(made, reading(190)))[0][2:] == (False, Suppression.DISABLED)
    assert [one for s in range(100, 250) for one in made.sweep(NOW + s * 1000)] == []


any_smoke = st.lists(
    st.tuples(st.sampled_from([CLEAN, 0.02, SMOKE]), st.sampled_from([ROOM, 70.0]), st.booleans()),
    max_size=60,
)


@given(any_smoke)
def test_whatever_happens_during_a_test_counts_for_nothing(
    shown: list[tuple[float, float, bool]],
) -> None:
    """Not a signal that counts comes of readings under test, and none is ended by them."""
    made = ward()
    for n, (density, temperature, tested) in enumerate(shown):
        one = reading(10 * n, density, temperature, TEST if tested else 0)
        assert all((signal.suppressed is Suppression.TEST) is tested for signal in take(made, one))


# ---------------------------------------------------------------- silent before it was verified


def verified(profile_id: str = "smoke-verified-b") -> Ward:
    """Remember one device whose smoke is verified."""
    made = Ward(PROFILES, {}, NOW)
    made.register([replace(MAINS, profile_id=profile_id)], NOW)
    return made


def waits(signals: list[Signal]) -> list[tuple[float, AlarmKind, bool]]:
    """Tell when, in seconds, what was raised, and whether it waits for confirmation."""
    return [
        (one.received_ms / 1000 - START_S, one.kind, one.pre_alarm)
        for one in signals
        if one.raised
    ]


LOST = AlarmKind.SUPERVISION_LOST


@pytest.mark.parametrize("profile_id", ["smoke-verified-a", "smoke-verified-b"])
def test_smoke_of_a_device_that_falls_silent_waits_no_longer(profile_id: str) -> None:
    """It burnt, or its line did: it can neither confirm nor take back what it showed, and is told once."""
    made = verified(profile_id)
    shown = take(made, *smoke(0, 20))

    after = swept(made, 10, 300)

    assert waits(shown) == [(10, AlarmKind.SMOKE, True)]
    assert waits(after) == [(76, LOST, False), (76, AlarmKind.SMOKE, False)]


def test_a_warning_that_was_declared_waits_no_longer_either() -> None:
    """Also after a restart, which remembers that it waits."""
    standing = Standing(NOW - 5000, pre_alarm=True)
    made = Ward(PROFILES, {DEVICE: {AlarmKind.SMOKE: standing}}, NOW)
    made.register([MAINS], NOW)

    assert waits(swept(made, 0, 100)) == [(66, LOST, False), (66, AlarmKind.SMOKE, False)]


def test_smoke_that_was_over_before_the_silence_is_taken_back() -> None:
    """By its time; nor does it burn where the silence counts for nothing."""
    made = verified()
    take(made, *smoke(0, 20), *air(20, 60))
    disabled = verified()
    take(disabled, *smoke(0, 20))
    disabled.suppress(mode(Suppression.DISABLED, since=20, until=1000), LONGEST_MS)

    after = swept(made, 60, 500)

    assert waits(after) == [(116, LOST, False)]
    assert (AlarmKind.SMOKE, False) in [(one.kind, one.raised) for one in after]
    assert AlarmKind.SMOKE not in {one.kind for one in swept(disabled, 20, 500)}


# ---------------------------------------------------------------- too fast


def flood(seconds: float, start: float = 0, per_second: int = 100) -> list[Reading]:
    """Clean air, far too often."""
    return [reading(start + n / per_second) for n in range(round(seconds * per_second))]


def test_a_device_far_above_its_rate_is_told_once_and_when_it_is_back() -> None:
    """At a hundred times its rate after some minutes; back when it has kept its own for five."""
    made = ward()
    signals = take(made, *flood(600))
    calm = take(made, *air(600, 1500))

    assert [(one.kind, one.raised) for one in signals] == [(AlarmKind.RATE_EXCEEDED, True)]
    assert 190 < told(signals)[0][0] < 210
    assert [(one.kind, one.raised) for one in calm] == [(AlarmKind.RATE_EXCEEDED, False)]
    assert 900 < told(calm)[0][0] < 1000


def test_a_stranger_far_above_its_rate_is_told_once_too() -> None:
    """And when it is back; by the interval of a device of which nothing is known, a minute."""
    made = ward()

    def changes(readings: list[Reading]) -> list[tuple[AlarmKind, bool]]:
        signals = [
            one for each in readings for one in made.take(Batch("x", each.received_ms, [each]))
        ]
        return [(one.kind, one.raised) for one in signals]

    assert changes(flood(600)) == [(AlarmKind.RATE_EXCEEDED, True)]
    assert changes([reading(t) for t in range(600, 6000, 60)]) == [
        (AlarmKind.RATE_EXCEEDED, False)
    ]


def test_of_a_stranger_nothing_is_supposed_that_no_profile_says() -> None:
    """Then it has no rate, and two readings in a row are as close as those of a fast device."""
    silent = replace(PROFILE, limits=replace(PROFILE.limits, strangers=None))
    slow = replace(PROFILE, limits=replace(PROFILE.limits, strangers=Strangers(interval_s=600)))

    told = limits_of(PROFILE, 0, mains_powered=False)
    untold = limits_of(silent, 0, mains_powered=False)
    assert told.pace == limits_of(PROFILE, 60, mains_powered=False).pace
    assert (untold.pace, untold.gap_ms) == (None, 150_000)
    assert limits_of(slow, 0, mains_powered=False).gap_ms == 1_500_000


def test_kept_readings_after_an_outage_are_not_too_many() -> None:
    """Ten messages of a thousand readings at once."""
    made = ward()
    for n in range(10):
        kept = [reading(t, received=100_000) for t in range(n * 10_000, (n + 1) * 10_000, 10)]
        assert made.take(Batch(DEVICE, kept[-1].received_ms, kept)) == []


def test_smoke_in_a_flood_is_found_as_fast_as_without() -> None:
    """What is left out says nothing; whatever passes a limit is judged."""
    made = ward()
    take(made, *flood(300))
    burning = [one._replace(optical_density=SMOKE) for one in flood(20, start=300)]

    signals = take(made, *burning, *flood(100, start=320))

    assert told(signals) == [(308, *SMOKE_RAISED, None), (350, *SMOKE_RESTORED, None)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([CLEAN, 0.014, 0.02, SMOKE]),
            st.sampled_from([ROOM, 27.0, 31.0, 49.0, 51.0, 60.0]),
            st.sampled_from([0, 0, 0, TEST, int(Condition.SMOKE_ALARM)]),
        ),
        max_size=60,
    ),
    st.sampled_from([0.3, 0.7, 5]),
)
@settings(max_examples=80)
def test_no_alarm_is_missed_by_leaving_readings_out(
    shown: list[tuple[float, float, int]], every_s: float
) -> None:
    """A device that is found too fast raises whatever it raises otherwise, at the latest at the same reading."""
    mad = ward(**{DEVICE: {AlarmKind.RATE_EXCEEDED: Standing(NOW)}})
    mad._devices[DEVICE].paid_ms = NOW + 2.0e7  # noqa: SLF001 - so that it stays mad
    sane = ward()
    raised: dict[str, set[AlarmKind]] = {"mad": set(), "sane": set()}
    for n, (density, temperature, conditions) in enumerate(shown):
        one = reading(n * every_s, density, temperature, conditions)
        for name, made in (("mad", mad), ("sane", sane)):
            fires = [
                signal for signal in take(made, one) if signal.raised and not signal.suppressed
            ]
            raised[name] |= {signal.kind for signal in fires}
        assert raised["sane"] <= raised["mad"]


def test_a_rate_that_was_exceeded_before_a_restart_is_told_when_it_is_back() -> None:
    """It is known from the database."""
    made = ward(**{DEVICE: {AlarmKind.RATE_EXCEEDED: Standing(NOW)}})

    assert told(take(made, reading(0))) == [(0, AlarmKind.RATE_EXCEEDED, False, None)]


def test_a_rate_that_was_exceeded_stays_so_while_that_counts_for_nothing() -> None:
    """Neither what is folded again after a restart nor a test ends it: it is told when it counts."""
    made = ward(**{DEVICE: {AlarmKind.RATE_EXCEEDED: Standing(NOW)}})
    made.suppress(mode(since=30, until=60), LONGEST_MS)

    before = made.take(Batch(DEVICE, NOW, [reading(0)]), silently=True)
    during = take(made, *air(30, 60))
    after = take(made, reading(60))

    assert before == during == []
    assert told(after) == [(60, AlarmKind.RATE_EXCEEDED, False, None)]


def test_a_clock_that_was_set_back_makes_nobody_too_fast() -> None:
    """What was paid for ahead is forgotten."""
    made = ward()
    take(made, *air(1_000_000, 1_000_100))

    assert take(made, *air(0, 100)) == []


# ---------------------------------------------------------------- retired


def test_a_retired_device_is_one_that_is_not_on_the_register() -> None:
    """It is watched no more and its faults are nobody's; its smoke alarms all the same."""
    made = ward()
    made.register([replace(MAINS, retired=True)], NOW)

    assert [one for s in range(200) for one in made.sweep(NOW + s * 1000)] == []
    assert told(take(made, *smoke(200, 230, int(Condition.FAULT)))) == [(210, *SMOKE_RAISED, None)]


def test_a_retired_device_that_still_burns_is_told_anew() -> None:
    """Retiring it ended its alarm on the register; the smoke is still there."""
    made = ward()
    take(made, *smoke(0, 30))
    made.register([replace(MAINS, retired=True)], NOW)

    assert told(take(made, *smoke(30, 60))) == [(30, *SMOKE_RAISED, None)]


def test_a_device_that_is_taken_up_again_is_watched_again() -> None:
    """With all it tells."""
    made = ward()
    made.register([replace(MAINS, retired=True)], NOW)
    made.register([MAINS], NOW)

    assert told(take(made, reading(0, conditions=int(Condition.FAULT)))) == [
        (0, AlarmKind.FAULT, True, None)
    ]
    assert len(made.supervision) == 1


# ---------------------------------------------------------------- new profiles


def test_limits_that_come_into_force_apply_to_who_is_watched() -> None:
    """At once, without a restart; the alarm names the version that judged it."""
    made = ward()
    lowered = [
        replace(
            one,
            version=9,
            limits=replace(one.limits, smoke=replace(one.limits.smoke, alarm_m1=0.018)),
        )
        if one.profile_id == "smoke-optical" and one.limits.smoke
        else one
        for one in PROFILES
    ]
    take(made, reading(0, 0.025), reading(10, 0.025))
    made.take_profiles(lowered)

    (signal,) = take(made, reading(20, 0.025), reading(30, 0.025))

    assert (signal.profile, signal.threshold) == ("smoke-optical/9", 0.018)


def test_what_was_observed_before_an_alarm_that_is_known_ends_it_no_more() -> None:
    """Told early, or stored by a detector that ended before its place was: the stream brings the air before it."""
    at = (START_S + 100) * 1000
    made = ward(**{DEVICE: {AlarmKind.SMOKE: Standing(at, measured=True, observed_ms=at)}})

    assert take(made, *air(0, 100), *smoke(100, 120)) == []
    assert [(one.kind, one.raised) for one in take(made, *air(120, 200))] == [SMOKE_RESTORED]


def test_a_clock_that_is_set_back_behind_an_alarm_holds_its_end_back_for_a_minute_only() -> None:
    """Readings that seem to be from before are believed once they have come for a while."""
    made = ward()
    take(made, *smoke(1000, 1020))
    set_back = [reading(t - 600, CLEAN, received=t) for t in range(1030, 1300, 10)]

    assert [(one.kind, one.raised) for one in take(made, *set_back)] == [SMOKE_RESTORED]
