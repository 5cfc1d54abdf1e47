"""HTTP annotations of the contracts as bindings."""

import pytest
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from gateway.schemas.bindings import Binding, bindings_of
from ward.fire_safety.v1 import fire_safety_pb2
from ward.residency.v1 import residency_pb2

RESIDENCY = residency_pb2.DESCRIPTOR.services_by_name["ResidencyService"].methods_by_name
FIRE_SAFETY = fire_safety_pb2.DESCRIPTOR.services_by_name["FireSafetyService"].methods_by_name


def test_a_get_takes_the_fields_outside_its_path_from_the_query() -> None:
    """Nested ones with a dot, each in both spellings."""
    (binding,) = bindings_of(FIRE_SAFETY["ListDevices"])

    assert (binding.verb, binding.template) == ("GET", "/v1/premises/{premises_id}/devices")
    assert set(binding.parameters) == {"pageSize", "page_size", "pageToken", "page_token"}


def test_an_additional_binding_is_another_way_to_the_same_method() -> None:
    """Where the path names a building, the query cannot name a dwelling too."""
    by_dwelling, by_building = bindings_of(RESIDENCY["GetOccupancy"])

    assert by_dwelling.template == "/v1/dwellings/{dwelling_id}/occupancy"
    assert by_building.template == "/v1/buildings/{building_id}/occupancy"
    assert set(by_building.parameters) == {
        *("purpose.purpose", "purpose.reference"),
        *("asOf", "as_of", "asKnownAt", "as_known_at"),
    }


def test_a_body_leaves_nothing_to_the_query() -> None:
    """Each field has one place."""
    (binding,) = bindings_of(FIRE_SAFETY["ResetAlarm"])

    assert binding.has_body
    assert binding.parameters == {}
    assert [field.name for field in binding.path_fields] == ["alarm_id"]


@pytest.mark.parametrize(
    ("path", "variables"),
    [
        ("/v1/alarms/a-1:reset", {"alarm_id": "a-1"}),
        ("/v1/alarms/a%2F1%3Ax:reset", {"alarm_id": "a%2F1%3Ax"}),
        ("/v1/alarms/a-1", None),
        ("/v1/alarms/:reset", None),
        ("/v1/alarms/a/b:reset", None),
        ("/v1/alarms/a:b:reset", None),
        ("/v1/alarms/a-1:reset/", None),
        ("/v1/alarms/a-1:resets", None),
    ],
)
def test_a_path_matches_as_a_whole(path: str, variables: dict[str, str] | None) -> None:
    """A colon or slash that belongs to an id is percent-encoded."""
    (binding,) = bindings_of(FIRE_SAFETY["ResetAlarm"])
    found = binding.pattern.fullmatch(path)

    assert (found and found.groupdict()) == variables


def declared(number: int, **rule: str) -> tuple[Binding, ...]:
    """Declare a method with an HTTP rule and read its bindings."""
    file = FileDescriptorProto(name=f"t{number}.proto", package=f"t{number}", syntax="proto3")
    file.dependency.append("google/api/annotations.proto")
    message = file.message_type.add(name="Message")
    message.field.add(name="name", number=1, type=9, label=1)
    method = file.service.add(name="Service").method.add(
        name="Call", input_type=f".t{number}.Message", output_type=f".t{number}.Message"
    )
    method.options.Extensions[annotations_pb2.http].MergeFrom(http_pb2.HttpRule(**rule))
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return bindings_of(pool.FindServiceByName(f"t{number}.Service").methods_by_name["Call"])


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        (1, {"get": "/v1/{name=things/*}"}),
        (2, {"get": "/v1/things/**"}),
        (3, {"get": "v1/things"}),
        (4, {"post": "/v1/things", "body": "name"}),
        (5, {"get": "/v1/things", "response_body": "name"}),
    ],
)
def test_an_annotation_that_cannot_be_served_stops_the_start(
    number: int, rule: dict[str, str]
) -> None:
    """The message names the method."""
    with pytest.raises(ValueError, match=rf"t{number}\.Service\.Call"):
        declared(number, **rule)


def test_a_method_without_annotation_has_no_binding() -> None:
    """It is for gRPC alone."""
    assert declared(6) == ()
