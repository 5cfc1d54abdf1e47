"""The one vocabulary of errors: what the contract names, the code raises, and nothing else."""

import re

import grpc
import pytest

from chassis.errors import DomainError
from chassis.rpc.grpc_errors import reasons
from tests.contracts.vocabulary import SERVICES, built_services, domain_errors
from ward.errors.v1 import error_reason_pb2

PREFIX = "ERROR_REASON_"
NAMES = [
    value.name.removeprefix(PREFIX)
    for value in error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"].values
    if value.number
]
ERRORS = domain_errors()


@pytest.mark.parametrize("name", NAMES)
def test_a_reason_is_told_in_both_languages(name: str) -> None:
    """With a gRPC status code and a whole sentence in each."""
    reason = reasons()[name]

    assert reason.code is not grpc.StatusCode.OK
    assert reason.vi.endswith(".")
    assert reason.en.endswith(".")
    assert reason.vi != reason.en


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_name_the_same_things(name: str) -> None:
    """A placeholder of one sentence is one of the other."""
    reason = reasons()[name]

    assert re.findall(r"\{(\w+)\}", reason.vi) == re.findall(r"\{(\w+)\}", reason.en)


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_an_error_of_the_code_is_in_the_contract(error: type[DomainError]) -> None:
    """A reason cannot be misspelled."""
    assert error.reason in NAMES


def test_every_reason_of_the_contract_is_raised_somewhere() -> None:
    """A reason nobody raises is a promise nobody keeps."""
    missing = set(SERVICES) - set(built_services())
    if missing:
        pytest.skip(f"not written yet: {', '.join(sorted(missing))}")
    raised = {error.reason for error in ERRORS.values()}

    assert set(NAMES) - raised == set()
