"""Ceilings of lookups in force, and what all replicas have counted against them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from chassis.storage.database import Transaction
from residency.domain.lookups.limits import Ceiling, Pattern
from residency.tables import access_records, lookup_limits, lookup_usage

# An account, what it did, and the second since 1970 in which the window began.
Usage = tuple[str, Pattern, int]
# What a replica reads in one go without holding up its calls. Calls of many identities can record more in a second.
_MOST_AT_ONCE = 5000


class RecordedAsking(NamedTuple):
    """Whom an account asked for, by the pseudonym of the access records, and when."""

    account: str
    roles: list[str]
    subject: str
    recorded_at: datetime


async def ceilings_in_force(tx: Transaction, day: date) -> list[Ceiling]:
    """Load the ceilings in force on a day."""
    limits = lookup_limits.c
    key = (limits.pattern, limits.role)
    statement = (
        select(*key, limits.window_s, limits.most)
        .ext(distinct_on(*key))
        .where(limits.effective_from <= day)
        .order_by(*key, limits.effective_from.desc())
    )
    return [
        Ceiling(Pattern(row.pattern), row.role, row.window_s, row.most)
        for row in await tx.execute(statement)
    ]


async def add_usage(tx: Transaction, counted: Mapping[Usage, int]) -> None:
    """Add what this replica has counted, in one order, so that replicas do not wait in a circle."""
    if not counted:
        return
    rows = [
        {"account": account, "pattern": pattern, "window_start": _instant(start), "count": count}
        for (account, pattern, start), count in sorted(counted.items())
    ]
    adding = insert(lookup_usage).values(rows)
    total = lookup_usage.c["count"] + adding.excluded["count"]
    await tx.execute(
        adding.on_conflict_do_update(
            index_elements=lookup_usage.primary_key, set_={"count": total}
        )
    )


async def usage_since(tx: Transaction, since: datetime) -> dict[Usage, int]:
    """Load what was counted in the windows that began since then."""
    statement = select(*lookup_usage.c).where(lookup_usage.c.window_start >= since)
    return {
        (row.account, Pattern(row.pattern), int(row.window_start.timestamp())): row[3]
        for row in await tx.execute(statement)
    }


async def asked_since(tx: Transaction, position: int | None) -> tuple[list[RecordedAsking], int]:
    """Load whom callers asked for, as recorded behind a position (None: nothing), and up to which position that is.

    Records get their positions in the order in which they are committed, so that none appears behind later. Of more
    than `_MOST_AT_ONCE` the rest comes next time.
    """
    records = access_records.c
    if position is None:
        newest = await tx.scalar(select(func.max(records.position)))
        return [], -1 if newest is None else newest
    statement = (
        select(
            records.position, records.account, records.roles, records.subject, records.recorded_at
        )
        .where(records.position > position)
        .order_by(records.position)
        .limit(_MOST_AT_ONCE)
    )
    rows = (await tx.execute(statement)).all()
    asked = [RecordedAsking(*row[1:]) for row in rows if row.account and row.subject]
    return asked, rows[-1].position if rows else position


async def prune(tx: Transaction, before: datetime) -> int:
    """Forget windows that began before then; tell how many."""
    return (
        await tx.execute(delete(lookup_usage).where(lookup_usage.c.window_start < before))
    ).rowcount


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
