"""The account as its officer looks at it: on the command line, with the service's own credentials."""

import csv
import json
import stat
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from nats.aio.client import Client
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.account.access_chain import AccessRecord
from chassis.account.access_log import append
from chassis.account.witness import Witness, subject_of
from chassis.clock import utc_now
from chassis.storage.database import Database
from stack.nats_server import NatsServer
from stack.postgres import PostgresServer
from tests.fixtures.servers import TestDatabase
from tests.residency.test_command_line import KEYS, Ended, run

pytestmark = pytest.mark.postgres


def record(days_ago: int = 0) -> AccessRecord:
    """Make a record of some days ago."""
    return AccessRecord(
        record_id=uuid4(),
        recorded_at=utc_now() - timedelta(days=days_ago),
        account="demo",
        actor="",
        roles=["duty_officer", "responder"],
        method="/x",
        purpose="FIRE_RESCUE",
        legal_basis="",
        reference="VV-1",
        subject="person",
        outcome="OK",
        request_id="q",
        fields=["full_name"],
        ward_code="11002",
    )


async def fill(database: Database, *days_ago: int) -> None:
    """Account for accesses of some days ago."""
    async with database.transaction() as tx:
        await append(tx, *map(record, days_ago))


async def audit(where: TestDatabase, *arguments: str, **environment: str) -> Ended:
    """Run an audit command, without a broker unless the environment names one."""
    return await run("audit", *arguments, DATABASE_URL=where.url, **{**KEYS, **environment})


async def test_a_sound_chain_is_told_and_a_broken_one_named(
    test_database: TestDatabase,
    database: Database,
    postgres_server: PostgresServer,
    tmp_path: Path,
) -> None:
    """Exit code 0, or 1 with the first position that does not hold; 2 where nobody can look, whatever the cause."""
    await fill(database, 0, 0, 0)
    sound = await audit(test_database, "verify", "--without-stream")
    name = test_database.url.rsplit("/", 1)[1]
    superuser = Database.connect(postgres_server.url(name))
    async with superuser.transaction() as tx:
        await tx.execute(text("set local session_replication_role = replica"))
        await tx.execute(text("update access_records set purpose = '' where position = 2"))
    broken = await audit(test_database, "verify", "--without-stream")
    behind = await audit(test_database, "verify", "--without-stream", "--from", "3")
    nowhere = await audit(test_database, "verify", "--without-stream", "--from", "-5")
    unread = tmp_path / "witness.jsonl"
    unread.write_text("{")
    by_file = {"ACCESS_WITNESS_FILE": str(unread)}
    not_looked_at = await audit(test_database, "verify", "--without-stream", **by_file)
    async with database.lease("account audit"):
        beside = await audit(test_database, "verify", "--without-stream")
    async with superuser.transaction() as tx:
        await tx.execute(text("drop table access_checkpoints"))
    await superuser.close()
    unknown = await audit(test_database, "verify", "--without-stream")

    assert (sound.code, sound.errors) == (0, "")
    assert nowhere.code == 2
    assert "số nguyên từ 1 đến" in nowhere.errors
    assert sound.output == (
        "Chuỗi nguyên vẹn đến vị trí 3; 0 mốc làm chứng khớp"
        " / The chain holds up to position 3; 0 witnesses agree.\n"
    )
    assert broken.code == 1
    assert broken.output == (
        "Chuỗi đứt ở vị trí 2: bản ghi đã bị sửa"
        " / The chain breaks at position 2: the record was changed.\n"
    )
    assert behind.code == 0
    assert unknown.code == 2
    assert "An unexpected error" in unknown.errors
    assert (not_looked_at.code, not_looked_at.output) == (2, "")
    assert f"{unread}:1" in not_looked_at.errors
    assert (beside.code, beside.output) == (2, "")
    assert "Another audit of this account is at work" in beside.errors
    # A walk along a part, or without witnesses, is no verification; a break is one wherever it was found.
    assert await marks(database) == [("BROKEN", 2)]


async def marks(database: Database) -> list[tuple[str, int]]:
    """Tell what is noted of the chain."""
    async with database.transaction() as tx:
        rows = await tx.execute(text("select kind, position from access_marks order by mark_id"))
        return [(row.kind, row.position) for row in rows]


@pytest.mark.nats
async def test_the_witnesses_of_the_broker_are_asked(
    test_database: TestDatabase,
    database: Database,
    broker: Client,
    nats_server: NatsServer,
    postgres_server: PostgresServer,
) -> None:
    """An end that was cut off is told; without the broker nothing is, and the exit code says so."""
    await fill(database, 0, 0)
    subject = subject_of("11002", "residency")
    witness = Witness(database, broker.jetstream(), subject, timedelta(0), None, utc_now)
    await witness.witness_if_due()
    name = test_database.url.rsplit("/", 1)[1]
    superuser = Database.connect(postgres_server.url(name))
    async with superuser.transaction() as tx:
        await tx.execute(text("set local session_replication_role = replica"))
        await tx.execute(text("delete from access_records where position = 2"))
    await superuser.close()
    found = await audit(test_database, "verify", NATS_URL=nats_server.url)
    away = await audit(test_database, "verify", NATS_URL="nats://127.0.0.1:1")

    assert found.code == 1
    assert "its end was cut off" in found.output
    assert away.code == 2
    assert "The witnesses cannot be read" in away.errors


async def test_an_export_is_accounted_for_and_complete(
    test_database: TestDatabase, database: Database, tmp_path: Path
) -> None:
    """Both forms hold every record, the export's own too; a spreadsheet takes nothing for a formula."""
    await fill(database, 0)
    async with database.transaction() as tx:
        await append(tx, record()._replace(account="=1+1"))
    lines, sheet = tmp_path / "records.jsonl", tmp_path / "records.csv"
    named = ("--reference", "KT-1", "--operator", "dpo-1")
    sheet.touch(0o644)
    first = await audit(test_database, "export", str(lines), *named)
    second = await audit(test_database, "export", str(sheet), "--reference", "KT-1")
    other = await audit(test_database, "export", str(tmp_path / "x.txt"), "--reference", "KT-1")
    nowhere = await audit(test_database, "export", str(tmp_path / "x" / "x.csv"), *named[:2])
    written = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    with sheet.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))

    assert (first.code, second.code, other.code) == (0, 0, 2)
    assert [one["method"] for one in written] == ["/x", "/x", "audit export"]
    assert (written[2]["account"], written[2]["reference"]) == ("console:dpo-1", "KT-1")
    assert written[2]["actor"].startswith("console:")
    assert rows[3]["account"] == written[2]["actor"]
    assert rows[3]["actor"] == ""
    assert written[0]["roles"] == ["duty_officer", "responder"]
    assert (written[1]["account"], rows[1]["account"]) == ("=1+1", "'=1+1")
    assert [row["hash"] for row in rows[:3]] == [one["hash"] for one in written]
    assert len(rows) == 4
    assert [stat.S_IMODE(file.stat().st_mode) for file in (lines, sheet)] == [0o600] * 2
    assert (nowhere.code, "cannot be written (No such file" in nowhere.errors) == (2, True)


@pytest.mark.usefixtures("database")
async def test_no_number_of_a_person_is_the_reference_of_an_export(
    test_database: TestDatabase, tmp_path: Path
) -> None:
    """It would be kept in the clear where nobody can change it; the number of a decision may be written as it is."""
    file, where = tmp_path / "records.jsonl", ("export", str(tmp_path / "records.jsonl"))
    wrong = ("999 099 000 001", "999099000001", "", " ", "KT\n1", "K" * 65)
    refused = [await audit(test_database, *where, "--reference", one) for one in wrong]
    taken = await audit(test_database, *where, "--reference", "125/QĐ-UBND")
    written = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    assert {one.code for one in refused} == {2}
    assert all("no personal number" in one.errors for one in refused)
    assert "999" not in "".join(one.output + one.errors for one in refused)
    assert (taken.code, [one["reference"] for one in written]) == (0, ["125/QĐ-UBND"])


@pytest.mark.nats
@pytest.mark.usefixtures("broker")
async def test_what_is_older_than_the_law_asks_is_removed_by_the_owner(
    test_database: TestDatabase, database: Database, nats_server: NatsServer
) -> None:
    """First as a dry run; the service's role alone cannot."""
    await fill(database, 500, 400, 10)
    owner = {"MIGRATION_DATABASE_URL": test_database.owner_url, "NATS_URL": nats_server.url}
    denied = await audit(test_database, "expire")
    dry = await audit(test_database, "expire", "--dry-run", **owner)
    async with database.lease("account audit"):
        beside = await audit(test_database, "expire", **owner)
    done = await audit(test_database, "expire", **owner)
    again = await audit(test_database, "expire", **owner)
    unnoted = await audit(test_database, "verify", NATS_URL=nats_server.url)
    verified = await audit(test_database, "verify", **owner)
    async with database.transaction() as tx:
        methods = (
            await tx.execute(text("select position, method from access_records order by 1"))
        ).all()

    assert denied.code == 2
    assert "up to position 2" in dry.output
    assert beside.code == 2
    assert done.code == 0
    assert "Time is over for 2 records" in done.output
    assert "No record's time is over" in again.output
    assert [tuple(row) for row in methods] == [(3, "/x"), (4, "audit expire")]
    assert (unnoted.code, verified.code) == (0, 0)
    # The service's own role looks and notes nothing.
    assert await marks(database) == [("VERIFIED", 3), ("VERIFIED", 4), ("VERIFIED", 4)]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into access_records select * from access_records",
        "update access_records set outcome = 'OK'",
        "delete from access_records",
        "truncate access_records",
        "alter table access_records disable trigger all",
        "insert into access_checkpoints values (2, '', now(), '')",
        "update access_checkpoints set position = 2",
        "delete from access_checkpoints",
        "truncate access_checkpoints",
        "update access_marks set position = 0",
        "delete from access_marks",
        "insert into access_marks (kind, position, hash, marked_at) values ('VERIFIED', 1, '', now())",
        "set session_replication_role = replica",
        "create or replace function append_access_records(e access_entry[]) returns bigint language sql as ''",
        "drop function append_access_records(access_entry[])",
    ],
)
async def test_the_services_role_can_append_and_nothing_else(
    database: Database, statement: str
) -> None:
    """With its real credentials: no right to insert a row of its own making, to change, or to remove."""
    await fill(database, 0)
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
        async with database.transaction() as tx:
            await tx.execute(text(statement))
