"""Addresses in settings are refused at once when they cannot be used, in two languages and without a password."""

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from chassis.addresses import BrokerUrl, DatabaseUrl, Listen

DATABASE = TypeAdapter[SecretStr](DatabaseUrl)
BROKER = TypeAdapter[SecretStr](BrokerUrl)
LISTEN = TypeAdapter[str](Listen)
SECRET = "s3cret"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://app:s3cret@127.0.0.1:5432/residency",
        "postgresql+asyncpg://app:s3cret@db.ward.svc/residency?ssl=require",
        "postgresql+asyncpg://app:s3cr%2Fet@[::1]:5432/residency",
        "postgresql+asyncpg://app@/residency?host=/run/postgresql",
        # A password is taken as it is wherever it is understood.
        "postgresql+asyncpg://app:s3/cr[et@db/residency",
    ],
)
def test_an_address_of_a_database_is_taken_as_it_is(url: str) -> None:
    """With or without a password, a port and options."""
    assert DATABASE.validate_python(url).get_secret_value() == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "postgresql+asyncpg://"),
        (SECRET, "postgresql+asyncpg://"),
        ("postgres://app:s3cret@db/residency", "postgresql+asyncpg://"),
        ("mysql://app:s3cret@db/residency", "postgresql+asyncpg://"),
        ("postgresql+asyncpg://app:s3cret@db:abc/residency", "postgresql+asyncpg://"),
        ("postgresql+asyncpg://app:s3cret@db:99999/residency", "postgresql+asyncpg://"),
        ("postgresql+asyncpg://app:s3@cret@db/residency", "postgresql+asyncpg://"),
        ("postgresql+asyncpg://app:s3cret@db", "postgresql+asyncpg://"),
        ("postgresql+asyncpg://app:s3cret@db/", "postgresql+asyncpg://"),
        ("postgresql+asyncpg://app:s3cret@db/residency?sslmode=require", "ssl=verify-full"),
    ],
)
def test_what_is_no_address_of_a_database_is_refused(url: str, said: str) -> None:
    """Its form is told, and nothing that it holds."""
    with pytest.raises(ValidationError) as refused:
        DATABASE.validate_python(url)

    told = refused.value.errors(include_input=False)[0]["msg"]
    assert said in told
    assert " / " in told
    assert "s3" not in told


@pytest.mark.parametrize(
    "url", ["nats://127.0.0.1:4222", "nats://app:s3cret@nats", "tls://app:s3cret@nats:4222/"]
)
def test_an_address_of_a_broker_is_taken_as_it_is(url: str) -> None:
    """Plain or with TLS."""
    assert BROKER.validate_python(url).get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        SECRET,
        "nats://",
        "http://app:s3cret@nats:4222",
        "nats://app:s3cret@nats:abc",
        "nats://app:s3cret@nats:99999",
        "nats://app:s3[cret@nats:4222",
        "nats://app:s3/cret@nats:4222",
        "nats://app:s3cret@one:4222,nats://two:4222",
        "nats://a host:4222",
    ],
)
def test_what_is_no_address_of_a_broker_is_refused(url: str) -> None:
    """A service would try it for ever."""
    with pytest.raises(ValidationError) as refused:
        BROKER.validate_python(url)

    told = refused.value.errors(include_input=False)[0]["msg"]
    assert "nats://" in told
    assert "s3" not in told


@pytest.mark.parametrize(
    "address", ["127.0.0.1:0", "0.0.0.0:8080", "[::]:8080", ":8080", "ward:1"]
)
def test_a_place_to_listen_is_a_host_and_a_port(address: str) -> None:
    """Port 0 is any that is free."""
    assert LISTEN.validate_python(address) == address


@pytest.mark.parametrize("address", ["", "8080", "ward", "ward:http", "ward:65536", "::1:8080"])
def test_what_nobody_can_listen_on_is_refused(address: str) -> None:
    """Before anything is started."""
    with pytest.raises(ValidationError, match=r"HOST:PORT"):
        LISTEN.validate_python(address)
