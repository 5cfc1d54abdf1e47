"""The database: an engine and the one place that commits."""

import asyncio
import secrets
import socket
import zlib
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self

import asyncpg
from sqlalchemy import ClauseElement, func, select, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis.errors import DatabaseRefusedError, DatabaseTooSlowError, DatabaseUnavailableError
from chassis.telemetry.log import logger

Transaction = AsyncConnection
# PostgreSQL's own level, and none: each statement commits by itself.
_TOGETHER: IsolationLevel = "READ COMMITTED"
_EACH_COMMITS: IsolationLevel = "AUTOCOMMIT"
# When either end gives a connection up: so many unanswered probes after a silence, or what was sent not acknowledged.
_IDLE_S, _INTERVAL_S, _PROBES, _UNACKNOWLEDGED_MS = 3, 1, 3, 5000
_CUT_NOTICED = (
    (socket.TCP_KEEPIDLE, _IDLE_S),
    (socket.TCP_KEEPINTVL, _INTERVAL_S),
    (socket.TCP_KEEPCNT, _PROBES),
    (socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS),
)
# The longest that a statement may take, with what it waits for.
_STATEMENT_S = 30

_PLANS_KEPT = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}


class _Watched(asyncpg.Connection):  # type: ignore[misc] # without types
    """A connection that notices within seconds that its server cannot be reached any more.

    By itself a client whose network was cut waits for answers as long as a statement may take, on each connection.
    """

    def __init__(self, protocol: Any, transport: asyncio.Transport, *more: Any) -> None:  # noqa: ANN401 - the driver's
        super().__init__(protocol, transport, *more)
        plug: socket.socket = transport.get_extra_info("socket")
        if plug.family in {socket.AF_INET, socket.AF_INET6}:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in _CUT_NOTICED:
                plug.setsockopt(socket.IPPROTO_TCP, option, value)


class Database:
    """A pool of connections to one database.

    Raises DatabaseUnavailableError where the server cannot be reached, is starting or is going down, and
    DatabaseTooSlowError where it cancelled a statement; the
    transaction is then not committed, unless the connection broke during the commit itself: every operation is
    idempotent for that case.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._is_refused = False
        # On the same pool.
        self._each_commits = engine.execution_options(isolation_level=_EACH_COMMITS)

    @classmethod
    def connect(
        cls, url: str, *, pool_size: int = 10, flushes: bool = True, plans_kept: bool = False
    ) -> "Database":
        """Make the pool; the first connection is opened by the first transaction.

        Without `flushes` a commit is told before it is on the disk (`synchronous_commit`). A crash of the server may
        lose the latest, but none before anything that another connection committed afterwards and flushed.

        With `plans_kept` each connection plans a statement once, whatever its values: to plan takes as long as to find
        a few rows. Such a plan may be older than most of a table's rows, so it finds them by an index.
        """
        return cls(
            create_async_engine(
                url,
                # An error's text goes to the log, where the values of a statement must not.
                hide_parameters=True,
                pool_size=pool_size,
                max_overflow=0,
                pool_timeout=5,
                # The connection that was used last knows the statements and their plans already.
                pool_use_lifo=True,
                connect_args={
                    "connection_class": _Watched,
                    "timeout": 5,
                    # How long a statement may take the server says; without a word of it for longer it is away.
                    "command_timeout": _STATEMENT_S + 5,
                    # What is run seldom, a fire's alarm for one, is not prepared anew each time.
                    "max_cached_statement_lifetime": 0,
                    # Compiling short statements to machine code costs more than it saves.
                    # A host that vanished must not hold its locks for hours: the server notices within seconds.
                    "server_settings": {
                        "jit": "off",
                        "statement_timeout": f"{_STATEMENT_S}s",
                        "tcp_keepalives_idle": str(_IDLE_S),
                        "tcp_keepalives_interval": str(_INTERVAL_S),
                        "tcp_keepalives_count": str(_PROBES),
                        "tcp_user_timeout": str(_UNACKNOWLEDGED_MS),
                        **({} if flushes else {"synchronous_commit": "off"}),
                        **(_PLANS_KEPT if plans_kept else {}),
                    },
                },
            )
        )

    async def __aenter__(self) -> Self:
        """Have it closed at the end of a block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Open a transaction, commit it at the end of the block, roll it back on any error."""
        with outages_told():
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def statements(self) -> AsyncGenerator[Transaction]:
        """Open a block in which each statement commits by itself, without a round trip to begin and one to end."""
        with outages_told():
            async with self._each_commits.connect() as connection:
                yield connection

    @asynccontextmanager
    async def bulk_transaction(self) -> AsyncGenerator[Any]:
        """Open a transaction on the driver's own connection (asyncpg), for COPY and the like.

        Errors other than outages come as the driver raises them.
        """
        with outages_told():
            async with (
                self.engine.connect() as connection,
                _driver_of(connection) as driver,
                driver.transaction(),
            ):
                yield driver

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncGenerator["Lease | None"]:
        """Hold an exclusive right, told by its name, during the block; None if somebody else holds it."""
        async with self.holder() as holder:
            yield holder if await holder.gain(name) else None

    @asynccontextmanager
    async def holder(self) -> AsyncGenerator["Lease"]:
        """Open a connection that can gain exclusive rights, and gives all back at the end of the block.

        The rights live and die with the one connection: whoever can write through it still holds them.
        """
        connection = self.engine.connect()
        with outages_told():
            await connection.start()
        try:
            yield Lease(connection)
        finally:
            # Only a closed connection surely gives the rights back: the pool must not keep it.
            await connection.invalidate()
            await connection.close()

    def line(self) -> "Line":
        """Give a connection for single statements; it is opened by the first of them."""
        return Line(self.engine)

    async def check(self) -> None:
        """Fail unless the server answers; that it lets nobody in is logged once."""
        try:
            async with self.transaction() as tx:
                await tx.execute(text("select 1"))
        except DatabaseRefusedError as error:
            if not self._is_refused:
                logger().error("database_refuses", cause=type(error.__cause__).__name__)
            self._is_refused = True
            raise
        self._is_refused = False

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


@asynccontextmanager
async def part_of(tx: Transaction) -> AsyncGenerator[None]:
    """Open a part of a transaction that may fail by itself: then it is undone, and the rest stands.

    Raises what failed, and DatabaseUnavailableError where nothing stands any longer.
    """
    with outages_told():
        async with tx.begin_nested():
            yield


@asynccontextmanager
async def _driver_of(connection: AsyncConnection) -> AsyncGenerator[Any]:
    """Give the driver's own connection (asyncpg); who is cut off or cancelled with it leaves it to nobody.

    What the server still has to say would be taken for the answer to another's statement; and a transaction whose
    beginning was cancelled for one that has begun: the next would be a part of it, and never be committed.
    """
    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        yield driver
    except (*_OUTAGES, asyncio.CancelledError):
        await connection.invalidate()
        raise


class Statement:
    """A statement written out once, to be run on the driver (asyncpg) itself.

    For what nobody may wait half a millisecond longer for. Values are what the driver takes, rows are its own.
    """

    def __init__(self, statement: ClauseElement) -> None:
        dialect: Any = PGDialect_asyncpg  # it has no types
        compiled: Any = statement.compile(dialect=dialect())
        self.text = str(compiled)
        self._names = compiled.positiontup or []

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Put values into the order of the statement's places."""
        return [values[name] for name in self._names]


class Lease:
    """Exclusive rights and the one connection that holds them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._one_at_a_time = asyncio.Lock()
        self._held: set[str] = set()

    async def gain(self, name: str) -> bool:
        """Try to gain a right; False if another connection holds it."""
        if name not in self._held:
            async with self.transaction() as tx:
                if not await tx.scalar(select(func.pg_try_advisory_lock(_key(name)))):
                    return False
            self._held.add(name)
        return True

    async def keep_plans(self) -> None:
        """Plan each statement on this connection once, as those of a pool with `plans_kept` do."""
        async with self.transaction() as tx:
            for name, value in _PLANS_KEPT.items():
                await tx.execute(select(func.set_config(name, value, False)))

    async def give_back(self, name: str) -> None:
        """Give a right back before the end."""
        async with self.transaction() as tx:
            await tx.execute(select(func.pg_advisory_unlock(_key(name))))
        self._held.discard(name)

    async def join(self, group: str) -> int:
        """Be a member of a group as long as the connection lives; tell the member's number.

        No clock and no sign of life is needed: the server ends the membership with the connection.
        """
        while True:
            number = secrets.randbelow(2**31)
            async with self.transaction() as tx:
                if await tx.scalar(select(func.pg_try_advisory_lock(_group_key(group), number))):
                    return number

    async def members(self, group: str) -> list[int]:
        """Tell the members of a group, of all connections."""
        async with self.transaction() as tx:
            return list(await tx.scalars(_MEMBERS, {"group": _group_key(group)}))

    async def touch(self) -> None:
        """See that the rights are still held; DatabaseUnavailableError once they are lost."""
        async with self.transaction() as tx:
            await tx.execute(text("select 1"))

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Open a transaction as `Database.transaction` does; it fails once the rights are lost.

        One at a time: whoever comes meanwhile waits.
        """
        async with self._one_at_a_time, self._begun() as tx:
            yield tx

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Any]:
        """Run a statement that commits by itself, in one round trip; it fails once the rights are lost.

        Raises DatabaseUnavailableError, and then it may be committed or not; other errors as the driver raises them.
        """
        async with self._one_at_a_time:
            with outages_told():
                if self._connection.invalidated:
                    raise DatabaseUnavailableError
                async with _driver_of(self._connection) as driver:
                    return list(await driver.fetch(statement.text, *statement.arguments(values)))

    @asynccontextmanager
    async def statements(self) -> AsyncGenerator[Transaction]:
        """Open a block in which each statement commits by itself, without a round trip to begin and one to end."""
        async with self._one_at_a_time, self._isolated(_EACH_COMMITS), self._begun() as tx:
            yield tx

    @asynccontextmanager
    async def _begun(self) -> AsyncGenerator[Transaction]:
        with outages_told():
            if self._connection.invalidated:
                raise DatabaseUnavailableError
            async with self._connection.begin():
                yield self._connection

    @asynccontextmanager
    async def _isolated(self, level: IsolationLevel) -> AsyncGenerator[None]:
        if not self._connection.invalidated:
            await self._connection.execution_options(isolation_level=level)
        try:
            yield
        finally:
            if not self._connection.invalidated:
                await self._connection.execution_options(isolation_level=_TOGETHER)


class Line:
    """One connection that is kept, for one statement after the other on the driver (asyncpg) itself.

    Each statement is committed as the pool's transactions are when its rows are told: one round trip, where a
    transaction has three.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._driver: Any = None

    async def fetch(self, statement: str, *values: Any) -> list[Any]:  # noqa: ANN401 - the driver's own
        """Run a statement; raises DatabaseUnavailableError, and then it may be committed or not."""
        with outages_told():
            connection = self._connection or await self._open()
            try:
                return list(await self._driver.fetch(statement, *values))
            except (*_OUTAGES, asyncio.CancelledError):
                # What the connection still has to say would be taken for the answer to the next statement.
                await connection.invalidate()
                await self.close()
                raise

    async def close(self) -> None:
        """Close the connection; the next statement opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _open(self) -> AsyncConnection:
        # Kept before anything else is asked of it: whatever happens then, closing finds it.
        self._connection = connection = await self._engine.connect()
        self._driver = (await connection.get_raw_connection()).driver_connection
        return connection


# Locks of two numbers, the group's and the member's, apart from those of one (objsubid).
_MEMBERS = text("""
    select objid::bigint from pg_locks
    where locktype = 'advisory' and granted and objsubid = 2
      and database = (select oid from pg_database where datname = current_database())
      and classid::bigint = :group
    order by 1
""")


def _key(name: str) -> int:
    return zlib.crc32(name.encode())


def _group_key(group: str) -> int:
    return zlib.crc32(group.encode()) & 0x7FFFFFFF


_OUTAGES = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    # What the driver says when the server goes away in the middle of an answer.
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    # No connection of the pool became free in time: statements hang.
    PoolTimeoutError,
)
# Who may not sign in, or to a database that is not there, waits as in an outage: a password was changed, say.
_REFUSALS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


@contextmanager
def outages_told() -> Generator[None]:
    """Raise DatabaseUnavailableError for whatever the driver raises where the server cannot be reached.

    DatabaseRefusedError where it is reached and lets nobody in, DatabaseTooSlowError where it cancelled a statement.
    """
    try:
        yield
    except asyncpg.QueryCanceledError as error:
        raise DatabaseTooSlowError from error
    except _OUTAGES as error:
        raise DatabaseUnavailableError from error
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig else None
        if isinstance(cause, _REFUSALS):
            raise DatabaseRefusedError from cause
        if isinstance(cause, asyncpg.QueryCanceledError):
            raise DatabaseTooSlowError from cause
        if _is_outage(error, cause):
            raise DatabaseUnavailableError from error
        raise


def _is_outage(error: DBAPIError, cause: BaseException | None) -> bool:
    """Tell a server that is away or restarting from a statement that is wrong."""
    return (
        error.connection_invalidated
        or isinstance(error, InterfaceError | OperationalError)
        or isinstance(cause, _OUTAGES)
    )
