"""The gateway on a real port, before three scripted services on real ports."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx2
import pytest

from chassis.lifecycle import Lifecycle
from chassis.rpc.tokens import TokenVerifier
from gateway import app
from gateway.settings import Settings
from stack.issuer import WARD_CODE, Issuer
from tests.fixtures.servers import ISSUER_ADDRESS, MakeToken
from tests.gateway.scripted import ScriptedService
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2
from ward.residency.v1 import residency_pb2


@dataclass(frozen=True)
class Ward:
    """The services behind the gateway."""

    residency: ScriptedService
    fire_safety: ScriptedService
    incidents: ScriptedService

    def settings(self, issuer: Issuer) -> Settings:
        """Point a gateway at them."""
        return Settings(
            http_listen="127.0.0.1:0",
            residency_target=self.residency.target,
            fire_safety_target=self.fire_safety.target,
            incidents_target=self.incidents.target,
            auth_issuer=ISSUER_ADDRESS,
            dev_jwks_file=issuer.jwks_file,
        )


@pytest.fixture
async def ward(issuer: Issuer) -> AsyncGenerator[Ward]:
    """Start the scripted services."""
    verifier = TokenVerifier(
        ISSUER_ADDRESS, "safe-digital-ward", issuer.jwks_url, ward_code=WARD_CODE
    )
    contracts = (
        (residency_pb2, "ResidencyService"),
        (fire_safety_pb2, "FireSafetyService"),
        (incidents_pb2, "IncidentsService"),
    )
    services = [
        ScriptedService(module.DESCRIPTOR.services_by_name[name], verifier)
        for module, name in contracts
    ]
    for service in services:
        await service.start()
    yield Ward(*services)
    for service in services:
        await service.stop()


@pytest.fixture
async def address(ward: Ward, issuer: Issuer) -> AsyncGenerator[str]:
    """Start the gateway; give its address."""
    async with Lifecycle() as life:
        port = await app.start(life, ward.settings(issuer))
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def client(address: str, make_token: MakeToken) -> AsyncGenerator[httpx2.AsyncClient]:
    """Sign a duty officer in."""
    headers = {"authorization": f"Bearer {make_token('duty_officer')}"}
    async with httpx2.AsyncClient(base_url=address, headers=headers) as made:
        yield made
