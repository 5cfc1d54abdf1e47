"""Transactions and outages, on real PostgreSQL."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.exc import ProgrammingError
from structlog.testing import capture_logs

from chassis.clock import utc_now
from chassis.errors import DatabaseRefusedError, DatabaseTooSlowError, DatabaseUnavailableError
from chassis.storage.database import Database
from stack.postgres import PostgresServer
from tests.chassis.conftest import INBOX

pytestmark = pytest.mark.postgres


async def test_a_block_that_fails_changes_nothing(database: Database) -> None:
    """Committed at its end, rolled back on any error."""
    with pytest.raises(RuntimeError, match="no"):
        async with database.transaction() as tx:
            await tx.execute(
                insert(INBOX).values(event_id=func.gen_random_uuid(), received_at=utc_now())
            )
            raise RuntimeError("no")
    async with database.transaction() as tx:
        rows = await tx.scalar(select(func.count()).select_from(INBOX))

    assert rows == 0


async def test_a_statement_by_itself_is_committed_and_takes_no_transaction_from_the_next(
    database: Database,
) -> None:
    """Whatever fails behind it in the block; blocks of both kinds share their connections."""
    with pytest.raises(RuntimeError, match="no"):
        async with database.statements() as statements:
            await statements.execute(
                insert(INBOX).values(event_id=func.gen_random_uuid(), received_at=utc_now())
            )
            raise RuntimeError("no")
    with pytest.raises(RuntimeError, match="no"):
        async with database.transaction() as tx:
            await tx.execute(delete(INBOX))
            raise RuntimeError("no")
    async with database.statements() as statements:
        rows = await statements.scalar(select(func.count()).select_from(INBOX))

    assert rows == 1


async def test_a_wrong_statement_is_not_an_outage(database: Database) -> None:
    """A bug must not look like a database that is away."""
    with pytest.raises(ProgrammingError):
        async with database.transaction() as tx:
            await tx.execute(text("select nonsense"))


async def test_a_statement_that_takes_too_long_is_no_outage(database: Database) -> None:
    """The server cancels it after half a minute, and says so; whoever gives a command is told."""
    with pytest.raises(DatabaseTooSlowError) as cancelled:
        async with database.transaction() as tx:
            limit = await tx.scalar(text("show statement_timeout"))
            await tx.execute(text("set local statement_timeout = 20"))
            await tx.execute(text("select pg_sleep(60)"))
    with pytest.raises(DatabaseTooSlowError):
        async with database.bulk_transaction() as driver:
            await driver.execute("set local statement_timeout = 20; select pg_sleep(60)")

    assert limit == "30s"
    assert "took too long" in cancelled.value.said


async def test_who_is_not_let_in_is_told_so(postgres_server: PostgresServer) -> None:
    """A database that is not there, a role that may not sign in: a service waits, and logs it once."""
    for url in (
        postgres_server.url("nowhere"),
        postgres_server.url("postgres", "nobody"),
    ):
        database = Database.connect(url)
        with capture_logs() as logs:
            for _ in range(2):
                with pytest.raises(DatabaseRefusedError):
                    await database.check()
        await database.close()
        assert [one["event"] for one in logs] == ["database_refuses"]


async def test_either_end_gives_up_a_connection_that_was_cut(database: Database) -> None:
    """What was sent is acknowledged within five seconds, and silence is probed: so the server says, and so do we."""
    async with database.bulk_transaction() as driver:
        plug = driver._transport.get_extra_info("socket")  # noqa: SLF001 - told nowhere else
        ours = plug.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        probed = plug.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle = plug.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        theirs = await driver.fetchval(
            "select setting from pg_settings where name = 'tcp_user_timeout'"
        )

    assert (ours, probed, idle) == (5000, 1, 3)
    assert theirs == "5000"


async def test_a_statement_whose_plan_is_kept_is_planned_for_all_values(
    database: Database,
) -> None:
    """By itself PostgreSQL plans a short list anew each time, since it takes other lists for longer."""
    url = database.engine.url.render_as_string(hide_password=False)
    planned = []
    for plans_kept in (False, True):
        single = Database.connect(url, pool_size=1, plans_kept=plans_kept)
        line = single.line()
        for _ in range(8):
            await line.fetch(
                "select oid from unnest($1::name[]) as n join pg_class on relname = n", ["pg_type"]
            )
        [[anew]] = await line.fetch(
            "select sum(custom_plans)::int from pg_prepared_statements where statement ~ 'unnest'"
        )
        planned.append(anew)
        await line.close()
        await single.close()

    assert planned == [8, 0]


async def test_who_holds_rights_can_keep_plans_for_as_long_as_it_does(database: Database) -> None:
    """Other connections of the pool plan as before, also after the rights were given back."""
    setting = text("select current_setting('plan_cache_mode')")
    async with database.holder() as lease:
        await lease.keep_plans()
        async with lease.transaction() as tx:
            kept = await tx.scalar(setting)
    async with database.transaction() as tx:
        others = await tx.scalar(setting)

    assert (kept, others) == ("force_generic_plan", "auto")


async def test_an_outage_is_told_and_heals_by_itself(scratch: Path) -> None:
    """Killed: unavailable, whether connected before or not. Restarted: works again."""
    server = PostgresServer(scratch / "outage")
    server.start()
    database = Database.connect(server.url("postgres"))
    await database.check()
    server.kill()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError):
            await database.check()
    server.start()

    await database.check()

    await database.close()
    server.stop()


async def test_a_copy_that_is_given_up_keeps_neither_its_locks_nor_its_connection(
    scratch: Path,
) -> None:
    """Cancelled in the middle, as when the broker goes away: the next one stores the same rows at once."""
    server = PostgresServer(scratch / "given-up")
    server.start()
    database = Database.connect(server.url("postgres"), pool_size=1)
    async with database.transaction() as tx:
        await tx.execute(text("create table kept (id int primary key)"))
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"1\n" + b"".join(b"%d\n" % n for n in range(2, 20_000))
        begun.set()
        await asyncio.Event().wait()

    async def store() -> None:
        async with database.bulk_transaction() as driver:
            await driver.copy_to_table("kept", source=endless())

    storing = asyncio.create_task(store())
    await begun.wait()
    storing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await storing

    async with asyncio.timeout(30), database.bulk_transaction() as driver:
        await driver.execute("insert into kept values (1)")

    await database.close()
    server.stop()


async def test_who_is_cancelled_at_the_beginning_leaves_no_transaction_to_the_next(
    database: Database,
) -> None:
    """The server is held up, so is whoever begins; what the next one stores would never be committed."""
    url = database.engine.url.render_as_string(hide_password=False)
    single = Database.connect(url, pool_size=1)
    async with single.transaction() as tx:
        backend = int(await tx.scalar(text("select pg_backend_pid()")) or 0)

    async def enter() -> None:
        async with single.bulk_transaction() as driver:
            await driver.execute("insert into inbox values (gen_random_uuid(), now())")

    os.kill(backend, signal.SIGSTOP)
    entering = asyncio.create_task(enter())
    await asyncio.sleep(0.2)
    entering.cancel()
    os.kill(backend, signal.SIGCONT)
    with pytest.raises(asyncio.CancelledError):
        await entering
    await enter()

    async with database.transaction() as tx:
        assert await tx.scalar(select(func.count()).select_from(INBOX)) == 1
    await single.close()
