"""Messages as proto3 JSON: written with every plain field, read strictly.

The standard reader ignores a list where an object belongs and takes `1.5` for an enum, and its complaints quote what
was sent. Here names and shapes are checked first, so that each fault is told by the field's name alone.
"""

import json
import re
from collections.abc import Collection
from functools import cache
from typing import Any, NoReturn

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from chassis.errors import FieldInvalidError, MalformedRequestError, UnknownFieldError
from chassis.rules import Rule
from gateway.schemas.bindings import is_leaf
from gateway.schemas.json_writer import writer_of

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}")
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_MAX_DEPTH = 32
_AS_IN_JSON = {
    FieldDescriptor.TYPE_STRING: str,
    FieldDescriptor.TYPE_BOOL: bool,
    FieldDescriptor.TYPE_INT32: int,
    FieldDescriptor.TYPE_UINT32: int,
}
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write(message: Message) -> str:
    """Write a message on one line; fields without presence are there even when they are zero or empty."""
    return _ENCODE(writer_of(message.DESCRIPTOR)(message))


def parse(text: bytes) -> dict[str, Any]:
    """Read a JSON object (RFC 8259); raises MalformedRequestError, also for a name that occurs twice."""
    try:
        document = json.loads(
            text.decode(), object_pairs_hook=_without_repetition, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise MalformedRequestError from error
    if not isinstance(document, dict):
        raise MalformedRequestError
    return document


def unknown_field(name: str, path: str = "") -> UnknownFieldError:
    """Make the error of a field that is not known; it is named unless its name could itself be content."""
    return UnknownFieldError(**({"field": path + name} if _NAME.fullmatch(name) else {}))


def fill(
    message: Message, document: dict[str, Any], *, path: str = "", without: Collection[str] = ()
) -> None:
    """Set the message's fields from a JSON object, at any depth.

    `without` names fields that have their place elsewhere. Raises UnknownFieldError or FieldInvalidError with the
    path of the field.
    """
    if path.count(".") > _MAX_DEPTH:
        raise MalformedRequestError
    fields = _fields_of(message.DESCRIPTOR)
    seen = set()
    for name, value in document.items():
        field = fields.get(name)
        if field is None or field.name in without:
            raise unknown_field(name, path)
        if field.name in seen:
            raise FieldInvalidError(
                path + name,
                Rule("chỉ ghi một lần, theo một cách viết", "given once, in one spelling"),
            )
        seen.add(field.name)
        if value is not None:  # proto3 JSON: null is absent
            _set(message, field, value, path + name)


@cache
def _fields_of(descriptor: Descriptor) -> dict[str, FieldDescriptor]:
    """Name the fields of a message in both spellings."""
    return {name: field for field in descriptor.fields for name in (field.json_name, field.name)}


def _set(message: Any, field: FieldDescriptor, value: object, path: str) -> None:  # noqa: ANN401
    if is_leaf(field):
        set_leaf(message, field, value, path)
    elif field.is_repeated:
        for index, item in enumerate(_list(value, path)):
            part, place = getattr(message, field.name).add(), f"{path}[{index}]"
            fill(part, _object(item, place), path=f"{place}.")
    else:
        _refuse_second_of_oneof(message, field, path)
        part = getattr(message, field.name)
        part.SetInParent()
        fill(part, _object(value, path), path=f"{path}.")


def set_leaf(message: Message, field: FieldDescriptor, value: object, path: str) -> None:
    """Set a field that JSON writes as one value, or as a list of such; raises FieldInvalidError."""
    _refuse_second_of_oneof(message, field, path)
    values = _list(value, path) if field.is_repeated else [value]
    if not all(_has_right_shape(field, each) for each in values):
        raise FieldInvalidError(path, _rule(field))
    try:
        _assign(message, field, value)
    except (json_format.ParseError, ValueError) as error:
        raise FieldInvalidError(path, _rule(field)) from error


def _assign(message: Message, field: FieldDescriptor, value: Any) -> None:  # noqa: ANN401 - as JSON has it
    """Set what a message holds as JSON does, or names; the rest is left to the standard reader, which is slow.

    Raises ParseError or ValueError.
    """
    if field.is_repeated:
        json_format.ParseDict({field.name: value}, message)
    elif type(value) is _AS_IN_JSON.get(field.type):
        setattr(message, field.name, value)
    elif field.enum_type is not None and value in field.enum_type.values_by_name:
        setattr(message, field.name, field.enum_type.values_by_name[value].number)
    else:
        json_format.ParseDict({field.name: value}, message)


def _refuse_second_of_oneof(message: Message, field: FieldDescriptor, path: str) -> None:
    if field.containing_oneof and message.WhichOneof(field.containing_oneof.name):
        names = " | ".join(other.json_name for other in field.containing_oneof.fields)
        raise FieldInvalidError(path, Rule(f"chỉ một trong {names}", f"only one of {names}"))


def _object(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FieldInvalidError(path, Rule("một đối tượng JSON", "a JSON object"))
    return value


def _list(value: object, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise FieldInvalidError(path, Rule("một danh sách JSON", "a JSON list"))
    return value


def _has_right_shape(field: FieldDescriptor, value: object) -> bool:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_BOOL:
            return isinstance(value, bool)
        case FieldDescriptor.CPPTYPE_STRING | FieldDescriptor.CPPTYPE_MESSAGE:
            return isinstance(value, str)
        case FieldDescriptor.CPPTYPE_ENUM:
            return isinstance(value, int | str) and not isinstance(value, bool)
        case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
            return isinstance(value, int | float | str) and not isinstance(value, bool)
        case _ if isinstance(value, str):
            return _INTEGER.fullmatch(value) is not None
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)


def _rule(field: FieldDescriptor) -> Rule:
    """Say what the field takes; contract names only."""
    if field.message_type is not None:
        return _of_type(str(field.message_type.name))
    if field.enum_type is not None:
        # What is said by leaving the field out is nothing to choose.
        said = [one.name for one in field.enum_type.values if one.number]
        names = " | ".join(said)
        return Rule(f"một trong {names}", names)
    return _of_type(_KINDS[field.type])


def _of_type(name: str) -> Rule:
    if name in _NUMBERS:
        return Rule(f"một số nguyên, kiểu {name}", f"a whole number, {name}")
    return _IN_WORDS.get(name, Rule(f"giá trị kiểu {name}", name))


_NUMBERS = {"int32", "uint32", "int64", "uint64"}
_IN_WORDS = {
    "bool": Rule("true hoặc false", "true or false"),
    "double": Rule("một số", "a number"),
    "string": Rule("một chuỗi ký tự", "a text"),
    "Timestamp": Rule(
        "một thời điểm, như 2026-11-28T07:30:00+07:00", "a time, such as 2026-11-28T07:30:00+07:00"
    ),
}


# `int32` of TYPE_INT32, and so on.
_KINDS = {
    number: name.removeprefix("TYPE_").lower()
    for name, number in vars(FieldDescriptor).items()
    if name.startswith("TYPE_")
}


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a name occurs twice")
    return document


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("not JSON")
