"""Addresses as settings hold them: whether they can be used is said at once, in words, and without what they hold."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticCustomError

_DATABASE_URL = re.compile(
    r"postgresql\+asyncpg://"
    r"(?:[^:/@?]+(?::[^@]*)?@)?"
    r"(?:\[[0-9A-Fa-f:.]+\]|[^:/@?\[\]\s]+)?(?::(?P<port>[0-9]{1,5}))?"
    r"/[^/?\s]+(?:\?(?P<options>.*))?"
)
# What libpq understands in an address and the driver does not.
_FOREIGN_OPTION = re.compile(r"(?:^|&)ssl(?:mode|cert|key|rootcert|crl)=")
_LISTEN = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^:\[\]\s/]*):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65_535


def _is_port(text: str | None) -> bool:
    return text is None or int(text) <= _HIGHEST_PORT


def _database_url(url: SecretStr) -> SecretStr:
    parts = _DATABASE_URL.fullmatch(url.get_secret_value())
    if parts is None or not _is_port(parts["port"]):
        raise PydanticCustomError(
            "database_url",
            "cần dạng postgresql+asyncpg://USER:PASSWORD@HOST:PORT/DATABASE, ký tự đặc biệt viết dạng %XX"
            " / must be postgresql+asyncpg://USER:PASSWORD@HOST:PORT/DATABASE, special characters as %XX",
        )
    if _FOREIGN_OPTION.search(parts["options"] or ""):
        raise PydanticCustomError(
            "database_url",
            "TLS được đặt bằng ssl=require hoặc ssl=verify-full, không phải sslmode"
            " / TLS is asked for by ssl=require or ssl=verify-full, not by sslmode",
        )
    return url


def _broker_url(url: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(url.get_secret_value())
        sound = parts.scheme in {"nats", "tls"} and parts.hostname and parts.port != 0
        sound = sound and not re.search(r"[\s,]", parts.netloc) and parts.path in {"", "/"}
    except ValueError:  # brackets that do not match, or no port
        sound = False
    if not sound:
        raise PydanticCustomError(
            "broker_url",
            "cần dạng nats://USER:PASSWORD@HOST:PORT hoặc tls://…, ký tự đặc biệt viết dạng %XX"
            " / must be nats://USER:PASSWORD@HOST:PORT or tls://…, special characters as %XX",
        )
    return url


def _listen(address: str) -> str:
    parts = _LISTEN.fullmatch(address)
    if parts is None or not _is_port(parts["port"]):
        raise PydanticCustomError(
            "listen",
            "cần dạng HOST:PORT, như 127.0.0.1:8080 / must be HOST:PORT, as 127.0.0.1:8080",
        )
    return address


# Addresses with a password in them: of a database, and of a broker.
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
BrokerUrl = Annotated[SecretStr, AfterValidator(_broker_url)]
# Where a server listens, host:port; 0 is any free port.
Listen = Annotated[str, AfterValidator(_listen)]
