"""The ward's memory: duplicates, unknown devices, skew, silence, and beginning anew."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from fire_safety.detection.standing import Standing
from fire_safety.detection.supervision import Supervision
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import AlarmKind, Signal, Suppression
from fire_safety.domain.readings.reading import Batch, Condition, Reading
from tests.fire_safety.limits import BATTERY, MAINS, PROFILE
from tests.fire_safety.rooms import SMOKE, START_S, reading

NOW = START_S * 1000


def ward(**signalling: dict[AlarmKind, Standing]) -> Ward:
    """Remember one mains and one battery device."""
    made = Ward([PROFILE], signalling, NOW)
    made.register([MAINS, BATTERY], NOW)
    return made


def batch(*readings: Reading, device_id: str = MAINS.device_id) -> Batch:
    """Make a message of readings."""
    return Batch(device_id, readings[-1].received_ms, list(readings))


def changes(signals: list[Signal]) -> list[tuple[AlarmKind, bool]]:
    """Tell kinds and whether they were raised."""
    return [(one.kind, one.raised) for one in signals]


def test_a_signal_says_what_raised_it() -> None:
    """Device, times, value, limit and profile with its version."""
    (signal,) = ward().take(batch(reading(0, SMOKE), reading(10, SMOKE)))

    assert signal == Signal(
        device_id=MAINS.device_id,
        kind=AlarmKind.SMOKE,
        raised=True,
        observed_ms=NOW + 10_000,
        received_ms=NOW + 10_000,
        profile="smoke-optical/3",
        value=SMOKE,
        threshold=0.03,
        clock_skewed=False,
    )


def test_the_same_message_again_changes_nothing() -> None:
    """A thousand readings, delivered twice, and the first of them once more."""
    made = ward()
    message = batch(*(reading(t, SMOKE if t < 20 else 0.0) for t in range(1000)))
    first = made.take(message)

    assert changes(first) == [(AlarmKind.SMOKE, True), (AlarmKind.SMOKE, False)]
    assert made.take(message) == []
    assert made.take(batch(reading(0, SMOKE), reading(10, SMOKE))) == []


@given(
    st.lists(st.sampled_from([0.0, 0.02, SMOKE]), min_size=5, max_size=60),
    st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=40),
)
def test_duplicates_anywhere_give_the_same_signals(
    densities: list[float], copies: list[tuple[int, int]]
) -> None:
    """A reading that comes again, at once or much later, is as if it had not."""
    once = [batch(reading(10 * n, density)) for n, density in enumerate(densities)]
    again = list(once)
    for which, where in copies:
        earlier = once[min(which, len(once) - 1)]
        again.insert(max(again.index(earlier) + 1, min(where, len(again))), earlier)
    straight, disturbed = ward(), ward()

    expected = [signal for one in once for signal in straight.take(one)]

    assert [signal for one in again for signal in disturbed.take(one)] == expected


def test_a_press_in_the_second_of_a_heartbeat_alarms_once() -> None:
    """By a clock of whole seconds, in whichever order they come and however often."""
    heartbeat = reading(0, None)
    press = reading(0, None, conditions=int(Condition.MANUAL_CALL_POINT), received=0.5)

    for order in ((heartbeat, press, press), (press, heartbeat, press)):
        made = ward()
        told = [change for one in order for change in changes(made.take(batch(one)))]
        assert told == [(AlarmKind.MANUAL_CALL_POINT, True)]


def test_an_unknown_device_signals_fire_and_nothing_else() -> None:
    """By the default profile; its faults are nobody's."""
    made = ward()
    fault = int(Condition.FAULT)

    signals = made.take(
        batch(reading(0, SMOKE, conditions=fault), reading(10, SMOKE), device_id="stranger")
    )

    assert changes(signals) == [(AlarmKind.SMOKE, True)]
    assert signals[0].profile == "smoke-optical/3"


def test_a_stranger_that_is_entered_tells_its_faults_from_then_on() -> None:
    """And its fire goes on as it was."""
    made = ward()
    fault = int(Condition.FAULT)
    made.take(batch(reading(0, SMOKE, conditions=fault), reading(10, SMOKE), device_id="x"))
    made.take(batch(reading(20, SMOKE, conditions=fault), device_id="x"))
    made.register([replace(MAINS, device_id="x")], NOW)

    signals = made.take(batch(reading(30, SMOKE, conditions=fault), device_id="x"))

    assert changes(signals) == [(AlarmKind.FAULT, True)]


def test_invented_devices_fill_no_memory() -> None:
    """Ten thousand strangers are remembered, and the register's devices always."""
    made = ward()
    made.take(batch(reading(0, SMOKE)))
    for n in range(10_500):
        made.take(batch(reading(0), device_id=f"x{n}"))

    assert len(made._devices) == 10_002  # noqa: SLF001 - what is bounded is inside
    assert changes(made.take(batch(reading(10, SMOKE)))) == [(AlarmKind.SMOKE, True)]


def test_a_fire_of_a_stranger_is_remembered_when_the_stranger_is_not() -> None:
    """It is told once, and ends when its device is heard again in clean air; so does a rate that it exceeded."""
    made = Ward([PROFILE], {"x": {AlarmKind.RATE_EXCEEDED: Standing(NOW)}}, NOW)
    declared = reading(0, None, conditions=int(Condition.SMOKE_ALARM))
    assert changes(made.take(batch(declared, device_id="x"), silently=True)) == []
    assert changes(made.take(batch(declared._replace(observed_ms=NOW + 1), device_id="x"))) == [
        (AlarmKind.RATE_EXCEEDED, False),
        (AlarmKind.SMOKE, True),
    ]
    for n in range(10_500):
        made.take(batch(reading(1), device_id=f"x{n}"))

    assert made.take(batch(declared._replace(observed_ms=NOW + 2000), device_id="x")) == []
    assert changes(made.take(batch(reading(10, None), device_id="x"))) == [
        (AlarmKind.SMOKE, False)
    ]


def test_a_device_whose_profile_is_unknown_is_judged_by_the_default() -> None:
    """Never by none."""
    made = Ward([PROFILE], {}, NOW)
    made.register([replace(MAINS, profile_id="no-such")], NOW)

    assert len(made.take(batch(reading(0, SMOKE), reading(10, SMOKE)))) == 1


def test_clock_skew_is_flagged_beyond_its_limit() -> None:
    """The newest reading of a message tells; kept ones are meant to be old."""
    made = ward()
    kept = batch(reading(0, SMOKE, received=400), reading(390, received=400))
    behind = batch(reading(400, SMOKE, received=800), reading(410, SMOKE, received=800))

    assert made.take(kept) == []
    assert [one.clock_skewed for one in made.take(behind)] == [True]


def test_folded_silently_only_the_windows_are_filled() -> None:
    """What had its effect before gives no signal again, and what began before goes on."""
    made = ward()

    assert made.take(batch(reading(0, SMOKE), reading(5, SMOKE)), silently=True) == []
    assert changes(made.take(batch(reading(10, SMOKE)))) == [(AlarmKind.SMOKE, True)]


def test_an_alarm_that_is_open_is_not_raised_again_after_a_restart() -> None:
    """It is known from the database, and restored when the air is clear."""
    made = ward(**{MAINS.device_id: {AlarmKind.SMOKE: Standing(NOW, measured=True)}})
    made.take(batch(reading(0, SMOKE), reading(10, SMOKE)), silently=True)

    assert made.take(batch(reading(20, SMOKE))) == []
    assert changes(made.take(batch(*(reading(t) for t in range(30, 80, 10))))) == [
        (AlarmKind.SMOKE, False)
    ]


def test_a_signal_that_could_not_be_stored_is_given_again() -> None:
    """By the next reading."""
    made = ward()
    (signal,) = made.take(batch(reading(0, SMOKE), reading(10, SMOKE)))

    made.forget(signal)

    assert changes(made.take(batch(reading(20, SMOKE)))) == [(AlarmKind.SMOKE, True)]


def test_signs_of_life_are_handed_out_for_storing_every_half_minute() -> None:
    """Each device once, the newest, with its clean air."""
    made = ward()
    for t in range(0, 70, 10):
        made.take(batch(reading(t, 0.0)))

    (seen,) = made.unstored(10)

    assert seen.device_id == MAINS.device_id
    assert seen.last_seen_at == datetime.fromtimestamp(START_S + 60, UTC)
    assert made.unstored(10) == []


def test_the_very_last_sign_of_life_is_stored_of_a_device_that_fell_silent() -> None:
    """Whoever looks when it was heard last is not told a moment up to half a minute before that."""
    made = ward()
    for t in range(0, 60, 10):
        made.take(batch(reading(t, 0.0)))
        made.sweep(NOW + t * 1000)
    made.unstored(10)

    stored = []
    for t in range(60, 120):
        made.sweep(NOW + t * 1000)
        stored += [(one.device_id, one.last_seen_at) for one in made.unstored(10)]

    assert stored == [(MAINS.device_id, datetime.fromtimestamp(START_S + 50, UTC))]


def test_a_clock_that_is_wrong_is_shown_before_anything_burns() -> None:
    """By how much, and whether that is more than the profile allows; what was kept says nothing of it."""
    made = ward()
    made.take(batch(reading(1000, received=1400)))
    made.take(batch(reading(2000, received=2000.5), device_id=BATTERY.device_id))
    made.take(batch(reading(100, received=2001), device_id=BATTERY.device_id))

    found = {one.device_id: (one.clock_offset_s, one.clock_skewed) for one in made.unstored(10)}

    assert found == {MAINS.device_id: (-400, True), BATTERY.device_id: (-0.5, False)}


# ---------------------------------------------------------------- silence


def silent_at(made: Ward, first: int, last: int) -> list[tuple[int, str, bool]]:
    """Sweep every second; tell who was found silent when."""
    return [
        (second, signal.device_id, signal.raised)
        for second in range(first, last)
        for signal in made.sweep(NOW + second * 1000)
    ]


def test_silence_is_told_once_within_its_bound() -> None:
    """Six intervals and five seconds on mains, five and five on battery; from being registered on."""
    assert silent_at(ward(), 0, 400) == [
        (66, MAINS.device_id, True),
        (306, BATTERY.device_id, True),
    ]


def test_a_device_that_is_heard_is_not_silent() -> None:
    """The time counts from its last sign of life."""
    made = ward()
    silent_at(made, 0, 50)
    made.take(batch(reading(50)))

    assert silent_at(made, 50, 200)[0] == (116, MAINS.device_id, True)


def test_a_device_that_comes_back_is_restored_at_once() -> None:
    """And may fall silent again."""
    made = ward()
    silent_at(made, 0, 100)

    assert changes(made.take(batch(reading(100)))) == [(AlarmKind.SUPERVISION_LOST, False)]
    assert silent_at(made, 100, 200) == [(166, MAINS.device_id, True)]


def test_repeats_are_no_sign_of_life() -> None:
    """A device that says the same reading for ever, as one whose clock stands still, is lost."""
    made = ward()
    made.take(batch(reading(0)))
    found = []
    for second in range(0, 100, 10):
        made.take(batch(reading(0, received=second)))
        found += silent_at(made, second, second + 10)

    assert found == [(66, MAINS.device_id, True)]


def test_nobody_is_silent_just_after_nobody_could_be_heard() -> None:
    """After a pause, or a clock that was set, everybody has the whole allowance again."""
    made = ward()
    silent_at(made, 0, 60)

    assert silent_at(made, 3600, 3666) == []
    assert silent_at(made, 3666, 3667) == [(3666, MAINS.device_id, True)]

    back = ward()
    silent_at(back, 0, 60)

    assert silent_at(back, -3600, -3535) == []


def test_nobody_is_silent_just_after_the_broker_was_away() -> None:
    """Even if it was away for seconds only."""
    made = ward()
    silent_at(made, 0, 60)
    made.supervision.resume(NOW + 60_000)

    assert silent_at(made, 60, 126) == []
    assert silent_at(made, 126, 127) == [(126, MAINS.device_id, True)]


def test_of_thousands_that_come_back_at_once_nobody_is_told_as_lost_but_who_does_not() -> None:
    """The broker was away for a quarter of a minute; then all of them report within seconds, some of them twice."""
    made = Ward([PROFILE], {}, NOW)
    names = [f"d-{number:04}" for number in range(3000)]
    made.register([replace(MAINS, device_id=one) for one in names], NOW)
    for second in range(0, 60, 10):
        for number, name in enumerate(names):
            made.take(batch(reading(second + number / 300), device_id=name))
        assert silent_at(made, second, second + 10) == []
    made.supervision.resume(NOW + 75_000)

    back, gone = names[:-5], set(names[-5:])
    for second in (75, 76, 77, 78):
        for name in back[second % 4 :: 4] + back[second % 3 :: 1000]:
            assert made.take(batch(reading(second), device_id=name)) == []
        assert silent_at(made, second, second + 1) == []

    found = []
    for second in range(80, 200, 10):
        for name in back:
            made.take(batch(reading(second), device_id=name))
        found += silent_at(made, second, second + 10)
    assert {(at, raised) for at, _, raised in found} == {(75 + 66, True)}
    assert sorted(device_id for _, device_id, _ in found) == sorted(gone)


def test_a_silent_device_stays_silent_over_a_restart() -> None:
    """Told once, not once per start; and restored when it speaks."""
    made = ward(**{MAINS.device_id: {AlarmKind.SUPERVISION_LOST: Standing(NOW)}})

    assert silent_at(made, 0, 200) == []
    assert changes(made.take(batch(reading(200)))) == [(AlarmKind.SUPERVISION_LOST, False)]


def test_last_seen_before_the_start_counts() -> None:
    """Silence goes on from the stored sign of life, but never before one could have been heard."""
    made = Ward([PROFILE], {}, NOW)
    seen = datetime.fromtimestamp(START_S - 1000, UTC)
    made.register([replace(MAINS, last_seen_at=seen)], NOW)

    assert silent_at(made, 0, 100) == [(66, MAINS.device_id, True)]


def test_nobody_is_silent_because_the_clock_was_set_forward_while_somebody_reports() -> None:
    """The message that shows the new time comes before the next sweep."""
    made = ward()
    silent_at(made, 0, 60)
    made.take(batch(reading(3600.5)))

    assert silent_at(made, 3601, 3660) == []
    assert silent_at(made, 3660, 4000)[0] == (3666, MAINS.device_id, True)


def test_silence_is_found_though_the_clocks_of_service_and_broker_disagree() -> None:
    """By seconds: silence is looked for by one of them while messages come and by the other while none do."""
    watch = Supervision(0, 0)
    watch.watch("d", 65_000, 0)
    silent = []
    for at in range(0, 200_000, 1_000):
        watch.hear("other", at)
        silent += [at for _ in watch.sweep(at if at % 2_000 else at + 5_000)]

    assert silent == [62_000]


def test_a_device_that_was_never_heard_is_watched_since_it_was_entered() -> None:
    """A restart gives it no further allowance: else one that never spoke would not be missed while restarts go on."""
    made = Ward([PROFILE], {}, NOW - 100_000, NOW)
    entered = datetime.fromtimestamp(START_S - 60, UTC)
    made.register([replace(MAINS, entered_at=entered)], NOW)

    assert silent_at(made, 0, 100) == [(6, MAINS.device_id, True)]


def test_a_clock_that_was_ahead_delays_no_finding_of_silence() -> None:
    """Six hours ahead, then set right: who dies then is missed in its usual time, not six hours later."""
    ahead = 6 * 3_600_000
    watch = Supervision(0, 0)
    watch.watch("d", 65_000, 0)
    watch.resume(ahead)
    watch.hear("d", ahead + 1_000)
    watch.sweep(ahead + 1_000)
    silent = [at for at in range(2_000, 80_000, 1_000) if watch.sweep(at)]

    assert silent == [68_000]


# ---------------------------------------------------------------- updates of what changed


def update(at: float, told: int, conditions: int = 0, battery: float | None = None) -> Batch:
    """Speak of some conditions, or of none."""
    one = reading(at, None, None, conditions)._replace(battery=battery)
    return batch(one)._replace(told=told)


SMOKE_BITS = Condition.SMOKE_ALARM | Condition.SMOKE_WARNING


def test_an_update_ends_only_what_it_speaks_of() -> None:
    """A battery's level says nothing of smoke; that there is no smoke says nothing of the battery."""
    made = ward()
    told = [
        changes(made.take(one))
        for one in (
            update(0, SMOKE_BITS, Condition.SMOKE_ALARM),
            update(10, Condition.LOW_BATTERY, Condition.LOW_BATTERY),
            update(20, 0, battery=80),
            update(30, SMOKE_BITS),
            update(40, Condition.LOW_BATTERY),
        )
    ]

    assert told == [
        [(AlarmKind.SMOKE, True)],
        [(AlarmKind.LOW_BATTERY, True)],
        [],
        [(AlarmKind.SMOKE, False)],
        [(AlarmKind.LOW_BATTERY, False)],
    ]


def test_an_update_ends_nothing_that_stood_before_this_memory() -> None:
    """A detector begun anew knows of the alarm and not of the message that raised it."""
    made = ward(**{MAINS.device_id: {AlarmKind.SMOKE: Standing(NOW - 3_600_000)}})

    assert made.take(update(0, 0, battery=80)) == []
    assert changes(made.take(update(10, SMOKE_BITS))) == [(AlarmKind.SMOKE, False)]


def test_a_pre_alarm_is_not_confirmed_by_an_update_of_something_else() -> None:
    """What the device warned of stays a warning."""
    standing = Standing(NOW - 60_000, pre_alarm=True)
    made = ward(**{MAINS.device_id: {AlarmKind.SMOKE: standing}})

    assert made.take(update(0, 0, battery=80)) == []


def test_what_was_measured_is_ended_by_what_is_measured() -> None:
    """A level that is good again ends the trouble, though no message says that the battery is not low."""
    made = ward()

    assert changes(made.take(update(0, 0, battery=3))) == [(AlarmKind.LOW_BATTERY, True)]
    assert changes(made.take(update(10, 0, battery=90))) == [(AlarmKind.LOW_BATTERY, False)]


def test_a_test_goes_on_while_an_update_does_not_speak_of_it() -> None:
    """Smoke of a device that is tested dispatches nothing, although it comes without the word."""
    made = ward()
    made.take(update(0, Condition.TEST, Condition.TEST))

    (signal,) = made.take(update(10, SMOKE_BITS, Condition.SMOKE_ALARM))

    assert signal.suppressed is Suppression.TEST


def test_a_sign_of_life_is_one() -> None:
    """A device that says nothing but that it is there is not lost, and one that was is found."""
    made = ward()
    heard = made.supervision
    for second in range(0, 600, 5):
        if second % 10 == 0:
            made.take(update(second, 0))
        assert MAINS.device_id not in [one.device_id for one in made.sweep(NOW + second * 1000)]
    lost = [one.device_id for at in range(600, 900, 5) for one in made.sweep(NOW + at * 1000)]
    found = made.take(update(900, 0))

    assert MAINS.device_id in lost
    assert changes(found) == [(AlarmKind.SUPERVISION_LOST, False)]
    assert MAINS.device_id not in heard.lost


def test_what_comes_late_takes_nothing_back_that_an_update_leaves_as_it_was() -> None:
    """A gateway that kept the normal from before the fire sends it behind the fire."""
    made = ward()
    made.take(update(20, SMOKE_BITS, Condition.SMOKE_ALARM))
    kept = made.take(update(10, SMOKE_BITS))

    assert kept + made.take(update(30, 0, battery=80)) == []
    assert changes(made.take(update(40, SMOKE_BITS))) == [(AlarmKind.SMOKE, False)]
