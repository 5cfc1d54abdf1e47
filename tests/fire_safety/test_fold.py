"""Folding readings into alarms: smoke, heat, declared conditions, and clocks that cannot be trusted."""

from dataclasses import replace
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.detection.fold import DeviceState, fold
from fire_safety.detection.standing import Standing, Standings, Transition
from fire_safety.domain.alarms.alarm import AlarmKind
from fire_safety.domain.readings.reading import Condition, Reading
from tests.fire_safety.limits import BATTERY, MAINS, limits_for
from tests.fire_safety.rooms import CLEAN, LIMITS, ROOM, SMOKE, START_S, follow, reading, tell

SMOKE_RAISED = (AlarmKind.SMOKE, True)
SMOKE_RESTORED = (AlarmKind.SMOKE, False)


# ---------------------------------------------------------------- smoke


def test_smoke_alarms_when_it_has_lasted() -> None:
    """The second reading of a device that reports every 10 s is enough, whatever its jitter."""
    assert tell([reading(0), reading(10, SMOKE), reading(19.9, SMOKE)]) == [(19.9, *SMOKE_RAISED)]


def test_one_reading_of_smoke_is_not_enough() -> None:
    """A single value may be noise; it must be confirmed by the next."""
    assert tell([reading(0), reading(10, SMOKE), reading(20), reading(30, SMOKE)]) == []


def test_smoke_that_does_not_last_is_none() -> None:
    """Three readings within 4 s are shorter than the hold."""
    assert tell([reading(t, SMOKE) for t in (0, 2, 4)] + [reading(6)]) == []


def test_a_device_at_long_intervals_alarms_at_its_second_reading() -> None:
    """A minute apart is still in a row."""
    limits = limits_for(device=BATTERY)

    assert tell([reading(0, SMOKE), reading(61, SMOKE)], limits=limits) == [(61, *SMOKE_RAISED)]


def test_readings_too_far_apart_are_not_in_a_row() -> None:
    """After a gap the smoke must be confirmed anew, which the next reading does."""
    told = tell([reading(0, SMOKE), reading(200, SMOKE), reading(210, SMOKE)])

    assert told == [(210, *SMOKE_RAISED)]


def test_gaps_are_measured_by_the_interval_of_slow_devices() -> None:
    """A device that reports every ten minutes is heard as well."""
    limits = limits_for(device=replace(BATTERY, interval_s=600))

    assert tell([reading(0, SMOKE), reading(600, SMOKE)], limits=limits) == [(600, *SMOKE_RAISED)]


def test_an_alarm_is_raised_once() -> None:
    """However long it burns."""
    assert tell([reading(t, SMOKE) for t in range(0, 600, 2)]) == [(8, *SMOKE_RAISED)]


def test_smoke_is_restored_below_the_lower_limit_only() -> None:
    """Between the limits nothing changes; below the lower one for its hold it does."""
    burning = [reading(0, SMOKE), reading(10, SMOKE)]
    between = [reading(t, 0.02) for t in range(20, 120, 10)]
    clear = [reading(t) for t in range(120, 160, 10)]

    assert tell(burning + between + clear) == [(10, *SMOKE_RAISED), (150, *SMOKE_RESTORED)]


def test_after_restore_the_next_smoke_alarms_again() -> None:
    """The memory needs to know nothing of what people did meanwhile."""
    fire = [reading(0, SMOKE), reading(10, SMOKE)]
    clear = [reading(t) for t in range(20, 60, 10)]
    again = [reading(60, SMOKE), reading(70, SMOKE)]

    assert [raised for _, _, raised in tell(fire + clear + again)] == [True, False, True]


def test_the_alarm_tells_value_and_limit_as_measured() -> None:
    """What the device has come to show in clean air is part of both."""
    state, _ = fold(DeviceState(clean_air=0.01), reading(0, 0.2), LIMITS)
    second = reading(10, 0.2)

    _, transitions = fold(state, second, LIMITS)

    assert list(transitions) == [
        Transition(AlarmKind.SMOKE, raised=True, shown_by=second, value=0.2, threshold=0.04)
    ]


# ---------------------------------------------------------------- clean air


def test_dust_is_learned_slowly_and_within_bounds() -> None:
    """After an hour at most 0.005 of it, in the end at most half the alarm limit."""
    dusty = 0.014
    state, _ = follow(reading(t, dusty) for t in range(0, 3601, 10))
    assert 0.0049 < state.clean_air < 0.0051

    state, told = follow((reading(t, dusty) for t in range(3610, 20_000, 10)), state)

    assert state.clean_air == dusty
    assert told == []


def test_a_slow_fire_is_not_learned_as_clean_air() -> None:
    """Smoke that grows by 0.01 per metre an hour still alarms, before it reaches half as much again."""
    slow = (reading(t, 0.01 * t / 3600) for t in range(0, 5 * 3600, 10))

    ((at, kind, raised),) = tell(slow)

    assert (kind, raised) == SMOKE_RAISED
    assert 0.01 * at / 3600 <= 0.0451


def test_cleaner_air_is_believed_at_once() -> None:
    """A cleaned detector must not be less sensitive than it can be."""
    state, _ = follow([reading(0, 0.001)], DeviceState(clean_air=0.012))

    assert 0 < state.clean_air <= 0.0011


def test_clean_air_stands_still_while_anything_rises() -> None:
    """Neither between the limits, nor in an alarm, nor from late readings is anything learned."""
    before = DeviceState(clean_air=0.001)
    rising, _ = follow([reading(t, 0.02) for t in range(0, 7200, 10)], before)
    alarming, _ = follow([reading(t, SMOKE) for t in range(0, 7200, 10)], before)

    assert rising.clean_air == alarming.clean_air == before.clean_air


# ---------------------------------------------------------------- heat


def test_static_heat_alarms() -> None:
    """At 58 degrees, confirmed once."""
    told = tell([reading(0, CLEAN, 57.9), reading(60, CLEAN, 58.0), reading(120, CLEAN, 58.2)])

    assert told == [(120, AlarmKind.HEAT, True)]


def test_a_fast_rise_alarms_long_before_it_is_hot() -> None:
    """10 K/min from room temperature: at the second reading that is 30 s after the beginning."""
    rising = [reading(t, CLEAN, ROOM + t / 6) for t in range(0, 60, 10)]

    assert tell(rising) == [(40, AlarmKind.HEAT, True)]


def test_a_slow_rise_is_weather() -> None:
    """5 K/min does not alarm below the static limit."""
    assert tell([reading(t, CLEAN, 20 + t / 12) for t in range(0, 300, 10)]) == []


def test_heat_is_restored_when_cool_and_no_longer_rising() -> None:
    """Both, for a minute; a rise can be told 30 s after the beginning."""
    hot = [reading(t, CLEAN, 70.0) for t in (0, 10)]
    cool = [reading(t, CLEAN, 30.0) for t in range(20, 110, 10)]

    told = tell(hot + cool)

    assert told[0] == (10, AlarmKind.HEAT, True)
    assert told[1:] == [(90, AlarmKind.HEAT, False)]


def test_a_device_gone_mad_fills_no_memory() -> None:
    """A thousand readings a second keep no more temperatures than thirty seconds need."""
    state, _ = follow(reading(t / 1000, CLEAN, ROOM) for t in range(60_000))

    assert len(state.live.temperatures) <= 32


# ---------------------------------------------------------------- declared conditions


def test_declared_conditions_are_raised_once_and_end_by_themselves() -> None:
    """Each bit is a kind of its own."""
    bits = [0, Condition.FAULT, Condition.FAULT | Condition.TAMPER, Condition.LOW_BATTERY, 0]

    told = tell(reading(10 * n, conditions=int(bits)) for n, bits in enumerate(bits))

    assert told == [
        (10, AlarmKind.FAULT, True),
        (20, AlarmKind.TAMPER, True),
        (30, AlarmKind.LOW_BATTERY, True),
        (30, AlarmKind.FAULT, False),
        (30, AlarmKind.TAMPER, False),
        (40, AlarmKind.LOW_BATTERY, False),
    ]


def test_bits_of_newer_devices_mean_nothing() -> None:
    """They are tolerated."""
    assert tell([reading(0, conditions=0xFFFF_0000), reading(10, conditions=1 << 31)]) == []


# ---------------------------------------------------------------- clocks


def test_a_clock_that_was_set_back_is_heard_at_once() -> None:
    """Smoke four minutes older than the newest clean reading alarms as soon as it has lasted."""
    clean = [reading(t) for t in range(0, 300, 10)]
    back = [reading(60 + t, SMOKE, received=300 + t) for t in (0, 5, 10)]

    assert tell(clean + back) == [(70, *SMOKE_RAISED)]


def test_a_clock_that_was_set_back_restores_in_its_own_time() -> None:
    """Once only the set-back clock has spoken for a minute, it is the device's clock."""
    back = [reading(t, SMOKE, received=1000 + t) for t in (0, 10)]
    clear = [reading(t, received=1000 + t) for t in range(20, 200, 10)]

    told = tell([reading(990), *back, *clear])

    assert [change[1:] for change in told] == [SMOKE_RAISED, SMOKE_RESTORED]
    assert told[0][0] == 10
    assert told[1][0] <= 90


def test_kept_smoke_sent_between_live_readings_alarms() -> None:
    """A gateway that sends what it kept while it goes on: neither makes the other deaf."""
    live = [reading(1000 + t) for t in range(0, 60, 10)]
    kept = [reading(t, SMOKE, received=1001 + t) for t in range(0, 60, 10)]
    mixed = list(chain.from_iterable(zip(live, kept, strict=True)))

    told = tell(mixed)

    assert told == [(10, *SMOKE_RAISED)]


def test_kept_clean_air_does_not_restore_what_burns_now() -> None:
    """Old readings may begin an alarm, never end one."""
    fire = [reading(1000, SMOKE), reading(1010, SMOKE)]
    kept = [reading(t, received=1012) for t in range(0, 600, 10)]

    assert tell([*fire, *kept, reading(1020, SMOKE)]) == [(1010, *SMOKE_RAISED)]


def test_kept_conditions_change_nothing() -> None:
    """A fault of the past is over unless the newest reading has it."""
    kept = reading(0, conditions=int(Condition.FAULT), received=101)

    assert tell([reading(100), kept, reading(110)]) == []


def seldom(density: float, at: float, received: float | None = None) -> Reading:
    """Observe at a device that reports every two minutes."""
    return reading(at, density, received=received)


def test_one_old_normal_reading_does_not_restore_what_a_device_declared() -> None:
    """A frame from five minutes before the alarm, delivered three minutes after it by another gateway."""
    alarm = reading(600, None, conditions=int(Condition.SMOKE_ALARM))
    kept = reading(300, None, received=780)

    state, told = follow([alarm, kept], limits=limits_for(device=BATTERY))
    assert told == [(600, *SMOKE_RAISED)]
    assert follow([reading(840, None)], state, limits_for(device=BATTERY))[1] == [
        (840, *SMOKE_RESTORED)
    ]


def test_one_old_normal_reading_restores_nothing_after_a_restart() -> None:
    """All that is known then is the alarm, by its own time."""
    at = (START_S + 600) * 1000
    stands = Standings({AlarmKind.SMOKE: Standing(at, observed_ms=at)}, {})

    state, told = follow([reading(300, None, received=780)], DeviceState(standings=stands))
    assert told == []
    assert follow([reading(790, None)], state)[1] == [(790, *SMOKE_RESTORED)]


def test_smoke_of_a_slow_device_alarms_while_it_sends_what_it_kept() -> None:
    """Every two minutes a reading, and in between, every ninety seconds, one of those that were kept."""
    limits = limits_for(device=replace(BATTERY, interval_s=120))
    live = [seldom(SMOKE, 12_000 + 120 * n) for n in range(4)]
    kept = [seldom(CLEAN, 120 * n, 11_945 + 90 * n) for n in range(10)]
    mixed = sorted(live + kept, key=lambda one: one.received_ms)

    assert tell([seldom(CLEAN, 11_880), *mixed], limits=limits) == [(12_120, *SMOKE_RAISED)]


@given(
    st.sampled_from([10, 60, 120, 600]),
    st.floats(0.02, 0.9),
    st.integers(0, 3600),
    st.sampled_from([0, int(Condition.SMOKE_ALARM)]),
)
def test_what_was_kept_restores_nothing_however_fast_it_comes(
    interval_s: int, pace: float, after_s: int, bits: int
) -> None:
    """The device is burnt: all that comes of it is what a gateway kept from before the fire."""
    limits = limits_for(device=replace(BATTERY, interval_s=interval_s))
    at = 200 * interval_s
    fire = [reading(at + n * interval_s, SMOKE, conditions=bits) for n in range(2)]
    begins = at + interval_s + after_s
    kept = [
        reading(n * interval_s, received=begins + n * interval_s * pace) for n in range(1, 200)
    ]

    state, told = follow(fire, limits=limits)
    assert [change[1:] for change in told] == [SMOKE_RAISED]
    assert follow(kept, state, limits)[1] == []


@given(
    interval_s=st.sampled_from([10, 60, 600]),
    back_s=st.integers(1, 7 * 86_400),
    of_a_message=st.integers(1, 4),
    restarted=st.booleans(),
)
def test_a_clock_that_was_set_back_restores_in_the_end(
    interval_s: int, back_s: int, of_a_message: int, *, restarted: bool
) -> None:
    """By however much, with however many readings a message, and over a restart."""
    limits = limits_for(device=replace(BATTERY, interval_s=interval_s))
    start = 8 * 86_400
    fire = [reading(start + n * interval_s, SMOKE) for n in range(3)]
    state, told = follow(fire, limits=limits)
    if restarted:
        state = DeviceState(standings=state.standings)
    step = interval_s / of_a_message
    clear = [
        reading(
            start + 3 * interval_s + n * step - back_s,
            received=start + 4 * interval_s + n // of_a_message * interval_s,
        )
        for n in range(of_a_message * 30)
    ]

    assert [change[1:] for change in told] == [SMOKE_RAISED]
    assert [change[1:] for change in follow(clear, state, limits)[1]] == [SMOKE_RESTORED]


# ---------------------------------------------------------------- whatever comes

any_reading = st.builds(
    reading,
    at=st.integers(0, 400),
    density=st.sampled_from([None, 0.0, CLEAN, 0.02, 0.031, SMOKE]),
    temperature=st.sampled_from([None, ROOM, 45.0, 60.0]),
    conditions=st.one_of(st.just(0), st.integers(0, 0xFFFF)),
    received=st.integers(0, 400),
)


@given(st.sampled_from(["smoke-optical", "smoke-verified-b"]), st.lists(any_reading, max_size=80))
@settings(max_examples=200)
def test_raised_and_ended_alternate_whatever_comes_in_whatever_order(
    profile_id: str, readings: list[Reading]
) -> None:
    """Never two of one kind at once, and never an end without a beginning; a pre-alarm becomes an alarm once."""
    limits, state = limits_for(profile_id), DeviceState()
    waits: dict[AlarmKind, bool] = {}
    for one in readings:
        state, changes = fold(state, one, limits)
        for change in changes:
            if not change.raised:
                del waits[change.kind]
                continue
            assert change.kind not in waits or (waits[change.kind] and not change.pre_alarm)
            waits[change.kind] = change.pre_alarm
    assert {kind: one.pre_alarm for kind, one in state.standings.now.items()} == waits


@given(
    st.lists(st.sampled_from([CLEAN, 0.02, SMOKE]), min_size=10, max_size=60),
    st.lists(st.integers(0, 59), max_size=30),
)
def test_stragglers_change_nothing(densities: list[float], late: list[int]) -> None:
    """Single readings that arrive again behind newer ones leave the alarms as they were."""
    straight = [reading(10 * n, density) for n, density in enumerate(densities)]
    disturbed: list[Reading] = []
    for n, one in enumerate(straight):
        disturbed.append(one)
        # One at a time: two in their own order would be a story of their own.
        disturbed += [straight[0]._replace(received_ms=one.received_ms)] * late.count(n)

    assert tell(disturbed) == tell(straight)


def test_mains_and_battery_devices_may_be_silent_for_their_own_time() -> None:
    """Interval times k of the power class, and five seconds."""
    assert limits_for(device=MAINS).silence_ms == 65_000
    assert limits_for(device=BATTERY).silence_ms == 305_000
