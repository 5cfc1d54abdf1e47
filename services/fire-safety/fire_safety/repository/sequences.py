"""Readings of devices without a clock, each claimed once by the device's own count and what it says.

Such a reading is observed when it is received, so the same reading sent again has another time, and the key of the
readings does not know it. The claim is part of the transaction that stores the reading: a repeat waits for it, and
finds it exactly if the reading is there.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.readings.reading import Batch, Reading

# In the order of the key: two that claim the same never wait for each other in a circle.
_CLAIM = """
    insert into reading_sequences (device_id, sequence, digest, observed_at)
    select distinct on (device_id, sequence, digest) *
      from unnest($1::text[], $2::bigint[], $3::bigint[], $4::timestamptz[])
        as given (device_id, sequence, digest, observed_at)
     order by device_id, sequence, digest, observed_at
    on conflict do nothing
    returning device_id, sequence, digest
"""
_CONTENT = struct.Struct(">5d").pack
_NOT_MEASURED = float("-inf")

Claim = tuple[str, int, int]


async def claim(connection: Any, batches: Sequence[Batch]) -> Sequence[Batch]:  # noqa: ANN401 - asyncpg ships no types
    """Give the batches without what was claimed before; those of devices with a clock as they are."""
    counted = [batch for batch in batches if batch.is_counted]
    if not counted:
        return batches
    rows = [(*key, batch.received_ms) for batch in counted for key, _ in _claims(batch)]
    device_ids, sequences, digests, received = map(list, zip(*rows, strict=True))
    moments = [datetime.fromtimestamp(one / 1000, UTC) for one in received]
    claimed = await connection.fetch(_CLAIM, device_ids, sequences, digests, moments)
    new = {(row[0], row[1], row[2]) for row in claimed}
    return [one for batch in batches if (one := _unclaimed(batch, new)).readings]


async def forget(tx: Transaction, before: datetime) -> int:
    """Forget claims that nobody can make again; tell how many."""
    sequences = tables.reading_sequences
    return (await tx.execute(delete(sequences).where(sequences.c.observed_at < before))).rowcount


def _unclaimed(batch: Batch, new: set[Claim]) -> Batch:
    """Leave of a batch what is new, and take it from what is, since it may come twice at once."""
    if not batch.is_counted:
        return batch
    kept = []
    for key, one in _claims(batch):
        if key in new:
            new.remove(key)
            kept.append(one)
    return batch._replace(readings=kept)


def _claims(batch: Batch) -> Iterator[tuple[Claim, Reading]]:
    for one in batch.readings:
        yield (batch.device_id, one.sequence or 0, _digest(one)), one


def _digest(one: Reading) -> int:
    """Summarise what a reading says."""
    measured = (one.optical_density, one.temperature, one.battery, one.carbon_monoxide)
    values = (_NOT_MEASURED if value is None else value for value in measured)
    return zlib.crc32(_CONTENT(one.conditions, *values))
