"""Schemas of messages and enums as proto3 JSON writes them, with the comments of the contracts."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway.schemas.bindings import is_leaf

Schema = dict[str, Any]

_TYPE = FieldDescriptor
# https://protobuf.dev/programming-guides/json: 64-bit numbers are strings, since JavaScript would round them.
_SCALARS: dict[int, Schema] = {
    _TYPE.TYPE_DOUBLE: {"type": "number", "format": "double"},
    _TYPE.TYPE_FLOAT: {"type": "number", "format": "float"},
    _TYPE.TYPE_INT32: {"type": "integer", "format": "int32"},
    _TYPE.TYPE_SINT32: {"type": "integer", "format": "int32"},
    _TYPE.TYPE_SFIXED32: {"type": "integer", "format": "int32"},
    _TYPE.TYPE_UINT32: {"type": "integer", "format": "int64", "minimum": 0},
    _TYPE.TYPE_FIXED32: {"type": "integer", "format": "int64", "minimum": 0},
    _TYPE.TYPE_INT64: {"type": "string", "format": "int64"},
    _TYPE.TYPE_SINT64: {"type": "string", "format": "int64"},
    _TYPE.TYPE_SFIXED64: {"type": "string", "format": "int64"},
    _TYPE.TYPE_UINT64: {"type": "string", "format": "uint64"},
    _TYPE.TYPE_FIXED64: {"type": "string", "format": "uint64"},
    _TYPE.TYPE_BOOL: {"type": "boolean"},
    _TYPE.TYPE_STRING: {"type": "string"},
    _TYPE.TYPE_BYTES: {"type": "string", "format": "byte"},
}
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
}


class Components:
    """The schemas that operations refer to, gathered as they are referred to."""

    def __init__(self, comments: dict[str, str]) -> None:
        self._comments = comments
        self.schemas: dict[str, Schema] = {}
        self._owners: dict[str, str] = {}

    def message(self, descriptor: Descriptor) -> Schema:
        """Refer to the schema of a message."""
        name = self.name_of(descriptor)
        if name not in self.schemas:
            self.schemas[name] = {}  # a message may refer to itself
            self.schemas[name] = self.object(descriptor, descriptor.fields)
        return reference(name)

    def name_of(self, descriptor: Descriptor | EnumDescriptor) -> str:
        """Name the schema of a type: shortly, or in full where two packages use one name."""
        owner = self._owners.setdefault(descriptor.name, descriptor.full_name)
        return str(descriptor.name if owner == descriptor.full_name else descriptor.full_name)

    def object(self, descriptor: Descriptor, fields: Iterable[FieldDescriptor]) -> Schema:
        """Describe a message with only these fields."""
        return {
            "type": "object",
            **self._described(descriptor.full_name),
            "properties": {field.json_name: self.field(field) for field in fields},
        }

    def field(self, field: FieldDescriptor) -> Schema:
        """Describe one field of a message, with its comment."""
        described = self._described(field.full_name)
        value = self.value(field)
        # A comment beside a reference is lost in older readers of OpenAPI.
        return {"allOf": [value], **described} if "$ref" in value else {**value, **described}

    def value(self, field: FieldDescriptor) -> Schema:
        """Describe what a field or parameter holds."""
        one = self._one(field)
        return {"type": "array", "items": one} if field.is_repeated else one

    def comment(self, name: str) -> str:
        """Give the comment of an element by its full name."""
        return self._comments.get(name, "")

    def _one(self, field: FieldDescriptor) -> Schema:
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        if field.message_type is None:
            return _SCALARS[field.type]
        if is_leaf(field):
            return _WELL_KNOWN[field.message_type.full_name]
        return self.message(field.message_type)

    def _enum(self, descriptor: EnumDescriptor) -> Schema:
        name = self.name_of(descriptor)
        names = [value.name for value in descriptor.values]
        meanings = (
            f"- `{value}`: {self.comment(f'{descriptor.full_name}.{value}')}" for value in names
        )
        self.schemas[name] = {
            "type": "string",
            "enum": names,
            "description": "\n".join([self.comment(descriptor.full_name), "", *meanings]),
        }
        return reference(name)

    def _described(self, name: str) -> Schema:
        comment = self.comment(name)
        return {"description": comment} if comment else {}


def reference(name: str) -> Schema:
    """Refer to a schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}
