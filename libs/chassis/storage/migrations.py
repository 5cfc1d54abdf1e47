"""Bringing a service's tables to the present version (Alembic, without its command line)."""

from contextlib import AsyncExitStack
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.storage.database import outages_told

# Two instances that start together must not migrate together.
_LOCK = 72_110_021


async def upgrade(url: str, directory: Path) -> str:
    """Apply what is missing from `directory`, in one transaction a step; tell the version reached.

    Raises DatabaseUnavailableError where the server cannot be reached; what goes wrong in a step comes as it is, and
    the steps before it stay.
    """
    engine = create_async_engine(url)
    try:
        async with AsyncExitStack() as opened:
            with outages_told():
                connection = await opened.enter_async_context(engine.connect())
                await connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
                await connection.commit()
            return await connection.run_sync(_upgrade, directory)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, directory: Path) -> str:
    config = Config()
    config.set_main_option("script_location", str(directory))
    scripts = ScriptDirectory.from_config(config)

    def to_head(revision: object, _context: MigrationContext) -> list[RevisionStep]:
        return scripts._upgrade_revs("head", revision)  # type: ignore[arg-type]  # noqa: SLF001 - Alembic's documented way without env.py

    with EnvironmentContext(config, scripts, fn=to_head, destination_rev="head") as environment:
        environment.configure(connection=connection, transaction_per_migration=True)
        environment.run_migrations()
    connection.commit()
    return scripts.get_current_head() or ""
