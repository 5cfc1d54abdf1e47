"""Readings in the form in which a binary COPY takes them.

Each row is a count of fields, each field a length and its bytes; a length of -1 is null. Numbers are big-endian, times
are microseconds since 2000 (PostgreSQL documentation, COPY, binary format).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from fire_safety.domain.readings.columns import Block, Bulk
from fire_safety.domain.readings.reading import Batch, Reading

COLUMNS = (
    "device_id",
    "received_at",
    "observed_at",
    "conditions",
    "optical_density",
    "temperature",
    "battery",
    "carbon_monoxide",
)
_MEASURES = COLUMNS[4:]

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH_MS = 946_684_800_000
_BEGIN = Struct(">hi").pack
_RECEIVED = Struct(">iq").pack
_OBSERVED = Struct(">iqiq").pack
_VALUE = Struct(">if").pack
_NULL_LENGTH = -1
_NULL = b"\xff\xff\xff\xff"
# Readings of a device without a clock have the time of their message: its count makes it theirs, in microseconds.
_COUNTED = 1000
# Rows written at once: more do not stay near the processor.
_ROWS = 2_000
# Bytes of a name that messages are ordered by: what an integer has.
_KEY = 8
# Batches written at a time: others on the event loop have their turn in between.
_SLICE = 20


def document(bulk: Bulk) -> Iterator[bytes]:
    """Write readings: all blocks in one piece, since each waits for its turn on the event loop; then the others."""
    written = [_HEADER, *_blocks(bulk.blocks)]
    for start in range(0, len(bulk.others), _SLICE):
        yield b"".join(written)
        written = list(chain.from_iterable(map(_batch, bulk.others[start : start + _SLICE])))
    yield b"".join((*written, _TRAILER))


def observed_us(one: Reading, *, counted: bool) -> int:
    """Tell when a reading was observed, microseconds since 1970."""
    observed = one.observed_ms * 1000
    return observed + (one.sequence or 0) % _COUNTED if counted else observed


def _blocks(blocks: Sequence[Block]) -> Iterator[bytes]:
    """Write the rows of blocks: those with the same measures, of devices whose ids are as long, are of one length.

    Those of a device come together: then the database meets a page of the index once for all of them.
    """
    alike: defaultdict[tuple[str, ...], list[Block]] = defaultdict(list)
    for block in blocks:
        alike[_measured(block)].append(block)
    for some in map(Block.joined, alike.values()):
        names = np.array([one.encode() for one in some.device_ids])
        lengths, step = np.strings.str_len(names), max(1, _ROWS * len(some) // some.readings)
        for length in np.unique(lengths).tolist():
            chosen = np.flatnonzero(lengths == length)
            of_length = names[chosen].astype(f"S{length}")
            order = _together(of_length)
            for at in range(0, len(order), step):
                piece = order[at : at + step]
                yield _rows(some, of_length[piece], chosen[piece])


def _rows(block: Block, names: NDArray[np.bytes_], chosen: NDArray[np.int64]) -> bytes:
    """Write the rows of chosen messages, whose devices' names are given."""
    counts = block.counts[chosen]
    of_chosen = _places(block.starts[chosen], counts)
    measured = _measured(block)
    rows = np.zeros(len(of_chosen), _row_type(names.itemsize, measured))
    rows["fields"] = len(COLUMNS)
    for name in COLUMNS:
        size = rows.dtype[name].itemsize if name in (rows.dtype.names or ()) else _NULL_LENGTH
        rows[f"{name} length"] = size
    rows["device_id"] = np.repeat(names, counts)
    rows["received_at"] = np.repeat((block.received_ms[chosen] - _EPOCH_MS) * 1000, counts)
    rows["observed_at"] = (block.observed_ms[of_chosen] - _EPOCH_MS) * 1000
    rows["conditions"] = block.conditions[of_chosen]
    for name in measured:
        rows[name] = block.measures[name][of_chosen]
    return rows.tobytes()


def _measured(block: Block) -> tuple[str, ...]:
    return tuple(name for name in _MEASURES if name in block.measures)


def _together(names: NDArray[np.bytes_]) -> NDArray[np.intp]:
    """Order names of one length by their last eight bytes: whole ones take ten times as long to compare."""
    ends = names.view(np.uint8).reshape(len(names), -1)[:, -_KEY:]
    key = np.zeros((len(names), _KEY), np.uint8)
    key[:, _KEY - ends.shape[1] :] = ends
    return np.argsort(key.view(">u8")[:, 0].astype(np.uint64))


def _places(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Tell the places of stretches, one behind the other: each begins at its start and is as long as its count."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(counts.sum())


@lru_cache(1024)
def _row_type(length: int, measured: Sequence[str]) -> np.dtype[np.void]:
    """Describe the rows of devices whose ids are so long, with these measures and null for the others."""
    types = {"device_id": f"S{length}", "received_at": ">i8", "observed_at": ">i8"}
    types |= {"conditions": ">i8", **dict.fromkeys(measured, ">f4")}
    fields = [("fields", ">i2")]
    for name in COLUMNS:
        fields.append((f"{name} length", ">i4"))
        if name in types:
            fields.append((name, types[name]))
    return np.dtype(fields)


def _batch(batch: Batch) -> Iterator[bytes]:
    device_id = batch.device_id.encode()
    begin = _BEGIN(len(COLUMNS), len(device_id)) + device_id
    begin += _RECEIVED(8, (batch.received_ms - _EPOCH_MS) * 1000)
    counted = batch.is_counted
    for one in batch.readings:
        yield begin
        yield _reading(one, observed_us(one, counted=counted) - _EPOCH_MS * 1000)


def _reading(one: Reading, observed: int) -> bytes:
    values = (
        _NULL if value is None else _VALUE(4, value)
        for value in (one.optical_density, one.temperature, one.battery, one.carbon_monoxide)
    )
    return b"".join((_OBSERVED(8, observed, 8, one.conditions), *values))
