"""How long what was observed is kept, and the partitions it is kept in.

The service's role may not make or drop tables: functions of their owner do, and refuse what policies forbid.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.tables.versions import in_force

# A day around the times that ingestion believes: no clock here and there has to agree to the hour.
_PREPARE = text("""
    select count(*) filter (where ensure_partition('readings', day))
      from (select ancient_s, future_s from ingestion_limits
             where effective_from <= :now order by version desc limit 1) as limits,
           generate_series(cast(:now as timestamptz) - make_interval(days => 1, secs => ancient_s),
                           cast(:now as timestamptz) + make_interval(days => 2, secs => future_s),
                           interval '1 day') as day
""")


async def kept(tx: Transaction, now: datetime) -> dict[str, timedelta]:
    """Tell for how long each kind of row is kept."""
    policies = tables.retention_policies.c
    rows = await tx.execute(
        select(policies.what, policies.keep_days)
        .ext(distinct_on(policies.what))
        .where(in_force(policies.effective_from, now))
        .order_by(policies.what, policies.version.desc())
    )
    return {row.what: timedelta(days=row.keep_days) for row in rows}


async def prepare(tx: Transaction, now: datetime) -> int:
    """Make the partitions of the days that readings may come of; tell how many were missing."""
    return int(await tx.scalar(_PREPARE, {"now": now}) or 0)


async def ensure_month(tx: Transaction, hour: datetime) -> None:
    """Make the partition of an hour's figures."""
    await tx.execute(select(func.ensure_partition("readings_hourly", hour)))


async def drop_expired(tx: Transaction, table: str, now: datetime) -> datetime | None:
    """Drop the oldest partition of a table if its time is over; tell where it began.

    Not while figures of its readings are due, nor while somebody reads it for long: later, then.
    """
    began: datetime | None = await tx.scalar(select(func.drop_expired_partition(table, now)))
    return began


async def forget_system_status(tx: Transaction, now: datetime) -> None:
    """Forget what the canary signalled, once its time is over."""
    await tx.execute(select(func.forget_system_status(now)))
