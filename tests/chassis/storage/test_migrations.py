"""Bringing tables to the present version, on a real PostgreSQL."""

from pathlib import Path

import pytest

from chassis.errors import DatabaseRefusedError
from chassis.storage import migrations
from stack.postgres import PostgresServer

STEP = """
import asyncpg

revision, down_revision = "0001", None

def upgrade():
    raise asyncpg.InvalidCatalogNameError("mine")
"""


@pytest.mark.postgres
async def test_what_goes_wrong_in_a_step_is_no_outage(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """It comes as it is, with its trace; only who is not let in learns so in one line."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "0001_fails.py").write_text(STEP)

    with pytest.raises(Exception, match="mine"):
        await migrations.upgrade(postgres_server.url("postgres"), tmp_path)
    with pytest.raises(DatabaseRefusedError):
        await migrations.upgrade(postgres_server.url("nowhere"), tmp_path)
