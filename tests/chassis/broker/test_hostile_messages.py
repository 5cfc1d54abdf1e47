"""Messages that are not text, which stop an ordinary nats-py client for ever."""

import asyncio
import json

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from stack.nats_server import NatsServer
from tests.fixtures.barrier import taken_in

pytestmark = pytest.mark.nats

SUBJECT = b"ward.11002.device.x.up"


def with_headers(headers: bytes) -> bytes:
    """Write a message with these headers as it goes over the wire."""
    return b"HPUB %s %d %d\r\n%sp\r\n" % (SUBJECT, len(headers), len(headers) + 1, headers)


HOSTILE = [
    with_headers(b"NATS/1.0 \xff\xff\xff\r\n\r\n"),
    with_headers(b"NATS/1.0 100 \xff\xff\r\n\r\n"),
    with_headers(b"NATS/1.0"),
    with_headers(b"garbage\xff\xff\r\n"),
    with_headers(b"NATS/1.0\r\n\xff\xff: \xff\r\n\r\n"),
    b"PUB ward.11002.device.\xff\xfe.up 1\r\np\r\n",
]


async def send_as_device(server: NatsServer, *frames: bytes) -> None:
    """Write frames as a device with credentials and a client of its own could."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await reader.readline()
    password = server.password_for("simulator")
    options = {"user": "simulator", "pass": password, "headers": True, "verbose": False}
    writer.write(b"CONNECT " + json.dumps(options).encode() + b"\r\n")
    for frame in frames:
        writer.write(frame)
    writer.write(b"PING\r\n")
    while await reader.readline() != b"PONG\r\n":
        pass
    writer.close()
    await writer.wait_closed()


async def test_messages_that_are_not_text_arrive_and_stop_nothing(
    nats_server: NatsServer, broker: Client
) -> None:
    """Each with its payload; what follows arrives as ever."""
    arrived: asyncio.Queue[Msg] = asyncio.Queue()
    await broker.subscribe("ward.>", cb=arrived.put)
    await taken_in(broker)

    await send_as_device(nats_server, *HOSTILE, with_headers(b"NATS/1.0\r\nA: b\r\n\r\n"))

    messages = [await asyncio.wait_for(arrived.get(), 30) for _ in range(len(HOSTILE) + 1)]
    assert [one.data for one in messages] == [b"p"] * (len(HOSTILE) + 1)
    assert messages[5].subject == "ward.11002.device.\ufffd\ufffd.up"
    assert messages[6].headers == {"A": "b"}
    assert broker.stats["reconnects"] == 0
