"""A broker that could not write is ended and started anew in containers too: the checks of Compose and Kubernetes."""

import asyncio
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from nats.errors import Error as NatsError

from chassis.broker import jetstream
from manifests.build import REPOSITORY, nats_values
from stack.nats_server import NatsServer

pytestmark = pytest.mark.nats

DEPLOY = REPOSITORY / "deploy"
# A file system that never has room.
NO_ROOM = Path("/proc")


@pytest.fixture
def server(scratch: Path) -> Iterator[NatsServer]:
    """Run a server of this test alone."""
    server = NatsServer(scratch)
    server.start()
    yield server
    server.stop()


async def have_it_fail_to_write(server: NatsServer) -> None:
    """As a full disk does, which has room again afterwards."""
    client = await jetstream.connect(server.url, "tests")
    stream = client.jetstream()
    await stream.add_stream(name="FULL", subjects=["full"])
    unlimited = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (2**16, unlimited[1]))
    with pytest.raises((TimeoutError, NatsError)):
        while True:
            await stream.publish("full", b"x" * 2**15, timeout=1)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, unlimited)
    await client.close()


def asked(*command: str | Path) -> int:
    """Run a check with the programs of the image that is made without a registry; tell how it ends."""
    path = f"{DEPLOY / 'images'}:{os.defpath}"
    done = subprocess.run(command, env={"PATH": path}, timeout=30, check=False)  # noqa: S603 - ours
    return done.returncode


async def test_the_check_of_compose_ends_it_once_there_is_room(server: NatsServer) -> None:
    """Docker starts what ended, and nothing that is merely unhealthy."""

    def check(store: Path) -> int:
        words = (server.http_port, store, server.pid)
        return asked("sh", DEPLOY / "compose" / "nats-health.sh", *map(str, words))

    assert check(server.run_dir) == 0
    await have_it_fail_to_write(server)
    assert check(NO_ROOM) == 1
    assert server.running
    assert check(server.run_dir) == 1
    while server.running:
        await asyncio.sleep(0.05)
    server.start()
    assert check(server.run_dir) == 0


async def test_the_probe_of_kubernetes_fails_once_there_is_room(server: NatsServer) -> None:
    """And while nobody answers; a server that waits for others, or for a disk, is let live."""
    (patch,) = nats_values()["nats/values.yaml"]["container"]["patch"]
    *shell, script = patch["value"]["exec"]["command"]

    def probe(store: Path) -> int:
        placed = script.replace("8222", str(server.http_port)).replace(
            "/data/jetstream", str(store)
        )
        return asked(*shell, placed)

    assert (patch["op"], patch["path"]) == ("replace", "/livenessProbe")
    assert probe(server.run_dir) == 0
    await have_it_fail_to_write(server)
    assert probe(NO_ROOM) == 0
    assert probe(server.run_dir) == 1
    server.stop()
    assert probe(server.run_dir) == 1
