"""The stored chain: walked, read out, and shortened where the law's time is over."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import text

from chassis.account.access_chain import AccessRecord, Head, Linked, Walk, Witnesses
from chassis.account.access_log import append
from chassis.clock import ward_day
from chassis.storage.database import Database

_PREFETCH = 5000
_DELETED_AT_ONCE = 10_000

_COLUMNS = """position, format, previous_hash, hash, record_id, recorded_at, account, actor, roles,
    method, purpose, legal_basis, reference, subject, fields, outcome, request_id, ward_code"""
_FROM = f"select {_COLUMNS} from access_records where position >= $1 order by position"  # noqa: S608
_CHECKPOINT = "select position, hash from access_checkpoints order by position desc limit 1"
_HEAD = "select position, hash from access_records order by position desc limit 1"
_AT = "select position, hash from access_records where position = $1"
_FIRST = "select position, previous_hash from access_records order by position limit 1"

_MARK = text("""
    insert into access_marks (kind, position, hash, marked_at)
    values (:kind, :position, :hash, :now)
""")
_LIMIT = text("""
    select cast(:now as timestamptz) - make_interval(months => value) from legal_limits
    where rule = 'access_record_retention' and unit = 'months'
      and effective_from <= :today
    order by effective_from desc limit 1
""")
# The last record before the first that is still to be kept: the chain keeps its order, whatever clocks said.
_LAST_EXPIRED = text("""
    select position, hash from access_records
    where position < (select coalesce(min(position), 0) from access_records
                       where recorded_at >= :cutoff)
    order by position desc limit 1
""")
_CHECK = text("insert into access_checkpoints values (:position, :hash, :now, :reason)")
_DELETE = text("""
    delete from access_records where position in (
        select position from access_records where position <= :position order by position limit :most
    )
""")
_ANY_LEFT = text("select exists (select from access_records where position <= :position)")
_NEWEST_CHECKPOINT = text("select max(position) from access_checkpoints")


class PositionUnknownError(Exception):
    """No record stands at the position before the one to begin at."""


class LimitMissingError(Exception):
    """No legal limit says how long access records are kept."""


@dataclass(frozen=True)
class Expiry:
    """What may be removed: all up to `until`; `records` are that many."""

    until: Head
    records: int
    cutoff: datetime


async def verify(
    database: Database,
    witnesses: Witnesses,
    begin: int | None,
    progress: Callable[[int], None],
) -> Head:
    """Walk the chain from its checkpoint, or from a position on, and tell its head.

    `progress` is told the position now and then. Raises ChainBrokenError, PositionUnknownError or
    DatabaseUnavailableError.
    """
    async with database.bulk_transaction() as driver:
        checkpoint = Head(*await driver.fetchrow(_CHECKPOINT))
        witnesses.check_expiry(checkpoint)
        trusted = await _trusted(driver, checkpoint, begin)
        last = await driver.fetchrow(_HEAD)
        heads = (checkpoint, *witnesses.heads)
        walk = Walk(trusted, last["position"] if last else 0, heads)
        async for row in driver.cursor(_FROM, trusted.position + 1, prefetch=_PREFETCH):
            walk.step(linked_of(row))
            if walk.head.position % _PREFETCH == 0:
                progress(walk.head.position)
        return walk.end()


async def mark_verified(owner: Database, head: Head, now: datetime) -> None:
    """Note that the whole chain was walked up to its head, compared with its witnesses, and holds.

    The owner of the tables alone may.
    """
    await _mark(owner, "VERIFIED", head, now)


async def mark_broken(database: Database, position: int, now: datetime) -> None:
    """Note that the chain does not hold, and where; it stays noted until the whole chain is found to hold."""
    await _mark(database, "BROKEN", Head(position, b""), now)


async def _mark(database: Database, kind: str, head: Head, now: datetime) -> None:
    marked = {"kind": kind, "position": head.position, "hash": head.hash, "now": now}
    async with database.transaction() as tx:
        await tx.execute(_MARK, marked)


async def _trusted(driver: asyncpg.Connection, checkpoint: Head, begin: int | None) -> Head:
    """Tell what the first record to look at follows: the checkpoint, or what has not been removed yet and leads to it.

    Whatever else stands before the checkpoint was put there by somebody.
    """
    if begin is None or begin <= checkpoint.position + 1:
        first = await driver.fetchrow(_FIRST)
        if first and first["position"] <= checkpoint.position:
            return Head(first["position"] - 1, first["previous_hash"])
        return checkpoint
    before = await driver.fetchrow(_AT, begin - 1)
    if before is None:
        raise PositionUnknownError
    return Head(*before)


async def read(database: Database, begin: int) -> AsyncIterator[Linked]:
    """Give the records from a position on, in order."""
    async with database.bulk_transaction() as driver:
        async for row in driver.cursor(_FROM, begin, prefetch=_PREFETCH):
            yield linked_of(row)


async def expired(owner: Database, now: datetime) -> Expiry | None:
    """Tell what has been kept as long as the law asks; None if nothing has. Raises LimitMissingError."""
    async with owner.transaction() as tx:
        cutoff = await tx.scalar(_LIMIT, {"now": now, "today": ward_day(now)})
        if cutoff is None:
            raise LimitMissingError
        row = (await tx.execute(_LAST_EXPIRED, {"cutoff": cutoff})).one_or_none()
        begin = await tx.scalar(_NEWEST_CHECKPOINT)
    if row is None or row.position <= begin:
        return None
    return Expiry(Head(row.position, row.hash), row.position - begin, cutoff)


async def expire(owner: Database, what: Expiry, record: AccessRecord) -> None:
    """Put a checkpoint in the place of what has expired, account for that in the chain, and remove it.

    It must have been witnessed outside the database before: who may write there could else remove what they like.
    Whoever stops between leaves a chain that holds, and rows that `remove_expired` removes the next time.
    """
    async with owner.transaction() as tx:
        await tx.execute(
            _CHECK,
            {
                "position": what.until.position,
                "hash": what.until.hash,
                "now": record.recorded_at,
                "reason": f"recorded before {what.cutoff.isoformat()}",
            },
        )
        await append(tx, record)
    await remove_expired(owner)


async def remove_expired(owner: Database) -> None:
    """Remove what the newest checkpoint covers, some rows at a time so that nobody waits for long."""
    async with owner.transaction() as tx:
        until = await tx.scalar(_NEWEST_CHECKPOINT)
    while True:
        async with owner.transaction() as tx:
            if not await tx.scalar(_ANY_LEFT, {"position": until}):
                return
            await tx.execute(_DELETE, {"position": until, "most": _DELETED_AT_ONCE})


def linked_of(row: Any) -> Linked:  # noqa: ANN401 - a row of the driver or of SQLAlchemy, by position
    """Read a row of the columns as they are listed here."""
    position, form, previous, own, *content = row
    (
        record_id,
        recorded_at,
        account,
        actor,
        roles,
        method,
        purpose,
        legal_basis,
        reference,
        subject,
        fields,
        outcome,
        request_id,
        ward_code,
    ) = content
    return Linked(
        position=position,
        format=form,
        previous_hash=previous,
        hash=own,
        record=AccessRecord(
            record_id=record_id,
            recorded_at=recorded_at,
            account=account,
            actor=actor,
            roles=roles,
            method=method,
            purpose=purpose,
            legal_basis=legal_basis,
            reference=reference,
            subject=subject,
            fields=fields,
            outcome=outcome,
            request_id=request_id,
            ward_code=ward_code,
        ),
    )
