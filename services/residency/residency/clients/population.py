"""The National Population Database behind its port: asked over gRPC, with a deadline; an outage is an answer."""

from typing import Protocol

from google.type import date_pb2
from grpc import aio

from chassis.telemetry.log import logger
from residency.domain.cases.population import (
    LEGAL_BASIS,
    PURPOSE_CODE,
    UNAVAILABLE,
    Answer,
    Question,
    Verdict,
    system_of,
)
from residency.domain.persons.identity import Sex
from ward.population.v1 import population_pb2 as pb
from ward.population.v1 import population_pb2_grpc

# Less than the shortest pause between two attempts.
_DEADLINE_S = 3.0
_SEXES = {Sex.MALE: pb.PERSON_SEX_MALE, Sex.FEMALE: pb.PERSON_SEX_FEMALE}
_VERDICTS = {pb.FieldAnswer.Value(f"FIELD_ANSWER_{one}"): one for one in Verdict}


class NationalPopulationRegistry(Protocol):
    """The port: who can answer whether persons are who they declare to be."""

    async def verify(self, question: Question) -> Answer:
        """Answer a question; an outage is an answer too: UNAVAILABLE."""


class PopulationClient:
    """Asks over gRPC. The caller's own tokens stay in the ward: this system names itself instead."""

    def __init__(self, channel: aio.Channel, ward_code: str) -> None:
        self._stub = population_pb2_grpc.PopulationServiceStub(channel)
        self._caller = system_of(ward_code)

    async def verify(self, question: Question) -> Answer:
        """Answer a question; what did not come in time, or answers another question, is no answer."""
        try:
            answer = await self._stub.VerifyPerson(self._request(question), timeout=_DEADLINE_S)
        except aio.AioRpcError as error:
            logger().warning("population_unavailable", code=error.code().name)
            return UNAVAILABLE
        if answer.correlation_id != question.correlation_id:
            logger().warning("population_answered_another_question")
            return UNAVAILABLE
        return Answer(
            number=_verdict(answer.personal_id_number),
            full_name=_verdict(answer.full_name),
            birth_date=_verdict(answer.birth_date),
            sex=_verdict(answer.sex),
        )

    def _request(self, question: Question) -> pb.VerifyPersonRequest:
        declared = question.declared
        born = declared.birth_date
        return pb.VerifyPersonRequest(
            purpose_code=PURPOSE_CODE,
            caller=self._caller,
            legal_basis=LEGAL_BASIS,
            correlation_id=question.correlation_id,
            case_number=question.case_number,
            personal_id_number=declared.number.digits,
            full_name=declared.full_name.text,
            birth_date=date_pb2.Date(year=born.year, month=born.month or 0, day=born.day or 0),
            sex=_SEXES[declared.sex],
        )


def _verdict(answer: pb.FieldAnswer.ValueType) -> Verdict:
    return _VERDICTS.get(answer, Verdict.UNAVAILABLE)
