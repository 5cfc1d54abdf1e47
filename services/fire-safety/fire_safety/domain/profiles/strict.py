"""Reading nested data into frozen dataclasses, refusing whatever they do not have."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

Read = TypeVar("Read")


class NonsenseError(Exception):
    """The data are not what they must be; the message tells where and why."""


def read(kind: type[Read], given: object, where: str) -> Read:
    """Read an object into a dataclass; raises NonsenseError.

    Every key must be a field of its type. A field without a default must be there.
    """
    if not isinstance(given, Mapping):
        raise NonsenseError(f"{where}: not an object")
    hints = _hints(cast("type", kind))
    if unknown := sorted(given.keys() - hints.keys()):
        raise NonsenseError(f"{where}: unknown: {', '.join(unknown)}")
    if missing := sorted(_required(kind) - given.keys()):
        raise NonsenseError(f"{where}: missing: {', '.join(missing)}")
    values = {name: _value(hints[name], one, f"{where}.{name}") for name, one in given.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise NonsenseError(f"{where}: {error}") from error


def _value(kind: object, given: object, where: str) -> object:
    if isinstance(kind, UnionType):
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
        return None if given is None else _value(kind, given, where)
    if get_origin(kind) is tuple:
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise NonsenseError(f"{where}: not a list")
        item = get_args(kind)[0]
        return tuple(_value(item, one, f"{where}[{n}]") for n, one in enumerate(given))
    if is_dataclass(kind) and isinstance(kind, type):
        return read(kind, given, where)
    # An integer is a number as well; true and false are neither.
    if kind is float and isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    if kind is int and isinstance(given, int) and not isinstance(given, bool):
        return given
    raise NonsenseError(f"{where}: not {'a number' if kind is float else 'an integer'}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _required(kind: type) -> set[str]:
    return {one.name for one in fields(kind) if one.default is MISSING}
