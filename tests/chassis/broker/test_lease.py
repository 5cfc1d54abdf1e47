"""Exclusive rights and bulk transactions, on real PostgreSQL."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import bindparam, func, insert, select, text

from chassis.clock import utc_now
from chassis.errors import DatabaseUnavailableError
from chassis.storage.database import Database, Lease, Statement
from stack.postgres import PostgresServer
from tests.chassis.conftest import INBOX

pytestmark = pytest.mark.postgres

ENTER = Statement(
    insert(INBOX)
    .values(event_id=bindparam("event_id"), received_at=bindparam("received_at"))
    .returning(INBOX.c.event_id)
)
SLEEP = Statement(select(func.pg_sleep(bindparam("seconds"))))


async def entered(database: Database) -> int:
    """Count the rows of the inbox."""
    async with database.transaction() as tx:
        return int(await tx.scalar(select(func.count()).select_from(INBOX)) or 0)


async def test_a_lease_has_one_holder_at_a_time(database: Database) -> None:
    """Others get none until it is given back; other names are other rights."""
    async with (
        database.lease("detector") as first,
        database.lease("detector") as second,
        database.lease("other") as other,
    ):
        assert first is not None
        assert second is None
        assert other is not None
    async with database.lease("detector") as again:
        assert again is not None


async def test_the_holder_writes_through_its_lease(database: Database) -> None:
    """In transactions like any other: committed at the end, rolled back on an error."""
    row = insert(INBOX).values(event_id=func.gen_random_uuid(), received_at=utc_now())
    async with database.lease("detector") as lease:
        assert lease
        async with lease.transaction() as tx:
            await tx.execute(row)
        with pytest.raises(RuntimeError, match="no"):
            async with lease.transaction() as tx:
                await tx.execute(row)
                raise RuntimeError("no")

    assert await entered(database) == 1


async def test_statements_commit_by_themselves_and_transactions_beside_them_do_not(
    database: Database,
) -> None:
    """Whoever comes meanwhile waits; after either, also one that failed, each is again what it says."""
    row = insert(INBOX).values(event_id=func.gen_random_uuid(), received_at=utc_now())

    async def state_one(lease: Lease) -> None:
        with pytest.raises(RuntimeError, match="no"):
            async with lease.statements() as statements:
                await statements.execute(row)
                await asyncio.sleep(0)
                raise RuntimeError("no")

    async def undo_one(lease: Lease) -> None:
        with pytest.raises(RuntimeError, match="no"):
            async with lease.transaction() as tx:
                await tx.execute(row)
                await asyncio.sleep(0)
                raise RuntimeError("no")

    async def fetch_one(lease: Lease) -> None:
        row = {"event_id": uuid4(), "received_at": utc_now()}
        assert [one["event_id"] for one in await lease.fetch(ENTER, row)] == [row["event_id"]]

    works = (state_one, undo_one, fetch_one)
    async with database.lease("detector") as lease:
        assert lease
        await asyncio.gather(*(work(lease) for _ in range(5) for work in works))

    assert await entered(database) == 10


@pytest.mark.parametrize("on_the_driver", [False, True])
async def test_whoever_is_cancelled_in_a_statement_has_lost_the_right(
    database: Database, *, on_the_driver: bool
) -> None:
    """What the server still answers must not be taken for the answer to another's statement."""
    async with database.lease("detector") as lease:
        assert lease

        async def wait() -> None:
            if on_the_driver:
                await lease.fetch(SLEEP, {"seconds": 30})
            async with lease.statements() as statements:
                await statements.execute(text("select pg_sleep(30)"))

        under_way, behind = asyncio.create_task(wait()), asyncio.create_task(lease.touch())
        await asyncio.sleep(0.2)
        under_way.cancel()
        with pytest.raises(DatabaseUnavailableError):
            await behind
        with pytest.raises(asyncio.CancelledError):
            await under_way


async def test_who_lost_the_connection_lost_the_right(database: Database) -> None:
    """Nothing can be written through it any more, and somebody else may have it."""
    async with database.lease("detector") as lease:
        assert lease
        await lease.touch()
        async with lease.transaction() as tx:
            backend = await tx.scalar(text("select pg_backend_pid()"))
        async with database.transaction() as tx:
            await tx.execute(select(func.pg_terminate_backend(backend, 5000)))
        with pytest.raises(DatabaseUnavailableError):
            await lease.fetch(ENTER, {"event_id": uuid4(), "received_at": utc_now()})
        for _ in range(2):
            with pytest.raises(DatabaseUnavailableError):
                await lease.touch()
        with pytest.raises(DatabaseUnavailableError):
            await lease.fetch(ENTER, {"event_id": uuid4(), "received_at": utc_now()})
        async with database.lease("detector") as other:
            assert other is not None


async def test_an_error_of_the_holder_is_not_an_outage(database: Database) -> None:
    """What happens under the lease is the holder's own affair."""
    with pytest.raises(TimeoutError):
        async with database.lease("detector"):
            raise TimeoutError


async def test_a_bulk_transaction_commits_at_its_end(database: Database) -> None:
    """By the driver's own COPY; its errors come as they are, and undo all of it."""
    one = (uuid4(), datetime(2026, 1, 1, tzinfo=UTC))
    async with database.bulk_transaction() as driver:
        await driver.copy_records_to_table("inbox", records=[one])
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.bulk_transaction() as driver:
            await driver.copy_records_to_table("inbox", records=[(uuid4(), one[1])])
            await driver.copy_records_to_table("inbox", records=[one])

    assert await entered(database) == 1


async def test_an_outage_of_bulk_and_lease_is_told_and_heals(scratch: Path) -> None:
    """Killed: unavailable, connected before or not. Restarted: works again."""
    server = PostgresServer(scratch / "lease-outage")
    server.start()
    database = Database.connect(server.url("postgres"))
    async with database.bulk_transaction() as driver:
        await driver.execute("select 1")
    server.kill()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError):
            async with database.bulk_transaction() as driver:
                await driver.execute("select 1")
        with pytest.raises(DatabaseUnavailableError):
            async with database.lease("detector"):
                pass
    server.start()

    async with database.bulk_transaction() as driver:
        assert await driver.fetchval("select 1") == 1
    async with database.lease("detector") as lease:
        assert lease is not None

    await database.close()
    server.stop()
