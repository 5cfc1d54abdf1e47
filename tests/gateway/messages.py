"""Random messages of any contract, for hypothesis."""

from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

# What JSON and UTF-8 can hold: no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_STRING: TEXT,
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(width=32),
}
# 0001-01-01 to 9999-12-31, what RFC 3339 and so JSON can hold.
_SECONDS = st.integers(-62_135_596_800, 253_402_300_799)


def messages(descriptor: Descriptor) -> st.SearchStrategy[Message]:
    """Make any message of the type, at most a few levels deep."""
    if descriptor.full_name == "google.protobuf.Timestamp":
        return st.builds(Timestamp, seconds=_SECONDS, nanos=st.integers(0, 999_999_999))
    if descriptor.full_name == "google.protobuf.FieldMask":
        # JSON writes its paths in camel case, which not every text survives.
        return st.builds(FieldMask, paths=st.lists(st.sampled_from(["floor", "zone_id"])))
    fields = list(descriptor.fields)
    kind = message_factory.GetMessageClass(descriptor)
    if not fields:
        return st.builds(kind)
    chosen = st.lists(st.integers(0, len(fields) - 1), unique_by=lambda i: _part(fields[i]))
    return chosen.flatmap(
        lambda indexes: st.builds(
            kind, **{fields[i].name: _values(fields[i]) for i in sorted(indexes)}
        )
    )


def _part(field: FieldDescriptor) -> str:
    """Name what a field excludes: the others of its oneof, or itself."""
    return str((field.containing_oneof or field).full_name)


def _values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    one = _value(field)
    return st.lists(one, max_size=3) if field.is_repeated else one


def _value(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return messages(field.message_type)
    if field.enum_type is not None:
        known = st.sampled_from([value.number for value in field.enum_type.values])
        return known | st.integers(0, 2**31 - 1)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=12)
    return _SCALARS[field.cpp_type]
