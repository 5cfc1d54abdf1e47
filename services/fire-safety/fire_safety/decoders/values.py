"""What a field of a payload may hold: of the type that it must have, or refused. A truth value is no number."""

import math
from datetime import datetime

from chassis.errors import InvalidMessageError

_MS = 1000


def number(value: object) -> float:
    """Read a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidMessageError("bad_value")
    try:
        read = float(value)
    except OverflowError as error:
        raise InvalidMessageError("not_finite") from error
    if not math.isfinite(read):
        raise InvalidMessageError("not_finite")
    return read


def measured(fields: dict[str, object], name: str) -> float | None:
    """Read the number that a field holds, if it is there."""
    return number(fields[name]) if name in fields else None


def whole(value: object) -> int:
    """Read a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidMessageError("bad_value")
    return value


def flag(value: object) -> bool:
    """Read a truth value."""
    if not isinstance(value, bool):
        raise InvalidMessageError("bad_value")
    return value


def text(value: object) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise InvalidMessageError("bad_value")
    return value


def data(value: object) -> str | bytes:
    """Take octets as they are: the bytes of CBOR, or the text that JSON writes for them."""
    if not isinstance(value, str | bytes):
        raise InvalidMessageError("bad_value")
    return value


def moment(value: object) -> int:
    """Read a time, given as ISO 8601 with its offset or as milliseconds since 1970, into the latter."""
    if isinstance(value, str):
        return _moment_of_text(value)
    return round(number(value))


def _moment_of_text(value: str) -> int:
    try:
        read = datetime.fromisoformat(value)
        if read.tzinfo is None:
            raise InvalidMessageError("bad_time")
        return round(read.timestamp() * _MS)
    except (ValueError, OverflowError) as error:
        raise InvalidMessageError("bad_time") from error
