"""When the broker's certificate ends, as it is shown to whoever connects."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from canary.broker_certificate import expires
from chassis.clock import utc_now
from chassis.errors import BrokerUnavailableError
from stack.certificates import SERVER_LIFE, Certificates
from stack.nats_server import NatsServer
from stack.ports import free_ports

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def broker_of(certificates: Certificates | None) -> AsyncGenerator[str]:
    """Run a broker's first words, with these certificates or without TLS; gives its address."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told = json.dumps({"tls_available": certificates is not None})
        writer.write(f"INFO {told}\r\n".encode())
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.server_file, certificates.server_key_file)
            await writer.start_tls(context)
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield "nats://services:secret@127.0.0.1:{1}".format(*server.sockets[0].getsockname())


@pytest.mark.nats
async def test_what_the_broker_shows_is_told(nats_server: NatsServer) -> None:
    """To the second, before anybody has signed in."""
    file = nats_server.certificates.server_file
    certificate = x509.load_pem_x509_certificate(file.read_bytes())

    assert await expires(nats_server.url) == certificate.not_valid_after_utc.timestamp()


async def test_an_end_that_has_passed_is_told_too(tmp_path: Path) -> None:
    """Nobody else can connect then, so it is the one who must say it."""
    certificates = Certificates(tmp_path)
    certificates.prepare(LONG_AGO.timestamp())
    async with broker_of(certificates) as url:
        assert await expires(url) == (LONG_AGO + SERVER_LIFE).timestamp()


async def test_it_leaves_a_broker_that_says_nothing_at_the_end(tmp_path: Path) -> None:
    """Whose end of TLS is not waited for: nothing stays open behind the look."""
    certificates = Certificates(tmp_path)
    certificates.prepare(utc_now().timestamp())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server_file, certificates.server_key_file)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> socket.socket:
            taken, _ = server.accept()
            taken.sendall(b'INFO {"tls_required":true}\r\n')
            return context.wrap_socket(taken, server_side=True)

        greeting = asyncio.create_task(asyncio.to_thread(greet))
        assert await expires("nats://127.0.0.1:{1}".format(*server.getsockname()))
        with await greeting as taken:
            taken.settimeout(10)
            # Were the end of TLS waited for, the other end would still be there to agree to it.
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.to_thread(taken.unwrap)


async def test_a_broker_without_tls_has_no_end() -> None:
    """An age that there is not must not alarm."""
    async with broker_of(None) as url:
        assert await expires(url) is None


async def test_a_broker_that_is_away_is_no_broker_without_certificate() -> None:
    """What was told before stays."""
    (port,) = free_ports(1)
    with pytest.raises(BrokerUnavailableError):
        await expires(f"nats://services:secret@127.0.0.1:{port}")
