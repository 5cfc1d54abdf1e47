"""Fields that several messages share."""

import re
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import FieldInvalidError

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def is_identifier(text: str) -> bool:
    """Tell whether a text has the form of an id; what has not is the id of nothing."""
    return _IDENTIFIER.fullmatch(text) is not None


def optional_identifier(field: str, text: str) -> str:
    """Read an id that may be empty; raises FieldInvalidError."""
    if text and not is_identifier(text):
        raise FieldInvalidError(field, "an id, or empty for all")
    return text


def timestamp(moment: datetime) -> Timestamp:
    """Write a time."""
    written = Timestamp()
    written.FromDatetime(moment)
    return written


def optional_timestamp(moment: datetime | None) -> Timestamp | None:
    """Write a time that may be absent."""
    return None if moment is None else timestamp(moment)
