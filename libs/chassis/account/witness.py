"""The head of the chain, kept outside the database: who rewrites the whole chain, or cuts its end, is found out.

A witness is a JSON object: `position`, `hash` (64 hexadecimal digits) and `witnessed_at` (RFC 3339). It is a message of
the stream ACCESS_WITNESS, from which nobody can delete, under `witness.<ward>.<service>`; and, if a file is named, one
line of it. One with `expired` true says that the records up to its head are removed since the law no longer asks for
them: a chain that begins elsewhere than at its start begins where both say so, or it is broken.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from sqlalchemy import Row, text

from chassis.account.access_chain import Head, Witnesses
from chassis.broker.jetstream import ACCESS_WITNESS
from chassis.clock import Clock, ward_day
from chassis.errors import BrokerUnavailableError, DatabaseUnavailableError
from chassis.storage.database import Database, Lease
from chassis.telemetry import metrics
from chassis.telemetry.log import logger

_STREAM = str(ACCESS_WITNESS.name)
_LOOK_EVERY_S = 5.0
_PUBLISH_TIMEOUT_S = 5.0
_READ_TIMEOUT_S = 5.0

_HEAD = text("select position, hash from access_records order by position desc limit 1")
# What was never verified is unverified since it began, and what was broken is until it is found whole. A chain
# breaks at position 0 where it begins otherwise than it should; but 0 is told of one that holds.
_CONDITION = text("""
    select
        coalesce(
            (select max(marked_at) from access_marks where kind = 'VERIFIED'), oldest.recorded_at
        ) as verified_at,
        coalesce(
            (select greatest(position, 1) from access_marks where kind = 'BROKEN' and mark_id > coalesce(
                (select max(mark_id) from access_marks where kind = 'VERIFIED'), 0)
             order by mark_id desc limit 1), 0
        ) as broken,
        oldest.recorded_at + make_interval(months => (
            select value from legal_limits
            where rule = 'access_record_retention' and unit = 'months'
              and effective_from <= :today
            order by effective_from desc limit 1
        )) as expires_at
    from (values (0)) always
    left join (select recorded_at from access_records order by position limit 1) oldest on true
""")
_MARK = text("""
    insert into access_marks (kind, position, hash, marked_at)
    values ('WITNESSED', :position, :hash, :now)
""")


class FileUnreadableError(Exception):
    """The file of witnesses holds a line that is no witness, or cannot be opened; the text says which."""


class Told(NamedTuple):
    """The newest witness of a chain: up to where, and when it was told."""

    position: int
    at: datetime


class Witness:
    """Has the head witnessed whenever it has moved and `every` has passed; one replica at a time does.

    How far it is witnessed tells the stream. What is marked in the database is for people to read: who has taken the
    service's role can mark what they like, and nothing would be witnessed any more.
    """

    def __init__(
        self,
        database: Database,
        jetstream: JetStreamContext,
        subject: str,
        every: timedelta,
        file: Path | None,
        clock: Clock,
    ) -> None:
        self._database = database
        self._jetstream = jetstream
        self._subject = subject
        self._every = every
        self._file = file
        self._clock = clock
        # From where on records have vanished that were witnessed, as far as could be seen last; 0: none has.
        self._vanished = 0
        # The number in the stream of the witness that was read last, and what it told.
        self._read: tuple[int, Told] | None = None

    async def run(self) -> None:
        """Witness until cancelled; an outage of database, broker or disk only delays."""
        while True:
            try:
                await self.witness_if_due()
            except (BrokerUnavailableError, DatabaseUnavailableError) as error:
                logger().warning("witness_delayed", cause=error.reason)
            except Exception:  # noqa: BLE001 - the edge: logged, then tried again
                logger().exception("witness_failed")
            await asyncio.sleep(_LOOK_EVERY_S)

    async def witness_if_due(self) -> Head | None:
        """Tell the head that was witnessed, None if it was not time, or another replica is at it."""
        async with self._database.lease("access witness") as lease:
            return await self._witness_if_due(lease) if lease else None

    async def _witness_if_due(self, lease: Lease) -> Head | None:
        now = self._clock()
        async with lease.transaction() as tx:
            head = (await tx.execute(_HEAD)).one_or_none()
            condition = (await tx.execute(_CONDITION, {"today": ward_day(now)})).one()
        position = head.position if head else 0
        # While the broker is away, what was seen of it last is told on.
        _tell_condition(position, condition, self._vanished)
        last = await self._last_told()
        metrics.ACCESS_WITNESSED_POSITION.set(last.position if last else 0)
        self._vanished = position + 1 if last and position < last.position else 0
        _tell_condition(position, condition, self._vanished)
        if self._vanished:
            # Nothing is witnessed any more: the verifier must find this as it is.
            logger().error("access_chain_behind_witness", position=position)
            return None
        if head is None:
            return None
        if last and (head.position == last.position or now - last.at < self._every):
            return None
        found = Head(head.position, head.hash)
        await tell(self._jetstream, self._subject, self._file, found, now)
        async with lease.transaction() as tx:
            await tx.execute(_MARK, {"position": found.position, "hash": found.hash, "now": now})
        metrics.ACCESS_WITNESSED_POSITION.set(found.position)
        return found

    async def _last_told(self) -> Told | None:
        """Tell how far the chain is witnessed; None if it never was. Raises BrokerUnavailableError."""
        message = await _last_message(self._jetstream, self._subject)
        if message is None:
            return None
        number = message.seq or 0
        if self._read is None or self._read[0] != number:
            self._read = number, await _told_by(message, self._jetstream, self._subject)
        return self._read[1]


def _tell_condition(position: int, condition: Row[Any], vanished: int) -> None:
    """Tell in metrics how far the chain goes and is known to hold."""
    metrics.ACCESS_CHAIN_POSITION.set(position)
    metrics.ACCESS_BROKEN_POSITION.set(condition.broken or vanished)
    if condition.verified_at:
        metrics.ACCESS_VERIFIED_TIMESTAMP.set(condition.verified_at.timestamp())
    if condition.expires_at:
        metrics.ACCESS_EXPIRES_TIMESTAMP.set(condition.expires_at.timestamp())


async def tell(
    jetstream: JetStreamContext,
    subject: str,
    file: Path | None,
    head: Head,
    now: datetime,
    *,
    expired: bool = False,
) -> None:
    """Witness a head in the stream, and in the file if there is one; raises BrokerUnavailableError.

    `expired` says that the records up to it are removed.
    """
    told: dict[str, Any] = {
        "position": head.position,
        "hash": head.hash.hex(),
        "witnessed_at": now.isoformat(),
    }
    message_id = f"{subject}.{head.position}"
    if expired:
        told["expired"] = True
        message_id += ".expired"
    payload = json.dumps(told).encode()
    # The file first: what the stream has is not told again, and a line that is there twice does no harm.
    if file:
        await asyncio.to_thread(_append_line, file, payload)
    try:
        await jetstream.publish(
            subject, payload, timeout=_PUBLISH_TIMEOUT_S, headers={"Nats-Msg-Id": message_id}
        )
    except (NatsError, OSError, TimeoutError) as error:
        raise BrokerUnavailableError from error


def subject_of(ward_code: str, service: str) -> str:
    """Tell the subject under which a service's chain is witnessed."""
    return f"witness.{ward_code}.{service}"


async def last_told(jetstream: JetStreamContext, subject: str) -> Told | None:
    """Tell how far a chain is witnessed; None if it never was. Raises BrokerUnavailableError."""
    message = await _last_message(jetstream, subject)
    return await _told_by(message, jetstream, subject) if message else None


async def _last_message(jetstream: JetStreamContext, subject: str) -> RawStreamMsg | None:
    """Read the newest witness of a chain; None if there is none. Raises BrokerUnavailableError."""
    try:
        return await jetstream.get_last_msg(_STREAM, subject)
    except NotFoundError:
        return None
    except (NatsError, OSError, TimeoutError) as error:
        raise BrokerUnavailableError from error


async def _told_by(message: RawStreamMsg, jetstream: JetStreamContext, subject: str) -> Told:
    """Read how far the chain is witnessed; raises BrokerUnavailableError."""
    told: dict[str, Any] = json.loads(message.data or b"")
    position, at = int(told["position"]), datetime.fromisoformat(told["witnessed_at"])
    if told.get("expired"):
        # It tells of a position long before those that are witnessed.
        heads = (await read_stream(jetstream, subject)).heads
        position = max(position, *(head.position for head in heads))
    return Told(position, at)


async def read_stream(jetstream: JetStreamContext, subject: str) -> Witnesses:
    """Read all witnesses of a chain from the stream; raises BrokerUnavailableError."""
    try:
        try:
            last = await jetstream.get_last_msg(_STREAM, subject)
        except NotFoundError:
            return _witnesses([])
        reader = await jetstream.subscribe(subject, stream=_STREAM, ordered_consumer=True)
        found = []
        while True:
            message = await reader.next_msg(timeout=_READ_TIMEOUT_S)
            found.append(_told(message.data))
            if message.metadata.sequence.stream >= (last.seq or 0):
                break
        await reader.unsubscribe()
    except (NatsError, OSError, TimeoutError) as error:
        raise BrokerUnavailableError from error
    return _witnesses(found)


def read_file(file: Path) -> Witnesses:
    """Read all witnesses of a file; a file that is not there has none. Raises FileUnreadableError."""
    try:
        lines = file.read_bytes().splitlines() if file.exists() else []
    except OSError as error:
        raise FileUnreadableError(f"{file}: {error.strerror}") from error
    told = []
    for number, line in enumerate(lines, start=1):
        try:
            told.append(_told(line))
        except (ValueError, LookupError, TypeError) as error:
            raise FileUnreadableError(f"{file}:{number}") from error
    return _witnesses(told)


def _told(payload: bytes) -> tuple[Head, bool]:
    """Read a witness: a head, and whether it says that the records up to it are removed."""
    told: dict[str, Any] = json.loads(payload)
    head = Head(int(told["position"]), bytes.fromhex(told["hash"]))
    return head, bool(told.get("expired"))


def _witnesses(told: Sequence[tuple[Head, bool]]) -> Witnesses:
    return Witnesses([head for head, _ in told], {head for head, expired in told if expired})


def _append_line(file: Path, line: bytes) -> None:
    with file.open("ab+") as opened:
        # What a power cut left of a line must not take this one with it.
        if opened.tell() and not _ends_a_line(opened):
            opened.write(b"\n")
        opened.write(line + b"\n")
        opened.flush()
        os.fsync(opened.fileno())


def _ends_a_line(opened: BinaryIO) -> bool:
    opened.seek(-1, os.SEEK_END)
    return opened.read(1) == b"\n"
