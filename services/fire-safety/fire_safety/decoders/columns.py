"""Many messages of the platform's own format read at once, as columns.

A sensor fills in the same fields each time and all of them are fixed-width, so that nearly every message is rows of
equal length, and those of many messages are one table: numpy reads and judges it without a step of Python for each
reading (docs/bench-ingest.md). Whatever is unusual, and whatever must be refused, is left to the parser: it alone
decides what a message says and what is wrong with it.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
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


class _Table(NamedTuple):
    sent: Sent
    device_id: str
    rows: bytes


def read(messages: Sequence[Sent], limits: IngestionLimits) -> list[Block]:
    """Read those of the messages that are tables and believable; whoever is in no block is left to the parser."""
    alike: defaultdict[bytes, list[_Table]] = defaultdict(list)
    for message in messages:
        origin = _origin(message.subject)
        payload = message.payload
        if origin is None or not payload.startswith(origin.header):
            continue
        rows = payload[len(origin.header) :]
        # A whole row of a length in one byte, and nothing behind the last.
        width = 2 + rows[1] if len(rows) >= _NARROWEST else 0
        if _NARROWEST <= width < 2 + _ONE_BYTE and len(rows) % width == 0:
            # Its length and its tags: what rows of one table have in common.
            kind = rows[1:2] + rows[_FIRST_TAG:width:_TAG_STEP]
            if len(payload) <= limits.max_bytes and len(rows) <= width * limits.max_readings:
                alike[kind].append(_Table(message, origin.device_id, rows))
    found = (_block(kind, tables, limits) for kind, tables in alike.items())
    return [block for block in found if block]


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


def _block(kind: bytes, tables: Sequence[_Table], limits: IngestionLimits) -> Block | None:
    """Read tables of one kind; those that are not what they seem, or not believable, are left out."""
    row_type = _row_type(kind)
    if row_type is None or not tables:
        return None
    rows = np.frombuffer(b"".join([one.rows for one in tables]), row_type)
    ends = np.cumsum([len(one.rows) // row_type.itemsize for one in tables])
    starts = np.concatenate(([0], ends))
    received = np.array([one.sent.received_ms for one in tables])
    observed = rows["observed"].astype(np.int64)
    good = _is_written_as(rows, kind) & _is_believable(rows, limits)
    good &= _is_timely(observed, starts, received, limits)
    whole = np.logical_and.reduceat(good, starts[:-1])
    if not whole.all():
        return _block(kind, [one for one, well in zip(tables, whole, strict=True) if well], limits)
    names = row_type.names or ()
    return Block(
        places=[one.sent.place for one in tables],
        device_ids=[one.device_id for one in tables],
        received_ms=received,
        starts=starts,
        observed_ms=observed,
        conditions=rows["conditions"].astype(np.int64)
        if "conditions" in names
        else np.zeros(len(rows), np.int64),
        measures={name: rows[name] for name in _MEASURES.values() if name in names},
    )


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
