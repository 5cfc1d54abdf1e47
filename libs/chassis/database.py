"""The database: an engine and the one place that commits."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
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
                pool_size=pool_size,
                max_overflow=0,
                pool_timeout=5,
                connect_args={
                    "timeout": 5,
                    "command_timeout": 30,
                    # Compiling short statements to machine code costs more than it saves.
                    "server_settings": {"jit": "off"},
                },
            )
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Open a transaction, commit it at the end of the block, roll it back on any error."""
        try:
            async with self.engine.begin() as connection:
                yield connection
        except (OSError, TimeoutError) as error:
            raise DatabaseUnavailableError from error
        except DBAPIError as error:
            if _is_outage(error):
                raise DatabaseUnavailableError from error
            raise

    async def check(self) -> None:
        """Fail unless the server answers."""
        async with self.transaction() as tx:
            await tx.execute(text("select 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def _is_outage(error: DBAPIError) -> bool:
    """Tell a server that is away or restarting from a statement that is wrong."""
    cause = error.orig.__cause__ if error.orig else None
    return (
        error.connection_invalidated
        or isinstance(error, InterfaceError | OperationalError)
        or isinstance(
            cause,
            asyncpg.PostgresConnectionError
            | asyncpg.CannotConnectNowError
            | asyncpg.OperatorInterventionError
            | asyncpg.TooManyConnectionsError
            | asyncpg.InterfaceError,
        )
    )
