"""What comes late, in any order: it raises what it would have raised in its own order, once, and ends nothing."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, reduce
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.detection.criteria import fire_signs
from fire_safety.detection.fold import fold_all
from fire_safety.detection.late import CAPACITY, GAS_CAPACITY, NONE_LATE, Late, placed
from fire_safety.detection.limits import Limits
from fire_safety.detection.standing import Standing, Transition
from fire_safety.detection.ward import Ward
from fire_safety.detection.window import EMPTY, look
from fire_safety.domain.alarms.alarm import FIRE_KINDS, AlarmKind, Signal
from fire_safety.domain.readings.reading import Batch, Condition, Reading
from tests.fire_safety.fires import FIRES, START_MS, Station, photo_alarms, stations
from tests.fire_safety.limits import MAINS, PROFILES, limits_for
from tests.fire_safety.rooms import (
    CLEAN,
    LIMITS,
    ROOM,
    SMOKE,
    START_S,
    follow,
    reading,
    tell,
)
from tests.fire_safety.test_fires import first_alarm_s

NEWEST_S = 100_000
SMOKE_RAISED = (AlarmKind.SMOKE, True)


def sent(
    kept: Sequence[Reading], *, every_ms: int = 1, after: Reading | None = None
) -> list[Reading]:
    """Send readings behind a newer one of clean air, one a message, in the order given."""
    newest = after or reading(NEWEST_S)
    times = count(newest.received_ms + 1, every_ms)
    return [newest, *(one._replace(received_ms=at) for one, at in zip(kept, times, strict=False))]


@cache
def recorded() -> list[tuple[Reading, ...]]:
    """Cut from each recorded fire what leads to its first alarm, of all readings and of every fifth."""
    found = []
    for fire in FIRES:
        for station in stations(fire):
            for step in (1, 5):
                readings = station.readings[::step]
                alarmed_s = first_alarm_s(Station(station.name, readings))
                if alarmed_s is not None:
                    until = [
                        one for one in readings if one.observed_ms <= START_MS + alarmed_s * 1000
                    ]
                    found.append(tuple(until[-CAPACITY:]))
    return found


def alarms_of(kept: Sequence[Reading], limits: Limits) -> set[AlarmKind]:
    """Tell which fires late readings raise in this order."""
    newest = Reading(START_MS + 10**9, START_MS + 10**9, CLEAN, ROOM)
    _, told = follow(sent(kept, after=newest), limits=limits)
    assert all(raised for _, _, raised in told)
    return {kind for _, kind, _ in told} & FIRE_KINDS


# ---------------------------------------------------------------- a fire in any order


@given(st.data(), st.sampled_from(["smoke-optical", "smoke-verified-a", "heat-a1r"]))
def test_a_recorded_fire_alarms_in_whatever_order_it_comes(
    data: st.DataObject, profile_id: str
) -> None:
    """One reading a message: what alarms in order alarms in any other, of readings that are kept together."""
    fire = data.draw(st.sampled_from(recorded()))
    limits = limits_for(profile_id)

    assert alarms_of(data.draw(st.permutations(fire)), limits) >= alarms_of(fire, limits)


def test_each_recorded_fire_alarms_when_it_comes_late_in_its_order() -> None:
    """So the property above is one of fires."""
    assert len(recorded()) >= 2 * 17 - 1
    assert all(alarms_of(fire, LIMITS) for fire in recorded())


@pytest.mark.parametrize("of_a_message", [1, 5, 50])
@pytest.mark.parametrize("fire", FIRES)
def test_a_whole_fire_alarms_when_its_newest_messages_come_first(
    fire: str, of_a_message: int
) -> None:
    """However much longer than what is kept; each message holds its readings in their order."""
    for station in stations(fire):
        if station.name not in photo_alarms(fire):
            continue
        all_of_it = station.readings
        cuts = range(0, len(all_of_it), of_a_message)
        messages = [all_of_it[begin : begin + of_a_message] for begin in cuts]
        newest_first = [one for message in reversed(messages) for one in message]

        assert alarms_of(newest_first, LIMITS)


def test_smoke_that_comes_newest_first_alarms_as_soon_as_it_has_lasted() -> None:
    """With the time, the value and the limit of the reading that shows it: so a repeat of it is known."""
    made, kept = ward(), [reading(t, SMOKE + t / 1000) for t in (20, 15, 10)]

    signals = take(made, sent(kept))

    (alarm,) = signals
    assert (alarm.kind, alarm.raised) == SMOKE_RAISED
    assert alarm.observed_ms == (START_S + 20) * 1000
    assert alarm.received_ms == (NEWEST_S + START_S) * 1000 + 1
    assert (alarm.value, alarm.threshold) == (
        SMOKE + 20 / 1000,
        LIMITS.smoke and LIMITS.smoke.high,
    )


def test_a_rise_that_comes_newest_first_alarms() -> None:
    """Each reading behind the one that was added is measured against an older one now."""
    rising = [reading(t, CLEAN, ROOM + t / 6) for t in range(50, -1, -10)]

    assert {told[1:] for told in tell(sent(rising))} == {(AlarmKind.HEAT, True)}


# ---------------------------------------------------------------- two backlogs by turns


def span(ppm: float, begins: float, *, every_s: int, minutes: float) -> list[Reading]:
    """Measure carbon monoxide alone, as much of it for so long."""
    times = range(0, round(minutes * 60) + 1, every_s)
    return [reading(begins + t, None, None)._replace(carbon_monoxide=ppm) for t in times]


def by_turns(*backlogs: Sequence[Reading]) -> list[Reading]:
    """Send several backlogs at once, each a reading a message."""
    return [one for turn in zip(*backlogs, strict=True) for one in turn]


HOURS = st.integers(1, 150).map(lambda hours: hours * 3600)


@given(
    smoke_back=st.booleans(), clean_back=st.booleans(), smoke_is_newer=st.booleans(), apart_s=HOURS
)
def test_smoke_of_one_of_two_backlogs_alarms(
    *, smoke_back: bool, clean_back: bool, smoke_is_newer: bool, apart_s: int
) -> None:
    """Two gateways send what they kept by turns, oldest or newest first; the fire is however far apart."""
    smoke_s, clean_s = (apart_s, 0) if smoke_is_newer else (0, apart_s)
    times = [10 * n for n in range(100)]
    clean = [reading(clean_s + t) for t in times]
    last = times[:2] if smoke_back else times[-2:]
    fire = [reading(smoke_s + t, SMOKE if t in last else CLEAN) for t in times]

    sending = by_turns(fire[::-1] if smoke_back else fire, clean[::-1] if clean_back else clean)

    newest = reading(7 * 86_400)
    assert {told[1:] for told in tell(sent(sending, after=newest))} == {SMOKE_RAISED}


@given(
    gas_back=st.booleans(),
    clean_back=st.booleans(),
    gas_is_newer=st.booleans(),
    apart_s=HOURS.filter(lambda apart_s: apart_s > 9000),
)
@settings(max_examples=20)
def test_carbon_monoxide_of_one_of_two_backlogs_alarms(
    *, gas_back: bool, clean_back: bool, gas_is_newer: bool, apart_s: int
) -> None:
    """As smoke does, though it takes the dose of half an hour, at a reading every ten seconds."""
    gas_s, clean_s = (apart_s, 0) if gas_is_newer else (0, apart_s)
    gas = span(110, gas_s, every_s=10, minutes=40)
    clean = span(0, clean_s, every_s=10, minutes=40)

    sending = by_turns(gas[::-1] if gas_back else gas, clean[::-1] if clean_back else clean)

    assert alarms_of(sending, limits_for("co-dose")) == {AlarmKind.CO}


# ---------------------------------------------------------------- carbon monoxide


@pytest.mark.parametrize("every_s", [10, 30, 60])
@pytest.mark.parametrize(("ppm", "minutes"), [(36, 138), (50, 82), (60, 67), (110, 25), (300, 2)])
def test_a_dose_that_comes_newest_first_alarms(ppm: float, minutes: float, every_s: int) -> None:
    """At the concentrations of EN 50291, over all of the time that its curve takes, and half of that does not."""
    gas, limits = span(ppm, 0, every_s=every_s, minutes=minutes), limits_for("co-dose")

    assert alarms_of(gas, limits) == {AlarmKind.CO}
    assert alarms_of(gas[::-1], limits) == {AlarmKind.CO}
    assert alarms_of(gas[::-1][: len(gas) // 2], limits) == set()


@given(st.data(), st.sampled_from([(36, 138), (60, 67), (110, 25)]))
@settings(max_examples=20)
def test_a_dose_alarms_in_whatever_order_it_comes(
    data: st.DataObject, gas: tuple[float, float]
) -> None:
    """A reading a minute over the longest time of the curve, however they are mixed."""
    ppm, minutes = gas
    kept = data.draw(st.permutations(span(ppm, 0, every_s=60, minutes=minutes)))

    assert alarms_of(kept, limits_for("co-dose")) == {AlarmKind.CO}


# ---------------------------------------------------------------- what raises nothing

quiet = st.builds(
    reading,
    at=st.integers(0, 2000),
    density=st.floats(0, 0.0299),
    temperature=st.floats(ROOM, ROOM + 4),
    received=st.integers(NEWEST_S, NEWEST_S + 5000),
)


@given(st.lists(quiet, max_size=100))
def test_clean_air_raises_nothing_in_whatever_order_it_comes(readings: list[Reading]) -> None:
    """A rise within half a minute that is below the limit included."""
    assert tell([reading(NEWEST_S), *readings]) == []


@given(st.permutations([reading(t, SMOKE if t < 30 else CLEAN) for t in range(0, 100, 10)]))
def test_late_readings_end_nothing_in_whatever_order_they_come(kept: list[Reading]) -> None:
    """Neither what burns now nor what they have raised."""
    burning = [reading(NEWEST_S - 10, SMOKE), reading(NEWEST_S, SMOKE)]

    assert [change[1:] for change in tell([*burning, *sent(kept)[1:]])] == [SMOKE_RAISED]


def test_a_fire_that_is_over_is_not_told_again_by_what_was_before_it() -> None:
    """What was shown once, and restored since by live readings, is not shown anew by older ones."""
    fire = [reading(t, SMOKE) for t in (100, 110, 120)]
    begun, told = follow(sent(fire))
    assert [change[1:] for change in told] == [SMOKE_RAISED]

    clear = [reading(NEWEST_S + t) for t in range(10, 140, 10)]
    over, told = follow(clear, begun)
    assert [change[1:] for change in told] == [(AlarmKind.SMOKE, False)]

    assert over.late == NONE_LATE
    before = [reading(t, CLEAN, received=NEWEST_S + 140 + t / 10) for t in (90, 80, 70)]
    assert follow(before, over)[1] == []


def test_a_fire_whose_end_was_kept_as_well_holds_nothing_back() -> None:
    """What the device went on to show says that it is over: live clean air restores it at once, not after a minute."""
    fire = [reading(t, SMOKE) for t in (100, 110, 120)]
    begun, _ = follow(sent([*fire, *(reading(t, CLEAN) for t in range(130, 200, 10))]))
    told = follow([reading(NEWEST_S + t) for t in range(10, 50, 10)], begun)[1]

    assert [change[1:] for change in told] == [(AlarmKind.SMOKE, False)]


def test_a_fire_that_is_still_coming_newest_first_is_not_restored_by_live_readings() -> None:
    """It is one alarm, not one for each reading that makes it longer."""
    live = [reading(NEWEST_S + t) for t in range(0, 600, 10)]
    kept = [reading(1000 - t, SMOKE, received=NEWEST_S + 1 + t) for t in range(0, 600, 10)]
    mixed = sorted(live + kept, key=lambda one: one.received_ms)

    assert [change[1:] for change in tell(mixed)] == [SMOKE_RAISED]


def test_what_was_declared_is_told_once() -> None:
    """A press among what was kept is no sign again when something older comes."""
    press = reading(50, None, conditions=int(Condition.MANUAL_CALL_POINT))
    begun, told = follow(sent([press]))
    assert [change[1:] for change in told] == [(AlarmKind.MANUAL_CALL_POINT, True)]
    over, _ = follow([reading(NEWEST_S + t, None) for t in (30, 70, 90)], begun)
    assert not over.standings.now

    assert follow([reading(40, None, received=NEWEST_S + 91)], over)[1] == []


# ---------------------------------------------------------------- what is kept

any_late = st.builds(
    reading,
    at=st.integers(0, 200),
    density=st.sampled_from([None, CLEAN, 0.02, SMOKE]),
    temperature=st.sampled_from([None, ROOM, 45.0, 60.0]),
    conditions=st.sampled_from([0, 0, 0, int(Condition.SMOKE_ALARM)]),
    received=st.just(NEWEST_S),
)


def place_all(readings: Sequence[Reading], late: Late = NONE_LATE) -> Late:
    """Put readings where they belong."""
    return reduce(lambda so_far, one: placed(so_far, [one], CLEAN, LIMITS).late, readings, late)


@given(st.data())
def test_the_order_leaves_no_trace(data: st.DataObject) -> None:
    """Nor does what comes twice: each reading has behind it what it would have had live."""
    kept = data.draw(st.lists(any_late, max_size=CAPACITY, unique_by=lambda one: one.observed_ms))
    twice = data.draw(st.lists(st.sampled_from(kept), max_size=10)) if kept else []
    in_order = sorted(kept)

    late = place_all(data.draw(st.permutations([*kept, *twice])))

    window = EMPTY
    assert [one.reading for one in late.run] == in_order
    for one in late.run:
        window = look(window, one.reading, CLEAN, LIMITS)
        assert one.window == window


any_gas = st.builds(
    lambda at, ppm: reading(at, None, None, received=NEWEST_S)._replace(carbon_monoxide=ppm),
    at=st.integers(0, 30_000),
    ppm=st.sampled_from([0.0, 31.0, 60.0, 300.0, 5000.0]),
)


@given(st.data())
def test_the_order_of_carbon_monoxide_leaves_no_trace(data: st.DataObject) -> None:
    """However long none was measured in between: the dose that is left is that of all before it."""
    kept = data.draw(st.lists(any_gas, max_size=CAPACITY, unique_by=lambda one: one.observed_ms))

    late = place_all(data.draw(st.permutations(kept)))

    window = EMPTY
    for one in late.run:
        window = look(window, one.reading, CLEAN, LIMITS)
        assert one.window == window


@given(st.lists(any_late, max_size=100), st.lists(any_late | any_gas, max_size=200))
@settings(max_examples=50)
def test_no_more_is_kept_than_there_is_room_for(
    readings: list[Reading], gassed: list[Reading]
) -> None:
    """In the order of their times, no two of one; more room is there for carbon monoxide."""
    for some, room in ((readings, CAPACITY), (gassed, GAS_CAPACITY)):
        times = [one.reading.observed_ms for one in place_all(some).run]

        assert len(times) <= room
        assert times == sorted(set(times))


def test_what_comes_in_order_goes_on_from_all_that_came() -> None:
    """Also from what is no longer kept: carbon monoxide adds up for hours."""
    gassed = [
        reading(10 * n, None, None)._replace(carbon_monoxide=60.0) for n in range(10 * CAPACITY)
    ]

    late = place_all(gassed)

    assert len(late.run) == GAS_CAPACITY
    assert late.run[-1].window == reduce(lambda w, one: look(w, one, CLEAN, LIMITS), gassed, EMPTY)


def test_after_a_pause_something_older_begins_anew() -> None:
    """Clean air of an outage in the morning is not between the smoke of one in the night."""
    morning = [reading(t, received=NEWEST_S + t / 10) for t in range(0, 100, 10)]
    night = [reading(5 + t, SMOKE, received=NEWEST_S + 1000 + t / 10) for t in range(0, 40, 10)]

    assert {told[1:] for told in tell([reading(NEWEST_S), *morning, *night])} == {SMOKE_RAISED}
    assert len(follow([reading(NEWEST_S), *morning, *night])[0].late.run) == len(night)


def test_what_begins_anew_goes_on_from_nothing() -> None:
    """Neither from what is kept nor from what is no longer."""
    long = place_all([reading(t, SMOKE, received=NEWEST_S) for t in range(1000, 3000, 10)])

    older = placed(long, [reading(0, SMOKE, received=NEWEST_S + 1000)], CLEAN, LIMITS).late

    assert older == place_all([reading(0, SMOKE, received=NEWEST_S + 1000)])


def test_a_clock_that_was_set_back_leaves_nothing_late() -> None:
    """What it showed goes on as what the device shows."""
    back = [reading(t, received=NEWEST_S + 10 + t) for t in range(0, 200, 10)]

    state, _ = follow([reading(NEWEST_S), *back])

    assert state.late == NONE_LATE
    assert state.live.newest_ms == back[-1].observed_ms


# ---------------------------------------------------------------- several in a message

messages = st.lists(
    st.lists(any_late | any_gas, min_size=1, max_size=6, unique_by=lambda one: one.observed_ms),
    max_size=5,
).map(lambda drawn: [sorted(message) for message in drawn])


def follow_together(sent_messages: Sequence[Sequence[Reading]]) -> tuple[Late, list[Transition]]:
    """Fold messages of late readings behind a newer one of clean air; give what is kept and what was told."""
    state, _ = follow([reading(NEWEST_S)])
    told: list[Transition] = []
    for message in sent_messages:
        state, transitions, _ = fold_all(state, message, LIMITS)
        told += transitions
    return state.late, told


def one_by_one(sent_messages: Sequence[Sequence[Reading]]) -> list[list[Reading]]:
    """Send the same readings in the same order, each in a message of its own."""
    return [[one] for message in sent_messages for one in message]


def kinds(told: Sequence[Transition]) -> set[AlarmKind]:
    """Tell what was raised."""
    return {one.kind for one in told if one.raised}


@given(messages)
def test_a_message_leaves_what_its_readings_leave_one_by_one(
    sent_together: list[list[Reading]],
) -> None:
    """The readings that are kept, and what was shown up to each of them."""
    together, _ = follow_together(sent_together)
    apart, _ = follow_together(one_by_one(sent_together))

    assert together == apart


@given(messages)
def test_a_message_raises_what_it_shows_and_nothing_that_its_readings_do_not_raise_one_by_one(
    sent_together: list[list[Reading]],
) -> None:
    """All that what is known shows in the end; not what some of a message seem to show without the others."""
    late, told = follow_together(sent_together)
    _, told_apart = follow_together(one_by_one(sent_together))

    shown = {
        sign.kind
        for one in late.run
        for sign in fire_signs(one.window, one.reading, CLEAN, LIMITS)
    }
    assert shown <= kinds(told) <= kinds(told_apart)


@given(messages)
def test_one_message_raises_exactly_what_all_of_it_shows(
    sent_together: list[list[Reading]],
) -> None:
    """Of the first message nothing else was known before."""
    for message in sent_together:
        late, told = follow_together([message])

        assert kinds(told) == {
            sign.kind
            for one in late.run
            for sign in fire_signs(one.window, one.reading, CLEAN, LIMITS)
        }


@given(messages)
def test_messages_in_their_order_raise_the_same_as_one_by_one(
    sent_together: list[list[Reading]],
) -> None:
    """With the same times, values and limits, where each reading is newer than those before it."""
    times = count(0, 7)
    in_order = [
        [one._replace(observed_ms=START_S * 1000 + next(times) * 1000) for one in message]
        for message in sent_together
    ]

    assert follow_together(in_order) == follow_together(one_by_one(in_order))


def test_smoke_of_a_message_with_clean_air_in_between_is_no_fire() -> None:
    """One by one the two would alarm before the clean air comes, as of a device whose reading between them is lost."""
    known = [reading(100, SMOKE, received=NEWEST_S)]
    message = [reading(80, SMOKE, received=NEWEST_S), reading(90, CLEAN, received=NEWEST_S)]

    assert kinds(follow_together([known, message])[1]) == set()
    assert kinds(follow_together(one_by_one([known, message]))[1]) == {AlarmKind.SMOKE}


# ---------------------------------------------------------------- the whole ward


def ward(signalling: dict[AlarmKind, Standing] | None = None) -> Ward:
    """Remember one device."""
    made = Ward(PROFILES, {MAINS.device_id: signalling} if signalling else {}, START_S * 1000)
    made.register([MAINS], START_S * 1000)
    return made


def take(made: Ward, readings: Sequence[Reading], *, silently: bool = False) -> list[Signal]:
    """Send readings, each in a message of its own."""
    signals = []
    for one in readings:
        signals += made.take(Batch(MAINS.device_id, one.received_ms, [one]), silently=silently)
    return signals


def test_a_message_is_looked_at_once_however_it_lies_among_what_is_known() -> None:
    """And all that is looked at for it counts as work, after which others have their turn."""
    made = Ward(PROFILES, {}, START_S * 1000)
    made.register([replace(MAINS, profile_id="co-dose")], START_S * 1000)
    take(made, sent(span(36, 50_000, every_s=50, minutes=140)))
    at_ms = (NEWEST_S + START_S + 1) * 1000
    between = [
        one._replace(received_ms=at_ms) for one in span(40, 49_999, every_s=9, minutes=149.9)
    ]
    assert len(between) == 1000

    before = made.steps
    made.take(Batch(MAINS.device_id, at_ms, between))
    of_a_message = made.steps - before
    made.take(Batch(MAINS.device_id, at_ms, [between[0]._replace(observed_ms=START_S * 1000)]))

    assert 1000 < of_a_message <= 1000 + GAS_CAPACITY
    assert made.steps - before - of_a_message > 1


backlogs = st.permutations(
    [reading(4 * n, SMOKE if 8 <= n < 16 else CLEAN, ROOM + n) for n in range(24)]
)


@given(backlogs, st.data())
def test_what_is_sent_twice_changes_nothing(kept: list[Reading], data: st.DataObject) -> None:
    """Whenever it comes again."""
    again = list(kept)
    for one in data.draw(st.lists(st.sampled_from(kept), max_size=20)):
        earliest = again.index(one)
        again.insert(data.draw(st.integers(earliest + 1, len(again))), one)

    once, twice = take(ward(), sent(kept)), take(ward(), sent(again))

    said = [[(one.kind, one.raised, one.observed_ms) for one in told] for told in (once, twice)]
    assert said[0] == said[1]


@given(backlogs, st.integers(0, 25))
def test_a_restart_among_late_readings_is_no_difference(kept: list[Reading], cut: int) -> None:
    """What came before it is folded again silently, and what it raised stands."""
    messages = sent(kept)
    first = take(made := ward(), messages[:cut])
    rest = take(made, messages[cut:])
    stands = {
        one.kind: Standing(one.received_ms, measured=True, observed_ms=one.observed_ms)
        for one in first
    }

    restarted = ward(stands)
    assert take(restarted, messages[:cut], silently=True) == []

    assert take(restarted, messages[cut:]) == rest
