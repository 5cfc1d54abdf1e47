"""PostgreSQL and NATS as the product has them, and the fire-safety service as a real process on them."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from nats.aio.client import Client
from nats.js import JetStreamContext

from bench.scrape import Scrape, resident_mb
from chassis.broker import jetstream
from fire_safety.settings import Lanes
from stack.installation import Installation
from stack.plan import Plan, Service, Task, python_module
from stack.progress import Progress
from stack.service_process import ServiceProcess
from stack.supervisor import Stack

SERVICE = "fire_safety"
WARD = "11002"
READINGS = jetstream.readings_stream(WARD)
_CLEAN = "fire_safety_clean"
_RESIDENTS = 3000
_LOOK_S = 0.1
_REST_S = 3.0
_SMOKE_DETECTOR, _OWN_FORMAT = "DEVICE_KIND_SMOKE_HEAT", "PAYLOAD_FORMAT_NATIVE"
_UNMISSED_S = 24 * 3600
_FILL = "select pg_logical_emit_message(false, 'bench', repeat('.', 1024 * 1024))"
_RECORDED = "select stream_sequence from recorder_positions"


class Platform:
    """Servers of their own in a folder of their own, with a register of detectors."""

    def __init__(self, installation: Installation, broker: Client) -> None:
        self._installation = installation
        self._process: ServiceProcess | None = None
        self.broker = broker

    @property
    def jetstream(self) -> JetStreamContext:
        """The broker's streams."""
        return self.broker.jetstream(timeout=30)

    @property
    def nats_url(self) -> str:
        """Where the broker is, as the services see it."""
        return self._installation.nats.url

    @property
    def database_url(self) -> str:
        """Where the service's database is, for its superuser."""
        return self._installation.postgres.url(SERVICE)

    def detectors(self) -> list[str]:
        """Tell the registered detectors of smoke that write the platform's own format; gateways smell none."""
        written = (self._installation.ward / "devices.jsonl").read_text()
        devices = [json.loads(line) for line in written.splitlines()]
        return [
            one["deviceId"]
            for one in devices
            if (one["kind"], one["payloadFormat"]) == (_SMOKE_DETECTOR, _OWN_FORMAT)
        ]

    async def connect(self, name: str) -> Client:
        """Make another connection to the broker."""
        return await jetstream.connect(self.nats_url, name)

    @asynccontextmanager
    async def database(self, name: str = SERVICE) -> AsyncGenerator[asyncpg.Connection]:
        """Connect to a database as its superuser."""
        url = self._installation.postgres.url(name).replace("+asyncpg", "")
        connection = await asyncpg.connect(url)
        try:
            yield connection
        finally:
            await connection.close()

    async def keep_clean(self) -> None:
        """Keep the database as it is now, for `empty`; no detector is missed during a benchmark, in which few speak."""
        async with self.database() as connection:
            await connection.execute("update devices set interval_s = $1", _UNMISSED_S)
        async with self.database("postgres") as connection:
            await connection.execute(f'create database "{_CLEAN}" template "{SERVICE}"')

    async def empty(self) -> None:
        """Make the service forget everything but the register; the stream stays, and is to be read anew."""
        async with self.database("postgres") as connection:
            await connection.execute(f'drop database "{SERVICE}"')
            await connection.execute(
                f'create database "{SERVICE}" template "{_CLEAN}" owner "{SERVICE}_owner"'
            )
            await connection.execute("checkpoint")
        names = {one.name for one in await self.jetstream.consumers_info(READINGS)}
        for name in names:
            await self.jetstream.delete_consumer(READINGS, name)

    async def fill_log(self, mebibytes: int) -> None:
        """Have PostgreSQL make the pieces of its log that it keeps (`min_wal_size`), as a server of some days has.

        To make one takes some ten milliseconds, in which no commit is told.
        """
        async with self.database() as connection:
            for _ in range(mebibytes):
                await connection.execute(_FILL)

    async def rest(self) -> None:
        """Have what was written reach the disk: what is measured next must not wait for it."""
        async with self.database() as connection:
            await connection.execute("checkpoint")
        await asyncio.to_thread(os.sync)
        await asyncio.sleep(_REST_S)

    @asynccontextmanager
    async def service(self, lanes: Lanes = Lanes.BOTH) -> AsyncGenerator[None]:
        """Run the service with these lanes during the block."""
        place = self._installation
        environment = {
            **place.environment_of(SERVICE),
            "LOG_LEVEL": "ERROR",
            "LANES": lanes.value,
        }
        command = python_module(SERVICE, "serve")
        service = Service(SERVICE, command, environment, place.admin_port(SERVICE))
        self._process = process = ServiceProcess(service, place.run_dir)
        await asyncio.to_thread(process.start)
        try:
            yield
        finally:
            await asyncio.to_thread(process.stop)

    def scrape(self, *names: str) -> Scrape:
        """Read the metrics of the service: all of them, or some, which takes it a tenth of the time."""
        return Scrape.of(self._installation.admin_port(SERVICE), *names)

    def memory_mb(self) -> float:
        """Tell how much memory the service occupies now, MiB."""
        if self._process is None:
            raise RuntimeError("the service has not been started")
        return resident_mb(self._process.pid)

    async def until_recorded(self) -> None:
        """Wait until everything in the stream is stored."""
        last = (await self.jetstream.stream_info(READINGS)).state.last_seq
        async with self.database() as connection:
            while True:
                if (await connection.fetchval(_RECORDED) or 0) >= last:
                    return
                await asyncio.sleep(_LOOK_S)

    async def stored(self) -> int:
        """Count the readings that are stored."""
        async with self.database() as connection:
            return int(await connection.fetchval("select count(*) from readings"))


@asynccontextmanager
async def running(devices: int, progress: Progress) -> AsyncGenerator[Platform]:
    """Run the servers in a folder that goes away with them."""
    with tempfile.TemporaryDirectory(prefix="ward-bench-", ignore_cleanup_errors=True) as name:
        # PostgreSQL's own account must be able to enter.
        Path(name).chmod(0o711)  # noqa: ASYNC240 - nothing else runs yet
        stack = Stack(Path(name), progress=progress, plan=lambda place: _plan(place, devices))
        async with stack:
            broker = await jetstream.connect(stack.installation.nats.url, "bench")
            try:
                await jetstream.ensure_streams(broker.jetstream(), WARD)
                platform = Platform(stack.installation, broker)
                await platform.keep_clean()
                yield platform
            finally:
                await broker.close()


def _plan(place: Installation, devices: int) -> Plan:
    """Make a database with a register; the service itself is started and stopped by the benchmark."""
    size = ("--residents", str(_RESIDENTS), "--devices", str(devices))
    generation = python_module("simulator", "generate", "--out", place.ward, *size)
    steps = {
        "migrate": ("Lược đồ dữ liệu", "schema", python_module(SERVICE, "migrate")),
        "generate": ("Sổ đăng ký đầu báo", "register of detectors", generation),
        "import": ("Nạp sổ đăng ký", "import", python_module(SERVICE, "import", place.ward)),
    }
    environment = place.environment_of(SERVICE)
    tasks = tuple(
        (Task(name, vietnamese, english, command, environment),)
        for name, (vietnamese, english, command) in steps.items()
    )
    return Plan((SERVICE,), tasks)
