"""Many messages of the platform's own format read at once, as columns.

A sensor fills in the same fields each time and all of them are fixed-width, so that nearly every message is rows of
equal length, and messages of equal length are one table: numpy reads and judges it without a step of Python for each
reading (docs/bench-ingest.md). Whatever is unusual, and whatever must be refused, is left to the parser: it alone
decides what a message says and what is wrong with it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chassis.errors import InvalidMessageError
from fire_safety.decoders.origin import device_of
from fire_safety.domain.readings.columns import Block
from fire_safety.domain.readings.limits import IngestionLimits

_MS = 1000
# The batch's fields `device_id` and `readings`: number and wire type; each is followed by a length in one byte.
_DEVICE_ID, _READING = 0x0A, 0x12
_ONE_BYTE = 0x80
# A reading's first field is the time, eight bytes; behind it come fields of four, each with its tag before it.
_OBSERVED = 0x09
_FIRST_TAG, _TAG_STEP = 11, 5
# A row begins with its own tag and length.
_HEAD, _NARROWEST = 2, 11
_CONDITIONS = 0x2D
_MEASURES = {
    0x15: "optical_density",
    0x1D: "temperature",
    0x25: "battery",
    0x35: "carbon_monoxide",
}
_KNOWN = bytes(sorted((*_MEASURES, _CONDITIONS)))
# A device's number of its own makes its readings something else: those are the parser's.
_LAYOUT = re.compile(b"".join(b"%b?" % re.escape(bytes((tag,))) for tag in _KNOWN), re.DOTALL)
# Of more kinds of rows than this among messages of one length, the rest is left to the parser.
_KINDS = 16
# Subjects remembered with what they say; more devices than a city has in one ward.
_SUBJECTS = 65_536


class Sent(NamedTuple):
    """Messages: their places among those given, subjects as they came, payloads, and when the broker received them."""

    places: Sequence[int]
    subjects: Sequence[bytes]
    payloads: Sequence[bytes]
    received_ms: Sequence[int]


class _Origin(NamedTuple):
    device_id: str
    # What a payload of the device begins with, and how long that is.
    header: bytes
    size: int


# Of those whose subject says nothing.
_NOBODY = _Origin("", b"", 0)


class _Origins(dict[bytes, _Origin]):
    """What each subject says: a cache that orders itself at every look takes twice the time."""

    def __missing__(self, subject: bytes) -> _Origin:
        if len(self) >= _SUBJECTS:
            self.clear()
        self[subject] = origin = _origin(subject)
        return origin


_ORIGINS = _Origins()


class _Table(NamedTuple):
    """Messages, by their numbers, of as many rows `each`, all rows of one width, as bytes."""

    numbers: NDArray[np.int64]
    each: int
    rows: NDArray[np.uint8]


def read(sent: Sent, limits: IngestionLimits) -> list[Block]:
    """Read those of the messages that are tables and believable; whoever is in no block is left to the parser."""
    origins = list(map(_ORIGINS.__getitem__, sent.subjects))
    alike: defaultdict[bytes, list[_Table]] = defaultdict(list)
    for (header, length), numbers in _shapes(origins, sent.payloads).items():
        if header and header + _NARROWEST <= length <= limits.max_bytes:
            headers = _matrix([origins[one].header for one in numbers])
            written = _matrix([sent.payloads[one] for one in numbers])
            left = (written[:, :header] == headers).all(axis=1)
            for kind, table in _tables(np.array(numbers), written[:, header:], left, limits):
                alike[kind].append(table)
    found = (_block(kind, tables, sent, origins, limits) for kind, tables in alike.items())
    return [block for block in found if block]


def _shapes(
    origins: Sequence[_Origin], payloads: Sequence[bytes]
) -> Mapping[tuple[int, int], Sequence[int]]:
    """Sort messages, by their numbers, by the lengths of header and payload."""
    sizes, lengths = [one.size for one in origins], list(map(len, payloads))
    if len(set(sizes)) == len(set(lengths)) == 1:
        return {(sizes[0], lengths[0]): range(len(sizes))}
    found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for number, shape in enumerate(zip(sizes, lengths, strict=True)):
        found[shape].append(number)
    return found


def _tables(
    numbers: NDArray[np.int64],
    rows: NDArray[np.uint8],
    left: NDArray[np.bool],
    limits: IngestionLimits,
) -> Iterator[tuple[bytes, _Table]]:
    """Cut those of the messages that are left into rows; the length of a row and its tags are their kind."""
    size = rows.shape[1]
    for _ in range(_KINDS):
        if not left.any():
            return
        first = rows[left.argmax()]
        # A whole row of a length in one byte, and nothing behind the last.
        width = _HEAD + int(first[1])
        same = left & (rows[:, 1] == first[1])
        if _NARROWEST <= width < _HEAD + _ONE_BYTE and size % width == 0:
            tags = slice(_FIRST_TAG, width, _TAG_STEP)
            same &= (rows[:, tags] == first[tags]).all(axis=1)
            if size <= width * limits.max_readings:
                kind = first[1:2].tobytes() + first[tags].tobytes()
                yield kind, _Table(numbers[same], size // width, rows[same].reshape(-1, width))
        left = left & ~same


def _matrix(lines: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(lines), np.uint8).reshape(len(lines), -1)


def _origin(subject: bytes) -> _Origin:
    try:
        device_id = device_of(subject.decode())
    except (InvalidMessageError, UnicodeDecodeError):
        return _NOBODY
    written = device_id.encode()
    header = bytes((_DEVICE_ID, len(written))) + written
    return _Origin(device_id, header, len(header))


@lru_cache(256)
def _is_ours(kind: bytes) -> bool:
    """Tell whether rows of this length and with these tags are ours."""
    length, tags = kind[0], kind[1:]
    is_known = _LAYOUT.fullmatch(tags) is not None
    return is_known and length == _NARROWEST - _HEAD + _TAG_STEP * len(tags)


def _block(
    kind: bytes,
    tables: Sequence[_Table],
    sent: Sent,
    origins: Sequence[_Origin],
    limits: IngestionLimits,
) -> Block | None:
    """Read tables of one kind; those that are not what they seem, or not believable, are left out."""
    if not _is_ours(kind):
        return None
    rows = np.concatenate([one.rows for one in tables])
    numbers = np.concatenate([one.numbers for one in tables])
    received = np.array(sent.received_ms)[numbers]
    starts = _starts(np.repeat([one.each for one in tables], [len(one.numbers) for one in tables]))
    observed = _column(rows, _HEAD + 1, "<u8").astype(np.int64)
    measures, conditions = {}, np.zeros(len(rows), np.int64)
    for place, tag in enumerate(kind[1:]):
        at = _FIRST_TAG + place * _TAG_STEP + 1
        if tag == _CONDITIONS:
            conditions = _column(rows, at, "<u4").astype(np.int64)
        else:
            measures[_MEASURES[tag]] = np.ascontiguousarray(_column(rows, at, "<f4"))
    good = _is_written_as(rows, kind)
    good &= _is_believable(measures, len(rows), limits)
    good &= _is_timely(observed, starts, received, limits)
    block = Block(
        places=[sent.places[one] for one in numbers.tolist()],
        device_ids=[origins[one].device_id for one in numbers.tolist()],
        received_ms=received,
        starts=starts,
        observed_ms=observed,
        conditions=conditions,
        measures=measures,
    )
    if good.all():
        return block
    bad = ~np.logical_and.reduceat(good, starts[:-1])
    return None if bad.all() else block.without(bad.nonzero()[0].tolist())


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(counts)))


def _column(rows: NDArray[np.uint8], at: int, kind: str) -> NDArray[Any]:
    """Read a number of each row."""
    return rows[:, at : at + np.dtype(kind).itemsize].view(kind)[:, 0]


def _is_written_as(rows: NDArray[np.uint8], kind: bytes) -> NDArray[np.bool]:
    """Tell which rows have that length and those tags."""
    places = [*range(_HEAD + 1), *range(_FIRST_TAG, rows.shape[1], _TAG_STEP)]
    written = np.frombuffer(bytes((_READING, kind[0], _OBSERVED)) + kind[1:], np.uint8)
    good: NDArray[np.bool] = (rows.T[places] == written[:, np.newaxis]).all(axis=0)
    return good


def _is_believable(
    measures: Mapping[str, NDArray[np.float32]], rows: int, limits: IngestionLimits
) -> NDArray[np.bool]:
    """Tell which rows' values are within bounds; what is not a number is within none."""
    good = np.ones(rows, np.bool)
    # Some of what is not a number says so.
    with np.errstate(invalid="ignore"):
        for name, measured in measures.items():
            # A bound is of double precision, and must not be rounded to compare.
            values = measured.astype(np.float64)
            low, high = getattr(limits, f"{name}_min"), getattr(limits, f"{name}_max")
            good &= (values >= low) & (values <= high)
    return good


def _is_timely(
    observed: NDArray[np.int64],
    starts: NDArray[np.int64],
    received: NDArray[np.int64],
    limits: IngestionLimits,
) -> NDArray[np.bool]:
    """Tell which rows were observed neither too early nor too late, and in order within their message."""
    at = np.repeat(received, np.diff(starts))
    good = (observed >= at - limits.ancient_s * _MS) & (observed <= at + limits.future_s * _MS)
    in_order = np.ones(len(observed), np.bool)
    in_order[1:] = observed[1:] >= observed[:-1]
    in_order[starts[:-1]] = True
    return good & in_order
