"""Servers of one test each, since they are killed; and fire-safety on them."""

from collections.abc import Generator
from itertools import count
from pathlib import Path

import pytest

from stack.postgres import PostgresServer
from tests.fire_safety.conftest import database, entered, make_settings, test_database

__all__ = ["database", "entered", "make_settings", "test_database"]

_numbers = count(1)


@pytest.fixture
def postgres_server(scratch: Path) -> Generator[PostgresServer]:
    """Run a PostgreSQL of one test: it will be killed, and its recovery must not depend on other tests."""
    server = PostgresServer(scratch / f"postgres-{next(_numbers)}")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def _templates() -> set[str]:
    """Begin without databases."""
    return set()
