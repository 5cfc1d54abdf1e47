"""The residence desk: citizens and two officers at the running service, with a population database beside it."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.type import date_pb2
from grpc import aio
from nats.aio.subscription import Subscription

from chassis.storage.database import Database
from simulator.population.people import Known
from simulator.population.server import PopulationServer
from tests.fixtures.servers import MakeToken
from tests.residency.refusals import Refusal, refusal_of
from tests.residency.samples import StoppedClock, number
from ward.options.v1 import access_pb2
from ward.residency.v1 import cases_pb2 as pb
from ward.residency.v1 import cases_pb2_grpc, residency_pb2

NAME = "Phạm Thị Giả Định"
BORN = date_pb2.Date(year=1990, month=5, day=17)
PEOPLE = {number(serial).digits: Known(NAME, (1990, 5, 17), "F") for serial in (1, 2, 3)}


@dataclass(frozen=True)
class Person:
    """Who sits at the desk: a role and an account of their own."""

    role: str
    account: str
    assurance_level: int = 2


CITIZEN = Person("citizen", "citizen-1")
NEIGHBOUR = Person("citizen", "citizen-2")
OFFICER = Person("residence_officer", "officer-1")
SECOND_OFFICER = Person("residence_officer", "officer-2")


@dataclass(frozen=True)
class Desk:
    """The running service as people meet it, its clock, its database and the population database it asks."""

    target: str
    stub: cases_pb2_grpc.CaseServiceStub
    make_token: MakeToken
    database: Database
    clock: StoppedClock
    population: PopulationServer
    heard: Subscription

    async def call(self, who: Person, method: str, request: Any) -> Any:
        """Call a method."""
        return await getattr(self.stub, method)(request, metadata=self.signed_in(who))

    def signed_in(self, who: Person) -> tuple[tuple[str, str]]:
        """Give the metadata of a call by somebody."""
        token = self.make_token(who.role, account=who.account, assurance_level=who.assurance_level)
        return (("authorization", f"Bearer {token}"),)

    async def act(self, who: Person, method: str, case_number: str, **fields: Any) -> Any:
        """Move a case under a new request id."""
        kind = getattr(pb, f"{method}Request")
        request = kind(request_id=str(uuid4()), case_number=case_number, **fields)
        return await self.call(who, method, request)

    async def refusal(self, who: Person, method: str, case_number: str, **fields: Any) -> Refusal:
        """Try to move a case, which must be refused."""
        with pytest.raises(aio.AioRpcError) as refused:
            await self.act(who, method, case_number, **fields)
        return refusal_of(refused.value)

    async def create(self, declaration: pb.ResidenceDeclaration, who: Person = CITIZEN) -> str:
        """Make a draft; tell its number."""
        request = pb.CreateCaseRequest(request_id=str(uuid4()), declaration=declaration)
        number_: str = (await self.call(who, "CreateCase", request)).case.case_number
        return number_

    async def accepted(self, declaration: pb.ResidenceDeclaration) -> str:
        """Bring a case from draft to acceptance; tell its number."""
        case_number = await self.create(declaration)
        await self.act(CITIZEN, "SubmitCase", case_number)
        await self.act(OFFICER, "AcceptCase", case_number)
        return case_number

    async def seen(self, declaration: pb.ResidenceDeclaration) -> str:
        """Bring a case to where only the decision is missing: the originals were seen."""
        case_number = await self.accepted(declaration)
        await self.act(OFFICER, "VerifyCase", case_number, original_seen=True)
        return case_number

    async def get(self, case_number: str, who: Person = OFFICER) -> pb.GetCaseResponse:
        """Read a case as a whole."""
        purpose = access_pb2.AccessPurpose(
            purpose=access_pb2.PURPOSE_RESIDENCE_CASE, reference=case_number
        )
        request = pb.GetCaseRequest(case_number=case_number, purpose=purpose)
        answer: pb.GetCaseResponse = await self.call(who, "GetCase", request)
        return answer

    async def until_answered(self, case_number: str) -> pb.ResidenceCase:
        """Wait until the population database has answered for a case."""
        async with asyncio.timeout(30):
            while True:
                listed = await self.call(OFFICER, "ListCases", pb.ListCasesRequest())
                (case,) = (one for one in listed.cases if one.case_number == case_number)
                if case.identity_check != pb.IDENTITY_CHECK_PENDING:
                    answered: pb.ResidenceCase = case
                    return answered
                await asyncio.sleep(0.05)

    async def until_asked(self, times: int) -> None:
        """Wait until the population database was asked so often."""
        async with asyncio.timeout(30):
            while len(self.population.questions) < times:
                await asyncio.sleep(0.02)

    async def hear(self, kind: Any) -> Any:
        """Wait for the next event of a kind."""
        while True:
            message = await self.heard.next_msg(timeout=30)
            if message.subject == kind.DESCRIPTOR.full_name:
                return kind.FromString(message.data)


def declared(serial: int = 1, **fields: Any) -> pb.DeclaredPerson:
    """Declare a person whom the population database knows, with fields changed."""
    person: dict[str, Any] = {
        "personal_id_number": number(serial).digits,
        "full_name": NAME,
        "birth_date": BORN,
        "sex": residency_pb2.SEX_FEMALE,
        "relationship_to_householder": "con đẻ",
    }
    return pb.DeclaredPerson(**(person | fields))


def temporary(
    dwelling_id: UUID, *members: pb.DeclaredPerson, **fields: Any
) -> pb.ResidenceDeclaration:
    """Declare temporary residence for a year, with fields changed."""
    declaration: dict[str, Any] = {
        "declarant": declared(),
        "phone": "0100 000 001",
        "requested_content": "Đăng ký tạm trú một năm",
        "members": members,
        "signatories": [pb.SIGNATORY_DECLARANT, pb.SIGNATORY_DWELLING_OWNER],
        "temporary_residence": pb.TemporaryResidenceChange(
            dwelling_id=str(dwelling_id),
            valid_from=date_pb2.Date(year=2026, month=11, day=1),
            valid_until=date_pb2.Date(year=2027, month=11, day=1),
        ),
    }
    return pb.ResidenceDeclaration(**(declaration | fields))
