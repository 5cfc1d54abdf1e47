"""Writing messages as proto3 JSON from a plan made once per message type.

The standard writer asks the descriptor of each field of each message anew and takes several times as long; a page of
incidents then costs the gateway more than the call behind it. A test holds this writer to the standard one's output.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

Write = Callable[[Any], Any]

# https://protobuf.dev/programming-guides/json: 64-bit numbers are strings, since JavaScript would round them.
_LONG = frozenset({FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64})
_RARE = frozenset({FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_FLOAT})


@dataclass(frozen=True)
class _Field:
    """How one field is written; `write` is None for what JSON holds as it is."""

    json_name: str
    name: str
    may_be_absent: bool
    write: Write | None


@cache
def writer_of(descriptor: Descriptor) -> Write:
    """Make the writer of a message type: message in, JSON value out.

    Fields without presence are written always, also when they are zero or empty.
    """
    if descriptor.full_name == "google.protobuf.Timestamp":
        return _timestamp
    if descriptor.file.package == "google.protobuf" or any(map(_is_rare, descriptor.fields)):
        return partial(json_format.MessageToDict, always_print_fields_with_no_presence=True)
    plan: list[_Field] = []

    def write(message: Any) -> dict[str, Any]:  # noqa: ANN401 - a message of the type
        written = {}
        for field in plan:
            if field.may_be_absent and not message.HasField(field.name):
                continue
            value = getattr(message, field.name)
            written[field.json_name] = value if field.write is None else field.write(value)
        return written

    plan.extend(_field(field) for field in descriptor.fields)
    return write


def _is_rare(field: FieldDescriptor) -> bool:
    """Tell whether the field is of a kind that is left to the standard writer."""
    is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
    return is_map or field.type in _RARE


def _field(field: FieldDescriptor) -> _Field:
    write = _value_writer(field)
    if field.is_repeated:
        write = _list_writer(write)
    return _Field(field.json_name, field.name, field.has_presence, write)


def _value_writer(field: FieldDescriptor) -> Write | None:
    if field.message_type is not None:
        return _message_writer(field.message_type)
    if field.enum_type is not None:
        return _enum_writer(field.enum_type)
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return _double
    return str if field.cpp_type in _LONG else None


def _message_writer(descriptor: Descriptor) -> Write:
    def write(message: Any) -> Any:  # noqa: ANN401 - a message of the type
        # Looked up only now, since a message may hold its own kind.
        return writer_of(descriptor)(message)

    return write


def _enum_writer(descriptor: EnumDescriptor) -> Write:
    names = {value.number: value.name for value in reversed(descriptor.values)}
    return lambda number: names.get(number, number)


def _list_writer(write: Write | None) -> Write:
    return list if write is None else lambda values: [write(value) for value in values]


def _double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _timestamp(message: Any) -> str:  # noqa: ANN401 - a Timestamp
    return str(message.ToJsonString())
