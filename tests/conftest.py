"""Fixtures and settings for all tests."""

import structlog
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

# Tracebacks with the values of all variables, which structlog writes by itself, take seconds each.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)
