"""NATS as deploy/k8s configures it: three real servers with the chart's values."""

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from nats.errors import Error as NatsError
from nats.js.api import StreamInfo

from chassis.broker import jetstream
from chassis.broker.nkey import CurveKey, SigningKey
from manifests.build import Manifest, nats_values
from stack import ports
from stack.certificates import Certificates
from stack.child_process import ChildProcess

pytestmark = pytest.mark.nats

SERVERS = 3
ENVIRONMENT = {
    "SERVICES_PASSWORD": "services-password",
    "GATEKEEPER_PASSWORD": "gatekeeper-password",
    "ISSUER": SigningKey.of_bytes(bytes(32)).public,
    "XKEY": CurveKey.of_bytes(bytes(32)).public,
}


class Cluster:
    """Three servers, each with what the chart would write for it."""

    def __init__(self, folder: Path, values: Manifest, city: Manifest) -> None:
        self.certificates = Certificates(folder / "certificates")
        self.certificates.prepare(time.time())
        free = ports.free_ports(3 * SERVERS)
        self.ports, routes, mqtt = free[:SERVERS], free[SERVERS : 2 * SERVERS], free[2 * SERVERS :]
        self.servers = []
        for number in range(SERVERS):
            data = folder / f"nats-{number}"
            data.mkdir()
            written = {
                "server_name": data.name,
                "listen": f"127.0.0.1:{self.ports[number]}",
                "tls": self._tls(values["config"]["nats"]),
                "mqtt": {
                    "listen": f"127.0.0.1:{mqtt[number]}",
                    "tls": self._tls(values["config"]["mqtt"]),
                },
                "jetstream": {"store_dir": str(data), **values["config"]["jetstream"]["merge"]},
                "cluster": {
                    "name": "nats",
                    "listen": f"127.0.0.1:{routes[number]}",
                    "no_advertise": True,
                    "routes": [f"nats://127.0.0.1:{port}" for port in routes],
                    "tls": self._tls(city["config"]["cluster"]),
                },
                **values["config"]["merge"],
            }
            file = data / "nats.conf"
            # What stands in << >> the chart leaves without quotation marks: sizes and variables.
            file.write_text(re.sub(r'"<< (.+?) >>"', r"\1", json.dumps(written)))
            log = folder / f"{data.name}.log"
            command = [Path(sys.executable).parent / "nats-server", "-c", file]
            self.servers.append(ChildProcess(data.name, command, log, ENVIRONMENT))

    def _tls(self, part: Manifest) -> dict[str, Any]:
        assert part["tls"]["enabled"]
        return {
            "cert_file": str(self.certificates.server_file),
            "key_file": str(self.certificates.server_key_file),
            "ca_file": str(self.certificates.authority_file),
        }

    @property
    def url(self) -> str:
        """The address of the services' user at the first server."""
        return f"tls://services:services-password@127.0.0.1:{self.ports[0]}"


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncGenerator[Cluster]:
    """Run the three servers."""
    made = Cluster(tmp_path, *nats_values().values())
    for server in made.servers:
        server.start()
    yield made
    for server in made.servers:
        server.kill()


async def test_each_stream_is_kept_by_three_servers_and_outlives_one(cluster: Cluster) -> None:
    """With certificates between all of them; what was acknowledged is there, and more is taken."""
    client = await jetstream.connect(
        cluster.url, "tests", authority_file=cluster.certificates.authority_file
    )
    stream = client.jetstream(timeout=2)
    await jetstream.ensure_streams(stream, "11002", SERVERS)
    await stream.publish("dead.before", b"1")
    infos = await stream.streams_info()
    assert {one.config.num_replicas for one in infos} == {SERVERS}
    assert len(infos) == len(jetstream.STREAMS) + 1

    cluster.servers[2].kill()

    async def published() -> StreamInfo:
        while True:
            try:
                await stream.publish("dead.after", b"2")
                return await stream.stream_info("DEAD_LETTERS")
            except (NatsError, TimeoutError):
                await asyncio.sleep(0.1)

    info = await asyncio.wait_for(published(), 30)
    assert info.state.messages >= 2
    assert client.is_connected
    await client.close()
