"""The embedded NATS, tried on the real server."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

from stack.errors import StackError
from stack.nats_configuration import SIMULATOR, SIMULATOR_INBOX
from stack.nats_server import NatsServer
from tests.fixtures.barrier import taken_in

pytestmark = pytest.mark.nats

READINGS = "ward.*.device.*.up"
READING = "ward.11002.device.smoke-1.up"


@pytest.fixture(scope="module")
def server(make_run_dir: Callable[[], Path]) -> Iterator[NatsServer]:
    """Run a server for this module's tests."""
    server = NatsServer(make_run_dir(), mqtt_port=0)
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def services_client(server: NatsServer) -> AsyncIterator[Client]:
    """Connect as the services do."""
    client = await nats.connect(server.url, allow_reconnect=False)
    yield client
    await client.close()


@asynccontextmanager
async def device_client(
    server: NatsServer, user: str = SIMULATOR
) -> AsyncIterator[tuple[Client, asyncio.Queue[str]]]:
    """Connect as the devices do; the second value receives what the server refuses."""
    refusals: asyncio.Queue[str] = asyncio.Queue()

    async def note(error: Exception) -> None:
        await refusals.put(str(error))

    url = server.url_for(user)
    client = await nats.connect(
        url, inbox_prefix=SIMULATOR_INBOX, error_cb=note, allow_reconnect=False
    )
    yield client, refusals
    await client.close()


async def test_a_device_publishes_its_readings_durably(server: NatsServer) -> None:
    """A device gets an acknowledgement for its reading, which the stream then holds."""
    async with services_client(server) as services, device_client(server) as (device, _):
        stream = services.jetstream()
        await stream.add_stream(name="READINGS", subjects=[READINGS])

        ack = await device.jetstream().publish(READING, b"smoke")

        assert (await stream.get_msg("READINGS", ack.seq)).data == b"smoke"


@pytest.mark.parametrize("subject", ["ward.11002.incidents.opened", "$JS.API.INFO", "events"])
async def test_a_device_publishes_nowhere_else(server: NatsServer, subject: str) -> None:
    """A publish outside a device's own subjects is refused and reaches nobody."""
    async with services_client(server) as services, device_client(server) as (device, refusals):
        overheard = await services.subscribe(subject)
        await taken_in(services)

        await device.publish(subject, b"forged")

        assert "permissions violation for publish" in (await refusals.get()).lower()
        await taken_in(services)
        assert overheard.pending_msgs == 0


@pytest.mark.parametrize("subject", [READINGS, ">", "_INBOX.>"])
async def test_a_device_hears_nothing_but_its_own_answers(
    server: NatsServer, subject: str
) -> None:
    """A device cannot listen to other devices, to services, or to the answers they get."""
    async with device_client(server) as (device, refusals):
        await device.subscribe(subject)

        assert "permissions violation for subscription" in (await refusals.get()).lower()


async def answered(client: Client, subject: str) -> bytes:
    """Ask until somebody answers: a subscription takes its time to be known."""
    async with asyncio.timeout(30):
        while True:
            with suppress(NoRespondersError):
                return (await client.request(subject, timeout=20)).data
            await asyncio.sleep(0.05)


async def test_the_simulator_also_speaks_with_the_demonstration(server: NatsServer) -> None:
    """Fleet and demonstration ask and answer each other; elsewhere they may do nothing."""
    async with (
        device_client(server) as (fleet, _),
        device_client(server) as (demonstration, refusals),
    ):

        async def answer(request: Msg) -> None:
            await request.respond(b"held")

        await fleet.subscribe("simulator.hold", cb=answer)
        await taken_in(fleet)

        held = await answered(demonstration, "simulator.hold")
        assert held == b"held"
        await demonstration.publish("$JS.API.STREAM.DELETE.READINGS", b"")
        assert "permissions violation for publish" in (await refusals.get()).lower()


@pytest.mark.parametrize("options", [b"{}", b'{"user": "services", "pass": "x"}'])
def test_nobody_enters_without_a_password(server: NatsServer, options: bytes) -> None:
    """A client without a name is turned away when nobody vouches for it, a false service at once."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(b"CONNECT " + options + b"\r\nPING\r\n")
        answers = client.makefile().read()

    assert "Authorization Violation" in answers
    assert "PONG" not in answers


async def test_a_mebibyte_of_noise_is_let_in(server: NatsServer) -> None:
    """An absurdly large reading arrives, so that it can be dead-lettered."""
    async with services_client(server) as services, device_client(server) as (device, _):
        overheard = await services.subscribe(READINGS)
        await taken_in(services)

        await device.publish(READING, b"\xff" * 1024 * 1024)

        assert len((await overheard.next_msg(30)).data) == 1024 * 1024


def test_mqtt_is_served_when_its_port_is_given(server: NatsServer) -> None:
    """The server accepts an MQTT 3.1.1 client with a password that it knows."""
    name, password = SIMULATOR.encode(), server.password_for(SIMULATOR).encode()
    payload = b"".join(
        len(part).to_bytes(2, "big") + part for part in (b"smoke-1", name, password)
    )
    variable = b"\x00\x04MQTT\x04\xc2\x00\x3c"
    assert server.mqtt_port is not None

    with socket.create_connection(("127.0.0.1", server.mqtt_port), timeout=30) as client:
        client.sendall(bytes([0x10, len(variable) + len(payload)]) + variable + payload)
        answer = client.recv(4)

    assert answer == b"\x20\x02\x00\x00"


async def test_tls_is_served_beside_plain_connections(server: NatsServer) -> None:
    """On the same port; the client knows the server by our own authority."""
    trust = ssl.create_default_context(cafile=server.certificates.authority_file)

    client = await nats.connect(server.url.replace("nats:", "tls:"), tls=trust)

    assert (await client.request("$JS.API.INFO", timeout=30)).data
    await client.close()


def test_mqtt_speaks_tls_when_told_to(run_dir: Path) -> None:
    """A client that trusts our authority shakes hands with it."""
    server = NatsServer(run_dir, mqtt_port=0, mqtt_tls=True)
    server.start()
    trust = ssl.create_default_context(cafile=server.certificates.authority_file)
    assert server.mqtt_port is not None

    with (
        socket.create_connection(("127.0.0.1", server.mqtt_port), timeout=30) as plain,
        trust.wrap_socket(plain, server_hostname="localhost") as client,
    ):
        assert client.version()
    server.stop()


async def test_an_acknowledged_message_survives_kill_minus_nine(run_dir: Path) -> None:
    """After SIGKILL the same object starts again, on the same port, with what it acknowledged."""
    server = NatsServer(run_dir)
    server.start()
    port = server.port
    async with services_client(server) as client:
        await client.jetstream().add_stream(name="READINGS", subjects=[READINGS])
        await client.jetstream().publish(READING, b"smoke")

    server.kill()
    server.start()

    assert server.port == port
    async with services_client(server) as client:
        assert (await client.jetstream().get_msg("READINGS", 1)).data == b"smoke"
    server.stop()


def test_passwords_and_streams_outlive_the_server(run_dir: Path) -> None:
    """A second server on the run directory has the same users; no secret is readable by others."""
    first = NatsServer(run_dir)
    first.start()
    first.stop()
    second = NatsServer(run_dir)

    second.start()

    assert second.password_for(SIMULATOR) == first.password_for(SIMULATOR)
    private = [run_dir / "nats" / "nats.conf", *(run_dir / "secrets").iterdir()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)
    second.stop()


def test_a_taken_port_is_named_with_the_setting_to_change(
    server: NatsServer, run_dir: Path
) -> None:
    """The sentence tells which port is taken and what to set."""
    second = NatsServer(run_dir, port=server.port)

    with pytest.raises(StackError, match=rf"{server.port}.*STACK_NATS_PORT"):
        second.start()
