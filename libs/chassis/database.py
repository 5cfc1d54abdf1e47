"""The database: an engine and the one place that commits."""

import zlib
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis.errors import DatabaseUnavailableError

Transaction = AsyncConnection


class Database:
    """A pool of connections to one database.

    Raises DatabaseUnavailableError where the server cannot be reached, is starting or is going down; the
    transaction is then not committed, unless the connection broke during the commit itself: every operation is
    idempotent for that case.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @classmethod
    def connect(cls, url: str, *, pool_size: int = 10) -> "Database":
        """Make the pool; the first connection is opened by the first transaction."""
        return cls(
            create_async_engine(
                url,
                # An error's text goes to the log, where the values of a statement must not.
                hide_parameters=True,
                pool_size=pool_size,
                max_overflow=0,
                pool_timeout=5,
                connect_args={
                    "timeout": 5,
                    "command_timeout": 30,
                    # Compiling short statements to machine code costs more than it saves.
                    # A host that vanished must not hold its locks for hours: the server notices within seconds.
                    "server_settings": {
                        "jit": "off",
                        "tcp_keepalives_idle": "3",
                        "tcp_keepalives_interval": "1",
                        "tcp_keepalives_count": "3",
                        "tcp_user_timeout": "5000",
                    },
                },
            )
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Open a transaction, commit it at the end of the block, roll it back on any error."""
        with _outages_told():
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def bulk_transaction(self) -> AsyncGenerator[Any]:
        """Open a transaction on the driver's own connection (asyncpg), for COPY and the like.

        Errors other than outages come as the driver raises them.
        """
        with _outages_told():
            async with self.engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                try:
                    async with driver.transaction():
                        yield driver
                except _OUTAGES:
                    await connection.invalidate()
                    raise

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncGenerator["Lease | None"]:
        """Hold an exclusive right, told by its name, during the block; None if somebody else holds it.

        The right lives and dies with one connection: whoever can write through the lease still holds it.
        """
        connection = self.engine.connect()
        with _outages_told():
            await connection.start()
        try:
            with _outages_told():
                key = zlib.crc32(name.encode())
                held = await connection.scalar(select(func.pg_try_advisory_lock(key)))
                await connection.commit()
            yield Lease(connection) if held else None
        finally:
            # Only a closed connection surely gives the right back: the pool must not keep it.
            await connection.invalidate()
            await connection.close()

    async def check(self) -> None:
        """Fail unless the server answers."""
        async with self.transaction() as tx:
            await tx.execute(text("select 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


class Lease:
    """An exclusive right and the one connection that holds it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Open a transaction as `Database.transaction` does; it fails once the right is lost."""
        with _outages_told():
            if self._connection.invalidated:
                raise DatabaseUnavailableError
            async with self._connection.begin():
                yield self._connection


_OUTAGES = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
    # No connection of the pool became free in time: statements hang.
    PoolTimeoutError,
)


@contextmanager
def _outages_told() -> Generator[None]:
    try:
        yield
    except _OUTAGES as error:
        raise DatabaseUnavailableError from error
    except DBAPIError as error:
        if _is_outage(error):
            raise DatabaseUnavailableError from error
        raise


def _is_outage(error: DBAPIError) -> bool:
    """Tell a server that is away or restarting from a statement that is wrong."""
    cause = error.orig.__cause__ if error.orig else None
    return (
        error.connection_invalidated
        or isinstance(error, InterfaceError | OperationalError)
        or isinstance(cause, _OUTAGES)
    )
