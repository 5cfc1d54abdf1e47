"""The days that are decided for a year are entered from a table, with where that stands."""

import argparse
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from chassis.calendar import holidays
from chassis.calendar.decided_days import working_calendar
from chassis.calendar.working_days import WorkingCalendar
from chassis.storage.database import Database
from residency import tables
from tests.fixtures.servers import TestDatabase
from tests.residency.conftest import MakeSettings

pytestmark = pytest.mark.postgres

# A Monday and a Saturday that the rule says the opposite of.
MONDAY, SATURDAY = date(2026, 10, 12), date(2026, 10, 17)
TABLE = "Ngày,Làm việc\n12/10/2026,không\n2026-10-17,có\n"
Import = Callable[..., Awaitable[int]]


@pytest.fixture
def enter(make_settings: MakeSettings, test_database: TestDatabase, tmp_path: Path) -> Import:
    """Enter a table as the service's command does; tell the exit code."""
    owner = {"migration_database_url": SecretStr(test_database.owner_url)}
    settings = make_settings().model_copy(update=owner)
    parser = argparse.ArgumentParser()
    holidays.add_commands(parser.add_subparsers())
    file = tmp_path / "days.csv"

    async def run(content: str, *options: str, source: str = "Thông báo 1/TB-BNV") -> int:
        file.write_text(content, "utf-8")
        decision = ("--source", source, "--decided-on", "2025-10-01")
        arguments = parser.parse_args(["holidays", "import", str(file), *decision, *options])
        return await holidays.run(arguments, settings, tables.decided_days)

    return run


async def calendar_of(database: Database) -> WorkingCalendar:
    """Load the calendar that terms are counted by."""
    async with database.transaction() as tx:
        return await working_calendar(tx, tables.decided_days)


async def test_decided_days_go_before_the_rule_and_name_their_decision(
    database: Database, enter: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing in a dry run; once and again alike; a later decision takes the place of one before and names it."""
    dry = await enter(TABLE, "--dry-run")
    before = await calendar_of(database)
    told = capsys.readouterr().out
    first, again = await enter(TABLE), await enter(TABLE)
    since = await calendar_of(database)
    later = await enter("day,working\n2026-10-12,yes\n", source="Thông báo 2/TB-BNV")
    at_last = await calendar_of(database)
    columns = tables.decided_days.c
    statement = select(columns.source).where(columns.day == MONDAY)
    async with database.transaction() as tx:
        source = (await tx.scalars(statement)).one()

    assert (dry, first, again, later) == (0, 0, 0, 0)
    assert "2026-10-12  nghỉ / off\n2026-10-17  làm việc / worked\n" in told
    assert [one.is_working(MONDAY) for one in (before, since, at_last)] == [True, False, True]
    assert [one.is_working(SATURDAY) for one in (before, since, at_last)] == [False, True, True]
    first_source = "Thông báo 1/TB-BNV (2025-10-01)"
    assert source == f"Thông báo 2/TB-BNV (2025-10-01); thay thế / replaces: {first_source}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "the file has no rows"),
        ("Ngày,Nghỉ\n12/10/2026,có\n", "a column is missing"),
        (f"{TABLE}12/10/2026,có\n", "row 4: each day once"),
        (f"{TABLE}31/02/2026,có\n", "row 4: each day once"),
        (f"{TABLE}01/09/2026,\n", "row 4: each day once"),
        (f"{TABLE}01/09/2026,có,không\n", "row 4: each day once"),
    ],
)
async def test_a_table_that_is_wrong_is_refused_whole(
    database: Database,
    enter: Import,
    capsys: pytest.CaptureFixture[str],
    content: str,
    why: str,
) -> None:
    """With the row, and nothing of it is entered."""
    code = await enter(content)

    assert code == 1
    assert why in capsys.readouterr().err
    assert (await calendar_of(database)).is_working(MONDAY)
