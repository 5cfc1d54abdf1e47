"""A database with the chassis' own tables."""

from collections.abc import AsyncGenerator
from itertools import count

import asyncpg
import pytest
from sqlalchemy import MetaData, text

from chassis import access_schema
from chassis.database import Database
from chassis.idempotency import requests_table
from chassis.inbox import inbox_table
from chassis.outbox import outbox_table
from stack.postgres import PostgresServer

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

_numbers = count(1)


@pytest.fixture
async def database(postgres_server: PostgresServer) -> AsyncGenerator[Database]:
    """Make a database of one test with every table that the chassis declares."""
    name = f"chassis_{next(_numbers)}"
    superuser = await asyncpg.connect(postgres_server.url("postgres").replace("+asyncpg", ""))
    await superuser.execute(f"create database {name}")
    await superuser.close()
    made = Database.connect(postgres_server.url(name))
    async with made.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.execute(text(ACCESS_RECORDS))
        for statement in access_schema.statements("public"):
            await connection.execute(text(statement))
    yield made
    await made.close()
