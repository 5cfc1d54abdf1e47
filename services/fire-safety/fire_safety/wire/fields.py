"""Fields that several messages share."""

import re
from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rpc import pages
from chassis.rules import Rule, years

DEVICE_ID_RULE = Rule("1 đến 64 ký tự A-Z a-z 0-9 _ -", "1 to 64 characters A-Z a-z 0-9 _ -")

# When anything can have been recorded.
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def is_identifier(text: str) -> bool:
    """Tell whether a text has the form of an id; what has not is the id of nothing."""
    return _IDENTIFIER.fullmatch(text) is not None


def optional_identifier(field: str, text: str) -> str:
    """Read an id that may be empty; raises FieldInvalidError."""
    if text and not is_identifier(text):
        raise FieldInvalidError(
            field, Rule("một mã định danh, hoặc để trống để lấy tất cả", "an id, or empty for all")
        )
    return text


def timestamp(moment: datetime) -> Timestamp:
    """Write a time."""
    written = Timestamp()
    written.FromDatetime(moment)
    return written


def optional_timestamp(moment: datetime | None) -> Timestamp | None:
    """Write a time that may be absent."""
    return None if moment is None else timestamp(moment)


def required_moment(request: Message, field: str) -> datetime:
    """Read a time that must be there; raises FieldInvalidError."""
    moment = optional_moment(request, field)
    if moment is None:
        raise FieldInvalidError(field, Rule("một thời điểm; bắt buộc", "a time; required"))
    return moment


def recorded_moment(request: Message, field: str) -> datetime:
    """Read a time that must be there, of the years in which there can be records; raises FieldInvalidError.

    The database takes the least of all times for no time, and what is counted from it for infinite.
    """
    moment = required_moment(request, field)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise FieldInvalidError(field, years(_FIRST_YEAR, _LAST_YEAR))
    return moment


def optional_moment(request: Message, field: str) -> datetime | None:
    """Read a time that may be absent; raises FieldInvalidError."""
    if not request.HasField(field):
        return None
    written: Timestamp = getattr(request, field)
    try:
        return written.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise FieldInvalidError(field, years(1, 9999)) from None


def page_token_of(moment: datetime, identity: UUID) -> str:
    """Make the token of the page after what is placed by time and id."""
    return pages.encode(moment.isoformat(), str(identity))


def place_of_page(token: str) -> tuple[datetime, UUID] | None:
    """Read such a token back; None for the first page. Raises PageTokenInvalidError."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    try:
        moment, identity = datetime.fromisoformat(key[0]), UUID(key[1])
    except ValueError:
        raise PageTokenInvalidError from None
    if moment.tzinfo is None:
        raise PageTokenInvalidError
    return moment, identity
