"""What every RPC of the ward must declare."""

import re
from collections import Counter

import pytest
from google.protobuf.descriptor import Descriptor, MethodDescriptor

from chassis.rpc.access import rule_of
from gateway.schemas.bindings import bindings_of
from tests.contracts.vocabulary import (
    FOREIGN_PACKAGES,
    PACKAGES,
    methods,
    packages_with_services,
    path_of,
)
from ward.options.v1 import access_pb2

METHODS = methods()
EACH_METHOD = pytest.mark.parametrize("method", METHODS, ids=path_of)
EACH_STREAM = pytest.mark.parametrize(
    "method", [method for method in METHODS if method.server_streaming], ids=path_of
)


def test_there_are_methods() -> None:
    """The tests below are about something, and the gateway knows every package that has some."""
    packages = {method.containing_service.file.package for method in METHODS}

    assert packages == set(PACKAGES)
    assert packages_with_services() == packages | set(FOREIGN_PACKAGES)


@EACH_METHOD
def test_a_method_names_who_may_call_it(method: MethodDescriptor) -> None:
    """At least one role, none of them the unspecified one; without a rule nobody may call."""
    rule = rule_of(path_of(method))

    assert rule.roles
    assert rule.roles <= {
        name.removeprefix("ROLE_").lower() for name in access_pb2.Role.DESCRIPTOR.values_by_name
    }
    assert "unspecified" not in rule.roles


@EACH_METHOD
def test_a_method_can_be_called_over_http(method: MethodDescriptor) -> None:
    """It has a binding that the gateway can serve."""
    assert bindings_of(method)


def test_no_two_bindings_are_alike() -> None:
    """Names of path variables do not tell addresses apart."""
    addresses = Counter(
        (binding.verb, re.sub(r"\{[^}]*\}", "{}", binding.template))
        for method in METHODS
        for binding in bindings_of(method)
    )

    assert [address for address, number in addresses.items() if number > 1] == []


def test_one_address_has_one_spelling() -> None:
    """Two verbs on one address name its variables alike, so that one route answers both."""
    spellings: dict[str, set[str]] = {}
    for method in METHODS:
        for binding in bindings_of(method):
            shape = re.sub(r"\{[^}]*\}", "{}", binding.template)
            spellings.setdefault(shape, set()).add(binding.template)

    assert [found for found in spellings.values() if len(found) > 1] == []


@EACH_METHOD
def test_a_method_that_writes_does_not_hide_behind_get(method: MethodDescriptor) -> None:
    """Whoever takes an idempotency key changes something, so it is a POST with the key in the body."""
    writes = "request_id" in method.input_type.fields_by_name

    assert not writes or all(
        binding.verb == "POST" and binding.has_body for binding in bindings_of(method)
    )


@EACH_METHOD
def test_a_method_that_needs_a_purpose_takes_one(method: MethodDescriptor) -> None:
    """In a field of that name and type, which the server's edge and the gateway know."""
    if not rule_of(path_of(method)).purpose_required:
        return
    purpose = method.input_type.fields_by_name["purpose"]

    assert purpose.message_type is access_pb2.AccessPurpose.DESCRIPTOR


@EACH_METHOD
def test_an_administrator_sees_no_personal_data(method: MethodDescriptor) -> None:
    """Whoever runs the platform is shown everything but persons."""
    rule = rule_of(path_of(method))

    assert not (rule.personal_data and "administrator" in rule.roles)


@EACH_METHOD
def test_personal_data_is_never_streamed(method: MethodDescriptor) -> None:
    """One call is one look, recorded before its answer leaves."""
    assert not (rule_of(path_of(method)).personal_data and method.server_streaming)


@EACH_METHOD
def test_requests_and_responses_belong_to_one_method(method: MethodDescriptor) -> None:
    """So that one can change without the other."""
    assert method.input_type.name == f"{method.name}Request"
    assert method.output_type.name == f"{method.name}Response"


@EACH_STREAM
def test_a_stream_can_be_resumed(method: MethodDescriptor) -> None:
    """Each answer has the token that the request takes, and a name of what happened."""
    string = method.input_type.fields_by_name["resume_token"].type

    assert method.output_type.fields_by_name["resume_token"].type == string
    assert method.output_type.fields_by_name["event"].type == string


@EACH_METHOD
def test_nothing_is_streamed_to_the_ward(method: MethodDescriptor) -> None:
    """HTTP has no way to say it; sensors speak NATS and MQTT."""
    assert not method.client_streaming


@EACH_METHOD
def test_a_request_holds_nothing_that_http_cannot_carry(method: MethodDescriptor) -> None:
    """No map, at any depth: the gateway's reader does not know them."""
    assert not _maps(method.input_type, set())


def _maps(message: Descriptor, seen: set[str]) -> list[str]:
    found = []
    seen.add(message.full_name)
    for field in message.fields:
        inner = field.message_type
        if inner and inner.GetOptions().map_entry:
            found.append(str(field.full_name))
        elif inner and inner.full_name not in seen:
            found += _maps(inner, seen)
    return found
