"""Cases at the running service against the plain model: over gRPC, in PostgreSQL, into the register."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.type import date_pb2
from grpc import aio
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text

from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from residency import app
from residency.domain.cases.population import Verdict
from residency.operations.population import PopulationOperations
from residency.repository.cases import CaseSeal
from stack.nats_server import NatsServer
from tests.fixtures.servers import MakeToken, TestDatabase
from tests.residency.case_model import (
    MAKER,
    OFFICER_ACCOUNTS,
    START,
    Carrier,
    CaseMachine,
    RefusedError,
)
from tests.residency.conftest import MakeSettings
from tests.residency.desk import declared, temporary
from tests.residency.refusals import refusal_of
from tests.residency.samples import CONTENT_SEAL, SEAL, StoppedClock, add_building, relay
from ward.options.v1 import access_pb2
from ward.residency.v1 import cases_pb2 as pb
from ward.residency.v1 import cases_pb2_grpc, residency_pb2, residency_pb2_grpc

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

ACTS = {
    "submit": "SubmitCase",
    "ask": "RequestSupplement",
    "supplement": "SupplementCase",
    "accept": "AcceptCase",
    "verify": "VerifyCase",
    "see_original": "VerifyCase",
    "approve": "ApproveCase",
    "refuse": "RefuseCase",
    "withdraw": "WithdrawCase",
    "cancel": "CancelCase",
}
WORDS: dict[str, dict[str, Any]] = {
    "ask": {"missing": "Giấy tờ về chỗ ở"},
    "see_original": {"original_seen": True},
    "cancel": {"reason": "Đăng ký không đúng thẩm quyền"},
}


# Each state of each case is read by everybody, far more often than people do.
_HIGHER_LIMITS = text("""
    insert into lookup_limits (pattern, role, effective_from, window_s, most, source)
    select pattern, role, date '2026-01-02', window_s, 1000000, 'for a test' from lookup_limits
""")


class Office:
    """The running service for a thread that does not run its loop; the test answers as the population database."""

    def __init__(
        self,
        channel: aio.Channel,
        make_token: MakeToken,
        database: Database,
        clock: StoppedClock,
    ) -> None:
        self._stubs = (
            cases_pb2_grpc.CaseServiceStub(channel),
            residency_pb2_grpc.ResidencyServiceStub(channel),
        )
        self._loop = asyncio.get_running_loop()
        self._make_token = make_token
        self._database = database
        self.clock = clock
        self._questions = PopulationOperations(
            database, relay(database, clock), clock, SEAL, CaseSeal(CONTENT_SEAL), "11002"
        )

    def call(self, account: str, method: str, request: Any) -> Any:
        """Call a method; raises RefusedError."""
        role = "residence_officer" if account in OFFICER_ACCOUNTS else "citizen"
        token = self._make_token(role, account=account, assurance_level=2)
        metadata = (("authorization", f"Bearer {token}"),)
        invoke = next(getattr(stub, method) for stub in self._stubs if hasattr(stub, method))

        async def called() -> Any:
            return await invoke(request, metadata=metadata)

        try:
            return self._wait(called())
        except aio.AioRpcError as error:
            raise RefusedError(refusal_of(error).reason) from error

    def answer(self, verdict: Verdict) -> None:
        """Answer the question that is due; raises RefusedError if none is."""

        async def answered() -> bool:
            question = await self._questions.take_due()
            if question:
                await self._questions.answered(question, verdict)
            return question is not None

        if not self._wait(answered()):
            raise RefusedError("CASE_STATE_CONFLICT")

    def new_dwelling(self) -> UUID:
        """Build a house of one dwelling."""
        dwelling_id: UUID = self._wait(add_building(self._database)).dwelling_ids[0]
        return dwelling_id

    def _wait(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(timeout=30)


class ServedCase:
    """A case at the service: what it tells is asked anew after each act."""

    def __init__(self, office: Office, serial: int) -> None:
        self._office = office
        self._dwelling_id = office.new_dwelling()
        self._declaration = temporary(
            self._dwelling_id,
            declarant=declared(serial),
            temporary_residence=pb.TemporaryResidenceChange(
                dwelling_id=str(self._dwelling_id),
                valid_from=date_pb2.Date(year=2026, month=1, day=1),
                valid_until=date_pb2.Date(year=2028, month=1, day=1),
            ),
        )
        office.clock.now = START
        request = pb.CreateCaseRequest(request_id=str(uuid4()), declaration=self._declaration)
        self._number = office.call(MAKER, "CreateCase", request).case.case_number
        self._told: dict[str, Any] = {}

    def act(self, act: str, now: datetime, account: str, **words: Any) -> None:
        """Do something with the case, and once more under the same key, which changes nothing."""
        self._office.clock.now = now
        self._told = {}
        if act == "answer":
            self._office.answer(Verdict(words["check"]))
            return
        method = ACTS[act]
        request = getattr(pb, f"{method}Request")(
            request_id=str(uuid4()), case_number=self._number, **self._words(act, **words)
        )
        first = self._office.call(account, method, request)
        assert self._office.call(account, method, request).case == first.case

    def _words(self, act: str, **words: Any) -> dict[str, Any]:
        if act == "supplement":
            return {"declaration": self._declaration}
        if ground := words.get("ground"):
            value = pb.RefusalGround.Value(f"REFUSAL_GROUND_{ground}")
            return {"ground": value, "reason": "Không đủ điều kiện"}
        return {**WORDS.get(act, {}), **words}

    def state(self) -> str:
        """Tell where the case stands."""
        return pb.CaseState.Name(self._case.state).removeprefix("CASE_STATE_")

    def identity_check(self) -> str:
        """Tell what is known of the identity."""
        return pb.IdentityCheck.Name(self._case.identity_check).removeprefix("IDENTITY_CHECK_")

    def due_on(self) -> date | None:
        """Tell the due day."""
        due = self._case.due_on
        return date(due.year, due.month, due.day) if self._case.HasField("due_on") else None

    def sees(self, account: str) -> bool:
        """Tell whether somebody sees the case."""
        return self._seen_by(account) is not None

    def registrations(self) -> int:
        """Count who lives in the dwelling."""
        if "registered" not in self._told:
            request = residency_pb2.GetOccupancyRequest(
                purpose=self._purpose, dwelling_id=str(self._dwelling_id)
            )
            answer = self._office.call(OFFICER_ACCOUNTS[0], "GetOccupancy", request)
            self._told["registered"] = answer.dwellings[0].registered
        return int(self._told["registered"])

    @property
    def _case(self) -> pb.ResidenceCase:
        case: pb.ResidenceCase = self._seen_by(MAKER).case
        return case

    @property
    def _purpose(self) -> access_pb2.AccessPurpose:
        return access_pb2.AccessPurpose(
            purpose=access_pb2.PURPOSE_RESIDENCE_CASE, reference=self._number
        )

    def _seen_by(self, account: str) -> Any:
        """Read the case as somebody; None if it is not theirs to see."""
        if account not in self._told:
            request = pb.GetCaseRequest(case_number=self._number, purpose=self._purpose)
            try:
                self._told[account] = self._office.call(account, "GetCase", request)
            except RefusedError as error:
                if str(error) != "CASE_NOT_FOUND":
                    raise
                self._told[account] = None
        return self._told[account]


@pytest.fixture
async def office(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    database: Database,
    test_database: TestDatabase,
) -> AsyncGenerator[Office]:
    """Run the whole service at a stopped clock, without a population database; whoever asks may ask much."""
    clock, owner = StoppedClock(), Database.connect(test_database.owner_url)
    async with owner.transaction() as tx:
        await tx.execute(_HIGHER_LIMITS)
    await owner.close()
    async with Lifecycle() as life:
        port = await app.start(life, make_settings(nats_server.url), clock)
        async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Office(channel, make_token, database, clock)


async def test_the_running_service_moves_cases_as_the_plain_model_does(office: Office) -> None:
    """States, second person, identities, clock, who sees what, and who lives there; a repeat changes nothing."""
    serials = count(1)

    class ServedMachine(CaseMachine):
        def carrier(self) -> Carrier:
            return ServedCase(office, next(serials))

    chosen = settings(
        max_examples=4,
        stateful_step_count=25,
        suppress_health_check=[HealthCheck.too_slow],
    )
    await asyncio.to_thread(run_state_machine_as_test, ServedMachine, settings=chosen)
