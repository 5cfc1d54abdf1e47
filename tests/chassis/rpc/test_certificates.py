"""Services that know each other by certificates, over real connections."""

import gc
from collections.abc import AsyncGenerator
from pathlib import Path

import grpc
import pytest
import trustme
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from pydantic import SecretStr

from chassis.broker import jetstream
from chassis.errors import BrokerUnavailableError
from chassis.lifecycle import Lifecycle
from chassis.rpc import grpc_client
from chassis.rpc.certificates import (
    CertificateError,
    CertificateFiles,
    Watched,
    server_credentials,
)
from chassis.settings import ServiceSettings
from stack.nats_server import SERVICES, NatsServer

NAME = "localhost"


def issue(
    folder: Path, authority: trustme.CA, *, trusts: trustme.CA | None = None
) -> CertificateFiles:
    """Write a certificate for this machine, its key, and the authority to trust; again replaces them."""
    folder.mkdir(exist_ok=True)
    made = authority.issue_cert(NAME)
    (folder / "ca.crt").write_bytes((trusts or authority).cert_pem.bytes())
    (folder / "tls.crt").write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    (folder / "tls.key").write_bytes(made.private_key_pem.bytes())
    return CertificateFiles(folder / "ca.crt", folder / "tls.crt", folder / "tls.key")


@pytest.fixture
def authority() -> trustme.CA:
    """Make an authority."""
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.fixture
def files(tmp_path: Path, authority: trustme.CA) -> CertificateFiles:
    """Issue the server's certificate."""
    return issue(tmp_path / "server", authority)


@pytest.fixture
async def target(files: CertificateFiles) -> AsyncGenerator[str]:
    """Run a server that asks its callers for a certificate."""
    server = aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    async with Lifecycle() as life:
        port = await life.serve_grpc(server, f"{NAME}:0", server_credentials(files))
        yield f"{NAME}:{port}"


async def ask(channel: aio.Channel) -> int:
    """Call the server once; tell what it answers."""
    answer = await health_pb2_grpc.HealthStub(channel).Check(
        health_pb2.HealthCheckRequest(), timeout=30
    )
    return int(answer.status)


async def is_answered(target: str, files: CertificateFiles) -> bool:
    """Tell whether a caller with those files is answered on a connection of its own."""
    async with grpc_client.channel(target, files) as channel:
        try:
            return await ask(channel) == health_pb2.HealthCheckResponse.SERVING
        except aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            return False


async def test_who_has_a_certificate_of_the_authority_may_call(
    target: str, tmp_path: Path, authority: trustme.CA
) -> None:
    """Nobody else: not without one, and not with one of somebody else's authority."""
    stranger = issue(tmp_path / "stranger", trustme.CA(), trusts=authority)

    assert await is_answered(target, issue(tmp_path / "caller", authority))
    assert not await is_answered(target, CertificateFiles(stranger.authority))
    assert not await is_answered(target, stranger)


async def test_a_caller_talks_to_nobody_whom_it_does_not_trust(
    target: str, tmp_path: Path, authority: trustme.CA
) -> None:
    """A server of another authority never sees the call's token."""
    assert not await is_answered(
        target, issue(tmp_path / "caller", authority, trusts=trustme.CA())
    )


async def test_certificates_are_renewed_while_both_work(
    target: str, tmp_path: Path, authority: trustme.CA
) -> None:
    """Even a new authority: calls go on over the same stub, and a watch that was open stays open."""
    caller = issue(tmp_path / "caller", authority)
    async with grpc_client.channel(target, caller) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest())
        await watch.read()
        assert await ask(channel)

        new = trustme.CA(key_type=trustme.KeyType.ECDSA)
        issue(tmp_path / "server", new)
        assert not await is_answered(target, issue(tmp_path / "late", authority))
        issue(tmp_path / "caller", new)

        assert await stub.Check(health_pb2.HealthCheckRequest(), timeout=30)
        assert not watch.done()
        watch.cancel()


async def test_half_a_renewal_changes_nothing(
    target: str, tmp_path: Path, authority: trustme.CA
) -> None:
    """A new certificate beside the old key, or no file at all: the server goes on with what it had."""
    half = authority.issue_cert(NAME).cert_chain_pems[0].bytes()
    (tmp_path / "server" / "tls.crt").write_bytes(half)
    caller = issue(tmp_path / "caller", authority)

    assert await is_answered(target, caller)
    (tmp_path / "server" / "tls.key").unlink()
    assert await is_answered(target, caller)


def test_files_that_do_not_fit_are_refused_at_the_start(
    files: CertificateFiles, tmp_path: Path, authority: trustme.CA
) -> None:
    """A service does not start with half of what it needs."""
    half = authority.issue_cert(NAME).cert_chain_pems[0].bytes()
    (tmp_path / "server" / "tls.crt").write_bytes(half)
    with pytest.raises(CertificateError):
        Watched(files).read()

    (tmp_path / "server" / "ca.crt").write_text("not a certificate")
    with pytest.raises(CertificateError):
        Watched(CertificateFiles(files.authority)).read()


def test_callers_cannot_be_asked_for_certificates_without_tls(tmp_path: Path) -> None:
    """A setting that would do nothing is refused."""
    with pytest.raises(ValueError, match="GRPC_CALLER_AUTHORITY_FILE"):
        ServiceSettings(
            database_url=SecretStr("postgresql+asyncpg://user:password@localhost/ward"),
            grpc_caller_authority_file=tmp_path / "ca.crt",
        )


async def is_refused(address: str) -> bool:
    """Tell whether a client that trusts the system's authorities only does not connect."""
    try:
        client = await jetstream.connect_once(address, "tests")
    except BrokerUnavailableError:
        return True
    await client.close()
    return False


# nats-py leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.nats
async def test_the_broker_is_one_of_the_authority(nats_server: NatsServer) -> None:
    """Over TLS it must have a certificate of the file; those of the system are not asked then."""
    address = nats_server.url_for(SERVICES).replace("nats://", "tls://")
    client = await jetstream.connect(
        address, "tests", authority_file=nats_server.certificates.authority_file
    )
    try:
        assert client.is_connected
        assert await is_refused(address)
        gc.collect()
    finally:
        await client.close()
