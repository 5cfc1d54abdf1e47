"""Which day it is in the ward."""

from datetime import UTC, date, datetime

from chassis.clock import ward_day


def test_the_day_begins_at_17_o_clock_universal_time() -> None:
    """Asia/Ho_Chi_Minh is seven hours ahead, all year."""
    assert ward_day(datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert ward_day(datetime(2026, 11, 22, 17, 0, 0, tzinfo=UTC)) == date(2026, 11, 23)
