"""PostgreSQL and NATS as the product has them, a register of persons, and residency as a real process on them."""

import asyncio
import base64
import json
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum, auto
from pathlib import Path

import asyncpg

from bench import floor_server, persons
from chassis.clock import utc_now
from stack.certificates import Certificates
from stack.child_process import POLL_SECONDS
from stack.installation import GATEWAY, Installation
from stack.issuer import Role
from stack.plan import Plan, Service, Task, python_module
from stack.ports import LOOPBACK, free_port
from stack.progress import Progress
from stack.service_process import START_SECONDS, ServiceProcess, answers_ok
from stack.supervisor import Stack

SERVICE = "residency"
_RESIDENTS = 1000
# What one caller may look up says nothing about how fast it is: the benchmark's caller may look up anything.
_UNLIMITED = """
    insert into lookup_limits (pattern, role, effective_from, window_s, most, source)
    select distinct pattern, role, current_date - 1, 86400, 2147483647, 'benchmark'
      from lookup_limits
"""
_TARGETS = ("RESIDENCY_TARGET", "FIRE_SAFETY_TARGET", "INCIDENTS_TARGET")
_DWELLINGS = "select dwelling_id::text from dwellings order by 1 limit 1000"
_CHAIN = "select coalesce(max(position), 0) from access_records"


class By(Enum):
    """How a floor commits what the product commits in batches."""

    REQUEST = auto()
    REQUEST_IN_CHAIN = auto()


class Register:
    """Servers of their own in a folder of their own, with a register that can grow."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._environment = installation.environment_of(SERVICE)
        self._index_key = base64.b64decode(self._environment["ID_INDEX_KEY"])
        self._certificates = Certificates(installation.run_dir / "certificates")
        self.persons = 0

    @property
    def target(self) -> str:
        """Where the service answers."""
        return self._installation.target(SERVICE)

    @property
    def authority(self) -> str:
        """The certificate that a caller over TLS trusts."""
        return self._certificates.authority_file.read_text()

    def token(self, now: datetime) -> str:
        """Mint a token of a residence officer."""
        return self._installation.issuer.token(Role.RESIDENCE_OFFICER, now.timestamp())

    @asynccontextmanager
    async def database(self) -> AsyncGenerator[asyncpg.Connection]:
        """Connect to the service's database as its superuser."""
        connection = await asyncpg.connect(self.database_url)
        try:
            yield connection
        finally:
            await connection.close()

    async def prepare(self) -> None:
        """Lift the limits, make the table of the floors, and a certificate."""
        self._certificates.prepare(utc_now().timestamp())
        async with self.database() as database:
            await database.execute(_UNLIMITED)
            await database.execute(floor_server.TABLE)

    async def grow(self, size: int) -> None:
        """Enter persons until there are so many of them."""
        key = base64.b64decode(self._environment["ID_ENCRYPTION_KEY"])
        async with self.database() as database:
            new = persons.numbered(key, self._index_key, range(self.persons, size))
            await persons.add(database, new, utc_now())
            await database.execute("checkpoint")
        self.persons = size

    async def dwellings(self) -> tuple[str, ...]:
        """Tell the ids of dwellings."""
        async with self.database() as database:
            return tuple(row[0] for row in await database.fetch(_DWELLINGS))

    async def records(self) -> int:
        """Tell how many access records there are."""
        async with self.database() as database:
            return int(await database.fetchval(_CHAIN))

    @asynccontextmanager
    async def service(self) -> AsyncGenerator[None]:
        """Run the service during the block; it speaks TLS."""
        environment = {
            **self._environment,
            "LOG_LEVEL": "ERROR",
            "GRPC_CERTIFICATE_FILE": str(self._certificates.server_file),
            "GRPC_KEY_FILE": str(self._certificates.server_key_file),
        }
        command, port = python_module(SERVICE, "serve"), self._installation.admin_port(SERVICE)
        service = Service(SERVICE, command, environment, port)
        process = ServiceProcess(service, self._installation.run_dir)
        await asyncio.to_thread(process.start)
        try:
            yield
        finally:
            await asyncio.to_thread(process.stop)

    @asynccontextmanager
    async def before(self, target: str, *command: str) -> AsyncGenerator[int]:
        """Run an HTTP server with the gateway's settings before whoever answers at a target; tell its port.

        It speaks TLS to the service itself. It is there when it answers at /healthz: what is behind it may be less
        than a ward.
        """
        port = free_port()
        environment = {
            **self._installation.environment_of(GATEWAY),
            "HTTP_LISTEN": f"{LOOPBACK}:{port}",
            **dict.fromkeys(_TARGETS, target),
        }
        if target == self.target:
            environment["GRPC_AUTHORITY_FILE"] = str(self._certificates.authority_file)
        service = Service(f"http-{port}", python_module(*command), environment)
        process = ServiceProcess(service, self._installation.run_dir)
        await asyncio.to_thread(process.start)
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await asyncio.to_thread(answers_ok, port, "/healthz"):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(POLL_SECONDS)
            yield port
        finally:
            await asyncio.to_thread(process.stop)

    @asynccontextmanager
    async def floor(self, by: By | None = None) -> AsyncGenerator[str]:
        """Run a floor during the block, the echo unless another is named; tell where."""
        pipe, orders = asyncio.subprocess.PIPE, self._floor_orders(by)
        process = await asyncio.create_subprocess_exec(
            *map(str, python_module("bench.floor_server")), stdin=pipe, stdout=pipe
        )
        assert process.stdin  # noqa: S101 - it was asked for
        assert process.stdout  # noqa: S101 - it was asked for
        process.stdin.write(json.dumps(orders).encode() + b"\n")
        try:
            yield f"{LOOPBACK}:{int(await process.stdout.readline())}"
        finally:
            process.stdin.close()
            await process.wait()

    def _floor_orders(self, by: By | None) -> dict[str, str]:
        environment = self._environment
        match by:
            case None:
                return {}
            case By.REQUEST:
                return {"database_url": self.database_url, "index_key": self._index_key.hex()}
            case By.REQUEST_IN_CHAIN:
                return {
                    "database_url": environment["DATABASE_URL"].replace("+asyncpg", ""),
                    "index_key": self._index_key.hex(),
                    "issuer": environment["AUTH_ISSUER"],
                    "audience": environment["AUTH_AUDIENCE"],
                    "jwks": environment["AUTH_JWKS"],
                    "ward_code": environment["WARD_CODE"],
                    "certificate_file": str(self._certificates.server_file),
                    "key_file": str(self._certificates.server_key_file),
                }

    async def chain_holds(self) -> bool:
        """Have the account verified, as its own command does."""
        command = python_module(SERVICE, "audit", "verify", "--without-stream")
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            env=self._environment,
            stdout=asyncio.subprocess.DEVNULL,
        )
        return await process.wait() == 0

    @property
    def database_url(self) -> str:
        """Where the service's database is, for its superuser."""
        return self._installation.postgres.url(SERVICE).replace("+asyncpg", "")


@asynccontextmanager
async def running(progress: Progress) -> AsyncGenerator[Register]:
    """Run the servers in a folder that goes away with them."""
    with tempfile.TemporaryDirectory(prefix="ward-bench-", ignore_cleanup_errors=True) as name:
        # PostgreSQL's own account must be able to enter.
        Path(name).chmod(0o711)  # noqa: ASYNC240 - nothing else runs yet
        async with Stack(Path(name), progress=progress, plan=_plan) as stack:
            register = Register(stack.installation)
            await register.prepare()
            yield register


def _plan(place: Installation) -> Plan:
    """Make a database with a small ward; the service itself is started and stopped by the benchmark."""
    residents = ("--residents", str(_RESIDENTS), "--devices", "10")
    generation = python_module("simulator", "generate", "--out", place.ward, *residents)
    steps = {
        "migrate": ("Lược đồ dữ liệu", "schema", python_module(SERVICE, "migrate")),
        "generate": ("Phường giả định", "synthetic ward", generation),
        "import": ("Nạp phường", "import", python_module(SERVICE, "import", place.ward)),
    }
    environment = place.environment_of(SERVICE)
    tasks = tuple(
        (Task(name, vietnamese, english, command, environment),)
        for name, (vietnamese, english, command) in steps.items()
    )
    return Plan((SERVICE,), tasks)
