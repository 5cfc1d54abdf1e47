"""Tables and migrations, on a real PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.sql import text

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.rules.escalation import Ladders
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority
from incidents.repository.escalation import ladders_of
from tests.fixtures.servers import TestDatabase
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    raise_alarm,
    rows,
)

pytestmark = pytest.mark.postgres

NOVEMBER = datetime(2026, 11, 2, tzinfo=UTC)
URGENT = {Priority.P1: timedelta(seconds=60), Priority.P2: timedelta(seconds=300)}
APPEND_ONLY = [
    "timeline",
    "notifications",
    "transfers",
    "access_records",
    "categories",
    "category_clocks",
    "priorities",
    "duty_requirements",
    "delivery_attempts",
    "shift_handovers",
    "shift_handover_signatures",
    "indicators",
    "review_periods",
    "entered_figures",
    "after_action_reviews",
    "clock_pauses",
    "clock_resumptions",
    "pause_reasons",
    "clock_warnings",
]


def changes(*names: str) -> list[str]:
    """Write a statement for each way in which a table's rows could be changed or removed."""
    statements = []
    for name in names:
        column = next(iter(tables.metadata.tables[name].columns)).name
        statements += [
            f"update {name} set {column} = {column}",  # noqa: S608 - names of this service
            f"delete from {name}",  # noqa: S608
            f"truncate {name} cascade",
        ]
    return statements


async def test_the_migrated_database_is_what_the_code_expects(test_database: TestDatabase) -> None:
    """Migrations and tables cannot drift apart."""

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), tables.metadata))

    engine = create_async_engine(test_database.owner_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()

    assert found == []


async def test_the_service_cannot_change_what_is_append_only(database: Database) -> None:
    """Its role has no right to."""
    for change in changes(*APPEND_ONLY):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.transaction() as tx:
                await tx.execute(text(change))


async def test_not_even_the_owner_changes_what_is_append_only(test_database: TestDatabase) -> None:
    """A trigger refuses it, also where no row is touched."""
    engine = create_async_engine(test_database.owner_url)
    for change in changes(*APPEND_ONLY):
        with pytest.raises(DBAPIError, match="is append-only"):
            async with engine.begin() as connection:
                await connection.execute(text(change))
    await engine.dispose()


async def test_the_service_cannot_forget_what_happened(database: Database) -> None:
    """It may change these rows, never remove them."""
    kept = ["incidents", "incident_alarms", "alarms", "escalations", "incident_numbers"]
    for change in changes(*kept):
        if not change.startswith("update"):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with database.transaction() as tx:
                    await tx.execute(text(change))


async def test_the_service_cannot_write_its_own_policy(database: Database) -> None:
    """Who is told after how long is decided by people, in a migration with its source."""
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute(text("update escalation_policies set delay_s = 0"))


async def test_each_policy_row_names_its_source(database: Database) -> None:
    """From the first notification on, for each kind and priority, without a hole between steps."""
    for kind in IncidentKind:
        async with database.transaction() as tx:
            ladders = await ladders_of(tx, kind, "any", NOVEMBER)
        neighbours = ("premises_contacts", "interlink_group") if kind is IncidentKind.FIRE else ()
        told = {place: rung.recipients for place, rung in ladders.rungs.items()}

        assert told == {
            **{(priority, 0): ("duty_officer",) for priority in Priority},
            **{(priority, 1): ("deputy_duty_officer",) for priority in URGENT},
            **{(priority, 2): ("ward_executive", *neighbours) for priority in URGENT},
            **{(priority, 3): ("everyone",) for priority in URGENT},
        }
        for (priority, step), rung in ladders.rungs.items():
            assert rung.delay == (URGENT[priority] if step else timedelta(0))
    assert all(row.source for row in await rows(database, tables.escalation_policies))


async def test_a_category_may_have_a_ladder_of_its_own(
    test_database: TestDatabase, database: Database
) -> None:
    """For one priority; for the others, and for other categories, that of the kind holds."""
    owner = Database.connect(test_database.owner_url)
    async with owner.transaction() as tx:
        await tx.execute(
            insert(tables.escalation_policies),
            {
                "kind": "FIRE",
                "category": "fire_alarm",
                "priority": "P1",
                "effective_from": NIGHT,
                "step": 0,
                "position": 1,
                "delay_s": 0,
                "recipient": "fire_officer",
                "channel": "console",
                "source": "a test",
            },
        )
    await owner.close()
    async with database.transaction() as tx:
        own = await ladders_of(tx, IncidentKind.FIRE, "fire_alarm", NIGHT)
        others = await ladders_of(tx, IncidentKind.FIRE, "fire", NIGHT)

    def steps(ladders: Ladders, priority: Priority) -> list[tuple[str, ...]]:
        return [rung.recipients for (of, _), rung in ladders.rungs.items() if of is priority]

    assert steps(own, Priority.P1) == [("fire_officer",)]
    assert steps(own, Priority.P2) == steps(others, Priority.P2)
    assert len(steps(others, Priority.P1)) == 3


async def test_the_database_refuses_a_second_open_fire_at_a_place(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """Whatever the code does."""
    await raise_alarm(operations, queries)
    (first,) = await rows(database, tables.incidents)
    second = {**first._asdict(), "incident_id": "0" * 32, "number": "VV-2026-000099"}
    with pytest.raises(IntegrityError, match="one_open_fire_per_place"):
        async with database.transaction() as tx:
            await tx.execute(insert(tables.incidents).values(second))


async def test_the_database_refuses_a_second_incident_of_one_raising(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """Whatever the code does."""
    await raise_alarm(operations, queries, "alarm-1")
    other = await raise_alarm(operations, queries, "alarm-2", premises_id="premises-2")
    with pytest.raises(IntegrityError, match="alarm_raising_is_told_once"):
        async with database.transaction() as tx:
            await tx.execute(
                insert(tables.incident_alarms).values(
                    alarm_id="alarm-1",
                    incident_id=other.incident_id,
                    position=2,
                    device_id="TB-0001",
                    raised_version=1,
                )
            )


async def test_the_database_refuses_an_end_without_a_reason(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """A closed incident says when, by whom taken on, and as what."""
    incident = await raise_alarm(operations, queries)
    with pytest.raises(IntegrityError, match="closed_says_when_and_what"):
        async with database.transaction() as tx:
            await tx.execute(
                tables.incidents.update()
                .where(tables.incidents.c.incident_id == incident.incident_id)
                .values(state="CLOSED", acknowledged_at=NIGHT, closed_at=NIGHT)
            )
