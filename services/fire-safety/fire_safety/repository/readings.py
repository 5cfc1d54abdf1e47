"""Readings, in bulk: through the driver itself and in COPY's own format, since this is the hot path.

A binary COPY straight into the table with the key is two to three times as fast as any INSERT with ON CONFLICT, so it
is tried first. If some reading was stored before, the whole COPY is refused, and the batch is merged instead.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from fire_safety.domain.readings.columns import Bulk
from fire_safety.domain.readings.reading import Batch, NotStorableError
from fire_safety.repository.copy_document import COLUMNS, document, observed_us

_GIVEN = f"""
    unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bigint[],
           $5::real[], $6::real[], $7::real[], $8::real[])
    with ordinality as given ({", ".join(COLUMNS)}, place)
"""
# In the order of the key: two that store the same readings never wait for each other in a circle.
_MERGE = f"""
    insert into readings ({", ".join(COLUMNS)})
    select {", ".join(COLUMNS)} from {_GIVEN}
     order by device_id, observed_at, place
    on conflict do nothing
"""  # noqa: S608 - constants only
# Of two readings of one time the second is no repeat if it declares what the first does not: it is kept behind it, by
# as many microseconds as follow from what it declares, so that it has one place however often it comes.
_MERGE_DECLARED = f"""
    insert into readings ({", ".join(COLUMNS)})
    select given.device_id, given.received_at,
           given.observed_at + (1 + given.conditions % 999) * interval '1 microsecond',
           {", ".join(f"given.{name}" for name in COLUMNS[3:])}
      from {_GIVEN} join readings as kept using (device_id, observed_at)
     where given.conditions & ~kept.conditions <> 0
     order by device_id, observed_at, place
    on conflict do nothing
"""  # noqa: S608 - constants only
_PARTITION = "select ensure_partition('readings', day) from unnest($1::timestamptz[]) as day"
_CONDITIONS = COLUMNS.index("conditions")
_DAY_MS = 86_400_000
_START = datetime(1970, 1, 1, tzinfo=UTC)


# What the readings themselves are to blame for; a full disk or a server that takes no writes is not.
_THEIR_FAULT = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    ValueError,
    OverflowError,
)


class StoredBeforeError(Exception):
    """At least one of the readings was stored before, comes twice, or is just being stored; nothing was stored."""


class PartitionMissingError(Exception):
    """There is no partition yet for some reading's day; nothing was stored."""


async def copy(connection: Any, bulk: Bulk) -> int:  # noqa: ANN401 - asyncpg ships no types
    """Store readings that are all new; tell how many.

    Raises StoredBeforeError, PartitionMissingError or NotStorableError.
    """
    try:
        copied = await connection.copy_to_table(
            "readings", source=_pieces(bulk), columns=COLUMNS, format="binary"
        )
    except asyncpg.CheckViolationError as error:
        raise PartitionMissingError from error
    # Whoever stores the same just now may wait for this one in turn: merging waits in order.
    except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError) as error:
        raise StoredBeforeError from error
    except _THEIR_FAULT as error:
        raise NotStorableError from error
    return _count(copied)


async def merge(connection: Any, bulk: Bulk) -> int:  # noqa: ANN401 - asyncpg ships no types
    """Store those of the readings that are new; tell how many. Raises StoredBeforeError or PartitionMissingError."""
    rows = [row for batch in bulk.batches() for row in _rows(batch)]
    if not rows:
        return 0
    try:
        return await _merged(connection, rows)
    except asyncpg.CheckViolationError as error:
        raise PartitionMissingError from error
    # A COPY of the same goes in its own order, and this one gave way to it.
    except asyncpg.DeadlockDetectedError as error:
        raise StoredBeforeError from error
    except _THEIR_FAULT as error:
        raise NotStorableError from error


async def make_room(connection: Any, bulk: Bulk) -> None:  # noqa: ANN401 - asyncpg ships no types
    """Make the partitions that these readings need."""
    days = {one.observed_ms // _DAY_MS for batch in bulk.batches() for one in batch.readings}
    await connection.execute(_PARTITION, [_moment(day * _DAY_MS) for day in sorted(days)])


async def _merged(connection: Any, rows: Sequence[tuple[object, ...]]) -> int:  # noqa: ANN401 - asyncpg ships no types
    new = _count(await connection.execute(_MERGE, *_columns(rows)))
    if declared := [row for row in rows if row[_CONDITIONS]]:
        new += _count(await connection.execute(_MERGE_DECLARED, *_columns(declared)))
    return new


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _count(status: str) -> int:
    """Read from what a statement came to, `COPY 5`, how many rows it stored."""
    return int(status.rpartition(" ")[2])


async def _pieces(bulk: Bulk) -> AsyncIterator[bytes]:
    """Give a COPY document; asyncpg takes a file through a thread, an iterator it takes as it is."""
    for piece in document(bulk):
        yield piece


def _rows(batch: Batch) -> Iterator[tuple[object, ...]]:
    received, counted = _moment(batch.received_ms), batch.is_counted
    for one in batch.readings:
        yield (
            batch.device_id,
            received,
            _START + timedelta(microseconds=observed_us(one, counted=counted)),
            one.conditions,
            one.optical_density,
            one.temperature,
            one.battery,
            one.carbon_monoxide,
        )


def _moment(milliseconds: int) -> datetime:
    return _START + timedelta(milliseconds=milliseconds)
