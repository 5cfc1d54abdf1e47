"""Messages as JSON: written as the standard does, read more strictly."""

import json
from contextlib import suppress
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import (
    FieldInvalidError,
    MalformedRequestError,
    UnknownFieldError,
)
from gateway.schemas import proto_json
from gateway.schemas.contracts import read_contracts
from tests.gateway.messages import messages
from ward.fire_safety.v1 import readings_pb2
from ward.incidents.v1 import incidents_pb2
from ward.residency.v1 import residency_pb2

PACKAGES = frozenset({"ward.residency.v1", "ward.fire_safety.v1", "ward.incidents.v1"})
METHODS = read_contracts(PACKAGES).methods
REQUESTS = [method.request for method in METHODS]
RESPONSES = [method.response for method in METHODS]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(RESPONSES).flatmap(lambda kind: messages(kind.DESCRIPTOR)))
def test_the_writer_agrees_with_the_standard_one(message: Message) -> None:
    """Any response is written as protobuf's own library writes it, plain fields always included."""
    standard = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)

    assert json.loads(proto_json.write(message)) == json.loads(json.dumps(standard))


def test_rare_kinds_of_fields_are_written_too() -> None:
    """A 32-bit float is written as short as it was, not as the double behind it."""
    reading = readings_pb2.Reading(optical_density=0.1, observed_at_ms=1)

    assert json.loads(proto_json.write(reading)) == {"observedAtMs": "1", "opticalDensity": 0.1}


@given(st.sampled_from(REQUESTS).flatmap(lambda kind: messages(kind.DESCRIPTOR)))
def test_what_was_written_is_read_back(message: Message) -> None:
    """Reading is the inverse of writing."""
    read = type(message)()
    proto_json.fill(read, proto_json.parse(proto_json.write(message).encode()))

    assert read == message


@given(
    st.sampled_from(REQUESTS),
    st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()),
)
def test_any_text_is_read_or_refused(kind: type[Message], text: bytes) -> None:
    """Nothing but an expected error comes out of bad input."""
    with suppress(MalformedRequestError, UnknownFieldError, FieldInvalidError):
        proto_json.fill(kind(), proto_json.parse(text))


@given(st.data())
def test_any_value_of_a_known_field_is_read_or_refused(data: st.DataObject) -> None:
    """The same with names that exist."""
    kind = data.draw(st.sampled_from([one for one in REQUESTS if one.DESCRIPTOR.fields]))
    field = data.draw(st.sampled_from(list(kind.DESCRIPTOR.fields)))
    value = json.loads(json.dumps(data.draw(JSON)))
    with suppress(UnknownFieldError, FieldInvalidError):
        proto_json.fill(kind(), {field.json_name: value})


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"requestId": NaN}',
        b'{"requestId": "a", "requestId": "b"}',
        b"\xff\xfe{}",
        b"{}\x00",
        b'{"requestId": ' + b"1" * 10_000 + b"}",
        b"[" * 200_000,
    ],
)
def test_what_is_not_one_json_object_is_malformed(text: bytes) -> None:
    """Also a name that occurs twice, since two readers could take different ones."""
    with pytest.raises(MalformedRequestError):
        proto_json.parse(text)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"purpose": []}, "purpose"),
        ({"purpose": "PURPOSE_FIRE_RESCUE"}, "purpose"),
        ({"purpose": {"purpose": 1.5}}, "purpose.purpose"),
        ({"purpose": {"purpose": True}}, "purpose.purpose"),
        ({"purpose": {"purpose": "PURPOSE_CURIOSITY"}}, "purpose.purpose"),
        ({"birthDate": {"year": "1_990"}}, "birthDate.year"),
        ({"birthDate": {"year": "١٩٩٠"}}, "birthDate.year"),
        ({"birthDate": {"year": 2**31}}, "birthDate.year"),
        ({"birthDate": {"year": 1.5}}, "birthDate.year"),
        ({"birthDate": {"year": True}}, "birthDate.year"),
        ({"fullName": 5}, "fullName"),
        ({"fullName": ["a"]}, "fullName"),
        ({"fullName": "\ud800"}, "fullName"),
        ({"full_name": "a", "fullName": "b"}, "fullName"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_its_path(
    document: dict[str, Any], field: str
) -> None:
    """The path is told, the value never."""
    with pytest.raises(FieldInvalidError) as refused:
        proto_json.fill(residency_pb2.VerifyIdentityRequest(), document)

    assert refused.value.metadata == {"field": field}


@pytest.mark.parametrize(
    ("kind", "document", "takes"),
    [
        (
            residency_pb2.GetOccupancyRequest,
            {"asOf": "2026-02-29T00:00:00Z"},
            "một thời điểm, như",
        ),
        (incidents_pb2.ListIncidentsRequest, {"openOnly": "có"}, "true hoặc false"),
        (incidents_pb2.ListIncidentsRequest, {"pageSize": 2**31}, "một số nguyên, kiểu int32"),
        (residency_pb2.VerifyIdentityRequest, {"fullName": 5}, "một chuỗi ký tự"),
        (residency_pb2.VerifyIdentityRequest, {"sex": "M"}, "một trong SEX_MALE | SEX_FEMALE"),
    ],
)
def test_what_a_field_takes_is_said_in_words(
    kind: type[Message], document: dict[str, Any], takes: str
) -> None:
    """Not by the name that the contract's language has for it."""
    with pytest.raises(FieldInvalidError) as refused:
        proto_json.fill(kind(), document)

    assert refused.value.rule.vi.startswith(takes)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"nmae": 1}, {"field": "nmae"}),
        ({"purpose": {"raeson": 1}}, {"field": "purpose.raeson"}),
        ({"Nguyễn Văn A, sinh năm 1990": 1}, {}),
        ({"a" * 65: 1}, {}),
    ],
)
def test_an_unknown_field_is_named_if_its_name_is_a_name(
    document: dict[str, Any], told: dict[str, str]
) -> None:
    """What is not a plain identifier could be content, and is not repeated."""
    with pytest.raises(UnknownFieldError) as refused:
        proto_json.fill(residency_pb2.VerifyIdentityRequest(), document)

    assert refused.value.metadata == told


def test_two_of_a_oneof_are_refused() -> None:
    """A place is one dwelling or one building."""
    with pytest.raises(FieldInvalidError):
        proto_json.fill(
            residency_pb2.GetOccupancyRequest(), {"dwellingId": "d", "buildingId": "b"}
        )


def test_null_is_absent() -> None:
    """As proto3 JSON has it."""
    message = incidents_pb2.ListIncidentsRequest()
    proto_json.fill(message, {"premisesId": None, "openOnly": None})

    assert message == incidents_pb2.ListIncidentsRequest()
