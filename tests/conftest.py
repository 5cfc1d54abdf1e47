"""Fixtures and settings for all tests."""

from hypothesis import HealthCheck, settings

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
from tests.fixtures.workers import pytest_xdist_make_scheduler

__all__ = [
    "_templates",
    "broker",
    "issuer",
    "make_database",
    "make_token",
    "nats_server",
    "postgres_server",
    "pytest_xdist_make_scheduler",
    "scratch",
]

# How long an example takes says how busy the machine is, and nothing of what a test claims.
settings.register_profile("ward", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ward")
