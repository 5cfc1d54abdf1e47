"""A migrated database, its operations under a clock that stands still, and the running service, for one test."""

import base64
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from google.rpc import error_details_pb2
from grpc import aio
from grpc_status import rpc_status
from pydantic import SecretStr

from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from incidents import app
from incidents.settings import Settings
from stack.issuer import Issuer
from stack.nats_server import NatsServer
from tests.fixtures.days import same_day
from tests.fixtures.servers import ISSUER_ADDRESS, MakeDatabase, MakeToken, TestDatabase
from tests.incidents import samples
from tests.incidents.samples import (
    Operations,
    Queries,
    StoppedClock,
)
from ward.incidents.v1 import (
    after_action_reviews_pb2_grpc,
    attachments_pb2_grpc,
    categories_pb2_grpc,
    deadlines_pb2_grpc,
    deliveries_pb2_grpc,
    duty_pb2_grpc,
    exercises_pb2_grpc,
    handovers_pb2_grpc,
    incidents_pb2_grpc,
    indicators_pb2_grpc,
    lifecycle_pb2_grpc,
    printing_pb2_grpc,
    public_alerts_pb2_grpc,
    reports_pb2_grpc,
    roll_call_pb2_grpc,
    service_requests_pb2_grpc,
    shift_handovers_pb2_grpc,
    tasks_pb2_grpc,
    webhooks_pb2_grpc,
)

MakeSettings = Callable[..., Settings]


@dataclass(frozen=True)
class Refusal:
    """How a call was refused."""

    code: str
    reason: str
    vietnamese: str


@dataclass(frozen=True)
class Service:
    """The running service as its callers see it."""

    stub: incidents_pb2_grpc.IncidentsServiceStub
    make_token: MakeToken
    # Of the other services of the package.
    others: tuple[Any, ...] = ()

    def credentials(self, role: str, account: str = "") -> tuple[tuple[str, str], ...]:
        """Give the metadata that names the caller."""
        named = {"account": account} if account else {}
        return (("authorization", f"Bearer {self.make_token(role, **named)}"),)

    async def call(
        self, method: str, request: Any, role: str = "duty_officer", account: str = ""
    ) -> Any:
        """Call a method in a role, as its demonstration account or another one."""
        stub = next(one for one in (self.stub, *self.others) if hasattr(one, method))
        return await getattr(stub, method)(request, metadata=self.credentials(role, account))

    async def refusal(
        self, method: str, request: Any, role: str = "duty_officer", account: str = ""
    ) -> Refusal:
        """Call a method that must be refused."""
        with pytest.raises(aio.AioRpcError) as refused:
            await self.call(method, request, role, account)
        return refusal_of(refused.value)


def refusal_of(error: aio.AioRpcError) -> Refusal:
    """Read code, reason and Vietnamese sentence."""
    status = rpc_status.from_call(error)
    info, localized = error_details_pb2.ErrorInfo(), error_details_pb2.LocalizedMessage()
    status.details[0].Unpack(info)
    status.details[1].Unpack(localized)
    return Refusal(error.code().name, info.reason, localized.message)


@pytest.fixture
def clock() -> StoppedClock:
    """Give a clock that only the test moves."""
    return StoppedClock()


@pytest.fixture
async def test_database(make_database: MakeDatabase) -> TestDatabase:
    """Make a migrated database and tell its addresses."""
    return await make_database("incidents")


@pytest.fixture
async def database(test_database: TestDatabase) -> AsyncGenerator[Database]:
    """Connect to the database as the service does."""
    connected = Database.connect(test_database.url)
    yield connected
    await connected.close()


@pytest.fixture
def operations(database: Database, clock: StoppedClock) -> Operations:
    """Make the operations; what they publish stays in the outbox."""
    return samples.operations(database, clock)


@pytest.fixture
def queries(database: Database) -> Queries:
    """Make the queries."""
    return Queries(database)


@pytest.fixture
def make_settings(test_database: TestDatabase, issuer: Issuer) -> MakeSettings:
    """Make the service's settings for a broker."""

    def make(nats_url: str) -> Settings:
        return Settings(
            database_url=test_database.url,  # type: ignore[arg-type] # pydantic reads it
            nats_url=nats_url,  # type: ignore[arg-type]
            auth_issuer=ISSUER_ADDRESS,
            auth_jwks=issuer.jwks_url,
            report_encryption_key=SecretStr(base64.b64encode(samples.REPORT_KEY).decode()),
            follow_up_key=SecretStr(base64.b64encode(samples.FOLLOW_UP_KEY).decode()),
        )

    return make


@asynccontextmanager
async def running(settings: Settings, make_token: MakeToken) -> AsyncGenerator[Service]:
    """Run the whole service."""
    async with Lifecycle() as life:
        port = await app.start(life, settings)
        async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            others = (
                attachments_pb2_grpc.AttachmentsServiceStub(channel),
                categories_pb2_grpc.CategoriesServiceStub(channel),
                deadlines_pb2_grpc.DeadlinesServiceStub(channel),
                deliveries_pb2_grpc.DeliveriesServiceStub(channel),
                duty_pb2_grpc.DutyServiceStub(channel),
                shift_handovers_pb2_grpc.ShiftHandoversServiceStub(channel),
                tasks_pb2_grpc.TasksServiceStub(channel),
                after_action_reviews_pb2_grpc.AfterActionReviewsServiceStub(channel),
                indicators_pb2_grpc.IndicatorsServiceStub(channel),
                lifecycle_pb2_grpc.LifecycleServiceStub(channel),
                reports_pb2_grpc.ReportsServiceStub(channel),
                exercises_pb2_grpc.ExercisesServiceStub(channel),
                printing_pb2_grpc.PrintingServiceStub(channel),
                roll_call_pb2_grpc.RollCallServiceStub(channel),
                public_alerts_pb2_grpc.PublicAlertsServiceStub(channel),
                service_requests_pb2_grpc.ServiceRequestsServiceStub(channel),
                handovers_pb2_grpc.HandoversServiceStub(channel),
                webhooks_pb2_grpc.WebhooksServiceStub(channel),
            )
            yield Service(incidents_pb2_grpc.IncidentsServiceStub(channel), make_token, others)


@pytest.fixture
async def service(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
) -> AsyncGenerator[Service]:
    """Run the whole service beside its broker, by the clock that tests read, too."""
    await same_day()
    async with running(make_settings(nats_server.url), make_token) as started:
        yield started
