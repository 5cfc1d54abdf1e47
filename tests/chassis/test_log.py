"""What reaches the log, and what must not."""

import json
import logging
from collections.abc import Generator

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis import log
from chassis.database import Database


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Generator[pytest.CaptureFixture[str]]:
    """Log as a service does, for one test, and capture it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    log.configure("tests", "INFO")
    yield capsys
    root.handlers, root.level = before[0], before[1]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.postgres
async def test_a_refused_row_is_logged_without_its_values(
    database: Database, logged: pytest.CaptureFixture[str]
) -> None:
    """Neither the statement's parameters nor the row that PostgreSQL repeats; the rest helps to find the bug."""
    statement = text("insert into people values (:name, 1)")
    try:
        async with database.transaction() as tx:
            await tx.execute(text("create table people (name text, age int check (age > 1))"))
            await tx.execute(statement, {"name": " ".join(["Giả", "Định"])})
    except IntegrityError:
        log.logger().exception("failed")
    line = json.loads(logged.readouterr().out)

    assert "people_age_check" in line["exception"]
    assert "Giả Định" not in line["exception"]
