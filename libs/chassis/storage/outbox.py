"""The outbox: events written in the transaction of their cause, and the relay that publishes them.

An event that the broker refuses, though it is there and answers, is tried again, less and less often; after some
minutes it is parked: kept, counted and told, until a person has it tried again (`chassis.storage.parked`).
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.message import Message
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js import JetStreamContext
from nats.js.errors import (
    APIError,
    NoStreamResponseError,
    NotFoundError,
)
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from chassis import context
from chassis.broker.messages import EVENT_ID_HEADER, REQUEST_ID_HEADER, subject_of
from chassis.clock import Clock
from chassis.errors import BrokerUnavailableError, DatabaseUnavailableError
from chassis.storage.database import Database, Transaction
from chassis.telemetry import metrics, tracing
from chassis.telemetry.log import logger

_BATCH = 200
_RIGHT = "outbox relay"
# Another instance may hold the relay; it is asked again this often while events wait.
_POLL_S = 0.25
_PUBLISH_TIMEOUT_S = 5.0
# Refusals after which an event is parked, and the seconds until it is tried again after the first; each time doubled:
# four minutes in all.
_TRIES = 10
_TRY_AGAIN_S = 0.5
# How often parked events are counted.
_COUNT = timedelta(seconds=5)
# So long who has sent something waits for the broker: a few times what it takes to store it.
_SOON_S = 0.01
# So many events that were sent are known until the relay comes to their rows; those before are sent a second time.
_KNOWN = 1_000
# Answers that tell of the event; others tell of the broker, which may store it the next moment.
_OF_THE_EVENT = range(400, 429)
_ACCOUNT_FULL = 10002
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
        # How often the broker refused it, why it did so last, and when it is tried again or was parked.
        Column("refusals", Integer, nullable=False, server_default="0"),
        Column("refusal", Text, nullable=False, server_default=""),
        Column("retry_at", DateTime(timezone=True)),
        Column("parked_at", DateTime(timezone=True)),
        *more,
    )


async def add(
    tx: Transaction, table: Table, now: datetime, *events: Message, **more: bool
) -> None:
    """Add events to the transaction: they are published if, and only if, it commits.

    `more` is what the service's own columns say of all of them.
    """
    await add_rows(tx, table, [row_of(event, now) | more for event in events])


async def add_rows(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add events likewise whose rows are written."""
    if rows:
        await tx.execute(insert(table), rows)


def row_of(event: Message, now: datetime, request_id: str = "") -> dict[str, Any]:
    """Write the row of an event, for a statement that adds it together with its cause.

    It is part of the request that is being served, unless another is named.
    """
    return {
        "event_id": uuid4(),
        "subject": subject_of(event),
        "payload": event.SerializeToString(),
        "request_id": request_id or context.request_id.get(),
        "created_at": now,
    }


def _waiting(table: Table, order: Iterable[ColumnElement[Any]]) -> Select[Any]:
    columns = table.c
    return (
        select(table)
        .where(
            columns.parked_at.is_(None),
            or_(columns.retry_at.is_(None), columns.retry_at <= bindparam("now")),
        )
        .order_by(*order)
        .limit(_BATCH)
    )


class Relay:
    """Publishes what waits in the outbox, in order, at least once, each event under its own id.

    One instance at a time does the work, as long as it holds a lease; the broker drops a repeat by its id, and
    consumers drop it by their inbox. Call `wake` after a commit: the relay then publishes at once, one round trip to
    the database later, instead of at its next poll. What cannot wait for that any instance sends (`send`). What waits
    when the relay comes goes in the order `first`, if there is one, and then as it was added. What the broker refuses
    for good is parked and holds up nothing.
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
        self._waiting = _waiting(table, [*([] if first is None else [first]), table.c.position])
        self._done = delete(table).where(
            table.c.position == any_(bindparam("stored", type_=ARRAY(BigInteger)))
        )
        self._woken = asyncio.Event()
        self._counted: datetime | None = None
        # How many were refused and are tried again later, and since when the oldest of them waits.
        self._put_aside: Sequence[Any] = (0, None)
        self._sent: dict[UUID, asyncio.Task[bool]] = {}
        self._is_held_up = False

    async def check(self) -> None:
        """Fail while the broker does not store what waits; raises BrokerUnavailableError."""
        if self._is_held_up:
            raise BrokerUnavailableError

    def wake(self) -> None:
        """Say that a transaction with events has committed."""
        self._woken.set()

    async def send(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Publish events at once whose rows, as `row_of` writes them, have just committed, without reading them.

        They may overtake what waits. Comes back when the broker has answered, or soon: whatever else is done here
        meanwhile would hold them up, the client writes to the wire only when its turn comes. However this ends the
        rows are there: the relay takes them out, and publishes those that the broker did not store.
        """
        given = list(rows)
        sending = [asyncio.create_task(self._is_stored(row)) for row in given[:_BATCH]]
        self._sent |= {row["event_id"]: task for row, task in zip(given, sending, strict=False)}
        if len(given) > _BATCH:
            self.wake()
        while len(self._sent) > _KNOWN:
            del self._sent[next(iter(self._sent))]
        if sending:
            await asyncio.wait(sending, timeout=_SOON_S)

    async def run(self) -> None:
        """Relay until cancelled; an outage of broker or database only delays."""
        while True:
            try:
                # One connection for all the asking: who waits for long would else open four a second.
                async with self._database.holder() as holder:
                    while not await holder.gain(_RIGHT):
                        # Another process has it, and tells how it goes.
                        self._is_held_up = False
                        await asyncio.sleep(_POLL_S)
                    async with holder.statements() as statements:
                        await self._keep_relaying(statements)
            except (BrokerUnavailableError, DatabaseUnavailableError) as error:
                logger().warning("outbox_delayed", cause=error.reason)
            await asyncio.sleep(_POLL_S)

    async def relay_all(self) -> None:
        """Publish all that waits now, unless another instance does."""
        async with self._database.lease(_RIGHT) as lease:
            if lease:
                async with lease.statements() as statements:
                    while await self._relay_batch(statements):
                        pass

    async def _keep_relaying(self, statements: Transaction) -> None:
        while True:
            self._woken.clear()
            if not await self._relay_batch(statements):
                await self._count_refused(statements)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        await self._woken.wait()

    async def _relay_batch(self, statements: Transaction) -> bool:
        """Publish one batch; True if there may be more.

        The rows are deleted only after the broker has stored their events: a crash in between repeats, never loses.
        """
        rows = (await statements.execute(self._waiting, {"now": self._clock()})).all()
        self._observe(rows)
        if not rows:
            self._is_held_up = False
            return False
        stored, refused = await self._publish_all(rows)
        await statements.execute(self._done, {"stored": stored})
        for row, refusal in refused:
            await self._put_off(statements, row, refusal)
        self._is_held_up = len(stored) + len(refused) < len(rows)
        if self._is_held_up:
            raise BrokerUnavailableError
        return len(rows) == _BATCH

    async def _publish_all(
        self, rows: Sequence[Row[Any]]
    ) -> tuple[list[int], list[tuple[Row[Any], str]]]:
        """Send events one behind the other without waiting in between.

        Tell the positions of those that are stored, and those that are refused with the reason. The broker stores them
        in the order of the connection. Only if it refuses one in the middle do those behind it overtake it: whoever
        hears of states compares their versions.
        """
        answers = await asyncio.gather(
            *map(self._publish_unless_sent, rows), return_exceptions=True
        )
        stored: list[int] = []
        refused: list[tuple[Row[Any], str]] = []
        for row, answer in zip(rows, answers, strict=True):
            if not isinstance(answer, BaseException):
                stored.append(row.position)
            elif not isinstance(answer, _AWAY):
                raise answer
            elif refusal := await self._refusal(row.subject, answer):
                refused.append((row, refusal))
        return stored, refused

    async def _refusal(self, subject: str, error: BaseException) -> str:
        """Tell why the broker refuses an event; empty if it is away, or only does not store now."""
        match error:
            case MaxPayloadError():
                return "too_large"
            case NoStreamResponseError():
                return "" if await self._has_stream(subject) else "no_stream"
            case APIError(code=int(code)) if (
                code in _OF_THE_EVENT and error.err_code != _ACCOUNT_FULL
            ):
                return f"refused_{error.err_code}"
            case _:
                return ""

    async def _has_stream(self, subject: str) -> bool:
        """Tell whether a stream takes a subject; one whose broker is away for a moment does."""
        try:
            await self._jetstream.find_stream_name_by_subject(subject)
        except NotFoundError:
            return False
        except _AWAY:
            return True
        return True

    async def _put_off(self, statements: Transaction, row: Row[Any], refusal: str) -> None:
        """Try a refused event again later, or park it."""
        now, refusals, self._counted = self._clock(), row.refusals + 1, None
        parked = refusals >= _TRIES
        later = now + timedelta(seconds=_TRY_AGAIN_S * 2**row.refusals)
        await statements.execute(
            update(self._table)
            .where(self._table.c.position == row.position)
            .values(
                refusals=refusals,
                refusal=refusal,
                retry_at=None if parked else later,
                parked_at=now if parked else None,
            )
        )
        if parked:
            metrics.EVENTS_PARKED.labels(row.subject).inc()
            logger().error("event_parked", subject=row.subject, cause=refusal)
        else:
            logger().warning("event_refused", subject=row.subject, cause=refusal, tries=refusals)

    async def _count_refused(self, statements: Transaction) -> None:
        """Count from time to time what is parked, and what is tried again later."""
        now = self._clock()
        if self._counted is None or abs(now - self._counted) >= _COUNT:
            self._counted = now
            parked, retry = self._table.c.parked_at, self._table.c.retry_at
            counts = select(
                func.count().filter(parked.is_not(None)),
                func.count().filter(retry.is_not(None)),
                func.min(self._table.c.created_at).filter(retry.is_not(None)),
            )
            kept, *self._put_aside = (await statements.execute(counts)).one()
            metrics.OUTBOX_PARKED.set(kept)

    async def _publish_unless_sent(self, row: Row[Any]) -> None:
        """See that the broker has stored an event."""
        sending = self._sent.pop(row.event_id, None)
        if not (sending and await sending):
            await self._publish(row._asdict())

    async def _is_stored(self, event: Mapping[str, Any]) -> bool:
        """Publish an event; False if that fails: its row waits for the relay, which tells why if it still does."""
        try:
            await self._publish(event)
        except Exception:  # noqa: BLE001 - as above
            return False
        return True

    async def _publish(self, event: Mapping[str, Any]) -> None:
        headers = {EVENT_ID_HEADER: str(event["event_id"]), REQUEST_ID_HEADER: event["request_id"]}
        subject = event["subject"]
        with (
            tracing.span(
                f"publish {subject}",
                tracing.SpanKind.PRODUCER,
                event["request_id"],
                messaging_system="nats",
            ),
            metrics.EVENT_PUBLISH_FAILURES.labels(subject).count_exceptions(),
            metrics.EVENT_PUBLISH_SECONDS.labels(subject).time(),
        ):
            await self._jetstream.publish(
                subject, event["payload"], timeout=_PUBLISH_TIMEOUT_S, headers=headers
            )
        metrics.EVENTS_PUBLISHED.labels(subject).inc()

    def _observe(self, rows: list[Row[Any]] | Any) -> None:  # noqa: ANN401 - a sequence of rows
        now, (later, oldest) = self._clock(), self._put_aside
        fresh = [row.created_at for row in rows if row.retry_at is None]
        metrics.OUTBOX_PENDING.set(len(fresh) + later)
        ages = [(now - since).total_seconds() for since in (*fresh, oldest) if since]
        metrics.OUTBOX_OLDEST_SECONDS.set(max(ages, default=0))
