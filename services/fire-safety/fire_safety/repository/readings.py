"""Readings, in bulk: through the driver itself and in COPY's own format, since this is the hot path.

A binary COPY straight into the table with the key is two to three times as fast as any INSERT with ON CONFLICT, so it
is tried first. If some reading was stored before, the whole COPY is refused, and the batch is merged instead.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from struct import Struct
from typing import Any

import asyncpg

from fire_safety.domain.readings import Batch, Reading

# What is the same for all readings of a message comes first, what few of them have last.
_COLUMNS = (
    "device_id",
    "received_at",
    "observed_at",
    "conditions",
    "optical_density",
    "temperature",
    "battery",
    "carbon_monoxide",
)
# In the order of the key: two that store the same readings never wait for each other in a circle.
_MERGE = f"""
    insert into readings ({", ".join(_COLUMNS)})
    select {", ".join(_COLUMNS)}
      from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bigint[],
                  $5::real[], $6::real[], $7::real[], $8::real[])
      with ordinality as given ({", ".join(_COLUMNS)}, place)
     order by device_id, observed_at, place
    on conflict do nothing
"""  # noqa: S608 - constants only
_PARTITION = "select ensure_partition('readings', day) from unnest($1::timestamptz[]) as day"

# Each field is a length and its bytes; a length of -1 is null. Times are microseconds since 2000.
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH_MS = 946_684_800_000
_BEGIN = Struct(">hi").pack
_RECEIVED = Struct(">iq").pack
_OBSERVED = Struct(">iqiq").pack
_VALUE = Struct(">if").pack
_SMOKE_AND_HEAT = Struct(">iqiqifififi").pack
_NULL_LENGTH = -1
_NULL = b"\xff\xff\xff\xff"
_DAY_MS = 86_400_000
# Readings of a device without a clock have the time of their message: its count makes it theirs, in microseconds.
_COUNTED = 1000
# Batches written at a time: each time costs, and others on the event loop have their turn in between.
_SLICE = 20
_START = datetime(1970, 1, 1, tzinfo=UTC)


class StoredBeforeError(Exception):
    """At least one of the readings was stored before, comes twice, or is just being stored; nothing was stored."""


class PartitionMissingError(Exception):
    """There is no partition yet for some reading's day; nothing was stored."""


async def copy(connection: Any, batches: Sequence[Batch]) -> int:  # noqa: ANN401 - asyncpg ships no types
    """Store readings that are all new; tell how many. Raises StoredBeforeError or PartitionMissingError."""
    try:
        copied = await connection.copy_to_table(
            "readings", source=_document(batches), columns=_COLUMNS, format="binary"
        )
    except asyncpg.CheckViolationError as error:
        raise PartitionMissingError from error
    # Whoever stores the same just now may wait for this one in turn: merging waits in order.
    except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError) as error:
        raise StoredBeforeError from error
    return _count(copied)


async def merge(connection: Any, batches: Sequence[Batch]) -> int:  # noqa: ANN401 - asyncpg ships no types
    """Store those of the readings that are new; tell how many. Raises StoredBeforeError or PartitionMissingError."""
    rows = [row for batch in batches for row in _rows(batch)]
    if not rows:
        return 0
    try:
        return _count(await connection.execute(_MERGE, *map(list, zip(*rows, strict=True))))
    except asyncpg.CheckViolationError as error:
        raise PartitionMissingError from error
    # A COPY of the same goes in its own order, and this one gave way to it.
    except asyncpg.DeadlockDetectedError as error:
        raise StoredBeforeError from error


async def make_room(connection: Any, batches: Sequence[Batch]) -> None:  # noqa: ANN401 - asyncpg ships no types
    """Make the partitions that readings of these batches need."""
    days = {one.observed_ms // _DAY_MS for batch in batches for one in batch.readings}
    await connection.execute(_PARTITION, [_moment(day * _DAY_MS) for day in sorted(days)])


def _count(status: str) -> int:
    """Read from what a statement came to, `COPY 5`, how many rows it stored."""
    return int(status.rpartition(" ")[2])


async def _document(batches: Sequence[Batch]) -> AsyncIterator[bytes]:
    """Write a COPY document; asyncpg takes a file through a thread, an iterator it takes as it is."""
    yield _HEADER
    for start in range(0, len(batches), _SLICE):
        yield b"".join(chain.from_iterable(map(_encoded, batches[start : start + _SLICE])))
    yield _TRAILER


def _encoded(batch: Batch) -> Iterator[bytes]:
    device_id = batch.device_id.encode()
    begin = _BEGIN(len(_COLUMNS), len(device_id)) + device_id
    begin += _RECEIVED(8, (batch.received_ms - _EPOCH_MS) * 1000)
    counted = batch.is_counted
    for one in batch.readings:
        yield begin
        yield _encoded_reading(one, _observed_us(one, counted=counted) - _EPOCH_MS * 1000)


def _encoded_reading(one: Reading, observed: int) -> bytes:
    density, temperature, battery = one.optical_density, one.temperature, one.battery
    monoxide = one.carbon_monoxide
    if (
        monoxide is None
        and density is not None
        and temperature is not None
        and battery is not None
    ):
        return _SMOKE_AND_HEAT(
            8, observed, 8, one.conditions, 4, density, 4, temperature, 4, battery, _NULL_LENGTH
        )
    values = (
        _NULL if value is None else _VALUE(4, value)
        for value in (density, temperature, battery, monoxide)
    )
    return b"".join((_OBSERVED(8, observed, 8, one.conditions), *values))


def _rows(batch: Batch) -> Iterator[tuple[object, ...]]:
    received, counted = _moment(batch.received_ms), batch.is_counted
    for one in batch.readings:
        yield (
            batch.device_id,
            received,
            _START + timedelta(microseconds=_observed_us(one, counted=counted)),
            one.conditions,
            one.optical_density,
            one.temperature,
            one.battery,
            one.carbon_monoxide,
        )


def _observed_us(one: Reading, *, counted: bool) -> int:
    """Tell when a reading was observed, microseconds since 1970."""
    observed = one.observed_ms * 1000
    return observed + (one.sequence or 0) % _COUNTED if counted else observed


def _moment(milliseconds: int) -> datetime:
    return _START + timedelta(milliseconds=milliseconds)
