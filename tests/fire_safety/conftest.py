"""A migrated database, and the running service, for one test."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from google.rpc import error_details_pb2
from grpc import aio
from grpc_status import rpc_status
from nats.aio.client import Client

from chassis.clock import utc_now
from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database, Lease
from chassis.storage.outbox import Relay
from fire_safety import app, tables
from fire_safety.operations.alarms import AlarmOperations
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.register import Register, RegisterOperations
from fire_safety.settings import Settings
from stack.issuer import Issuer
from stack.nats_server import NatsServer
from tests.fire_safety.samples import register
from tests.fire_safety.stored import WARD
from tests.fixtures.servers import ISSUER_ADDRESS, MakeDatabase, MakeToken, TestDatabase
from ward.fire_safety.v1 import (
    alarm_overview_pb2_grpc,
    areas_pb2_grpc,
    credentials_pb2_grpc,
    devices_pb2_grpc,
    fire_safety_pb2_grpc,
    modes_pb2_grpc,
    readings_service_pb2_grpc,
    supply_points_pb2_grpc,
)

MakeSettings = Callable[..., Settings]


_STUBS = (
    fire_safety_pb2_grpc.FireSafetyServiceStub,
    devices_pb2_grpc.DevicesServiceStub,
    modes_pb2_grpc.ModesServiceStub,
    credentials_pb2_grpc.CredentialsServiceStub,
    readings_service_pb2_grpc.ReadingsServiceStub,
    alarm_overview_pb2_grpc.AlarmOverviewServiceStub,
    areas_pb2_grpc.AreasServiceStub,
    supply_points_pb2_grpc.SupplyPointsServiceStub,
)


@dataclass(frozen=True)
class Service:
    """The running service as its callers see it, and its database."""

    # The methods of all services of the contract.
    stub: Any
    make_token: MakeToken
    database: Database

    def credentials(self, role: str) -> tuple[tuple[str, str], ...]:
        """Make the metadata of a caller in a role."""
        return (("authorization", f"Bearer {self.make_token(role)}"),)

    async def call(self, method: str, request: Any, role: str = "duty_officer") -> Any:
        """Call a method of any of its gRPC services in a role."""
        return await getattr(self.stub, method)(request, metadata=self.credentials(role))

    async def refusal(
        self, method: str, request: Any, role: str = "duty_officer"
    ) -> tuple[str, str]:
        """Call a method that must be refused; tell code and reason."""
        with pytest.raises(aio.AioRpcError) as refused:
            await self.call(method, request, role)
        return refusal_of(refused.value)


def refusal_of(error: aio.AioRpcError) -> tuple[str, str]:
    """Read code and reason."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type] # it has what is read
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    return error.code().name, info.reason


@pytest.fixture
async def test_database(make_database: MakeDatabase) -> TestDatabase:
    """Make a migrated database and tell its addresses."""
    return await make_database("fire_safety")


@pytest.fixture
async def database(test_database: TestDatabase) -> AsyncGenerator[Database]:
    """Connect to the database as the service does."""
    connected = Database.connect(test_database.url)
    yield connected
    await connected.close()


@pytest.fixture
async def owner(test_database: TestDatabase) -> AsyncGenerator[Database]:
    """Connect as the role that owns the tables."""
    connected = Database.connect(test_database.owner_url)
    yield connected
    await connected.close()


@pytest.fixture
async def entered(database: Database) -> Register:
    """Enter a small register."""
    small = register()
    await RegisterOperations(database, utc_now, "11002").enter(small)
    return small


@pytest.fixture
def make_settings(test_database: TestDatabase, issuer: Issuer) -> MakeSettings:
    """Make the service's settings for a broker."""

    def make(nats_url: str = "nats://127.0.0.1:1", database_url: str = "") -> Settings:
        return Settings(
            database_url=database_url or test_database.url,  # type: ignore[arg-type] # pydantic reads it
            nats_url=nats_url,  # type: ignore[arg-type]
            auth_issuer=ISSUER_ADDRESS,
            auth_jwks=issuer.jwks_url,
        )

    return make


@pytest.fixture
async def service(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    database: Database,
    entered: Register,  # noqa: ARG001 - the register that the service finds
) -> AsyncGenerator[Service]:
    """Run the whole service with its broker, on the small register."""
    async with Lifecycle() as life:
        port = await app.start(life, make_settings(nats_server.url))
        async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            methods = {name: call for stub in _STUBS for name, call in vars(stub(channel)).items()}
            yield Service(SimpleNamespace(**methods), make_token, database)


# ---------------------------------------------------------------- operations without the service


@pytest.fixture
def relay(database: Database) -> Relay:
    """Make a relay that nobody runs: events stay in the outbox."""
    return Relay(database, tables.outbox, Client().jetstream(), utc_now)


@pytest.fixture
def people(database: Database, relay: Relay) -> AlarmOperations:
    """Make what people do with alarms."""
    return AlarmOperations(database, relay, utc_now)


@pytest.fixture
async def lease(database: Database) -> AsyncGenerator[Lease]:
    """Hold the detector's right."""
    async with database.lease("test") as held:
        assert held
        yield held


@pytest.fixture
def detection(relay: Relay) -> DetectionOperations:
    """Make what the detector does."""
    return DetectionOperations(relay, utc_now, WARD)
