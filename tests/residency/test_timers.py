"""What the day brings, without anybody calling."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from structlog.testing import capture_logs

from chassis.database import Database
from residency import timers
from tests.residency.samples import (
    StoppedClock,
    add_building,
    application,
    operations,
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
    await operations(database, clock).register_residence(coming, "request-0001", b"x")
    clock.now = datetime(2026, 12, 24, tzinfo=UTC)
    running = asyncio.create_task(timers.recount_when_due(operations(database, clock)))
    async with asyncio.timeout(10):
        while len(events := await waiting_events(database)) < 2:
            await asyncio.sleep(0.01)
    running.cancel()

    assert [(event.version, event.registered) for event in events] == [(1, 0), (2, 1)]


async def test_an_outage_of_the_database_only_delays() -> None:
    """It is told in the log, and the timer goes on."""
    away = Database.connect("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with capture_logs() as logs:
        running = asyncio.create_task(timers.recount_when_due(operations(away)))
        async with asyncio.timeout(10):
            while not logs:
                await asyncio.sleep(0.01)

    assert logs[0]["event"] == "recount_delayed"
    assert not running.done()
    running.cancel()
    await away.close()
