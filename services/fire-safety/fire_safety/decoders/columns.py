"""Many messages of the platform's own format read at once, as columns.

A sensor fills in the same fields each time and all of them are fixed-width, so that nearly every message is rows of
equal length, and messages of equal length are one table: numpy reads and judges it without a step of Python for each
reading (docs/bench-ingest.md). Whatever is unusual, and whatever must be refused, is left to the parser: it alone
decides what a message says and what is wrong with it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chassis.errors import InvalidMessageError
from fire_safety.decoders.origin import device_of
from fire_safety.domain.columns import Block
from fire_safety.domain.limits import IngestionLimits

_MS = 1000
# The batch's fields `device_id` and `readings`: number and wire type; each is followed by a length in one byte.
_DEVICE_ID, _READING = 0x0A, 0x12
_ONE_BYTE = 0x80
# A reading's first field is the time, eight bytes; behind it come fields of four, each with its tag before it.
_OBSERVED = 0x09
_FIRST_TAG, _TAG_STEP = 11, 5
_NARROWEST = 11
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
    """A message: its place among those given, its subject as it came, payload, and when the broker received it."""

    place: int
    subject: bytes
    payload: bytes
    received_ms: int


class _Origin(NamedTuple):
    device_id: str
    # What a payload of the device begins with.
    header: bytes


class _Tables(NamedTuple):
    """Messages of as many rows `each`, all rows of one width, as bytes."""

    sent: Sequence[Sent]
    device_ids: Sequence[str]
    each: int
    rows: NDArray[np.uint8]


def read(messages: Sequence[Sent], limits: IngestionLimits) -> list[Block]:
    """Read those of the messages that are tables and believable; whoever is in no block is left to the parser."""
    shapes: defaultdict[tuple[int, int], list[tuple[Sent, _Origin]]] = defaultdict(list)
    for message in messages:
        if origin := _origin(message.subject):
            shapes[len(origin.header), len(message.payload)].append((message, origin))
    alike: defaultdict[bytes, list[_Tables]] = defaultdict(list)
    for (header, length), some in shapes.items():
        if header + _NARROWEST <= length <= limits.max_bytes:
            for kind, tables in _tables(some, header, limits):
                alike[kind].append(tables)
    found = (_block(kind, tables, limits) for kind, tables in alike.items())
    return [block for block in found if block]


def _tables(
    given: Sequence[tuple[Sent, _Origin]], header: int, limits: IngestionLimits
) -> Iterator[tuple[bytes, _Tables]]:
    """Cut messages of equal length into rows; the length of a row and its tags are their kind."""
    written = _matrix([one.payload for one, _ in given])
    headers = _matrix([origin.header for _, origin in given])
    left = (written[:, :header] == headers).all(axis=1)
    rows = written[:, header:]
    size = rows.shape[1]
    for _ in range(_KINDS):
        if not left.any():
            return
        first = rows[left.argmax()]
        # A whole row of a length in one byte, and nothing behind the last.
        width = 2 + int(first[1])
        same = left & (rows[:, 1] == first[1])
        if _NARROWEST <= width < 2 + _ONE_BYTE and size % width == 0:
            tags = slice(_FIRST_TAG, width, _TAG_STEP)
            same &= (rows[:, tags] == first[tags]).all(axis=1)
            if size <= width * limits.max_readings:
                some = list(compress(given, same.tolist()))
                yield (
                    first[1:2].tobytes() + first[tags].tobytes(),
                    _Tables(
                        [one for one, _ in some],
                        [origin.device_id for _, origin in some],
                        size // width,
                        rows[same].reshape(-1, width),
                    ),
                )
        left &= ~same


def _matrix(lines: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(lines), np.uint8).reshape(len(lines), -1)


@lru_cache(_SUBJECTS)
def _origin(subject: bytes) -> _Origin | None:
    try:
        device_id = device_of(subject.decode())
    except (InvalidMessageError, UnicodeDecodeError):
        return None
    written = device_id.encode()
    return _Origin(device_id, bytes((_DEVICE_ID, len(written))) + written)


@lru_cache(256)
def _row_type(kind: bytes) -> np.dtype[np.void] | None:
    """Describe a row with these tags; None if it is none of ours."""
    length, tags = kind[0], kind[1:]
    if not _LAYOUT.fullmatch(tags) or length != _NARROWEST - 2 + _TAG_STEP * len(tags):
        return None
    fields: list[tuple[str, str]] = [("frame", "u1"), ("length", "u1")]
    fields += [("tag0", "u1"), ("observed", "<u8")]
    for number, tag in enumerate(tags, 1):
        fields.append((f"tag{number}", "u1"))
        fields.append((_MEASURES.get(tag, "conditions"), "<u4" if tag == _CONDITIONS else "<f4"))
    return np.dtype(fields)


def _block(kind: bytes, tables: Sequence[_Tables], limits: IngestionLimits) -> Block | None:
    """Read tables of one kind; those that are not what they seem, or not believable, are left out."""
    row_type = _row_type(kind)
    if row_type is None:
        return None
    rows = np.concatenate([one.rows for one in tables]).view(row_type)[:, 0]
    counts = np.repeat([one.each for one in tables], [len(one.sent) for one in tables])
    sent = [message for one in tables for message in one.sent]
    device_ids = [device_id for one in tables for device_id in one.device_ids]
    received = np.array([one.received_ms for one in sent])
    starts = _starts(counts)
    good = _is_written_as(rows, kind) & _is_believable(rows, limits)
    good &= _is_timely(rows["observed"].astype(np.int64), starts, received, limits)
    whole = np.logical_and.reduceat(good, starts[:-1])
    if not whole.all():
        rows, received = rows[np.repeat(whole, counts)], received[whole]
        starts = _starts(counts[whole])
        sent = list(compress(sent, whole.tolist()))
        device_ids = list(compress(device_ids, whole.tolist()))
    return _block_of(rows, starts, sent, device_ids, received) if sent else None


def _block_of(
    rows: NDArray[np.void],
    starts: NDArray[np.int64],
    sent: Sequence[Sent],
    device_ids: Sequence[str],
    received: NDArray[np.int64],
) -> Block:
    names = rows.dtype.names or ()
    return Block(
        places=[one.place for one in sent],
        device_ids=device_ids,
        received_ms=received,
        starts=starts,
        observed_ms=rows["observed"].astype(np.int64),
        conditions=rows["conditions"].astype(np.int64)
        if "conditions" in names
        else np.zeros(len(rows), np.int64),
        measures={name: rows[name] for name in _MEASURES.values() if name in names},
    )


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(counts)))


def _is_written_as(rows: NDArray[np.void], kind: bytes) -> NDArray[np.bool]:
    """Tell which rows have that length and those tags."""
    good: NDArray[np.bool] = rows["frame"] == _READING
    good = good & (rows["length"] == kind[0]) & (rows["tag0"] == _OBSERVED)
    for number, tag in enumerate(kind[1:], 1):
        good &= rows[f"tag{number}"] == tag
    return good


def _is_believable(rows: NDArray[np.void], limits: IngestionLimits) -> NDArray[np.bool]:
    """Tell which rows' values are within bounds; what is not a number is within none."""
    good = np.ones(len(rows), np.bool)
    for name in _MEASURES.values():
        if name in (rows.dtype.names or ()):
            # A bound is of double precision, and must not be rounded to compare. Some of what is not a number says so.
            with np.errstate(invalid="ignore"):
                values: NDArray[Any] = rows[name].astype(np.float64)
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
    in_order = np.diff(observed, prepend=0) >= 0
    in_order[starts[:-1]] = True
    return good & in_order
