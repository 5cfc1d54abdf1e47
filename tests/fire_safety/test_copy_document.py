"""What a binary COPY is given: the same rows, whether they come in blocks or one by one."""

import struct
from collections.abc import Collection, Sequence
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.decoders import columns
from fire_safety.decoders.columns import Sent
from fire_safety.domain.readings.columns import Block, Bulk
from fire_safety.repository import copy_document
from fire_safety.repository.copy_document import COLUMNS, document
from tests.fire_safety.limits import INGESTION
from ward.fire_safety.v1 import readings_pb2 as pb

NOW = 1_700_000_000_000
DEVICES = ("D-7", "CS0001-D01", "CS0001-D02", "a-much-longer-name-of-a-device")
MEASURES = ("optical_density", "temperature", "battery", "carbon_monoxide")
_BEFORE_ROWS, _END = 19, b"\xff\xff"

Message = tuple[str, bytes]


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Write some readings of a device, one behind the other."""
    device_id, began = draw(st.sampled_from(DEVICES)), draw(st.integers(0, 10_000))
    chosen = draw(st.sets(st.sampled_from(MEASURES)))
    return message(device_id, [began + n for n in range(draw(st.integers(1, 4)))], chosen)


def message(device_id: str, times: Sequence[int], measured: Collection[str]) -> Message:
    """Write readings of some measures at times, milliseconds ago."""
    readings = []
    for at in times:
        one = pb.Reading(observed_at_ms=NOW - 20_000 + at, conditions=at % 2)
        for name in measured:
            setattr(one, name, at % 9 + 0.5)
        readings.append(one)
    return device_id, pb.ReadingBatch(device_id=device_id, readings=readings).SerializeToString()


def blocks_of(sent: Sequence[Message], size: int = 1_000) -> list[Block]:
    """Read messages as columns, so many at a time."""
    pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
    return [
        block
        for piece in pieces
        for block in columns.read(
            Sent(
                range(len(piece)),
                [f"ward.11002.device.{device_id}.up".encode() for device_id, _ in piece],
                [payload for _, payload in piece],
                [NOW + n for n in range(len(piece))],
            ),
            INGESTION,
        )
    ]


def rows_of(bulk: Bulk) -> list[tuple[bytes | None, ...]]:
    """Read a document as PostgreSQL does."""
    written, at = b"".join(document(bulk)), _BEFORE_ROWS
    rows = []
    while written[at : at + 2] != _END:
        (fields,) = struct.unpack_from(">h", written, at)
        assert fields == len(COLUMNS)
        row: list[bytes | None] = []
        at += 2
        for _ in range(fields):
            (length,) = struct.unpack_from(">i", written, at)
            at += 4
            row.append(None if length < 0 else written[at : at + length])
            at += max(length, 0)
        rows.append(tuple(row))
    assert at + 2 == len(written)
    return rows


def in_order(rows: list[tuple[bytes | None, ...]]) -> list[tuple[bytes | None, ...]]:
    """Sort rows, so that they can be compared."""
    return sorted(rows, key=repr)


@settings(deadline=None)
@given(st.lists(messages(), max_size=30), st.integers(1, 7))
def test_rows_are_the_same_in_blocks_and_one_by_one(sent: list[Message], size: int) -> None:
    """Of devices with ids of any length, of any measures, however many come at a time."""
    blocks = blocks_of(sent, size)
    assert sum(map(len, blocks)) == len(sent)
    batches = [batch for block in blocks for batch in block.batches()]

    assert in_order(rows_of(Bulk(blocks, []))) == in_order(rows_of(Bulk([], batches)))


def test_the_readings_of_a_device_come_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also of many devices in turn, and where few rows are written at a time."""
    monkeypatch.setattr(copy_document, "_ROWS", 8)
    names = [f"CS{n:04}-D01" for n in range(50)]
    sent = [message(name, [at, at + 1], {"battery"}) for at in (0, 500, 900) for name in names]

    rows = rows_of(Bulk(blocks_of(sent, 40), []))

    together = [(name, len(list(some))) for name, some in groupby(row[0] for row in rows)]
    assert together == [(name.encode(), 6) for name in names]
