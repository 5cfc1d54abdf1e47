"""The migrated database: as the tables say, append-only where it must be, with the limits that tests use."""

import shutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from chassis.clock import utc_now
from chassis.storage import migrations
from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.queries.detection import DetectionQueries, profile_of
from stack.postgres import PostgresServer
from tests.fire_safety.limits import FIRST, INGESTION, PROFILES
from tests.fixtures.servers import SERVICES, MakeDatabase

pytestmark = pytest.mark.postgres

MIGRATIONS = SERVICES / "fire-safety" / "migrations"


async def test_the_migrations_make_what_the_tables_say(owner: Database) -> None:
    """Alembic sees no difference."""

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, tables.metadata))

    async with owner.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_limits_in_force_are_those_that_tests_judge_by(database: Database) -> None:
    """Every limit is published, with its source."""
    queries = DetectionQueries(database)
    async with database.transaction() as tx:
        published = (await tx.execute(select(tables.detection_profiles))).mappings().all()

    assert await queries.profiles(utc_now()) == PROFILES
    assert await queries.ingestion_limits(utc_now()) == INGESTION
    first = next(
        one for one in published if (one["profile_id"], one["version"]) == ("smoke-optical", 1)
    )
    assert profile_of(first) == FIRST
    assert "UL 268" in first["source"]
    assert all("[own]" in one["source"] and "EN " in one["source"] for one in published)


@pytest.mark.parametrize(
    "statement",
    [
        "update readings set temperature = 0",
        "delete from readings",
        "truncate readings",
        "delete from alarms",
        "update detection_profiles set limits = '{}'",
        "delete from detection_profiles",
        "delete from readings_hourly",
        "update rollup_due set hour = now()",
        "update retention_policies set keep_days = 1",
        "insert into retention_policies select * from retention_policies",
        "insert into ingestion_limits select * from ingestion_limits",
        "delete from ingestion_limits",
        "insert into recording_limits select * from recording_limits",
        "delete from device_credentials",
        "update credential_audit set account = ''",
        "delete from credential_audit",
        "insert into sign_in_policies select * from sign_in_policies",
    ],
)
async def test_the_service_cannot_rewrite_what_was_observed_or_decided(
    database: Database, statement: str
) -> None:
    """Its role has no right to."""
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute(text(statement))


@pytest.mark.parametrize(
    "table",
    [
        "detection_profiles",
        "profile_assignments",
        "ingestion_limits",
        "recording_limits",
        "sign_in_policies",
        "retention_policies",
    ],
)
@pytest.mark.parametrize("change", ["update {} set source = ''", "delete from {}", "truncate {}"])
async def test_a_published_version_is_never_changed(
    owner: Database, table: str, change: str
) -> None:
    """Not by the owner either: alarms name the version they were judged by."""
    with pytest.raises(DBAPIError, match="never changed"):
        async with owner.transaction() as tx:
            await tx.execute(text(change.format(table)))


@pytest.mark.parametrize(
    "change",
    [
        "update credential_audit set account = ''",
        "delete from credential_audit",
        "truncate credential_audit",
    ],
)
async def test_the_audit_of_credentials_is_append_only(owner: Database, change: str) -> None:
    """For the owner of the table too."""
    with pytest.raises(DBAPIError, match="append-only"):
        async with owner.transaction() as tx:
            await tx.execute(text(change))


async def test_a_newer_version_in_force_takes_over(owner: Database, database: Database) -> None:
    """One that comes into force later does not yet."""
    columns = ", ".join(
        one.name
        for one in tables.detection_profiles.c
        if one.name not in {"version", "effective_from"}
    )
    copy = (
        f"insert into detection_profiles (version, effective_from, {columns})"  # noqa: S608
        f" select :version, now() + make_interval(days => :days), {columns}"
        " from detection_profiles where profile_id = 'declared' and version = 1"
    )
    async with owner.transaction() as tx:
        await tx.execute(text(copy), {"version": 2, "days": -1})
        await tx.execute(text(copy), {"version": 3, "days": 1})

    names = {one.name for one in await DetectionQueries(database).profiles(utc_now())}

    assert "declared/2" in names
    assert "declared/1" not in names


@asynccontextmanager
async def upgraded(
    postgres_server: PostgresServer, folder: Path, before: str, stored: Sequence[str]
) -> AsyncGenerator[Database]:
    """Make a database as it was before a revision, store something, and upgrade it."""
    name = f"fire_safety_before_{before}"
    superuser = await asyncpg.connect(postgres_server.url("postgres").replace("+asyncpg", ""))
    await superuser.execute(f"create database {name} owner fire_safety_owner")
    await superuser.close()
    earlier = shutil.copytree(MIGRATIONS, folder / "migrations")
    for one in earlier.glob("versions/[0-9]*_*.py"):
        if one.name[:4] >= before:
            one.unlink()
    url = postgres_server.url(name, "fire_safety_owner")
    await migrations.upgrade(url, earlier)
    database = Database.connect(url)
    async with database.transaction() as tx:
        for statement in stored:
            await tx.execute(text(statement))
    await migrations.upgrade(url, MIGRATIONS)
    yield database
    await database.close()


async def test_readings_stored_before_there_were_partitions_are_kept(
    postgres_server: PostgresServer, make_database: MakeDatabase, tmp_path: Path
) -> None:
    """Each in its day's partition, and their hours are due."""
    await make_database("fire_safety")
    async with (
        upgraded(postgres_server, tmp_path, "0006", [_STORED_BEFORE]) as database,
        database.transaction() as tx,
    ):
        kept = (await tx.execute(text(_KEPT))).all()
        due = (await tx.scalars(text("select hour::text from rollup_due order by 1"))).all()

    assert [tuple(row) for row in kept] == [
        ("partitions.readings_20260102", "d", 0.5, 21.5, 90.0, 3),
        ("partitions.readings_20260307", "d", None, None, None, 0),
    ]
    assert due == ["2026-01-02 03:00:00+00", "2026-03-07 23:00:00+00"]


async def test_credentials_of_devices_retired_before_are_ended(
    postgres_server: PostgresServer, make_database: MakeDatabase, tmp_path: Path
) -> None:
    """And the audit tells so; those of devices in service stay."""
    await make_database("fire_safety")
    async with (
        upgraded(postgres_server, tmp_path, "0008", _WITH_CREDENTIALS) as database,
        database.transaction() as tx,
    ):
        revoked = (await tx.execute(text(_REVOKED))).all()
        audit = (await tx.execute(text("select device_id, action from credential_audit"))).all()

    assert [tuple(one) for one in revoked] == [("in-service", False), ("retired", True)]
    assert [tuple(one) for one in audit] == [("retired", "REVOKED")]


async def test_the_version_before_lets_devices_in_after_the_migration(
    postgres_server: PostgresServer, make_database: MakeDatabase, tmp_path: Path
) -> None:
    """It reads limits that bound nothing, and builds each answer to a device from the newest ones."""
    await make_database("fire_safety")
    async with (
        upgraded(postgres_server, tmp_path, "0021", []) as database,
        database.transaction() as tx,
    ):
        newest = (await tx.execute(text(_LIMITS_OF_THE_VERSION_BEFORE))).one()

    assert tuple(newest) == (3, 1024 * 1024, 20)


_LIMITS_OF_THE_VERSION_BEFORE = """
    select version, max_payload_bytes, max_subscriptions from sign_in_policies order by version desc limit 1
"""
_WITH_CREDENTIALS = (
    """
    insert into devices (device_id, model, mains_powered, interval_s, profile_id, changed_at, retired)
    values ('in-service', '', true, 10, '', now(), false), ('retired', '', true, 10, '', now(), true)
    """,
    """
    insert into device_credentials
           (credential_id, device_id, secret_digest, issued_at, issued_by, expires_at, revoked_by)
    select gen_random_uuid(), device_id, sha256(device_id::bytea), now(), 'test', now() + interval '1 day', ''
      from devices
    """,
)
_REVOKED = """
    select device_id, revoked_at is not null from device_credentials order by device_id
"""
_STORED_BEFORE = """
    insert into readings (device_id, observed_at, received_at, conditions, optical_density, temperature, battery)
    values ('d', '2026-01-02 03:04:05Z', now(), 3, 0.5, 21.5, 90),
           ('d', '2026-03-07 23:59:59Z', now(), 0, null, null, null)
"""
_KEPT = """
    select tableoid::regclass::text, device_id, optical_density, temperature, battery, conditions
      from readings order by observed_at
"""
