"""What reaches the log, and what must not."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

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


def test_what_comes_again_and_again_is_logged_once_a_time_and_counted() -> None:
    """Each cause by itself; the next line tells how many were left out."""
    sparing = log.Sparing("refused", every_s=60)
    with capture_logs() as logs:
        for now_s in (0, 1, 59.9, 60, 120.1):
            sparing.warn(now_s, reason="not_json")
        sparing.warn(2, reason="empty")

    assert [(one["reason"], one["unlogged"]) for one in logs] == [
        ("not_json", 0),
        ("not_json", 2),
        ("not_json", 0),
        ("empty", 0),
    ]
