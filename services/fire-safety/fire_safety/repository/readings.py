"""Readings, in bulk: through the driver itself and in COPY's own format, since this is the hot path (SPEED.md §2).

A binary COPY straight into the table with the key is two to three times as fast as any INSERT with ON CONFLICT, so it
is tried first. If some reading was stored before, the whole COPY is refused, and the batch is merged instead.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from struct import Struct
from typing import Any

import asyncpg

from fire_safety.domain.readings import Batch, Reading

# What is the same for all readings of a message comes first.
_COLUMNS = (
    "device_id",
    "received_at",
    "observed_at",
    "conditions",
    "optical_density",
    "temperature",
    "battery",
)
_MERGE = f"""
    insert into readings ({", ".join(_COLUMNS)})
    select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bigint[],
                         $5::real[], $6::real[], $7::real[])
    on conflict do nothing
"""  # noqa: S608 - constants only

# Each field is a length and its bytes; a length of -1 is null. Times are microseconds since 2000.
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH_MS = 946_684_800_000
_BEGIN = Struct(">hi").pack
_RECEIVED = Struct(">iq").pack
_OBSERVED = Struct(">iqiq").pack
_VALUE = Struct(">if").pack
_ALL_MEASURED = Struct(">iqiqififif").pack
_NULL = b"\xff\xff\xff\xff"


class StoredBeforeError(Exception):
    """At least one of the readings was stored before, or comes twice; nothing was stored."""


async def copy(connection: Any, batches: Sequence[Batch]) -> None:  # noqa: ANN401 - asyncpg ships no types
    """Store readings that are all new; raises StoredBeforeError."""
    try:
        await connection.copy_to_table(
            "readings", source=_document(batches), columns=_COLUMNS, format="binary"
        )
    except asyncpg.UniqueViolationError as error:
        raise StoredBeforeError from error


async def merge(connection: Any, batches: Sequence[Batch]) -> int:  # noqa: ANN401 - asyncpg ships no types
    """Store those of the readings that are new; tell how many."""
    rows = [row for batch in batches for row in _rows(batch)]
    stored = await connection.execute(_MERGE, *map(list, zip(*rows, strict=True)))
    return int(stored.rpartition(" ")[2])


async def _document(batches: Sequence[Batch]) -> AsyncIterator[bytes]:
    """Write a COPY document; asyncpg takes a file through a thread, an iterator it takes as it is."""
    yield _HEADER
    for batch in batches:
        yield b"".join(_encoded(batch))
    yield _TRAILER


def _encoded(batch: Batch) -> Iterator[bytes]:
    device_id = batch.device_id.encode()
    begin = _BEGIN(len(_COLUMNS), len(device_id)) + device_id
    begin += _RECEIVED(8, (batch.received_ms - _EPOCH_MS) * 1000)
    for one in batch.readings:
        yield begin
        yield _encoded_reading(one)


def _encoded_reading(one: Reading) -> bytes:
    observed = (one.observed_ms - _EPOCH_MS) * 1000
    density, temperature, battery = one.optical_density, one.temperature, one.battery
    if density is not None and temperature is not None and battery is not None:
        return _ALL_MEASURED(
            8, observed, 8, one.conditions, 4, density, 4, temperature, 4, battery
        )
    values = (
        _NULL if value is None else _VALUE(4, value) for value in (density, temperature, battery)
    )
    return b"".join((_OBSERVED(8, observed, 8, one.conditions), *values))


def _rows(batch: Batch) -> Iterator[tuple[object, ...]]:
    received = _moment(batch.received_ms)
    for one in batch.readings:
        yield (
            batch.device_id,
            received,
            _moment(one.observed_ms),
            one.conditions,
            one.optical_density,
            one.temperature,
            one.battery,
        )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
