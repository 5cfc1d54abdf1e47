"""What the day brings, without anybody calling."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from chassis.storage.database import Database
from residency import timers
from tests.fixtures.servers import TestDatabase
from tests.residency.samples import (
    StoppedClock,
    add_building,
    application,
    residence_operations,
    upkeep,
    waiting_events,
)


@pytest.mark.postgres
async def test_what_fell_due_while_the_service_was_down_is_published_at_its_start(
    database: Database,
) -> None:
    """A registration that began in the meantime is counted, once."""
    place = await add_building(database)
    clock = StoppedClock()
    coming = application(place.dwelling_ids[0], valid_from=date(2026, 11, 30))
    await residence_operations(database, clock).register(coming, "request-0001", b"x")
    clock.now = datetime(2026, 12, 24, tzinfo=UTC)
    running = asyncio.create_task(timers.recount_when_due(upkeep(database, clock)))
    async with asyncio.timeout(30):
        while len(events := await waiting_events(database)) < 2:
            await asyncio.sleep(0.01)
    running.cancel()

    assert [(event.version, event.registered) for event in events] == [(1, 0), (2, 1)]


async def test_an_outage_of_the_database_only_delays() -> None:
    """It is told in the log, and the timer goes on."""
    away = Database.connect("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with capture_logs() as logs:
        running = asyncio.create_task(timers.recount_when_due(upkeep(away)))
        async with asyncio.timeout(30):
            while not logs:
                await asyncio.sleep(0.01)

    assert logs[0]["event"] == "recount_delayed"
    assert not running.done()
    running.cancel()
    await away.close()


@pytest.mark.postgres
@pytest.mark.parametrize("failed", ["recount_failed", "forgetting_failed"])
async def test_an_unexpected_failure_is_told_and_ends_no_timer(
    test_database: TestDatabase, database: Database, failed: str
) -> None:
    """One row that cannot be counted must not stop the service."""
    await break_tables(test_database)
    does = upkeep(database)
    work = {
        "recount_failed": timers.recount_when_due(does),
        "forgetting_failed": timers.forget_hourly(does, timedelta(days=1)),
    }
    with capture_logs() as logs:
        running = [asyncio.create_task(each) for each in work.values()]
        async with asyncio.timeout(30):
            while failed not in [entry["event"] for entry in logs]:
                await asyncio.sleep(0.01)

    assert not any(each.done() for each in running)
    for each in running:
        each.cancel()


async def break_tables(test_database: TestDatabase) -> None:
    """Take away what the timers need."""
    owner = Database.connect(test_database.owner_url)
    async with owner.transaction() as tx:
        await tx.execute(text("alter table dwellings rename to dwellings_gone"))
        await tx.execute(text("alter table requests rename to requests_gone"))
    await owner.close()
