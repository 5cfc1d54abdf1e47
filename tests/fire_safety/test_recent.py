"""Readings that come again."""

from hypothesis import given
from hypothesis import strategies as st

from fire_safety.detection.recent import CAPACITY, Recent
from fire_safety.domain.readings.reading import Reading


def timed(at_ms: int) -> Reading:
    """Observe by the device's own clock."""
    return Reading(at_ms, 10**9)


def numbered(sequence: int, received_s: float, conditions: int = 0) -> Reading:
    """Observe without a clock."""
    at_ms = round(received_s * 1000)
    return Reading(at_ms, at_ms, conditions=conditions, sequence=sequence)


@given(st.lists(st.integers(0, 50), max_size=200))
def test_each_time_is_new_once(times: list[int]) -> None:
    """In whatever order."""
    recent = Recent()

    assert sum(recent.is_new(timed(one)) for one in times) == len(set(times))


def test_a_flood_fills_no_memory_and_the_newest_are_known() -> None:
    """The oldest are forgotten."""
    recent = Recent()
    for n in range(10_000):
        recent.is_new(timed(n))
        recent.is_new(numbered(n, n))

    assert not any(recent.is_new(timed(n)) for n in range(10_000 - CAPACITY, 10_000))
    assert len(recent._times) < 2 * CAPACITY  # noqa: SLF001 - what is bounded is inside
    assert len(recent._numbered or {}) <= 64  # noqa: SLF001


def test_a_clockless_device_s_repeated_message_is_known_by_its_number() -> None:
    """Though it is received, and so observed, later."""
    recent = Recent()

    assert recent.is_new(numbered(7, 100, conditions=32))
    assert not recent.is_new(numbered(7, 130, conditions=32))
    assert recent.is_new(numbered(8, 140))


def test_a_device_that_counts_anew_is_heard() -> None:
    """The same number with something else to say, or much later, is no repeat."""
    recent = Recent()
    recent.is_new(numbered(1, 100))

    assert recent.is_new(numbered(1, 120, conditions=32))
    assert recent.is_new(numbered(1, 1000, conditions=32))


def test_a_device_with_a_clock_is_known_by_it() -> None:
    """Whatever it counts."""
    recent = Recent()

    assert recent.is_new(timed(1)._replace(sequence=5))
    assert recent.is_new(timed(2)._replace(sequence=5))
    assert not recent.is_new(timed(2)._replace(sequence=6))


def test_what_happens_within_a_second_of_another_reading_is_heard() -> None:
    """A call point is pressed in the second of its heartbeat; neither the press nor the heartbeat counts twice."""
    recent = Recent()
    heartbeat, press = timed(1000), timed(1000)._replace(conditions=1024)

    assert [recent.is_new(one) for one in (heartbeat, press, press, heartbeat)] == [
        True,
        True,
        False,
        False,
    ]


def test_what_was_declared_is_known_as_long_as_its_time_is() -> None:
    """And fills no memory afterwards, whether readings are taken singly or in one step."""
    recent = Recent()
    declared = [timed(n)._replace(conditions=1 + n % 3) for n in range(10_000)]
    assert all(recent.is_new(one) for one in declared)

    assert not any(recent.is_new(one) for one in declared[-CAPACITY:])
    assert len(recent._declared or {}) < 2 * CAPACITY  # noqa: SLF001 - what is bounded is inside
    assert recent.are_new(range(10_000, 13_000))
    assert not recent._declared  # noqa: SLF001
