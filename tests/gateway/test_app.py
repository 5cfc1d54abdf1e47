"""The gateway as a process."""

import asyncio
import json
import signal
import socket
import sys

import httpx2
import pytest

from tests.fixtures.servers import MakeToken
from tests.gateway.conftest import Ward
from tests.gateway.sse import blocks

pytestmark = pytest.mark.http


async def process(ward: Ward, listen: str) -> asyncio.subprocess.Process:
    """Start `python -m gateway serve`."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway",
        "serve",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            "HTTP_LISTEN": listen,
            "RESIDENCY_TARGET": ward.residency.target,
            "FIRE_SAFETY_TARGET": ward.fire_safety.target,
            "INCIDENTS_TARGET": ward.incidents.target,
        },
    )


async def address_of(gateway: asyncio.subprocess.Process) -> str:
    """Read from its log where it listens."""
    assert gateway.stdout
    async for line in gateway.stdout:
        entry = json.loads(line)
        if entry["event"] == "listening":
            return f"http://127.0.0.1:{entry['port']}"
    raise AssertionError("it does not listen")


async def test_it_serves_until_it_is_asked_to_stop(ward: Ward, make_token: MakeToken) -> None:
    """SIGTERM ends open streams properly, and the process with success."""
    gateway = await process(ward, "127.0.0.1:0")
    headers = {"authorization": f"Bearer {make_token('duty_officer')}"}
    async with httpx2.AsyncClient(base_url=await address_of(gateway), headers=headers) as client:
        answer = await client.get("/v1/incidents")
        watch = client.build_request("GET", "/v1/alarms:watch")
        stream = blocks(await client.send(watch, stream=True))
        await anext(stream)
        gateway.send_signal(signal.SIGTERM)
        rest = [block async for block in stream]
    _, errors = await gateway.communicate()

    assert answer.json() == {"incidents": [], "nextPageToken": ""}
    assert rest == []
    assert (gateway.returncode, errors) == (0, b"")


async def test_a_taken_port_is_said_at_once(ward: Ward) -> None:
    """The process ends instead of sharing the port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        gateway = await process(ward, f"127.0.0.1:{other.getsockname()[1]}")
        _, errors = await gateway.communicate()

    assert gateway.returncode == 1
    assert b"Cannot listen at" in errors


async def test_without_a_local_issuer_none_is_discovered(ward: Ward) -> None:
    """With a real issuer the gateway is not one."""
    gateway = await process(ward, "127.0.0.1:0")
    async with httpx2.AsyncClient(base_url=await address_of(gateway)) as client:
        answer = await client.get("/.well-known/jwks.json")
    gateway.terminate()
    await gateway.communicate()

    assert answer.status_code == 404
