"""The way to the broker of a detector that signs in as itself, where it breaks."""

import asyncio
import gc
import weakref
from collections.abc import AsyncGenerator

import aiomqtt
import pytest

from simulator.fleet.line import signed_in
from stack.ports import LOOPBACK

CONNACK = b"\x20\x02\x00\x00"


class Broker:
    """An MQTT server that lets clients in, or leaves them waiting, and counts its connections."""

    def __init__(self) -> None:
        self.lets_in = True
        self.open: set[asyncio.StreamWriter] = set()
        self.came = 0
        self._all_gone = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.open.add(writer)
        self.came += 1
        self._all_gone.clear()
        try:
            if self.lets_in:
                await reader.read(1)
                writer.write(CONNACK)
            while await reader.read(1024):
                pass
        finally:
            writer.close()
            self.open.discard(writer)
            if not self.open:
                self._all_gone.set()

    async def left(self) -> None:
        """Wait until nobody is connected."""
        await asyncio.wait_for(self._all_gone.wait(), 30)


@pytest.fixture
def broker() -> Broker:
    """Decide how the broker behaves."""
    return Broker()


@pytest.fixture
async def port(broker: Broker) -> AsyncGenerator[int]:
    """Serve the broker."""
    server = await asyncio.start_server(broker, LOOPBACK, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


def client_of(port: int, patience_s: float = 30) -> aiomqtt.Client:
    """Make a detector's client, which waits so long to be let in."""
    protocol = aiomqtt.ProtocolVersion.V311
    return aiomqtt.Client(LOOPBACK, port, protocol=protocol, timeout=patience_s)


async def test_a_connection_that_breaks_leaves_no_complaint(port: int, broker: Broker) -> None:
    """The client keeps the reason for somebody to read, and asyncio tells that nobody did."""
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, told: complaints.append(told["message"]))
    client = client_of(port)
    async with signed_in(client):
        for writer in broker.open:
            writer.close()
        # Whatever is public reads the reason, too.
        async with asyncio.timeout(30):
            await asyncio.wait([client._disconnected])  # noqa: SLF001
    reference = weakref.ref(client)
    del client
    # What nobody reads is complained of once it is garbage.
    async with asyncio.timeout(30):
        while reference() is not None:
            gc.collect()
            await asyncio.sleep(0.01)

    assert complaints == []


async def test_who_gives_up_waiting_hangs_up(port: int, broker: Broker) -> None:
    """Else the broker would hold two connections of one detector, and end the wrong one."""
    broker.lets_in = False
    with pytest.raises(aiomqtt.MqttError):
        async with signed_in(client_of(port, patience_s=0.5)):
            raise AssertionError("nobody was let in")
    await broker.left()

    assert broker.came == 1
