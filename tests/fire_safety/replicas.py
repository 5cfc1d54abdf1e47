"""The service as processes of its own: replicas that share the work, and can be killed."""

import os
import sys
from asyncio.subprocess import Process, create_subprocess_exec
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from fire_safety.settings import Settings
from stack.ports import LOOPBACK, free_port
from tests.fire_safety.field import until

_HELD = "ward_detector_partitions "


@dataclass(frozen=True)
class Replica:
    """A running process of the service, and where it tells of itself."""

    process: Process
    admin: str

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        """Ask it to end."""
        self.process.terminate()
        await self.process.wait()

    async def share(self) -> int:
        """Tell how many partitions it works on; 0 while it does not answer."""
        try:
            async with httpx2.AsyncClient(base_url=self.admin) as client:
                told = (await client.get("/metrics")).text
        except httpx2.TransportError:
            return 0
        held = [line for line in told.splitlines() if line.startswith(_HELD)]
        return round(float(held[0].removeprefix(_HELD))) if held else 0

    async def is_ready(self) -> bool:
        """Tell whether all its parts are ready."""
        try:
            async with httpx2.AsyncClient(base_url=self.admin) as client:
                return (await client.get("/readyz")).status_code == httpx2.codes.OK
        except httpx2.TransportError:
            return False


@asynccontextmanager
async def replica(settings: Settings) -> AsyncGenerator[Replica]:
    """Run the service as a process of its own within a block."""
    listen = f"{LOOPBACK}:{free_port()}"
    environment = {
        "PATH": os.environ["PATH"],  # noqa: TID251 - the environment of another process
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "NATS_URL": settings.nats_url.get_secret_value(),
        "AUTH_JWKS": settings.auth_jwks,
        "ADMIN_LISTEN": listen,
    }
    command = (sys.executable, "-m", "fire_safety", "serve")
    process = await create_subprocess_exec(*command, env=environment)
    try:
        yield Replica(process, f"http://{listen}")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_shared(*replicas: Replica, shares: list[int]) -> None:
    """Wait until these replicas have shares of these sizes."""

    async def as_said() -> bool:
        return sorted([await one.share() for one in replicas]) == sorted(shares)

    await until(as_said)
