"""Fires told before their turn: as if the stream had brought the message, told once, and ended by what comes after."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.decoders import columns
from fire_safety.decoders.columns import Sent
from fire_safety.detection.modes import Mode
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import FIRE_KINDS, AlarmKind, Signal, Suppression
from fire_safety.domain.readings.columns import Block, Bulk
from fire_safety.domain.readings.reading import Batch, Condition, Reading
from tests.fire_safety.limits import INGESTION, MAINS, PROFILES
from ward.fire_safety.v1 import readings_pb2 as pb

START = 1_700_000_000_000
DEVICE = MAINS.device_id
CLEAN, SMOKE = 0.002, 0.1
ROOM, HOT = 25.0, 70.0
SMOKE_ALARM, FAULT, TEST = Condition.SMOKE_ALARM, Condition.FAULT, Condition.TEST
SMOKE_RAISED, SMOKE_ENDED = (AlarmKind.SMOKE, True), (AlarmKind.SMOKE, False)
_LATER_MS = 300
# Of so many messages it is drawn when and how often they are heard.
_DRAWN = 8


def ward() -> Ward:
    """Remember one device."""
    made = Ward(PROFILES, {}, START)
    made.register([MAINS], START)
    return made


def seen(
    second: int, density: float = CLEAN, temperature: float = ROOM, conditions: int = 0
) -> Reading:
    """Observe something; it is received a moment later."""
    at = START + 1000 * second
    return Reading(at, at + _LATER_MS, density, temperature, None, conditions)


def message(*readings: Reading) -> Batch:
    """Send readings in one message."""
    return Batch(DEVICE, readings[-1].received_ms, list(readings))


def singly(start: int, end: int, density: float, step: int = 10) -> list[Batch]:
    """Send one reading a message."""
    return [message(seen(second, density)) for second in range(start, end, step)]


def blocks_of(batch: Batch) -> list[Block]:
    """Read a message as whoever listens does."""
    readings = [
        pb.Reading(
            observed_at_ms=one.observed_ms,
            optical_density=one.optical_density,
            temperature=one.temperature,
            conditions=one.conditions,
        )
        for one in batch.readings
    ]
    payload = pb.ReadingBatch(device_id=DEVICE, readings=readings).SerializeToString()
    subject = f"ward.11002.device.{DEVICE}.up".encode()
    return columns.read(Sent([0], [subject], [payload], [batch.received_ms]), INGESTION)


def overheard(made: Ward, batches: Sequence[Batch]) -> list[Signal]:
    """Have messages heard that the stream has not brought, those of one reading one by one."""
    return [
        signal
        for one in batches
        for signal in made.overhear(
            Bulk([], [one]) if len(one.readings) == 1 else Bulk(blocks_of(one), [])
        )
    ]


def brought(made: Ward, batches: Sequence[Batch]) -> list[Signal]:
    """Have the stream bring messages."""
    return [signal for one in batches for signal in made.take(one)]


def changes(signals: Sequence[Signal]) -> list[tuple[AlarmKind, bool]]:
    """Tell what began and ended."""
    return [(one.kind, one.raised) for one in signals]


def test_smoke_is_told_when_it_is_heard_and_not_again_when_the_stream_brings_it() -> None:
    """One signal, with the reading's own values."""
    made, smoke = ward(), singly(0, 30, SMOKE)

    early = overheard(made, smoke)

    (in_its_turn,) = brought(ward(), smoke)
    assert [replace(one, value=SMOKE) for one in early] == [in_its_turn]
    assert brought(made, smoke) == []


def test_what_the_stream_brings_from_before_ends_nothing_and_clean_air_behind_it_does() -> None:
    """The stream is a minute behind when the smoke is heard."""
    made, air, smoke = ward(), singly(0, 60, CLEAN), singly(60, 90, SMOKE)
    assert changes(overheard(made, smoke)) == [SMOKE_RAISED]

    assert brought(made, air + smoke) == []
    assert changes(brought(made, singly(90, 180, CLEAN))) == [SMOKE_ENDED]


def test_a_fire_that_the_stream_never_brings_is_ended_by_what_it_does_bring() -> None:
    """The broker refused the message: whoever was alarmed can still reset it."""
    made = ward()
    assert changes(overheard(made, singly(0, 30, SMOKE))) == [SMOKE_RAISED]

    assert changes(brought(made, singly(30, 120, CLEAN))) == [SMOKE_ENDED]


def test_clean_air_between_two_readings_of_smoke_confirms_neither() -> None:
    """Whoever has shown something is followed message by message, however calm the next one is."""
    made = ward()
    course = [message(seen(0, SMOKE)), message(seen(10, CLEAN)), message(seen(20, SMOKE))]

    assert overheard(made, course) == []
    assert brought(made, course) == []


def test_a_message_heard_after_the_stream_brought_it_gives_nothing() -> None:
    """Neither of two connections is always first; and a reading must not confirm itself."""
    made, first = ward(), [message(seen(0, SMOKE))]
    brought(made, first)

    assert overheard(made, first + first) == []


def test_smoke_confirms_nothing_across_what_was_not_heard() -> None:
    """There may have been clean air in between; the stream knows."""
    made = ward()
    overheard(made, [message(seen(0, SMOKE))])

    made.miss()

    assert overheard(made, [message(seen(20, SMOKE))]) == []


def test_a_device_is_followed_while_the_stream_shows_it_out_of_the_ordinary() -> None:
    """What it has shown and the stream has brought counts, and so does the clean air behind it."""
    made, first = ward(), [message(seen(0, SMOKE))]
    overheard(made, first)
    brought(made, first)
    made.sweep(START + 5000)
    assert overheard(made, [message(seen(10, CLEAN)), message(seen(20, SMOKE))]) == []

    other = ward()
    overheard(other, first)
    brought(other, first)
    assert changes(overheard(other, [message(seen(10, SMOKE))])) == [SMOKE_RAISED]


def test_a_message_heard_twice_changes_nothing() -> None:
    """The clean air in between is not forgotten for it."""
    made = ward()
    air = message(seen(10, CLEAN))
    course = [message(seen(0, SMOKE)), air, air, message(seen(20, SMOKE))]

    assert overheard(made, course) == []


def test_what_waits_for_confirmation_is_told_in_its_turn() -> None:
    """How long smoke lasts is told by the stream's times alone."""
    made = Ward(PROFILES, {}, START)
    made.register([replace(MAINS, profile_id="smoke-verified-a")], START)

    assert overheard(made, singly(0, 30, SMOKE)) == []
    (pre_alarm,) = brought(made, singly(0, 30, SMOKE))
    assert pre_alarm.pre_alarm


def test_a_message_that_was_kept_for_long_waits_for_its_turn() -> None:
    """A thousand readings at once would hold up whoever is heard next."""
    assert overheard(ward(), [message(*(seen(n, SMOKE) for n in range(101)))]) == []


def test_only_the_beginning_of_a_fire_is_told_early() -> None:
    """A fault is told in its turn, and so is the end of anything."""
    made = ward()
    declared = [message(seen(0, conditions=SMOKE_ALARM | FAULT))]

    assert changes(overheard(made, declared)) == [SMOKE_RAISED]
    assert changes(brought(made, declared)) == [(AlarmKind.FAULT, True)]
    assert overheard(made, singly(10, 120, CLEAN)) == []


def test_what_is_tested_or_disabled_is_judged_in_its_turn() -> None:
    """It counts for nothing, and is recorded as that."""
    tested, disabled = ward(), ward()
    disabled.suppress({DEVICE: (Mode(Suppression.DISABLED, START + 10**6, START),)}, 10**7)

    assert overheard(tested, [message(seen(0, conditions=SMOKE_ALARM | TEST))]) == []
    assert overheard(disabled, [message(seen(0, conditions=SMOKE_ALARM))]) == []
    (signal,) = brought(disabled, [message(seen(0, conditions=SMOKE_ALARM))])
    assert signal.suppressed is Suppression.DISABLED


def test_a_fire_that_could_not_be_stored_is_told_again() -> None:
    """The next reading gives it, as with any other signal."""
    made = ward()
    (signal,) = overheard(made, singly(0, 20, SMOKE))

    made.forget(signal)

    assert changes(brought(made, singly(0, 30, SMOKE))) == [SMOKE_RAISED]


def test_of_many_messages_read_at_once_the_smoke_is_found() -> None:
    """As the platform's own format is read: in columns, most of them calm."""
    made = Ward(PROFILES, {}, START)
    names = [f"CS0001-D{number:02}" for number in range(20)]
    made.register([replace(MAINS, device_id=one) for one in names], START)
    payloads = [
        pb.ReadingBatch(
            device_id=name,
            readings=[
                pb.Reading(
                    observed_at_ms=START + 10_000 * n,
                    optical_density=SMOKE if name == names[7] else CLEAN,
                    temperature=ROOM,
                )
                for n in range(3)
            ],
        ).SerializeToString()
        for name in names
    ]
    subjects = [f"ward.11002.device.{name}.up".encode() for name in names]
    sent = Sent(range(20), subjects, payloads, [START + 20_300] * 20)

    (block,) = columns.read(sent, INGESTION)
    (signal,) = made.overhear(Bulk([block], []))

    assert (signal.device_id, signal.kind, signal.raised) == (names[7], AlarmKind.SMOKE, True)


rooms = st.tuples(
    st.sampled_from([1, 5, 10, 10, 10, 40]),
    st.sampled_from([CLEAN, CLEAN, SMOKE]),
    st.sampled_from([ROOM, ROOM, ROOM, HOT]),
    st.sampled_from([0, 0, 0, 0, 0, 0, int(SMOKE_ALARM)]),
)


@st.composite
def courses(draw: st.DrawFn) -> list[Batch]:
    """Have a device send messages, and some minutes of a clean room in the end."""
    second, found = 0, []
    for rows in draw(st.lists(st.lists(rooms, min_size=1, max_size=4), min_size=1, max_size=8)):
        readings = []
        for step, density, temperature, conditions in rows:
            second += step
            readings.append(seen(second, density, temperature, conditions))
        found.append(message(*readings))
    return found + singly(second + 10, second + 400, CLEAN, step=20)


def told_of(
    course: list[Batch], data: st.DataObject, heard: st.SearchStrategy[int]
) -> list[Signal]:
    """Have the stream bring a course, and some of it heard before: each message as often as is drawn."""
    made, ahead = ward(), 0
    told: list[Signal] = []
    for number, batch in enumerate(course):
        until = number + (data.draw(st.integers(0, 4)) if number < _DRAWN else 1)
        while ahead < min(until, len(course)):
            times = data.draw(heard) if ahead < _DRAWN else 1
            if not times:
                made.miss()
            told += overheard(made, [course[ahead]] * times)
            ahead += 1
        told += made.take(batch)
        told += made.sweep(batch.received_ms)
    return [one for one in told if one.kind in FIRE_KINDS]


def straight(course: list[Batch]) -> list[Signal]:
    """Have the stream alone bring a course."""
    made = ward()
    told = [signal for one in course for signal in (*made.take(one), *made.sweep(one.received_ms))]
    return [one for one in told if one.kind in FIRE_KINDS]


@given(courses(), st.data())
@settings(max_examples=60)
def test_however_far_behind_the_stream_is_it_comes_to_the_same(
    course: list[Batch], data: st.DataObject
) -> None:
    """Each kind begins and ends as often, and by the same readings, as without listening."""
    expected, found = straight(course), told_of(course, data, st.just(1))

    for kind in FIRE_KINDS:
        assert [one.raised for one in found if one.kind is kind] == [
            one.raised for one in expected if one.kind is kind
        ]


@given(courses(), st.data())
@settings(max_examples=60)
def test_whatever_is_missed_or_heard_twice_no_fire_is_told_that_is_none(
    course: list[Batch], data: st.DataObject
) -> None:
    """Each kind begins and ends in turn, no more often and no earlier than without listening."""
    expected, found = straight(course), told_of(course, data, st.integers(0, 2))

    for kind in FIRE_KINDS:
        due = [one for one in expected if one.kind is kind]
        told = [one for one in found if one.kind is kind]
        assert [one.raised for one in told] == [place % 2 == 0 for place in range(len(told))]
        assert len(told) <= len(due)
        assert bool(told) == bool(due)
        if told:
            assert told[0].observed_ms >= due[0].observed_ms
