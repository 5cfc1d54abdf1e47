"""The inbox, on real PostgreSQL."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.clock import utc_now
from chassis.storage import inbox
from chassis.storage.database import Database
from tests.chassis.conftest import INBOX

pytestmark = pytest.mark.postgres


async def test_an_event_has_its_effect_once(database: Database) -> None:
    """The second delivery is told apart."""
    event = uuid4()
    async with database.transaction() as tx:
        first = await inbox.first_time(tx, INBOX, event, utc_now())
    async with database.transaction() as tx:
        second = await inbox.first_time(tx, INBOX, event, utc_now())

    assert (first, second) == (True, False)


async def test_an_effect_that_failed_may_be_tried_again(database: Database) -> None:
    """The entry is rolled back with the effect."""
    event = uuid4()
    with pytest.raises(RuntimeError, match="no"):
        async with database.transaction() as tx:
            await inbox.first_time(tx, INBOX, event, utc_now())
            raise RuntimeError("no")
    async with database.transaction() as tx:
        again = await inbox.first_time(tx, INBOX, event, utc_now())

    assert again


async def test_of_two_deliveries_at_once_one_has_the_effect(database: Database) -> None:
    """The database decides, not the order of reading."""
    event = uuid4()

    async def deliver() -> bool:
        async with database.transaction() as tx:
            return await inbox.first_time(tx, INBOX, event, utc_now())

    effects = await asyncio.gather(*(deliver() for _ in range(5)))

    assert sum(effects) == 1


async def test_old_entries_are_forgotten(database: Database) -> None:
    """Only what the stream can no longer deliver."""
    now = utc_now()
    async with database.transaction() as tx:
        await inbox.first_time(tx, INBOX, uuid4(), now - timedelta(days=40))
        await inbox.first_time(tx, INBOX, uuid4(), now)
        forgotten = await inbox.prune(tx, INBOX, now - timedelta(days=31))

    assert forgotten == 1
