"""The commands, as separate processes."""

import asyncio
import base64
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from tests.fixtures.servers import TestDatabase
from tests.residency.wards import WARD, ward, write

pytestmark = pytest.mark.postgres

KEYS = {
    "ID_ENCRYPTION_KEY": base64.b64encode(b"e" * 32).decode(),
    "ID_INDEX_KEY": base64.b64encode(b"i" * 32).decode(),
    "PSEUDONYM_KEY": base64.b64encode(b"p" * 32).decode(),
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int | None
    output: str
    errors: str


async def run(*arguments: str, **environment: str) -> Ended:
    """Run a command of the service to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "residency", *arguments),
        env={"PATH": os.defpath, "LANG": "C.UTF-8", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return Ended(process.returncode, output.decode(), errors.decode())


async def test_migrating_again_is_harmless(test_database: TestDatabase) -> None:
    """Nothing is missing, nothing is done."""
    ended = await run(
        "migrate",
        DATABASE_URL=test_database.url,
        MIGRATION_DATABASE_URL=test_database.owner_url,
        **KEYS,
    )

    assert (ended.code, ended.errors) == (0, "")


async def test_migrating_needs_the_owner(test_database: TestDatabase) -> None:
    """The setting is named."""
    ended = await run("migrate", DATABASE_URL=test_database.url, **KEYS)

    assert ended.code == 1
    assert ended.errors.startswith(
        "Cần MIGRATION_DATABASE_URL: vai trò sở hữu các bảng / MIGRATION"
    )


async def test_importing_shows_progress_and_is_repeatable(
    test_database: TestDatabase, tmp_path: Path
) -> None:
    """Plain lines on standard output."""
    write(tmp_path, WARD)
    first = await run("import", str(tmp_path), DATABASE_URL=test_database.url, **KEYS)
    again = await run("import", str(tmp_path), DATABASE_URL=test_database.url, **KEYS)

    assert (first.code, first.errors) == (0, "")
    assert first.output.splitlines()[-1] == "Loaded 2 persons in 2 dwellings."
    assert again.output == "This ward is loaded already: nothing to do.\n"


async def test_a_refused_import_says_why_in_one_line(
    test_database: TestDatabase, tmp_path: Path
) -> None:
    """File, line, column and rule, without a traceback."""
    write(tmp_path, ward(("persons", 1, "sex", "?")))
    ended = await run("import", str(tmp_path), DATABASE_URL=test_database.url, **KEYS)

    assert ended.code == 1
    assert ended.errors == (
        "Không nạp được dữ liệu / Nothing was loaded: persons.csv:3: sex: M or F\n"
    )


async def test_duplicates_are_found_part_by_part_and_counted(
    test_database: TestDatabase, tmp_path: Path
) -> None:
    """The import found them already; the dry run tells so, and no line tells who they are."""
    twin = {**WARD["persons"][0], "person_id": str(uuid4()), "personal_id_number": "999145000010"}
    tables = {**WARD, "persons": [*WARD["persons"], twin]}
    environment = {"DATABASE_URL": test_database.url, **KEYS}
    imported = await run("import", str(write(tmp_path, tables)), **environment)
    dry = await run("duplicates", "find", "--dry-run", **environment)
    found = await run("duplicates", "find", **environment)

    assert "possible duplicates noted: 1 rows" in imported.output
    assert (dry.code, found.code) == (0, 0)
    # Two years of birth, and the numbers that are near one another.
    assert dry.output.splitlines()[:3] == ["1/3: 0", "2/3: 0", "3/3: 0"]
    assert "Dry run, nothing entered. 0 cặp hồ sơ nghi trùng mới" in dry.output
    assert found.output.splitlines()[-1].startswith("0 cặp hồ sơ nghi trùng mới")
    assert "Giả Định" not in imported.output + dry.output + found.output


async def test_a_database_that_is_away_is_said_in_one_line(tmp_path: Path) -> None:
    """Without a traceback."""
    write(tmp_path, WARD)
    away = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
    imported = await run("import", str(tmp_path), DATABASE_URL=away, **KEYS)
    migrated = await run("migrate", DATABASE_URL=away, MIGRATION_DATABASE_URL=away, **KEYS)

    assert (imported.code, migrated.code) == (1, 1)
    assert imported.errors == "Không kết nối được cơ sở dữ liệu / The database is away.\n"
    assert migrated.errors == imported.errors


async def test_a_database_that_lets_nobody_in_is_said_in_one_line(
    test_database: TestDatabase,
) -> None:
    """Nobody looks for a fault of the network then."""
    nowhere = test_database.owner_url + "_no_more"
    ended = await run("migrate", DATABASE_URL=nowhere, MIGRATION_DATABASE_URL=nowhere, **KEYS)

    assert ended.code == 1
    assert ended.errors == (
        "Cơ sở dữ liệu từ chối tên người dùng, mật khẩu hoặc tên cơ sở dữ liệu"
        " / The database refuses the user, the password or the database's name.\n"
    )


@pytest.mark.parametrize("days", ["0", "-1", "99999999", "a week"])
async def test_anomalies_are_told_of_some_days_back(days: str) -> None:
    """Of none, or of more than there are records of, is said in one line: it told nothing, or an overflow."""
    ended = await run("audit", "anomalies", "--days", days)

    assert ended.code == 2
    assert ended.errors.splitlines()[-1].endswith(
        "--days: số nguyên từ 1 đến 366 · a whole number, 1 to 366"
    )


async def test_wrong_settings_are_said_in_words(test_database: TestDatabase) -> None:
    """One line a setting, and no part of a key."""
    keys = {**KEYS, "ID_INDEX_KEY": "c2hvcnQ="}
    ended = await run("serve", DATABASE_URL=test_database.url, **keys)

    assert ended.code == 1
    assert ended.errors.splitlines() == [
        "Cấu hình sai / Wrong settings:",
        "ID_INDEX_KEY: Value error, 32 bytes in base64 are needed, as `openssl rand -base64 32` makes them",
    ]
