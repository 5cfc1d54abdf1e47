"""The migrated database: as the tables say, and append-only where it must be."""

from collections.abc import AsyncGenerator
from importlib.util import module_from_spec, spec_from_file_location
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError

from chassis.account.access_log import append, record_of
from chassis.clock import utc_now
from chassis.context import Access
from chassis.storage.database import Database
from residency import tables
from residency.app import MIGRATIONS
from residency.domain.lookups.decoys import Decoy
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.repository.decoys import add as add_decoy
from tests.fixtures.servers import TestDatabase
from tests.residency.samples import NOON, SEAL

pytestmark = pytest.mark.postgres


@pytest.fixture
async def owner(test_database: TestDatabase) -> AsyncGenerator[Database]:
    """Connect as the role that owns the tables."""
    connected = Database.connect(test_database.owner_url)
    yield connected
    await connected.close()


async def add_access_record(database: Database) -> None:
    """Account for one access."""
    access = Access(uuid4(), method="x", purpose="x", reference="x", subject="x")
    async with database.transaction() as tx:
        await append(tx, record_of(access, access.record_id, "OK", utc_now()))


async def test_the_migrations_make_what_the_tables_say(owner: Database) -> None:
    """Alembic sees no difference."""

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, tables.metadata))

    async with owner.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


@pytest.mark.parametrize(
    "statement",
    [
        "update access_records set outcome = 'changed'",
        "delete from access_records",
        "truncate access_records",
    ],
)
async def test_access_records_stay_whoever_tries(
    database: Database, owner: Database, statement: str
) -> None:
    """The service has no right to change them; the owner's attempt is refused by the trigger."""
    await add_access_record(database)
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute(text(statement))
    with pytest.raises(DBAPIError, match="access_records is append-only"):
        async with owner.transaction() as tx:
            await tx.execute(text(statement))
    async with database.transaction() as tx:
        outcomes = (await tx.scalars(text("select outcome from access_records"))).all()

    assert outcomes == ["OK"]


@pytest.mark.parametrize(
    "statement",
    [
        "delete from registrations",
        "update registrations set valid_from = valid_from",
        "delete from household_memberships",
        "update household_memberships set household_id = household_id",
        "delete from person_corrections",
        "update place_changes set legal_basis = 'OWNED'",
        "delete from place_changes",
        "update person_corrections set full_name = full_name",
        "insert into household_relationships values ('X', 99, 'x', 'none')",
        "update registrations set person_id = person_id",
        "insert into legal_limits values ('x', now(), 9, 'years', 'none')",
        "update legal_limits set value = 9",
        "delete from legal_limits",
        "insert into disclosure_rules values ('x', 'y', 'LOOKUP', now(), '{}', 'none')",
        "update disclosure_rules set fields = '{}'",
        "delete from disclosure_rules",
        "update lookup_limits set most = 1000000",
        "delete from break_glass_reviews",
        "update break_glass_decisions set verdict = 'JUSTIFIED'",
        "delete from breaches",
        "update breach_history set note = ''",
        "delete from data_subject_requests",
        "update data_subject_request_history set act = 'ANSWER'",
        "update restrictions set restricted_at = now()",
        "update restriction_rules set disclosed = true",
        "update retention_rules set kept = false",
        "update break_glass_reviews set reason = 'another'",
    ],
)
async def test_the_service_cannot_rewrite_the_past_or_the_law(
    database: Database, statement: str
) -> None:
    """Of a registration it can record the end only; legal limits change by migrations."""
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute(text(statement))


async def test_each_legal_limit_has_its_source(database: Database) -> None:
    """And the day it came into force; what is the ward's own choice is marked so."""
    async with database.transaction() as tx:
        rows = (await tx.execute(text("select * from legal_limits"))).all()
    limits = {row.rule: (row.value, row.unit, row.source) for row in rows}

    assert all(source and unit and value > 0 for value, unit, source in limits.values())
    assert limits["temporary_residence_term"][:2] == (2, "years")
    assert "68/2020/QH14" in limits["temporary_residence_term"][2]
    assert limits["access_record_retention"][:2] == (12, "months")
    assert limits["break_glass_duration"][:2] == (60, "minutes")
    assert limits["lodging_night_ends"][:2] == (12, "hour")
    assert limits["lodging_night_ends"][2].startswith("[own]")


async def test_hashes_of_before_come_into_order(owner: Database) -> None:
    """Migration 0022 sorts what was kept in the order of a number's digits; the hashes stay the same."""
    person_id, number = uuid4(), PersonalIdNumber("999090123456")
    (file,) = MIGRATIONS.glob("versions/0022_*.py")
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    step = module_from_spec(spec)
    spec.loader.exec_module(step)

    def upgrade(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            step.upgrade()

    async with owner.transaction() as tx:
        await add_decoy(
            tx,
            Decoy(number, FullName("Trần Ví Dụ"), PartialDate(1990), Sex.MALE),
            person_id,
            SEAL,
            NOON,
        )
        near = SEAL.nearness(number)
        before = {
            "one_digit": [*reversed(near.one_digit)],
            "transposed": [*reversed(near.transposed)],
        }
        await tx.execute(insert(tables.number_nearness).values(person_id=person_id, **before))
        await tx.run_sync(upgrade)
        kept = (await tx.execute(select(tables.number_nearness))).one()

    assert (kept.one_digit, kept.transposed) == (near.one_digit, near.transposed)
