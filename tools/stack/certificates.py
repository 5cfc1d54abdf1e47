"""Certificates of this machine, for development: an authority of its own and the broker's certificate."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stack.ports import LOOPBACK
from stack.secret_store import write_private

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
# The server's certificate is made anew at a start that finds less than this left.
RENEWED_BEFORE = timedelta(days=30)


class Certificates:
    """An authority and a server certificate for the loopback address, below one directory.

    The certificate is for `hosts` too. Devices trust `authority_file`. Both are made at first use; the server's is
    renewed when its end is near.
    """

    def __init__(self, directory: Path, hosts: Sequence[str] = ()) -> None:
        self.authority_file = directory / "ca.pem"
        self.server_file = directory / "server.pem"
        self.server_key_file = directory / "server-key.pem"
        self._hosts = ("localhost", *hosts)
        self._authority_key_file = directory / "ca-key.pem"

    def prepare(self, now: float) -> None:
        """Make what is not there or ends soon; `now` is in seconds since 1970."""
        moment = datetime.fromtimestamp(now, UTC)
        self.authority_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.authority_file.exists():
            self._make_authority(moment)
        if not self._lasts(moment + RENEWED_BEFORE):
            self._make_server(moment)

    def _lasts(self, moment: datetime) -> bool:
        if not self.server_file.exists():
            return False
        made = x509.load_pem_x509_certificate(self.server_file.read_bytes())
        return made.not_valid_after_utc > moment

    def _make_authority(self, now: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Phường số an toàn, thử nghiệm")
        certificate = (
            _certificate(name, name, key, now, AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        write_private(self._authority_key_file, _pem_of_key(key))
        write_private(self.authority_file, _pem(certificate))

    def _make_server(self, now: datetime) -> None:
        authority = x509.load_pem_x509_certificate(self.authority_file.read_bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName(
            [
                *map(x509.DNSName, self._hosts),
                x509.IPAddress(ipaddress.ip_address(LOOPBACK)),
            ]
        )
        certificate = (
            _certificate(_name("localhost"), authority.subject, key, now, SERVER_LIFE)
            .add_extension(names, critical=False)
            .sign(self._authority_key(), hashes.SHA256())
        )
        write_private(self.server_key_file, _pem_of_key(key))
        write_private(self.server_file, _pem(certificate))

    def _authority_key(self) -> ec.EllipticCurvePrivateKey:
        written = self._authority_key_file.read_bytes()
        key = serialization.load_pem_private_key(written, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(self._authority_key_file)
        return key


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A device whose clock is a little behind must trust it too.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + life)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
