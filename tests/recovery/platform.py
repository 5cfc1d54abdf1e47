"""This release over the data of the previous one."""

import asyncio
import base64
import gzip
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nats

from stack import postgres_binaries
from stack.archives import unpack
from stack.installation import DATABASE_SERVICES, Installation
from stack.plan import Plan, Task
from stack.postgres import SUPERUSER
from stack.service_process import answers_ok
from stack.settings import Ports
from stack.supervisor import Stack
from stack.ward_plan import ward_plan
from tests.recovery.record import PREVIOUS
from tests.system.smoke import CLEAN_AIR, SMOKE, Detector

SERVICES = ("residency", "fire_safety", "incidents", "gateway")


def told_before() -> dict[str, Any]:
    """Read what the previous release had acknowledged, and the event that was under way."""
    told: dict[str, Any] = json.loads((PREVIOUS / "told.json").read_text())
    return told


def dump_of(database: str) -> str:
    """Read the dump of a database of the previous release."""
    return gzip.decompress((PREVIOUS / f"{database}.sql.gz").read_bytes()).decode()


def rows_in(dump: str) -> Counter[str]:
    """Count the rows of each table in a dump."""
    rows: Counter[str] = Counter()
    table = ""
    for line in dump.splitlines():
        if line.startswith("COPY public."):
            table = line.removeprefix("COPY public.").split()[0]
        elif line == "\\.":
            table = ""
        elif table:
            rows[table] += 1
    return rows


def plan_in(order: tuple[str, ...]) -> Callable[[Installation], Plan]:
    """Plan to load the dumps, to migrate, and to start services in that order, none waiting for another."""

    def plan(place: Installation) -> Plan:
        usual = ward_plan(place, 0, fleet=False)
        services = {one.name: one for group in usual.services for one in group}
        return Plan(
            databases=usual.databases,
            tasks=(tuple(_load(place, name) for name in DATABASE_SERVICES), usual.tasks[0]),
            services=tuple((replace(services[name], ready_port=None),) for name in order),
        )

    return plan


def _load(place: Installation, database: str) -> Task:
    script = place.run_dir / f"{database}.sql"
    script.write_text(dump_of(database))
    server = ("-h", "127.0.0.1", "-p", str(place.postgres.port), "-U", SUPERUSER, "-d", database)
    return Task(
        name=f"{database}-load",
        vietnamese=f"Nạp dữ liệu của bản trước vào {database}",
        english=f"data of the previous release of {database}",
        command=(
            postgres_binaries.choose(place.run_dir).program("psql"),
            *("-X", "-q", "-v", "ON_ERROR_STOP=1", *server, "-f", script),
        ),
        environment={"PGPASSWORD": place.postgres.password_for(SUPERUSER), "LANG": "C.UTF-8"},
    )


@asynccontextmanager
async def upgraded(run_dir: Path, order: tuple[str, ...]) -> AsyncGenerator[Stack]:
    """Run this release over the data of the previous one, with messages of then in the streams."""
    unpack(PREVIOUS / "installation.tar.gz", run_dir)
    stack = Stack(run_dir, ports=Ports.free(), plan=plan_in(order))
    await asyncio.to_thread(stack.installation.nats.start)
    await _leave_messages(stack.installation)
    await asyncio.to_thread(stack.installation.nats.stop)
    async with stack:
        await until_ready(stack.installation)
        yield stack


async def _leave_messages(place: Installation) -> None:
    """Make the streams of the previous release, with an event that nobody has taken and a fire that nobody has read."""
    told = told_before()
    event = told["told"]["event"]
    client = await nats.connect(place.nats.url)
    for config in told["streams"]:
        made = await client.request(
            f"$JS.API.STREAM.CREATE.{config['name']}", json.dumps(config).encode()
        )
        assert "error" not in json.loads(made.data)
    await client.jetstream().publish(
        event["subject"], base64.b64decode(event["data"]), headers=event["headers"]
    )
    await client.close()
    detector = Detector(place, told["sent"]["device"])
    await detector.report(CLEAN_AIR, 3)
    await detector.report(SMOKE, 10)


async def until_ready(place: Installation) -> None:
    """Wait until every service says that it is."""
    ports = (*map(place.admin_port, DATABASE_SERVICES), place.ports.gateway_port)
    async with asyncio.timeout(90):
        for port in ports:
            while not await asyncio.to_thread(answers_ok, port, "/readyz"):
                await asyncio.sleep(0.1)
