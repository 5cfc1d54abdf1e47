"""Batches whose readings all have the same fields, read as columns instead of one by one.

A sensor fills in the same fields each time and all of them are fixed-width, so nearly every batch is a table with rows
of equal length: one pass of `struct` reads it, and min and max judge a whole column, more than twice as fast as the
parser, of which every field is a call (docs/bench-ingest.md). Whatever is unusual, and whatever must be refused, is
left to the parser: it alone decides what a message says and what is wrong with it.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from itertools import repeat
from struct import Struct
from typing import Any

from fire_safety.domain.limits import IngestionLimits
from fire_safety.domain.readings import Batch, Reading

_MS = 1000
_MAX_SEQUENCE = 2**63 - 1
# The batch's fields `device_id` and `readings`: number and wire type; each is followed by a length in one byte.
_DEVICE_ID, _READING = 0x0A, 0x12
_ONE_BYTE = 0x80
# The fields of a reading by number and wire type, in the order in which they are written.
_OBSERVED, _DENSITY, _TEMPERATURE, _BATTERY = 0x09, 0x15, 0x1D, 0x25
_CONDITIONS, _MONOXIDE, _SEQUENCE = 0x2D, 0x35, 0x39
_FORMATS = {
    _OBSERVED: "Q",
    _DENSITY: "f",
    _TEMPERATURE: "f",
    _BATTERY: "f",
    _CONDITIONS: "I",
    _MONOXIDE: "f",
    _SEQUENCE: "Q",
}
_SIZES = {"Q": 8, "f": 4, "I": 4}
# A reading is a tuple; to make it as one takes no call of Python.
_reading = partial(tuple.__new__, Reading)

# Below so many readings the parser is as fast.
_FEWEST = 4

Column = Sequence[Any]


def read(
    device_id: str, payload: bytes, received_ms: int, limits: IngestionLimits
) -> Batch | None:
    """Read a batch of a device if it is a table and believable; otherwise None."""
    columns = _columns(device_id.encode(), payload)
    if columns is None or not _believable(columns, received_ms, limits):
        return None
    times = columns[_OBSERVED]
    fields = (
        columns.get(tag, repeat(absent))
        for tag, absent in (
            (_DENSITY, None),
            (_TEMPERATURE, None),
            (_BATTERY, None),
            (_CONDITIONS, 0),
            (_MONOXIDE, None),
            (_SEQUENCE, None),
        )
    )
    rows = zip(times, repeat(received_ms), *fields)
    return Batch(device_id, received_ms, list(map(_reading, rows)))


def _columns(device_id: bytes, payload: bytes) -> Mapping[int, Column] | None:
    """Read the fields that all readings have; None if the payload is not a table."""
    begin = 2 + len(device_id)
    if payload[:begin] != bytes((_DEVICE_ID, len(device_id))) + device_id:
        return None
    table = payload[begin:]
    width = 2 + table[1] if len(table) > 1 else 0
    if width >= 2 + _ONE_BYTE or width == 0 or len(table) < _FEWEST * width or len(table) % width:
        return None
    tags = _tags(table[:width])
    if not tags or tags[0] != _OBSERVED or not _alike(table, width, tags):
        return None
    return dict(zip(tags, zip(*_row(tags).iter_unpack(table), strict=True), strict=True))


def _alike(table: bytes, width: int, tags: tuple[int, ...]) -> bool:
    """Tell whether number, length and field numbers are in each row what they are in the first."""
    rows, at = len(table) // width, 2
    if table[::width] != bytes((_READING,)) * rows or table[1::width] != table[1:2] * rows:
        return False
    for tag in tags:
        if table[at::width] != bytes((tag,)) * rows:
            return False
        at += 1 + _SIZES[_FORMATS[tag]]
    return True


@lru_cache(maxsize=_ONE_BYTE)
def _row(tags: tuple[int, ...]) -> Struct:
    """Describe a row with these fields, of which there are at most 64 selections; only values are read."""
    return Struct("<xx" + "".join("x" + _FORMATS[tag] for tag in tags))


def _tags(reading: bytes) -> tuple[int, ...]:
    """Tell which fields the first reading has; none unless it holds only known ones, each once, in order."""
    tags: list[int] = []
    at = 2
    while at < len(reading):
        tag = reading[at]
        if tag not in _FORMATS or (tags and tag <= tags[-1]):
            return ()
        tags.append(tag)
        at += 1 + _SIZES[_FORMATS[tag]]
    return tuple(tags) if at == len(reading) else ()


def _believable(columns: Mapping[int, Column], received_ms: int, limits: IngestionLimits) -> bool:
    times = columns[_OBSERVED]
    earliest = received_ms - limits.ancient_s * _MS
    latest = received_ms + limits.future_s * _MS
    return (
        len(times) <= limits.max_readings
        and earliest <= min(times)
        and max(times) <= latest
        and list(times) == sorted(times)
        and max(columns.get(_SEQUENCE, (0,))) <= _MAX_SEQUENCE
        and all(
            _within(columns[tag], low, high)
            for tag, low, high in (
                (_DENSITY, limits.optical_density_min, limits.optical_density_max),
                (_TEMPERATURE, limits.temperature_min, limits.temperature_max),
                (_BATTERY, limits.battery_min, limits.battery_max),
                (_MONOXIDE, limits.carbon_monoxide_min, limits.carbon_monoxide_max),
            )
            if tag in columns
        )
    )


def _within(values: Column, low: float, high: float) -> bool:
    """Tell whether all are within bounds; one that is not a number makes the sum none."""
    return math.isfinite(sum(values)) and low <= min(values) and max(values) <= high
