"""Fixtures and settings for all tests."""

import logging
from collections.abc import Generator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.fixtures.cluster import cluster
from tests.fixtures.collector import collector
from tests.fixtures.engines import _shelf
from tests.fixtures.object_stores import module_nats, open_store, store
from tests.fixtures.servers import (
    _templates,
    broker,
    issuer,
    make_database,
    make_token,
    nats_server,
    nats_servers,
    postgres_server,
    scratch,
)
from tests.fixtures.workers import pytest_xdist_make_scheduler

__all__ = [
    "_shelf",
    "_templates",
    "broker",
    "cluster",
    "collector",
    "issuer",
    "make_database",
    "make_token",
    "module_nats",
    "nats_server",
    "nats_servers",
    "open_store",
    "postgres_server",
    "pytest_xdist_make_scheduler",
    "scratch",
    "store",
]

# How long an example takes says how busy the machine is, and nothing of what a test claims.
settings.register_profile("ward", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ward")


@pytest.fixture(autouse=True)
def _logging_stays_as_it_was() -> Generator[None]:
    """Undo what a test makes of logging: handlers of its output, which is closed, would take what others say."""
    root = logging.getLogger()
    level, before = root.level, structlog.get_config()
    yield
    if structlog.get_config() != before:
        structlog.configure(**before)
        structlog.contextvars.clear_contextvars()
    root.handlers = [one for one in root.handlers if type(one) is not logging.StreamHandler]
    root.setLevel(level)


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
