"""Which day it is in the ward."""

from datetime import date, datetime, timedelta, timezone

# Asia/Ho_Chi_Minh: without daylight saving time since 1975, so that no time zone data base is needed.
_WARD_TIME = timezone(timedelta(hours=7))


def ward_day(now: datetime) -> date:
    """Tell the ward's calendar day of an instant."""
    return now.astimezone(_WARD_TIME).date()
