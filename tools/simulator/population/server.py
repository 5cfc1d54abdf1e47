"""Answers `PopulationService` from a list of people, or with a fault that can be changed while it serves."""

import asyncio
from enum import StrEnum
from typing import Any

import grpc
from grpc import aio

from simulator.population.people import Known, People
from ward.population.v1 import population_pb2 as pb
from ward.population.v1 import population_pb2_grpc

# Longer than anybody waits.
SLOW_S = 60.0
_SEXES = {pb.PERSON_SEX_MALE: "M", pb.PERSON_SEX_FEMALE: "F"}


class Fault(StrEnum):
    """How the database fails."""

    # It does not.
    NONE = "none"
    # It says that it is unavailable.
    DOWN = "down"
    # It answers after a minute.
    SLOW = "slow"
    # It says of every field the opposite of what is true.
    LYING = "lying"
    # It answers another question than the one that was asked.
    STRAYING = "straying"
    # It answers in values that no contract knows, and that contradict each other.
    SHAPELESS = "shapeless"
    # It answers for the number and the name and leaves the rest.
    HALF = "half"


class PopulationServer(population_pb2_grpc.PopulationServiceServicer):
    """A population database; `questions` keeps what was asked, without what was declared."""

    def __init__(self, people: People, fault: Fault = Fault.NONE) -> None:
        self._people = people
        self.fault = fault
        self.questions: list[str] = []

    async def serve(self, listen: str) -> tuple[aio.Server, int]:
        """Start serving at host:port; tell the server and its port."""
        server = aio.server()
        population_pb2_grpc.add_PopulationServiceServicer_to_server(self, server)
        port = server.add_insecure_port(listen)
        await server.start()
        return server, port

    async def VerifyPerson(  # noqa: N802 - the contract's name
        self, request: pb.VerifyPersonRequest, context: "aio.ServicerContext[Any, Any]"
    ) -> pb.VerifyPersonResponse:
        """Answer field by field, or fail as it is told to."""
        self.questions.append(request.correlation_id)
        truth = answer(self._people.get(request.personal_id_number), request)
        match self.fault:
            case Fault.NONE:
                pass
            case Fault.DOWN:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the database is down")
            case Fault.SLOW:
                await asyncio.sleep(SLOW_S)
            case Fault.LYING:
                return _opposite(truth)
            case Fault.STRAYING:
                truth.correlation_id = f"not-{truth.correlation_id}"
            case Fault.SHAPELESS:
                truth.personal_id_number = pb.FIELD_ANSWER_NOT_FOUND
                truth.sex = 99  # type: ignore[assignment] # no value of the contract, on purpose
            case Fault.HALF:
                truth.birth_date = pb.FIELD_ANSWER_UNAVAILABLE
                truth.ClearField("sex")
        return truth


def answer(known: Known | None, asked: pb.VerifyPersonRequest) -> pb.VerifyPersonResponse:
    """Say what is true."""
    if known is None:
        return _answer(asked.correlation_id, *[pb.FIELD_ANSWER_NOT_FOUND] * 4)
    born = (asked.birth_date.year, asked.birth_date.month, asked.birth_date.day)
    return _answer(
        asked.correlation_id,
        pb.FIELD_ANSWER_MATCH,
        _compared(agrees=known.has_name(asked.full_name)),
        _compared(agrees=known.was_born(born)),
        _compared(agrees=_SEXES.get(asked.sex) == known.sex),
    )


def _answer(
    correlation_id: str,
    number: pb.FieldAnswer.ValueType,
    full_name: pb.FieldAnswer.ValueType,
    birth_date: pb.FieldAnswer.ValueType,
    sex: pb.FieldAnswer.ValueType,
) -> pb.VerifyPersonResponse:
    return pb.VerifyPersonResponse(
        correlation_id=correlation_id,
        personal_id_number=number,
        full_name=full_name,
        birth_date=birth_date,
        sex=sex,
    )


def _compared(*, agrees: bool) -> pb.FieldAnswer.ValueType:
    return pb.FIELD_ANSWER_MATCH if agrees else pb.FIELD_ANSWER_MISMATCH


def _opposite(truth: pb.VerifyPersonResponse) -> pb.VerifyPersonResponse:
    """Call whoever is known unknown, and whoever is unknown known."""
    if truth.personal_id_number == pb.FIELD_ANSWER_MATCH:
        return _answer(truth.correlation_id, *[pb.FIELD_ANSWER_NOT_FOUND] * 4)
    return _answer(truth.correlation_id, *[pb.FIELD_ANSWER_MATCH] * 4)
