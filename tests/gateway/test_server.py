"""The HTTP server under all routes, spoken to byte by byte."""

import asyncio
import socket

import pytest
from starlette.types import Receive, Scope, Send

from chassis.errors import CannotListenError
from chassis.lifecycle import Lifecycle
from gateway import app
from gateway.routes import server
from stack.issuer import Issuer
from tests.fixtures.servers import MakeToken
from tests.gateway.conftest import Ward

pytestmark = pytest.mark.http

LINE = b"a" * 2**16
HEAD = b"POST /v1/identities:verify HTTP/1.1\r\nhost: ward\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n"


async def spoken(address: str, *parts: bytes) -> bytes:
    """Say the parts one after the other; give all that comes back until the connection ends."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        answer = await asyncio.wait_for(reader.read(), 30)
    except ConnectionResetError:  # it stopped listening while we spoke
        answer = b""
    finally:
        writer.close()
    return answer


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /" + LINE,
        b"GET / HTTP/1.1\r\nx-long: ",
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000,
        CHUNKED + b"0\r\nx-trailer: ",
        CHUNKED + b"1;extension=",
    ],
)
async def test_what_never_ends_is_ended(address: str, begun: bytes) -> None:
    """Nobody who has not signed in can fill the memory."""
    answer = await spoken(address, begun, *[LINE] * 200)

    assert answer == b"" or answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 401 "))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nhost: ward\r\nx-long: %s\r\n\r\n" % LINE,
        b"GET /healthz?%s HTTP/1.1\r\nhost: ward\r\n\r\n" % LINE,
        b"GET /healthz HTTP/1.1\r\nhost: ward\r\n%s\r\n" % (b"x-short: y\r\n" * 8_000),
    ],
)
async def test_a_long_head_is_refused_also_when_it_arrives_whole(
    address: str, head: bytes
) -> None:
    """431, and nothing behind it is read."""
    answer = await spoken(address, head + b"GET /healthz HTTP/1.1\r\nhost: ward\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert answer.count(b"HTTP/1.1 ") == 1


async def test_whoever_reads_nothing_loses_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of events has no end: one that nobody reads would hold a place for ever."""
    monkeypatch.setattr(server, "UNREAD_S", 1.0)
    ended = asyncio.Event()

    async def endless(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        sending = asyncio.create_task(_send_on(send))
        assert (await receive())["type"] == "http.disconnect"
        sending.cancel()
        ended.set()

    gateway = server.GatewayServer(endless, "127.0.0.1:0")
    serving = asyncio.create_task(gateway.serve())
    with socket.create_connection(("127.0.0.1", gateway.port)) as reader:
        reader.sendall(b"GET /v1/incidents:watch HTTP/1.1\r\nhost: ward\r\n\r\n")
        async with asyncio.timeout(60):
            await ended.wait()
    gateway.should_exit = True
    await serving


async def _send_on(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": LINE, "more_body": True})


async def test_a_head_of_almost_64_kib_is_taken(address: str) -> None:
    """It is the head that counts, not what is sent behind it."""
    ask = b"GET /healthz HTTP/1.1\r\nhost: ward\r\nconnection: close\r\nx-long: %s\r\n\r\n"
    answer = await spoken(address, ask % LINE[:-100])

    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "hosts", [b"", b"host: ward\r\nhost: ward\r\n", b"Host: a\r\nhOST: b\r\n"]
)
async def test_a_request_names_one_host(address: str, hosts: bytes) -> None:
    """400: a proxy in front may have let it through for the other one."""
    answer = await spoken(address, b"GET /healthz HTTP/1.1\r\n" + hosts + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


async def test_an_old_request_names_no_host(address: str) -> None:
    """HTTP/1.0 knows none."""
    answer = await spoken(address, b"GET /healthz HTTP/1.0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_long_body_is_no_long_head(address: str) -> None:
    """What a request may hold is judged by its reader."""
    head = HEAD + b"authorization: Bearer a\r\ncontent-type: application/json\r\n"
    body = b'{"fullName": "' + LINE * 8 + b'"}'
    length = b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    answer = await spoken(address, head + length + body)

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"TOKEN_INVALID" in answer


async def test_requests_on_one_connection_are_answered_in_order(address: str) -> None:
    """Each with its own id, though they were sent at once."""
    ask = b"GET /healthz HTTP/1.1\r\nhost: ward\r\nx-request-id: request-%d\r\n%s\r\n"
    last = b"connection: close\r\n"
    answer = await spoken(address, ask % (1, b"") + ask % (2, b"") + ask % (3, last))

    assert [answer.count(b"request-%d" % number) for number in (1, 2, 3)] == [1, 1, 1]
    assert answer.index(b"request-1") < answer.index(b"request-2") < answer.index(b"request-3")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give requests half a second to arrive."""
    monkeypatch.setattr(server, "REQUEST_DEADLINE_S", 0.5)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"\r\n",
        b"GET /healthz HT",
        HEAD + b"content-type: application/json\r\ncontent-length: 9\r\n\r\n{",
        b"GET /healthz HTTP/1.1\r\nhost: ward\r\n\r\nGET /healthz",
    ],
)
async def test_what_does_not_arrive_in_time_is_ended(address: str, begun: bytes) -> None:
    """408: nobody holds a connection with half a request, nor with none, nor behind a whole one."""
    answer = await spoken(address, begun)

    assert answer.startswith(b"HTTP/1.1 200 ") == (b"GET /healthz HTTP" in begun)
    assert b"HTTP/1.1 408 " in answer


@pytest.mark.usefixtures("hurried")
async def test_a_request_that_trickles_is_ended(address: str) -> None:
    """The time counts from the first byte, not from the last."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    async def trickle() -> None:
        writer.write(b"GET /healthz HTTP/1.1\r\nx: ")
        while True:
            writer.write(b"a")
            await asyncio.sleep(0.02)

    trickling = asyncio.create_task(trickle())
    line = await asyncio.wait_for(reader.readline(), 30)
    trickling.cancel()
    writer.close()

    assert line.startswith(b"HTTP/1.1 408 ")


@pytest.mark.usefixtures("hurried")
async def test_a_stream_of_events_and_an_idle_connection_outlast_the_deadline(
    address: str, ward: Ward, make_token: MakeToken
) -> None:
    """Only a request's arrival is timed, neither its answer nor the quiet after it."""
    host, _, port = address.removeprefix("http://").partition(":")
    watching, watch = await asyncio.open_connection(host, int(port))
    token = make_token("duty_officer").encode()
    watch.write(
        b"GET /v1/alarms:watch HTTP/1.1\r\nhost: ward\r\nauthorization: Bearer %s\r\n\r\n" % token
    )
    await watching.readuntil(b"id: 0\n")
    idle, ask = await asyncio.open_connection(host, int(port))
    ask.write(b"GET /healthz HTTP/1.1\r\nhost: ward\r\n\r\n")
    await idle.readuntil(b"ok\n")
    await spoken(address)  # ends by the deadline, and began after the others
    ask.write(b"GET /healthz HTTP/1.1\r\nhost: ward\r\n\r\n")
    again = await idle.readuntil(b"ok\n")
    await ward.fire_safety.events["WatchAlarms"].tell(event="AlarmRaised")  # type: ignore[attr-defined]
    told = await watching.readuntil(b"id: 1\n")
    watch.close()
    ask.close()

    assert b"HTTP/1.1 200 " in again
    assert b"HTTP/1.1 408 " not in told


async def test_connections_beyond_the_limit_are_told_to_come_again(
    ward: Ward, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, and those who came before go on."""
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)
    ask = b"GET /healthz HTTP/1.1\r\nhost: ward\r\nconnection: close\r\n\r\n"
    async with Lifecycle() as life:
        address = f"http://127.0.0.1:{await app.start(life, ward.settings(issuer))}"
        host, _, port = address.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(ask[:10])
        refused = await spoken(address, ask)
        writer.close()
        while (answer := await spoken(address, ask)).startswith(b"HTTP/1.1 503 "):
            pass

    assert refused.startswith(b"HTTP/1.1 503 ")
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_taken_port_is_told(ward: Ward, issuer: Issuer, address: str) -> None:
    """Before anything is served."""
    taken = address.removeprefix("http://")
    settings = ward.settings(issuer).model_copy(update={"http_listen": taken})
    with pytest.raises(CannotListenError, match=taken):
        async with Lifecycle() as life:
            await app.start(life, settings)
