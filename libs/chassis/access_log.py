"""The account of every look at personal data: append-only, durable before the answer leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, MetaData, Table, Text, Uuid, insert
from sqlalchemy.dialects.postgresql import ARRAY

from chassis import metrics
from chassis.database import Database


def access_records_table(metadata: MetaData) -> Table:
    """Declare the table; the service's database role may insert and read it, never change it."""
    return Table(
        "access_records",
        metadata,
        Column("record_id", Uuid, primary_key=True),
        Column("recorded_at", DateTime(timezone=True), nullable=False, index=True),
        Column("account", Text, nullable=False),
        Column("roles", ARRAY(Text), nullable=False),
        Column("method", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("reference", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("request_id", Text, nullable=False),
    )


@dataclass(frozen=True)
class AccessRecord:
    """One access: who, in which roles, called what, why, about whom (a pseudonym), with which outcome.

    `outcome` is `OK` or the reason of refusal; `account` is empty where the caller could not be told.
    """

    record_id: UUID
    recorded_at: datetime
    account: str
    roles: Sequence[str]
    method: str
    purpose: str
    reference: str
    subject: str
    outcome: str
    request_id: str


class AccessLog:
    """Writes access records, each durable when `record` returns."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._insert = insert(table)

    async def record(self, entry: AccessRecord) -> None:
        """Store one record; raises DatabaseUnavailableError, and then no answer may be given."""
        values = {**entry.__dict__, "roles": sorted(entry.roles)}
        async with self._database.transaction() as tx:
            await tx.execute(self._insert, values)
        metrics.ACCESS_RECORDS.labels(entry.method, entry.outcome).inc()
