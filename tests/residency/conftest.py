"""A migrated database, and the running service, for one test."""

import base64
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from grpc import aio
from nats.aio.client import Client
from sqlalchemy import select

from chassis.clock import Clock, utc_now
from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from residency import app, tables
from residency.settings import Settings
from simulator.population.server import PopulationServer
from stack.issuer import Issuer
from stack.nats_server import NatsServer
from tests.fixtures.barrier import taken_in
from tests.fixtures.days import same_day
from tests.fixtures.servers import ISSUER_ADDRESS, MakeDatabase, MakeToken, TestDatabase
from tests.residency.accounted import unaccounted
from tests.residency.desk import PEOPLE, Desk
from tests.residency.refusals import Refusal, refusal_of
from tests.residency.samples import ENCRYPTION_KEY, INDEX_KEY, PSEUDONYM_KEY, StoppedClock
from ward.residency.v1 import (
    account_pb2_grpc,
    assistance_pb2_grpc,
    breaches_pb2_grpc,
    cases_pb2_grpc,
    citizens_pb2_grpc,
    data_subject_requests_pb2_grpc,
    duplicates_pb2_grpc,
    lookups_pb2_grpc,
    register_pb2_grpc,
    residency_pb2_grpc,
    reviews_pb2_grpc,
    stays_pb2_grpc,
)

MakeSettings = Callable[..., Settings]


@dataclass(frozen=True)
class Service:
    """The running service as its callers see it, and its database; `target` is where it listens."""

    target: str
    stubs: tuple[Any, ...]
    make_token: MakeToken
    database: Database

    async def call(
        self,
        method: str,
        request: Any,
        role: str = "residence_officer",
        actor: str = "",
        acting: str = "",
        own_number: str = "",
    ) -> Any:
        """Call a method in a role, or have another account act for it: in the token, or by a token `acting`.

        `own_number` is whose token it is, of citizens.
        """
        token = self.make_token(role, actor=actor, personal_id_number=own_number)
        metadata = [("authorization", f"Bearer {token}")]
        if acting:
            metadata.append(("ward-acting", f"Bearer {acting}"))
        return await self.method(method)(request, metadata=metadata)

    def method(self, name: str) -> Any:
        """Give the caller of a method, whichever service of the package has it."""
        return next(getattr(stub, name) for stub in self.stubs if hasattr(stub, name))

    async def refusal(
        self,
        method: str,
        request: Any,
        role: str = "residence_officer",
        metadata: tuple[tuple[str, str], ...] | None = None,
        actor: str = "",
    ) -> Refusal:
        """Call a method that must be refused; `metadata` is sent instead of the role's token."""
        if metadata is None:
            metadata = (("authorization", f"Bearer {self.make_token(role, actor=actor)}"),)
        with pytest.raises(aio.AioRpcError) as refused:
            await self.method(method)(request, metadata=metadata)
        return refusal_of(refused.value)

    async def access_records(self) -> list[Any]:
        """Read the access records, oldest first."""
        statement = select(tables.access_records).order_by(tables.access_records.c.position)
        async with self.database.transaction() as tx:
            return list((await tx.execute(statement)).all())


@pytest.fixture
async def test_database(make_database: MakeDatabase) -> TestDatabase:
    """Make a migrated database and tell its addresses."""
    return await make_database("residency")


@pytest.fixture
async def database(test_database: TestDatabase) -> AsyncGenerator[Database]:
    """Connect to the database as the service does."""
    connected = Database.connect(test_database.url)
    yield connected
    await connected.close()


@pytest.fixture
def make_settings(test_database: TestDatabase, issuer: Issuer) -> MakeSettings:
    """Make the service's settings for a broker."""

    def make(nats_url: str = "nats://127.0.0.1:1") -> Settings:
        return Settings(
            database_url=test_database.url,  # type: ignore[arg-type] # pydantic reads it
            nats_url=nats_url,  # type: ignore[arg-type]
            auth_issuer=ISSUER_ADDRESS,
            auth_jwks=issuer.jwks_url,
            id_encryption_key=base64.b64encode(ENCRYPTION_KEY),  # type: ignore[arg-type]
            id_index_key=base64.b64encode(INDEX_KEY),  # type: ignore[arg-type]
            pseudonym_key=base64.b64encode(PSEUDONYM_KEY),  # type: ignore[arg-type]
        )

    return make


@asynccontextmanager
async def running(
    settings: Settings, make_token: MakeToken, database: Database, clock: Clock
) -> AsyncGenerator[Service]:
    """Run the whole service; what was changed through it must be accounted for."""
    async with Lifecycle() as life:
        port = await app.start(life, settings, clock)
        target = f"127.0.0.1:{port}"
        async with aio.insecure_channel(target) as channel:
            stubs = (
                residency_pb2_grpc.ResidencyServiceStub(channel),
                lookups_pb2_grpc.LookupServiceStub(channel),
                register_pb2_grpc.RegisterServiceStub(channel),
                account_pb2_grpc.AccountServiceStub(channel),
                reviews_pb2_grpc.ReviewServiceStub(channel),
                breaches_pb2_grpc.BreachServiceStub(channel),
                data_subject_requests_pb2_grpc.DataSubjectRequestServiceStub(channel),
                stays_pb2_grpc.StaysServiceStub(channel),
                duplicates_pb2_grpc.DuplicatesServiceStub(channel),
                assistance_pb2_grpc.AssistanceServiceStub(channel),
                cases_pb2_grpc.CaseServiceStub(channel),
                citizens_pb2_grpc.CitizenServiceStub(channel),
            )
            yield Service(target, stubs, make_token, database)
    assert await unaccounted(database) == []


@pytest.fixture
async def service(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    database: Database,
) -> AsyncGenerator[Service]:
    """Run the whole service with its broker, by the clock that tests read, too."""
    await same_day()
    async with running(make_settings(nats_server.url), make_token, database, utc_now) as started:
        yield started


@pytest.fixture
async def service_at_noon(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    database: Database,
) -> AsyncGenerator[Service]:
    """Run the whole service at noon of a stopped clock: what is counted by the minute or hour is in one of them."""
    settings = make_settings(nats_server.url)
    async with running(settings, make_token, database, StoppedClock()) as started:
        yield started


@pytest.fixture
async def desk(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    broker: Client,
    make_token: MakeToken,
    database: Database,
) -> AsyncGenerator[Desk]:
    """Run the whole service at noon of a stopped clock, with a population database, and hear its events."""
    clock, population = StoppedClock(), PopulationServer(PEOPLE)
    server, population_port = await population.serve("127.0.0.1:0")
    target = f"127.0.0.1:{population_port}"
    settings = make_settings(nats_server.url).model_copy(update={"population_target": target})
    heard = await broker.subscribe("ward.residency.v1.>")
    await taken_in(broker)
    async with Lifecycle() as life:
        port = await app.start(life, settings, clock)
        target = f"127.0.0.1:{port}"
        async with aio.insecure_channel(target) as channel:
            stub = cases_pb2_grpc.CaseServiceStub(channel)
            yield Desk(target, stub, make_token, database, clock, population, heard)
    await server.stop(None)
    assert await unaccounted(database) == []
