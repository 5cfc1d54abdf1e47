"""`python -m bench.escalations [--quick]`: escalations due in one minute, by three replicas of which one is killed.

Three processes of the incidents service share a PostgreSQL and a broker as the product has them. One is killed in the
middle of the minute and starts again. What counts is when the broker had stored `IncidentEscalated`, on which consoles
ring: by its clock, which is this machine's, since the time that the timer's row says.
"""

import argparse
import asyncio
import base64
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
from nats.aio.client import Client
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench import machine
from bench.latency import Latencies
from chassis.broker import jetstream
from chassis.clock import utc_now
from chassis.storage import migrations
from incidents.app import MIGRATIONS
from stack.issuer import Issuer
from stack.nats_server import NatsServer
from stack.plan import Service, python_module
from stack.ports import LOOPBACK, free_port
from stack.postgres import PostgresServer
from stack.service_process import ServiceProcess
from ward.incidents.v1 import incidents_pb2 as pb

REPLICAS = 3
_SUBJECT = pb.IncidentEscalated.DESCRIPTOR.full_name
_WARD = "11002"
_WIDTH = 120
# Between the making of the rows and the first that is due.
_LEAD_S = 3.0
_PATIENCE_S = 120.0
# What is told twice, is told within this time.
_AFTERWARDS_S = 2.0
# P2: the step after it is due five minutes later, when all is over.
_INCIDENTS = """
    insert into incidents (incident_id, ward_code, number, kind, state, priority, place_key, premises_id, place,
        address, opened_at, acknowledged_by, assignee, step, entries, version, category, severity, reopenings,
        exercise)
    select md5(n::text)::uuid, $2, 'VV-2026-' || lpad(n::text, 6, '0'), 'FIRE', 'REPORTED', 'P2', 'device:' || n, '',
        'Nơi giả định', '', $3, '', '', 0, 1, 1, 'fire_alarm', 'UNSPECIFIED', 0, false
    from generate_series(1, $1) n
"""
_ENTRIES = """
    insert into timeline (incident_id, sequence, at, kind, actor, text, corrects)
    select incident_id, 1, opened_at, 'opened', '', 'Mở vụ việc', 0 from incidents
"""
_TIMERS = """
    insert into escalations (incident_id, step, due_at, recipients, channel)
    select md5(n::text)::uuid, 1, $2::timestamptz + (n - 1) * $3::interval / $1, array['deputy_duty_officer'], 'console'
    from generate_series(1, $1) n
"""
_TWICE = """
    select count(*) from (select from timeline where kind = 'escalated' group by incident_id having count(*) > 1) twice
"""


@dataclass(frozen=True)
class Sizes:
    """How many are due, and within how many seconds."""

    count: int
    span_s: float


FULL, QUICK = Sizes(5000, 60.0), Sizes(200, 2.0)


@dataclass
class Told:
    """When each was told, after it was due, and how often in all."""

    late: Latencies = field(default_factory=Latencies)
    times: Counter[str] = field(default_factory=Counter)
    # Incidents whose timeline tells the step more than once.
    twice: int = 0

    @property
    def worst_s(self) -> float:
        """Tell the longest time from due to told, seconds."""
        return max(self.late.seconds)


@dataclass(frozen=True)
class Bench:
    """Servers, and three replicas on them."""

    database_url: str
    broker: Client
    replicas: tuple[ServiceProcess, ...]
    # Where each of them answers, and who vouches for callers.
    targets: tuple[str, ...]
    issuer: Issuer


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell; 1 if one was told twice, never, or more than a second late."""
    parser = argparse.ArgumentParser("python -m bench.escalations", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    sizes = QUICK if parser.parse_args(arguments).quick else FULL
    console = Console(highlight=False, width=_WIDTH)
    for name, fact in machine.facts().items():
        console.print(f"  {name:<28} {fact}")
    told = asyncio.run(run(sizes))
    show(console, sizes, told)
    kept = told.late.lost == 0 and told.twice == 0 and max(told.times.values()) == 1
    return 0 if kept and told.worst_s <= 1 else 1


async def run(sizes: Sizes) -> Told:
    """Let so many be due, kill a replica in the middle, and listen."""
    async with servers() as bench:
        first_due = utc_now() + timedelta(seconds=_LEAD_S + sizes.count / 2000)
        due = await fill(bench.database_url, sizes, first_due)
        told = Told()
        listening = asyncio.create_task(listen(bench.broker, due, told))
        await asyncio.sleep((first_due - utc_now()).total_seconds() + sizes.span_s / 2)
        await restart(bench.replicas[0])
        await listening
        await judge(bench.database_url, due, told)
    return told


async def judge(database_url: str, due: dict[str, datetime], told: Told) -> None:
    """Count at the end who was never told, and what a timeline tells twice."""
    told.late.lost = len(due) - len(told.times)
    async with connected(database_url) as connection:
        told.twice = await connection.fetchval(_TWICE)


def show(console: Console, sizes: Sizes, told: Told) -> None:
    """Print the figures."""
    title = "Từ khi đến hạn đến khi báo, ms · from due to told, ms"
    table = Table(title=title, title_justify="left", box=SIMPLE)
    facts = {
        f"đến hạn trong {sizes.span_s:.0f} s · due within": f"{sizes.count:,}",
        "đã báo · told": f"{len(told.times):,}",
        "báo hai lần · told twice": str(sum(n > 1 for n in told.times.values()) + told.twice),
        "p50": f"{told.late.percentile(0.5):.0f}",
        "p99": f"{told.late.percentile(0.99):.0f}",
        "max": f"{told.worst_s * 1000:.0f}",
    }
    for heading in facts:
        table.add_column(heading, justify="right")
    table.add_row(*facts.values())
    console.print(table)


@asynccontextmanager
async def servers() -> AsyncGenerator[Bench]:
    """Run PostgreSQL, a broker and the replicas; they leave nothing behind."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-timers-")))
        postgres, nats = PostgresServer(folder), NatsServer(folder)
        for server in (postgres, nats):
            server.start()
            stack.callback(server.stop)
        postgres.create_service_database("incidents")
        await migrations.upgrade(postgres.url("incidents", "incidents_owner"), MIGRATIONS)
        broker = await jetstream.connect(nats.url, "bench")
        stack.push_async_callback(broker.close)
        await jetstream.ensure_streams(broker.jetstream(), _WARD)
        issuer = Issuer(folder / "issuer", "http://127.0.0.1:8080")
        issuer.prepare()
        environment = _environment(postgres, nats, issuer)
        targets = tuple(f"{LOOPBACK}:{free_port()}" for _ in range(REPLICAS))
        replicas = tuple(
            _replica(folder, number, {**environment, "GRPC_LISTEN": target})
            for number, target in enumerate(targets, 1)
        )
        for replica in replicas:
            stack.callback(replica.kill)
        await asyncio.gather(*(asyncio.to_thread(one.start) for one in replicas))
        yield Bench(postgres.url("incidents"), broker, replicas, targets, issuer)


def _environment(postgres: PostgresServer, nats: NatsServer, issuer: Issuer) -> dict[str, str]:
    return {
        "PATH": str(Path(sys.executable).parent),
        "LANG": "C.UTF-8",
        "WARD_CODE": _WARD,
        "DATABASE_URL": postgres.url("incidents", "incidents_app"),
        "NATS_URL": nats.url,
        "AUTH_JWKS": issuer.jwks_url,
        "REPORT_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
        "FOLLOW_UP_KEY": base64.b64encode(os.urandom(32)).decode(),
    }


def _replica(folder: Path, number: int, environment: dict[str, str]) -> ServiceProcess:
    port = free_port()
    own = {**environment, "ADMIN_LISTEN": f"{LOOPBACK}:{port}"}
    command = python_module("incidents", "serve")
    return ServiceProcess(Service(f"incidents-{number}", command, own, port), folder)


async def restart(replica: ServiceProcess) -> None:
    """Kill a replica as a crash would, and start it again."""
    replica.kill()
    await asyncio.to_thread(replica.start)


async def fill(database_url: str, sizes: Sizes, first_due: datetime) -> dict[str, datetime]:
    """Enter incidents that nobody takes on, and tell when the step of each is due."""
    span = timedelta(seconds=sizes.span_s)
    async with connected(database_url) as connection, connection.transaction():
        await connection.execute(_INCIDENTS, sizes.count, _WARD, utc_now())
        await connection.execute(_ENTRIES)
        await connection.execute(_TIMERS, sizes.count, first_due, span)
        rows = await connection.fetch("select incident_id, due_at from escalations")
    return {str(row["incident_id"]): row["due_at"] for row in rows}


async def listen(broker: Client, due: dict[str, datetime], told: Told) -> None:
    """Note what the broker stores, until all was told and a moment longer."""
    heard = await broker.jetstream().subscribe(_SUBJECT, stream="EVENTS", ordered_consumer=True)
    last_due = max(due.values())
    until = time.monotonic() + (last_due - utc_now()).total_seconds() + _PATIENCE_S
    while (left := until - time.monotonic()) > 0:
        try:
            message = await heard.next_msg(timeout=left)
        except TimeoutError:
            break
        incident_id = pb.IncidentEscalated.FromString(message.data).incident.incident_id
        told.times[incident_id] += 1
        told.late.seconds.append((message.metadata.timestamp - due[incident_id]).total_seconds())
        if len(told.times) == len(due):
            until = min(until, time.monotonic() + _AFTERWARDS_S)
    await heard.unsubscribe()


@asynccontextmanager
async def connected(database_url: str) -> AsyncGenerator[asyncpg.Connection]:
    """Connect to the database without the product."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main())
