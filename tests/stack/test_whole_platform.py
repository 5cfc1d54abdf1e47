"""The real platform with a tiny ward: it starts, it is broken part by part, it comes back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import nats
import pytest
import pytest_asyncio

from stack.issuer import Role
from stack.service_process import answers_ok
from stack.supervisor import Stack
from stack.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

RESIDENTS = 200
PARTS = ["postgres", "nats", "population", "residency", "fire_safety", "incidents", "gateway"]
PARTS += ["canary", "fleet"]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stack(make_run_dir: Callable[[], Path]) -> AsyncIterator[Stack]:
    """Run the platform once for all tests here."""
    async with Stack(make_run_dir(), residents=RESIDENTS) as stack:
        yield stack


async def get(stack: Stack, path: str) -> httpx2.Response:
    """Ask the gateway as the duty officer."""
    token = stack.installation.issuer.token(Role.DUTY_OFFICER, time.time())
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=stack.installation.gateway_address) as client:
        return await client.get(path, headers=headers)


async def whole(stack: Stack, seconds: float) -> None:
    """Wait until every part runs and every service says it is ready."""
    place = stack.installation
    admin = [place.admin_port(name) for name in ("residency", "fire_safety", "incidents")]
    async with asyncio.timeout(seconds):
        await until(lambda: all(stack.process(name).running for name in stack.names))
        for port in (*admin, place.ports.gateway_port):
            while not await asyncio.to_thread(answers_ok, port, "/readyz"):
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("path", ["/v1/incidents", "/v1/premises", "/v1/alarms"])
async def test_a_token_of_the_local_issuer_opens_the_gateway(stack: Stack, path: str) -> None:
    """The duty officer is answered by every service behind the gateway."""
    response = await get(stack, path)

    assert response.status_code == 200, response.text


async def test_the_fleet_s_readings_are_kept(stack: Stack) -> None:
    """Within seconds of the start the sensors' readings are in the stream, and more arrive."""
    client = await nats.connect(stack.installation.nats.url)

    async def kept() -> int:
        return (await client.jetstream().stream_info("READINGS_11002")).state.last_seq

    before = await kept()
    async with asyncio.timeout(20):
        while await kept() < before + 10:
            await asyncio.sleep(0.2)
    await client.close()


async def test_no_secret_is_in_a_log_or_an_argument_list(stack: Stack) -> None:
    """Whoever reads logs or lists processes learns no password and no key."""
    run_dir = stack.installation.run_dir
    logs = "".join(path.read_text() for path in (run_dir / "log").iterdir())
    commands = "".join(map(str, (stack.process(name).process.command for name in stack.names)))

    secrets = [path.read_text() for path in (run_dir / "secrets").iterdir()]

    assert len(secrets) >= 11
    assert not any(secret in logs + commands for secret in secrets)


@pytest.mark.parametrize("name", PARTS)
async def test_the_platform_is_whole_again_after_a_crash(stack: Stack, name: str) -> None:
    """Whichever part is killed, every service is ready again by itself: in seconds, on a busy machine in more."""
    pid = stack.process(name).pid

    await asyncio.to_thread(stack.process(name).kill)
    await stack.ready(name, 60)
    await whole(stack, 60)

    assert stack.process(name).pid != pid
    assert (await get(stack, "/v1/incidents")).status_code == 200
