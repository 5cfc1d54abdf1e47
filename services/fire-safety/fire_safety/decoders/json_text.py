"""Reading JSON that may be hostile: UTF-8, no key twice, no number that is none, nothing nested without end."""

import json
from typing import NoReturn

from chassis.errors import InvalidMessageError


def read(payload: bytes) -> object:
    """Read a document; raises InvalidMessageError with not_json, not_finite or duplicate_key."""
    try:
        return json.loads(
            payload.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise InvalidMessageError("not_json") from error


def read_object(payload: bytes) -> dict[str, object]:
    """Read a document that is one object; what is null is left out, since it says nothing."""
    document = read(payload)
    if not isinstance(document, dict):
        raise InvalidMessageError("not_object")
    return {key: value for key, value in document.items() if value is not None}


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidMessageError("duplicate_key")
    return found


def _refuse_constant(_: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python would read though JSON has none."""
    raise InvalidMessageError("not_finite")
