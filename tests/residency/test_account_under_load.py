"""kill -9 of a real process while it answers, beside a replica: the account has every answer, in one chain."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from grpc import aio
from sqlalchemy import select

from chassis.account import access_account
from chassis.account.access_chain import Witnesses
from chassis.storage.database import Database
from residency import tables
from stack.issuer import Issuer
from stack.nats_server import NatsServer
from stack.plan import Service
from stack.ports import LOOPBACK, free_ports
from stack.service_process import ServiceProcess
from tests.fixtures.servers import ISSUER_ADDRESS, MakeToken, TestDatabase
from tests.residency.samples import add_building, application, residence_operations
from tests.residency.test_command_line import KEYS
from tests.residency.test_service import verifying
from ward.residency.v1 import residency_pb2_grpc

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

IN_FLIGHT = 16


@dataclass
class Replica:
    """A process of the service, and the access records that its answers have named."""

    process: ServiceProcess
    target: str
    answered: list[str] = field(default_factory=list)

    async def ask(self, token: str) -> None:
        """Ask again and again until the replica is gone, or whoever asks is told to stop."""
        metadata = (("authorization", f"Bearer {token}"),)
        async with aio.insecure_channel(self.target) as channel:
            stub = residency_pb2_grpc.ResidencyServiceStub(channel)

            async def one_after_the_other() -> None:
                while True:
                    answer = await stub.VerifyIdentity(verifying(), metadata=metadata)
                    self.answered.append(answer.access_record_id)

            asking = (one_after_the_other() for _ in range(IN_FLIGHT))
            await asyncio.gather(*asking, return_exceptions=True)

    async def until_answered(self, more: int) -> None:
        """Wait for so many answers more."""
        enough = len(self.answered) + more
        while len(self.answered) < enough:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def replicas(count: int, folder: Path, **environment: str) -> AsyncGenerator[list[Replica]]:
    """Run processes of the service during the block."""
    ports = free_ports(2 * count)
    started = []
    for number in range(count):
        target, admin = f"{LOOPBACK}:{ports[2 * number]}", ports[2 * number + 1]
        own = {"GRPC_LISTEN": target, "ADMIN_LISTEN": f"{LOOPBACK}:{admin}"}
        command = (sys.executable, "-m", "residency", "serve")
        service = Service(f"residency-{number}", command, {**environment, **own}, admin)
        started.append(Replica(ServiceProcess(service, folder), target))
    try:
        await asyncio.gather(*(asyncio.to_thread(one.process.start) for one in started))
        yield started
    finally:
        await asyncio.gather(*(asyncio.to_thread(one.process.stop) for one in started))


async def test_a_replica_killed_under_load_leaves_no_answer_without_its_record(
    test_database: TestDatabase,
    database: Database,
    nats_server: NatsServer,
    issuer: Issuer,
    make_token: MakeToken,
    tmp_path: Path,
) -> None:
    """Each answer that came names a record of the one chain, which has no break, also behind the kill."""
    place = await add_building(database)
    await residence_operations(database).register(
        application(place.dwelling_ids[0]), "request-1", b"x"
    )
    environment = {
        "PATH": os.defpath,
        "DATABASE_URL": test_database.url,
        "NATS_URL": nats_server.url,
        "AUTH_ISSUER": ISSUER_ADDRESS,
        "AUTH_JWKS": issuer.jwks_url,
        **KEYS,
    }
    async with replicas(2, tmp_path, **environment) as (doomed, staying):
        asking = [asyncio.create_task(one.ask(make_token("service"))) for one in (doomed, staying)]
        await doomed.until_answered(200)
        await staying.until_answered(1)
        doomed.process.kill()
        await asking[0]
        await staying.until_answered(200)
        asking[1].cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    head = await access_account.verify(database, Witnesses(), None, lambda _: None)
    async with database.transaction() as tx:
        recorded = list(await tx.scalars(select(tables.access_records.c.record_id)))
    answered = doomed.answered + staying.answered
    assert len(set(answered)) == len(answered)
    assert set(answered) <= set(map(str, recorded))
    assert head.position == len(recorded)
