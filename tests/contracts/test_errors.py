"""The one vocabulary of errors: what the contract names, the code raises, and nothing else."""

import re
from enum import StrEnum

import grpc
import pytest

from chassis.errors import DomainError
from chassis.rpc.grpc_errors import reasons, sentences
from incidents.domain.lifecycle.states import Act, IncidentState, IncidentStateConflictError
from incidents.domain.lifecycle.tasks import TaskAct, TaskState, TaskStateConflictError
from residency.domain.cases.machine import CaseStateConflictError
from residency.domain.cases.states import CaseAct, CaseState
from residency.domain.protection.breaches import BreachAct, BreachState, BreachStateConflictError
from residency.domain.protection.data_subject_requests import (
    DataSubjectRequestStateConflictError,
    RequestAct,
    RequestState,
)
from tests.contracts.vocabulary import SERVICES, built_services, domain_errors
from ward.errors.v1 import error_reason_pb2

PREFIX = "ERROR_REASON_"
NAMES = [
    value.name.removeprefix(PREFIX)
    for value in error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"].values
    if value.number
]
ERRORS = domain_errors()
CONFLICTS = [
    (IncidentStateConflictError, IncidentState, Act),
    (TaskStateConflictError, TaskState, TaskAct),
    (CaseStateConflictError, CaseState, CaseAct),
    (DataSubjectRequestStateConflictError, RequestState, RequestAct),
    (BreachStateConflictError, BreachState, BreachAct),
]


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


@pytest.mark.parametrize(("error", "states", "acts"), CONFLICTS)
def test_a_conflict_of_states_is_said_in_words(
    error: type[DomainError], states: type[StrEnum], acts: type[StrEnum]
) -> None:
    """Every state and act has words in both languages; programs read its name."""
    vocabulary = error.vocabulary

    assert vocabulary["state"].keys() == set(states)
    assert vocabulary["act"].keys() >= set(acts)
    for state in vocabulary["state"]:
        for act in vocabulary["act"]:
            refusal = error(state=state, act=act)
            said = sentences(refusal)
            assert refusal.metadata == {"state": state, "act": act}
            assert not [text for text in said if re.search(r"[A-Z]{2}|[{}]", text)]


def test_every_conflict_of_states_is_looked_at() -> None:
    """A new one needs words too."""
    looked_at = {error.reason for error, _states, _acts in CONFLICTS}

    assert {name for name in NAMES if name.endswith("_STATE_CONFLICT")} == looked_at


def test_a_conflict_of_states_reads_as_a_sentence() -> None:
    """For an officer who knows no name of the contract."""
    refusal = IncidentStateConflictError(state=IncidentState.ASSIGNED, act=Act.CONTROL)

    assert sentences(refusal) == (
        "Vụ việc đang ở trạng thái «đã giao việc»; lúc này không thể báo đã khống chế.",
        "The incident is assigned; it is not possible now to report it under control.",
    )


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
