"""Every RPC of residency: which are accounted for, by the descriptors alone, and that each leaves its record."""

from contextlib import suppress

import pytest
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc import aio

from chassis.rpc.access import rule_of
from tests.contracts.vocabulary import methods, path_of
from tests.residency.conftest import Service

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

METHODS = [
    method for method in methods() if method.containing_service.file.package == "ward.residency.v1"
]
# They hold nothing of residents: how personal data was misused, with histories of their own that are never changed.
OWN_HISTORY = {"BreachService", "ReviewService"}
# What tells of people in an answer.
OF_PEOPLE = {"Person", "GuestStay", "DisclosedGuest", "ResidenceDeclaration", "Registration"}


def writes(method: MethodDescriptor) -> bool:
    """Tell whether a method changes something: then it has an idempotency key."""
    return "request_id" in method.input_type.fields_by_name


def messages_of(answer: Descriptor) -> list[Descriptor]:
    """Gather the messages that an answer is made of."""
    found, waiting = [], [answer]
    while waiting:
        message = waiting.pop()
        if message not in found:
            found.append(message)
            waiting += [field.message_type for field in message.fields if field.message_type]
    return found


def test_whatever_changes_what_is_kept_of_people_is_accounted_for() -> None:
    """No method that writes is without a record, but for those of histories of their own."""
    without = {
        method.name
        for method in METHODS
        if writes(method)
        and not rule_of(path_of(method)).personal_data
        and method.containing_service.name not in OWN_HISTORY
    }
    writing = [method.name for method in METHODS if writes(method)]

    assert without == set()
    assert len(writing) > 45


def test_whatever_answers_with_persons_is_accounted_for() -> None:
    """A method whose answer has a record's id, or a person, a guest or a declaration in it, is marked."""
    unmarked = {method.name for method in METHODS if not rule_of(path_of(method)).personal_data}
    telling = {
        method.name
        for method in METHODS
        if "access_record_id" in method.output_type.fields_by_name
        or OF_PEOPLE & {message.name for message in messages_of(method.output_type)}
    }

    assert len(telling) > 15
    assert telling & unmarked == set()


async def test_each_leaves_a_record_even_of_a_question_that_cannot_be_read(
    service: Service,
) -> None:
    """Every method that is accounted for, asked by who may ask, with nothing in the question."""
    marked = [method for method in METHODS if rule_of(path_of(method)).personal_data]
    for method in marked:
        role = min(rule_of(path_of(method)).roles)
        with suppress(aio.AioRpcError):
            await service.call(method.name, GetMessageClass(method.input_type)(), role)
    recorded = {record.method for record in await service.access_records()}

    assert len(marked) > 55
    assert recorded == {path_of(method) for method in marked}
