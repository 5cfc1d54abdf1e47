"""The outbox: events written in the transaction of their cause, and the relay that publishes them."""

import asyncio
import contextlib
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Identity,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    Uuid,
    delete,
    insert,
    select,
)

from chassis import context, metrics
from chassis.clock import Clock
from chassis.database import Database, Lease, Transaction
from chassis.errors import BrokerUnavailableError, DatabaseUnavailableError
from chassis.log import logger
from chassis.messages import EVENT_ID_HEADER, REQUEST_ID_HEADER, subject_of

_BATCH = 200
# Another instance may hold the relay; it is asked again this often while events wait.
_POLL_S = 0.25
_PUBLISH_TIMEOUT_S = 5.0
# What the client says of a broker that cannot be reached or does not store now.
_AWAY = (NatsError, OSError, TimeoutError)


def outbox_table(metadata: MetaData, *more: Column[Any]) -> Table:
    """Declare the table of events that wait to be published; a service may say more of them."""
    return Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Uuid, nullable=False, unique=True),
        Column("subject", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        *more,
    )


async def add(
    tx: Transaction, table: Table, now: datetime, *events: Message, **more: bool
) -> None:
    """Add events to the transaction: they are published if, and only if, it commits.

    `more` is what the service's own columns say of all of them.
    """
    if events:
        await tx.execute(insert(table), [row_of(event, now) | more for event in events])


def row_of(event: Message, now: datetime) -> dict[str, Any]:
    """Write the row of an event, for a statement that adds it together with its cause."""
    return {
        "event_id": uuid4(),
        "subject": subject_of(event),
        "payload": event.SerializeToString(),
        "request_id": context.request_id.get(),
        "created_at": now,
    }


class Relay:
    """Publishes what waits in the outbox, in order, at least once, each event under its own id.

    One instance at a time does the work, as long as it holds a lease; the broker drops a repeat by its id, and
    consumers drop it by their inbox. Call `wake` after a commit: the relay then publishes at once, one round trip to
    the database later, instead of at its next poll. What waits when the relay comes goes in the order `first`, if
    there is one, and then as it was added.
    """

    def __init__(
        self,
        database: Database,
        table: Table,
        jetstream: JetStreamContext,
        clock: Clock,
        first: ColumnElement[Any] | None = None,
    ) -> None:
        self._database = database
        self._table = table
        self._jetstream = jetstream
        self._clock = clock
        self._order = [*([] if first is None else [first]), table.c.position]
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that a transaction with events has committed."""
        self._woken.set()

    async def run(self) -> None:
        """Relay until cancelled; an outage of broker or database only delays."""
        while True:
            try:
                async with self._lease() as lease:
                    if lease:
                        async with lease.statements() as statements:
                            await self._keep_relaying(statements)
            except (BrokerUnavailableError, DatabaseUnavailableError) as error:
                logger().warning("outbox_delayed", cause=error.reason)
            await asyncio.sleep(_POLL_S)

    async def relay_all(self) -> None:
        """Publish all that waits now, unless another instance does."""
        async with self._lease() as lease:
            if lease:
                async with lease.statements() as statements:
                    while await self._relay_batch(statements):
                        pass

    def _lease(self) -> AbstractAsyncContextManager[Lease | None]:
        return self._database.lease("outbox relay")

    async def _keep_relaying(self, statements: Transaction) -> None:
        while True:
            self._woken.clear()
            if not await self._relay_batch(statements):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        await self._woken.wait()

    async def _relay_batch(self, statements: Transaction) -> bool:
        """Publish one batch; True if there may be more.

        The rows are deleted only after the broker has stored their events: a crash in between repeats, never loses.
        """
        rows = (await statements.execute(self._waiting())).all()
        self._observe(rows)
        if not rows:
            return False
        stored = await self._publish_all(rows)
        await statements.execute(delete(self._table).where(self._table.c.position.in_(stored)))
        if len(stored) < len(rows):
            raise BrokerUnavailableError
        return len(rows) == _BATCH

    def _waiting(self) -> Any:  # noqa: ANN401 - SQLAlchemy's own generic type says less
        return select(self._table).order_by(*self._order).limit(_BATCH)

    async def _publish_all(self, rows: Sequence[Row[Any]]) -> list[int]:
        """Send events one behind the other without waiting in between; tell the positions of those that are stored.

        The broker stores them in the order of the connection. Only if it refuses one in the middle do those behind it
        overtake it: whoever hears of states compares their versions.
        """
        answers = await asyncio.gather(*map(self._publish, rows), return_exceptions=True)
        for one in answers:
            if isinstance(one, BaseException) and not isinstance(one, _AWAY):
                raise one
        return [
            row.position
            for row, answer in zip(rows, answers, strict=True)
            if not isinstance(answer, BaseException)
        ]

    async def _publish(self, row: Row[Any]) -> None:
        headers = {EVENT_ID_HEADER: str(row.event_id), REQUEST_ID_HEADER: row.request_id}
        await self._jetstream.publish(
            row.subject, row.payload, timeout=_PUBLISH_TIMEOUT_S, headers=headers
        )
        metrics.EVENTS_PUBLISHED.labels(row.subject).inc()

    def _observe(self, rows: list[Row[Any]] | Any) -> None:  # noqa: ANN401 - a sequence of rows
        metrics.OUTBOX_PENDING.set(len(rows))
        now = self._clock()
        ages = [(now - row.created_at).total_seconds() for row in rows]
        metrics.OUTBOX_OLDEST_SECONDS.set(max(ages, default=0))
