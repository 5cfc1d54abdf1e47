"""Fixtures for all tests."""

from tests.fixtures.servers import (
    _templates,
    broker,
    issuer,
    make_database,
    make_token,
    nats_server,
    postgres_server,
    scratch,
)

__all__ = [
    "_templates",
    "broker",
    "issuer",
    "make_database",
    "make_token",
    "nats_server",
    "postgres_server",
    "scratch",
]
