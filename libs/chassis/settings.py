"""What every service reads from the environment, once."""

import re
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.addresses import BrokerUrl, DatabaseUrl, Listen
from chassis.sealing import read_key

_LOG_LEVELS = frozenset({"CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"})
_WARD_CODE = re.compile(r"[0-9]{5}")
# What a command says, in Vietnamese and in English, that only the tables' owner may give.
OWNER_NEEDED = (
    "Cần MIGRATION_DATABASE_URL: vai trò sở hữu các bảng",
    "MIGRATION_DATABASE_URL is needed: the role that owns the tables",
)


def parts_of(secrets: SecretStr) -> list[str]:
    """Give the parts of a setting that are separated by commas."""
    return [part.strip() for part in secrets.get_secret_value().split(",") if part.strip()]


def _checked(key: SecretStr) -> SecretStr:
    read_key(key.get_secret_value())
    return key


def _all_checked(keys: SecretStr) -> SecretStr:
    for key in parts_of(keys):
        read_key(key)
    return keys


def _log_level(level: str) -> str:
    if level.upper() not in _LOG_LEVELS:
        raise PydanticCustomError(
            "log_level",
            "cần CRITICAL, ERROR, WARNING, INFO hoặc DEBUG"
            " / must be CRITICAL, ERROR, WARNING, INFO or DEBUG",
        )
    return level.upper()


def _ward_code(code: str) -> str:
    if not _WARD_CODE.fullmatch(code):
        raise PydanticCustomError(
            "ward_code", "cần 5 chữ số, như 11002 / must be 5 digits, as 11002"
        )
    return code


# 32 bytes in base64; and several, separated by commas.
Key = Annotated[SecretStr, AfterValidator(_checked)]
Keys = Annotated[SecretStr, AfterValidator(_all_checked)]
# In capital letters, however it is written.
LogLevel = Annotated[str, AfterValidator(_log_level)]
# Part of every subject, so that it must be one word of one.
WardCode = Annotated[str, AfterValidator(_ward_code)]


class BaseServiceSettings(BaseSettings):
    """Settings that all services share; each names its environment variable in upper case."""

    # An error says which setting is wrong, and never shows its value.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    ward_code: WardCode = "11002"
    log_level: LogLevel = "INFO"
    auth_issuer: str = "http://127.0.0.1:8080"
    auth_audience: str = "safe-digital-ward"
    # A file:// or https:// address of the issuer's key set (RFC 7517).
    auth_jwks: str = ""
    # Where spans go, http://host:4317 (OTLP over gRPC); empty traces nothing.
    otlp_endpoint: str = ""
    # Certificates (PEM) to trust when calling other services; without them calls are not encrypted.
    grpc_authority_file: Path | None = None
    # Who the service is: its certificate chain and key (PEM), which it shows as a gRPC server, and to the services that
    # it calls. A server without them speaks no TLS: for loopback, or behind something that does. All of these files
    # may be replaced while the service works.
    grpc_certificate_file: Path | None = None
    grpc_key_file: Path | None = None

    @model_validator(mode="after")
    def _certificate_with_its_key(self) -> Self:
        """Half of what TLS needs must not end in none."""
        if (self.grpc_certificate_file is None) != (self.grpc_key_file is None):
            raise ValueError("GRPC_CERTIFICATE_FILE and GRPC_KEY_FILE go together")
        return self


class ServiceSettings(BaseServiceSettings):
    """Settings of a service with a database, a broker and a gRPC server."""

    # The role of the running service: it may not change what is append-only.
    database_url: DatabaseUrl
    # The role that owns the tables; needed by `migrate` only.
    migration_database_url: DatabaseUrl | None = None
    nats_url: BrokerUrl = SecretStr("nats://127.0.0.1:4222")
    # Certificates (PEM) to trust at a broker whose address begins with tls://; without them those of the system.
    nats_authority_file: Path | None = None
    # On how many servers of the broker's cluster each stream is kept: 1, or 3 so that one may be lost.
    nats_replicas: int = Field(default=1, ge=1, le=5)
    grpc_listen: Listen = "127.0.0.1:0"
    # Certificates (PEM) by one of which that of a caller must be signed; without them the token alone tells who calls.
    grpc_caller_authority_file: Path | None = None
    admin_listen: Listen = "127.0.0.1:0"
    # How often the head of the chain of access records is witnessed outside the database, and in which file besides
    # the broker's stream: one on another machine, or on a medium that can only be appended to.
    access_witness_every_s: float = 300.0
    access_witness_file: Path | None = None

    @model_validator(mode="after")
    def _callers_are_asked_over_tls(self) -> Self:
        if self.grpc_caller_authority_file and not self.grpc_certificate_file:
            raise ValueError("GRPC_CALLER_AUTHORITY_FILE needs GRPC_CERTIFICATE_FILE")
        return self

    def owner_url(self) -> str:
        """Give the address by which the tables' owner signs in, or end the command that needs it with a line."""
        if self.migration_database_url is None:
            raise SystemExit(" / ".join(OWNER_NEEDED))
        return self.migration_database_url.get_secret_value()


# Where containers find secrets: each in a file with the setting's name in lower case.
SECRETS = Path("/run/secrets")

_Settings = TypeVar("_Settings", bound=BaseSettings)


def read_settings(kind: type[_Settings], secrets: Path = SECRETS) -> _Settings:
    """Read the environment, and files for what is not there; or end the process with a line for each wrong setting."""
    try:
        folder = secrets if secrets.is_dir() else None
        return kind(_secrets_dir=folder)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        wrong = [": ".join([*map(str.upper, map(str, f["loc"])), _said(f)]) for f in faults]
        raise SystemExit("Cấu hình sai / Wrong settings:\n" + "\n".join(wrong)) from None


def _said(fault: ErrorDetails) -> str:
    """Say what is wrong with a setting; most often it is just not there."""
    return "thiếu / missing" if fault["type"] == "missing" else fault["msg"]
