"""What reaches the log, and what must not."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Database
from chassis.telemetry import log

NAME = "Phạm Thị Giả Định"


@pytest.mark.postgres
async def test_a_refused_row_is_logged_without_its_values(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the statement's parameters nor the row that PostgreSQL repeats; the rest helps to find the bug."""
    log.configure("tests", "INFO")
    try:
        async with database.transaction() as tx:
            await tx.execute(text("create table people (name text, age int check (age > 1))"))
            await tx.execute(text("insert into people values (:name, 1)"), {"name": NAME})
    except IntegrityError:
        log.logger().exception("failed")
    line = json.loads(capsys.readouterr().out)

    assert "people_age_check" in line["exception"]
    assert NAME not in line["exception"]
