"""The command of decided days: `holidays import`, the same for every service that counts working days.

Each year it is decided which days around Tết and other holidays are worked instead of which others. The decision is
entered from a table, with where it stands and the day on which it was made; a later one takes the place of one before
and names it. What was counted before stays as it was counted. Exit codes: 0 done; 1 the table is refused; 2 the
database could not be asked.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert

from chassis.command_line import say, say_both
from chassis.errors import DatabaseUnavailableError
from chassis.settings import OWNER_NEEDED, ServiceSettings
from chassis.sheets import Limits, SheetInvalidError, SheetProblem, is_shifted, numbered, read_rows
from chassis.storage.database import Database, Transaction

DONE, REFUSED, NOT_ASKED = 0, 1, 2

_LIMITS = Limits(file_bytes=2**20, unfolded_bytes=2**23, rows=400)
_HEADINGS = {"ngày": "day", "day": "day", "làm việc": "working", "working": "working"}
_WORKED = {"có": True, "yes": True, "không": False, "no": False}


@dataclass(frozen=True)
class DecidedDay:
    """A day, and whether it is worked whatever the rule says."""

    day: date
    working: bool


class DayInvalidError(Exception):
    """A row names no day, or one that is named before, or does not say whether it is worked."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `holidays` and what follows it to a service's commands."""
    actions = commands.add_parser(
        "holidays",
        help="ngày được quyết định nghỉ hoặc làm việc · days that were decided to be worked or not",
    ).add_subparsers(dest="action", required=True)
    importing = actions.add_parser(
        "import", help="nạp quyết định của một năm · enter what was decided for a year"
    )
    importing.add_argument(
        "file",
        type=Path,
        help="CSV (UTF-8) hoặc XLSX, có cột Ngày và Làm việc: có, không"
        " · CSV in UTF-8 or XLSX with the columns Ngày (day) and Làm việc (working): yes, no",
    )
    importing.add_argument(
        "--source", required=True, help="văn bản quyết định · where the decision stands"
    )
    importing.add_argument(
        "--decided-on",
        required=True,
        type=date.fromisoformat,
        help="ngày quyết định, năm-tháng-ngày · its day, YYYY-MM-DD",
    )
    importing.add_argument(
        "--dry-run",
        action="store_true",
        help="chỉ xem những gì sẽ thay đổi · only tell what would change",
    )


async def run(arguments: argparse.Namespace, settings: ServiceSettings, table: Table) -> int:
    """Enter a table of decided days, or only tell what it would change; tell the exit code."""
    if settings.migration_database_url is None:
        say_both(*OWNER_NEEDED, of_failure=True)
        return NOT_ASKED
    try:
        days = list(read_days(arguments.file.read_bytes()))
    except OSError as error:
        return _refuse(error.strerror or "", error.strerror or "")
    except SheetInvalidError as error:
        return _refuse(
            f"{error.problem.vi} {error.detail}".strip(),
            f"{error.problem.en} {error.detail}".strip(),
        )
    except DayInvalidError as error:
        return _refuse(
            f"dòng {error.row}: mỗi ngày một lần, dạng 31/12/2026, kèm có hoặc không, không thừa ô",
            f"row {error.row}: each day once, as 2026-12-31, with yes or no, and no further cells",
        )
    source = f"{arguments.source.strip()} ({arguments.decided_on.isoformat()})"
    url = settings.migration_database_url.get_secret_value()
    try:
        async with Database.connect(url, pool_size=1) as owner, owner.transaction() as tx:
            changed = await enter(tx, table, days, source, dry_run=arguments.dry_run)
    except DatabaseUnavailableError as error:
        say_both(error.vi, error.en, of_failure=True)
        return NOT_ASKED
    for one in changed:
        worked = "làm việc / worked" if one.working else "nghỉ / off"
        say(f"{one.day.isoformat()}  {worked}")
    say_both(
        f"{len(changed)} trên {len(days)} ngày thay đổi", f"{len(changed)} of {len(days)} days"
    )
    return DONE


def read_days(content: bytes) -> Iterator[DecidedDay]:
    """Read a table of days; raises SheetInvalidError or DayInvalidError."""
    rows = read_rows(content, _LIMITS)
    if not rows:
        raise SheetInvalidError(SheetProblem.EMPTY)
    named = [_HEADINGS.get(heading.strip().lower()) for heading in rows[0]]
    if sorted(filter(None, named)) != ["day", "working"]:
        raise SheetInvalidError(SheetProblem.NO_HEADING, "Ngày, Làm việc")
    seen = set[date]()
    for number, row in numbered(rows):
        cells = dict(zip(named, map(str.strip, row), strict=False))
        day, working = _day(cells.get("day", "")), _WORKED.get(cells.get("working", "").lower())
        if day is None or working is None or day in seen or is_shifted(named, row):
            raise DayInvalidError(number)
        seen.add(day)
        yield DecidedDay(day, working)


async def enter(
    tx: Transaction, table: Table, days: list[DecidedDay], source: str, *, dry_run: bool
) -> list[DecidedDay]:
    """Enter days that are not decided so already, in order; tell which.

    A day that was decided otherwise keeps where that stands, behind what is decided now.
    """
    columns = table.c
    wanted = select(columns.day, columns.working, columns.source).where(
        columns.day.in_([one.day for one in days])
    )
    before = {row.day: row for row in await tx.execute(wanted.with_for_update())}
    changed = [
        one
        for one in sorted(days, key=lambda one: one.day)
        if one.day not in before or before[one.day].working is not one.working
    ]
    for one in () if dry_run else changed:
        was = before.get(one.day)
        stands = f"{source}; thay thế / replaces: {was.source}" if was else source
        entering = insert(table).values(day=one.day, working=one.working, source=stands)
        changing = {"working": one.working, "source": stands}
        await tx.execute(
            entering.on_conflict_do_update(index_elements=[columns.day], set_=changing)
        )
    return changed


def _day(text: str) -> date | None:
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day of the calendar, no instant
        except ValueError:
            continue
    return None


def _refuse(vietnamese: str, english: str) -> int:
    say_both(f"Không nhập được: {vietnamese}", f"Nothing was entered: {english}", of_failure=True)
    return REFUSED
