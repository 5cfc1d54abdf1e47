"""Identifiers of access records: unlike one another, and in the order of time."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from chassis.account.record_ids import record_id, record_ids

NOW = datetime(2026, 11, 27, 3, 4, 5, 678_901, UTC)


def test_they_are_of_version_7() -> None:
    """As RFC 9562 has it (5.7): 48 bits of milliseconds since 1970, version and variant, and the rest by chance."""
    made = record_id(NOW)
    assert isinstance(made, UUID)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == round(NOW.replace(microsecond=678_000).timestamp() * 1000)
    assert UUID(str(made)) == made


def test_no_two_are_alike() -> None:
    """Also of the same instant; together they use each bit that is left to chance."""
    made = [*record_ids(NOW, 1000), *record_ids(NOW, 1000)]
    assert len(set(made)) == 2000
    varied = 0
    for one in made:
        varied |= one.int ^ made[0].int
    assert varied == (1 << 80) - 1 & ~(0xF << 76 | 0b11 << 62)


@given(st.integers(0, 10**14), st.integers(2, 10**9))
def test_later_ones_are_greater(at_ms: int, later_ms: int) -> None:
    """By two milliseconds or more; of one millisecond they are in no order."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    assert record_id(at) < record_id(at + timedelta(milliseconds=later_ms))
