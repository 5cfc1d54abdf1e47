"""What devices declare, beside what they measure: alarms, warnings, conditions of their own."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.detection.fold import DeviceState, fold
from fire_safety.detection.limits import Limits
from fire_safety.detection.standing import Standing, Standings
from fire_safety.domain.alarms.alarm import FIRE_KINDS, AlarmKind
from fire_safety.domain.profiles.profile import Profile
from fire_safety.domain.readings.reading import Condition, Reading
from tests.fire_safety.limits import PROFILES, limits_for
from tests.fire_safety.rooms import CLEAN, ROOM, SMOKE, START_S, follow, reading, tell

DECLARED = limits_for("declared")


def event(at: float, *conditions: Condition, battery: float | None = None) -> Reading:
    """Tell what a device that measures nothing tells."""
    bits = sum(conditions)
    return reading(at, density=None, temperature=None, conditions=bits)._replace(battery=battery)


@pytest.mark.parametrize("limits", [limits_for(), DECLARED], ids=["optical", "declared"])
@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        (Condition.SMOKE_ALARM, AlarmKind.SMOKE),
        (Condition.HEAT_ALARM, AlarmKind.HEAT),
        (Condition.CO_ALARM, AlarmKind.CO),
        (Condition.INTERCONNECT, AlarmKind.INTERCONNECT),
        (Condition.MANUAL_CALL_POINT, AlarmKind.MANUAL_CALL_POINT),
        (Condition.PANEL_ALARM, AlarmKind.PANEL),
        (Condition.FAULT, AlarmKind.FAULT),
        (Condition.LOW_BATTERY, AlarmKind.LOW_BATTERY),
        (Condition.TAMPER, AlarmKind.TAMPER),
        (Condition.MUTED, AlarmKind.MUTED),
        (Condition.CONTAMINATION, AlarmKind.CONTAMINATION),
        (Condition.END_OF_LIFE, AlarmKind.END_OF_LIFE),
        (Condition.MAINS_FAULT, AlarmKind.MAINS_FAULT),
    ],
)
def test_what_is_declared_once_stands_until_the_device_says_normal(
    condition: Condition, kind: AlarmKind, limits: Limits
) -> None:
    """At once and by a single event; hours later one event of normal ends it."""
    told = tell([event(0, condition), event(9_000, condition), event(20_000)], limits=limits)

    assert told == [(0, kind, True), (20_000, kind, False)]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda one: one.name)
def test_a_declared_alarm_waits_for_no_verification(profile: Profile) -> None:
    """Whatever the profile: the device has decided already."""
    limits = limits_for(profile.profile_id)

    _, (change,) = fold(DeviceState(), event(0, Condition.SMOKE_ALARM), limits)

    assert (change.kind, change.pre_alarm) == (AlarmKind.SMOKE, False)


def test_declared_and_measured_smoke_are_one_alarm() -> None:
    """Raised by whichever comes first, restored only when neither holds."""
    alarm = int(Condition.SMOKE_ALARM)
    both = [
        reading(0, SMOKE, conditions=alarm),
        *(reading(t, SMOKE) for t in range(10, 60, 10)),
        *(reading(t, CLEAN, conditions=alarm) for t in range(60, 200, 10)),
        *(reading(t, CLEAN) for t in range(200, 300, 10)),
    ]

    assert tell(both) == [(0, AlarmKind.SMOKE, True), (200, AlarmKind.SMOKE, False)]


def test_events_of_one_millisecond_count_in_their_order() -> None:
    """A device without a clock that was cut off sends what it kept all at once."""
    told = tell([event(0, Condition.SMOKE_ALARM), event(0), event(0, Condition.SMOKE_ALARM)])

    assert [raised for _, _, raised in told] == [True, False, True]


def test_muted_is_not_normal() -> None:
    """A device silenced by hand may hide what goes on: nothing ends before it speaks freely again."""
    muted = [event(t, Condition.MUTED) for t in (20, 1000)]

    told = tell([event(0, Condition.SMOKE_ALARM), *muted, event(2000)])

    assert told == [
        (0, AlarmKind.SMOKE, True),
        (20, AlarmKind.MUTED, True),
        (2000, AlarmKind.SMOKE, False),
        (2000, AlarmKind.MUTED, False),
    ]


def test_what_was_measured_is_not_ended_by_what_measures_nothing() -> None:
    """After a restart the windows are empty: a reading of the temperature alone says nothing of the smoke."""
    open_alarm = Standings({AlarmKind.SMOKE: Standing(0, measured=True)}, {})
    warm = [reading(t, density=None) for t in range(0, 600, 10)]

    assert tell(warm, DeviceState(standings=open_alarm)) == []


@pytest.mark.parametrize(
    ("warning", "kind"),
    [(Condition.SMOKE_WARNING, AlarmKind.SMOKE), (Condition.CO_WARNING, AlarmKind.CO)],
)
def test_a_warning_is_a_pre_alarm_until_the_device_alarms(
    warning: Condition, kind: AlarmKind
) -> None:
    """However long it lasts."""
    alarm = {AlarmKind.SMOKE: Condition.SMOKE_ALARM, AlarmKind.CO: Condition.CO_ALARM}[kind]
    state, told = DeviceState(), []
    for one in (event(0, warning), event(600, warning), event(610, alarm), event(620, warning)):
        state, changes = fold(state, one, limits_for())
        told += [(one.observed_ms // 1000 - START_S, change.pre_alarm) for change in changes]

    assert told == [(0, True), (610, False)]
    assert kind in state.standings.now


def test_a_warning_and_what_is_measured_are_an_alarm() -> None:
    """Two signs of one device."""
    warned = reading(0, SMOKE, conditions=int(Condition.SMOKE_WARNING))
    state, first = fold(DeviceState(), warned, limits_for())
    _, second = fold(state, reading(10, SMOKE), limits_for())

    assert [one.pre_alarm for one in (*first, *second)] == [True, False]


def test_a_late_declared_alarm_is_heard_and_ends_nothing() -> None:
    """Kept during an outage, or by a clock that was set back; the newer reading of normal was before it."""
    kept = event(0, Condition.SMOKE_ALARM)._replace(received_ms=(START_S + 110) * 1000)
    kept_normal = event(50)._replace(received_ms=(START_S + 111) * 1000)

    assert tell([event(100), kept, kept_normal]) == [(0, AlarmKind.SMOKE, True)]


def test_a_low_battery_is_measured_with_hysteresis() -> None:
    """Below 15 percent, back from 20 on; a reading without it changes nothing."""
    levels = [50, 15, 14.9, 16, None, 14, 19.9, 20, 14]

    told = tell(reading(10 * n)._replace(battery=one) for n, one in enumerate(levels))

    assert told == [
        (20, AlarmKind.LOW_BATTERY, True),
        (70, AlarmKind.LOW_BATTERY, False),
        (80, AlarmKind.LOW_BATTERY, True),
    ]


def test_a_battery_declared_low_ends_as_it_was_declared() -> None:
    """By a device that measures none."""
    told = tell([event(0, Condition.LOW_BATTERY), event(10)])

    assert [raised for _, _, raised in told] == [True, False]


def test_what_somebody_else_raised_is_left_alone() -> None:
    """The register's overdue tests, for one."""
    state = DeviceState(standings=Standings({AlarmKind.TEST_OVERDUE: Standing(0)}, {}))

    state, told = follow((reading(t) for t in range(0, 100, 10)), state)

    assert told == []
    assert AlarmKind.TEST_OVERDUE in state.standings.now


any_reading = st.builds(
    lambda density, temperature, ppm, battery, conditions: (
        density,
        temperature,
        ppm,
        battery,
        conditions,
    ),
    st.sampled_from([None, CLEAN, 0.02, SMOKE]),
    st.sampled_from([None, ROOM, 52.0, 70.0]),
    st.sampled_from([None, 0.0, 33.0, 5000.0]),
    st.sampled_from([None, 90.0, 17.0, 5.0]),
    st.one_of(st.just(0), st.integers(0, 0xFFFF)),
)


@given(st.sampled_from(PROFILES), st.lists(any_reading, max_size=60))
@settings(max_examples=150)
def test_nothing_is_restored_while_it_is_shown(
    profile: Profile, shown: list[tuple[Any, ...]]
) -> None:
    """By every profile: never while the newest reading declares it, is muted, or measures above the limit."""
    limits = limits_for(profile.profile_id)
    state = DeviceState()
    declared = {
        AlarmKind.SMOKE: Condition.SMOKE_ALARM | Condition.SMOKE_WARNING,
        AlarmKind.HEAT: Condition.HEAT_ALARM,
        AlarmKind.CO: Condition.CO_ALARM | Condition.CO_WARNING,
    }
    for n, (density, temperature, ppm, battery, conditions) in enumerate(shown):
        one = reading(20 * n, density, temperature, conditions)
        one = one._replace(carbon_monoxide=ppm, battery=battery)
        state, changes = fold(state, one, limits)
        above = {
            AlarmKind.SMOKE: bool(limits.smoke and density == SMOKE),
            AlarmKind.HEAT: bool(limits.heat and (temperature or 0) >= limits.heat.high),
            AlarmKind.CO: bool(limits.gas and (ppm or 0) > 100),
        }
        for change in changes:
            if change.raised or change.kind not in FIRE_KINDS:
                continue
            assert not conditions & (Condition.MUTED | declared.get(change.kind, 0))
            assert not above.get(change.kind)
