"""Certificates between services: who a service is, whom it trusts, and both anew once their files have changed.

An authority that renews them by itself (cert-manager, SPIRE) replaces the files while the service works: the next
connection is made with what is there then, and connections that stand go on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from grpc import aio

from chassis.settings import BaseServiceSettings
from chassis.telemetry.log import logger

# Of each file, what tells that it was written or replaced.
_Stamp = tuple[tuple[int, int, int], ...]
Open = Callable[[grpc.ChannelCredentials], aio.Channel]


class CertificateError(ValueError):
    """A key is not that of its certificate, or a file holds something else."""


@dataclass(frozen=True)
class Contents:
    """What the files hold (PEM); None for what is not named."""

    authority: bytes | None
    chain: bytes | None
    key: bytes | None


@dataclass(frozen=True)
class CertificateFiles:
    """The authority to trust, and the own certificate chain with its key (PEM); each may be missing."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def named(self) -> list[Path]:
        """The files that are not missing."""
        return [file for file in (self.authority, self.certificate, self.key) if file]


def own_certificates(settings: BaseServiceSettings) -> CertificateFiles:
    """Name the files by which a service calls others, as its settings do."""
    return CertificateFiles(
        settings.grpc_authority_file, settings.grpc_certificate_file, settings.grpc_key_file
    )


NO_CERTIFICATES = CertificateFiles()


class Watched:
    """The contents of the files, as they are now."""

    def __init__(self, files: CertificateFiles) -> None:
        self._files = files
        self._stamp: _Stamp | None = None

    def read(self) -> Contents:
        """Read the files.

        Raises OSError, or CertificateError for what does not fit together.
        """
        self._stamp = self._look()
        files = self._files
        contents = Contents(*map(_read, (files.authority, files.certificate, files.key)))
        _require_fit(contents)
        return contents

    def renewed(self) -> Contents | None:
        """Give what the files hold, if that is new since they were read last and fits together.

        Files are replaced one after the other: in between nothing is renewed.
        """
        try:
            return None if self._look() == self._stamp else self.read()
        except (OSError, CertificateError) as error:
            logger().warning("certificates_not_renewed", cause=type(error).__name__)
            return None

    def _look(self) -> _Stamp:
        found = map(Path.stat, self._files.named)
        return tuple((one.st_mtime_ns, one.st_ino, one.st_size) for one in found)


def _read(file: Path | None) -> bytes | None:
    return file.read_bytes() if file else None


def _require_fit(contents: Contents) -> None:
    try:
        if contents.authority is not None:
            x509.load_pem_x509_certificates(contents.authority)
        if contents.chain is None or contents.key is None:
            return
        certified = x509.load_pem_x509_certificates(contents.chain)[0].public_key()
        own = load_pem_private_key(contents.key, password=None).public_key()
    except (ValueError, TypeError) as error:
        raise CertificateError("not a certificate or key in PEM") from error
    if certified != own:
        raise CertificateError("the key is not that of the certificate")


def server_credentials(
    files: CertificateFiles, tell_expiry: Callable[[float], object] = lambda _: None
) -> grpc.ServerCredentials:
    """Make what a gRPC server speaks TLS with; with an authority, callers must show a certificate of it.

    `tell_expiry` is told until when the certificate in use is valid, seconds since 1970. Raises OSError or
    CertificateError for files that cannot be used.
    """
    watched = Watched(files)
    first = watched.read()

    def used(contents: Contents) -> grpc.ServerCertificateConfiguration:
        configuration = _configuration(contents)
        tell_expiry(_expires(contents))
        return configuration

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        contents = watched.renewed()
        return None if contents is None else used(contents)

    return grpc.dynamic_ssl_server_credentials(
        used(first),
        renewed,  # type: ignore[arg-type] # None, which gRPC documents, is not in its types
        require_client_authentication=first.authority is not None,
    )


def _configuration(contents: Contents) -> grpc.ServerCertificateConfiguration:
    if contents.key is None or contents.chain is None:
        raise CertificateError("a server needs a certificate and its key")
    return grpc.ssl_server_certificate_configuration(
        [(contents.key, contents.chain)], root_certificates=contents.authority
    )


def _expires(contents: Contents) -> float:
    """Tell when the first certificate of the chain ends, seconds since 1970."""
    (own, *_) = x509.load_pem_x509_certificates(contents.chain or b"")
    return own.not_valid_after_utc.timestamp()


class RenewingChannel(aio.Channel):
    """A channel with TLS that is opened anew when its certificates have changed.

    Calls under way, and watches that last for days, stay on the channel on which they began.
    """

    def __init__(self, files: CertificateFiles, open_channel: Open) -> None:
        """Open the first one; raises OSError or CertificateError for files that cannot be used."""
        self._watched = Watched(files)
        self._open = open_channel
        self._channel = open_channel(_channel_credentials(self._watched.read()))
        self._earlier: list[aio.Channel] = []

    async def __aenter__(self) -> Self:
        """Begin; it is closed at the end of the block."""
        return self

    async def __aexit__(self, *_failure: object) -> None:
        """Close."""
        await self.close()

    async def close(self, grace: float | None = None) -> None:
        """Close every channel; calls have `grace` seconds to end."""
        for channel in (*self._earlier, self._channel):
            await channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:  # noqa: FBT001, FBT002 - gRPC's
        """Tell the state of the newest channel."""
        return self._newest().get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Wait for another state of the newest channel."""
        await self._newest().wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Wait until the newest channel is connected."""
        await self._newest().channel_ready()

    def unary_unary(self, *of: Any, **more: Any) -> Any:  # noqa: ANN401 - gRPC's own arguments
        """Make a caller."""
        return self._caller("unary_unary", of, more)

    def unary_stream(self, *of: Any, **more: Any) -> Any:  # noqa: ANN401 - likewise
        """Make a caller."""
        return self._caller("unary_stream", of, more)

    def stream_unary(self, *of: Any, **more: Any) -> Any:  # noqa: ANN401 - likewise
        """Make a caller."""
        return self._caller("stream_unary", of, more)

    def stream_stream(self, *of: Any, **more: Any) -> Any:  # noqa: ANN401 - likewise
        """Make a caller."""
        return self._caller("stream_stream", of, more)

    def _caller(self, kind: str, of: tuple[Any, ...], more: dict[str, Any]) -> Callable[..., Any]:
        channel = self._channel
        caller = getattr(channel, kind)(*of, **more)

        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - likewise
            nonlocal channel, caller
            if channel is not self._newest():
                channel = self._channel
                caller = getattr(channel, kind)(*of, **more)
            return caller(*arguments, **options)

        return call

    def _newest(self) -> aio.Channel:
        contents = self._watched.renewed()
        if contents is not None:
            self._earlier.append(self._channel)
            self._channel = self._open(_channel_credentials(contents))
            logger().info("certificates_renewed")
        return self._channel


def _channel_credentials(contents: Contents) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(contents.authority, contents.key, contents.chain)
