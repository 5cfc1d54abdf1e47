"""The HTTP server under all routes, spoken to byte by byte."""

import asyncio

import pytest

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
        answer = await asyncio.wait_for(reader.read(), 10)
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
