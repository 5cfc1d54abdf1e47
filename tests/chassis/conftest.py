"""A database with the chassis' own tables."""

from collections.abc import AsyncGenerator

import pytest
from sqlalchemy import MetaData, text

from chassis.account import access_schema
from chassis.storage.database import Database
from chassis.storage.idempotency import requests_table
from chassis.storage.inbox import inbox_table
from chassis.storage.outbox import outbox_table
from stack.postgres import PostgresServer
from tests.fixtures.servers import as_superuser, copied

METADATA = MetaData()
OUTBOX = outbox_table(METADATA)
INBOX = inbox_table(METADATA)
REQUESTS = requests_table(METADATA)
# As the services' first migrations made it, before records were chained.
ACCESS_RECORDS = """
    create table access_records (
        record_id uuid primary key, recorded_at timestamptz not null, account text not null,
        roles text[] not null, method text not null, purpose text not null, reference text not null,
        subject text not null, outcome text not null, request_id text not null
    )
"""
# What of the services' limits the account reads.
_LEGAL_LIMITS = """
    create table legal_limits (rule text, effective_from date, value int, unit text)
"""


@pytest.fixture
async def database(
    postgres_server: PostgresServer, _templates: set[str]
) -> AsyncGenerator[Database]:
    """Make a database of one test with every table that the chassis declares."""
    if "chassis" not in _templates:
        await _make_template(postgres_server)
        _templates.add("chassis")
    async with copied(postgres_server, "chassis") as name:
        made = Database.connect(postgres_server.url(name))
        yield made
        await made.close()


async def _make_template(server: PostgresServer) -> None:
    await as_superuser(server, "create database chassis")
    template = Database.connect(server.url("chassis"))
    async with template.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.execute(text(ACCESS_RECORDS))
        for statement in (
            *access_schema.statements("public"),
            access_schema.HEAD_BY_INDEX,
            access_schema.SUBJECTS_BY_HASH,
            access_schema.MARK_BROKEN,
            *access_schema.VERIFIED_BY_OWNER,
            _LEGAL_LIMITS,
        ):
            await connection.execute(text(statement))
    await template.close()
