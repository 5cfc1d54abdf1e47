"""The chain's format and the walk along it."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.account.access_chain import (
    FORMAT,
    START,
    AccessRecord,
    ChainBrokenError,
    Fault,
    Head,
    Linked,
    Walk,
    link,
)

RECORD = AccessRecord(
    record_id=UUID(int=1),
    recorded_at=datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC),
    account="a",
    actor="gw",
    roles=["duty_officer"],
    method="/m",
    purpose="P",
    legal_basis="L",
    reference="r",
    subject="s",
    fields=["full_name", "é"],
    outcome="OK",
    request_id="q",
    ward_code="11002",
)


def chain(length: int) -> list[Linked]:
    """Make a sound chain."""
    rows, previous = [], START
    for position in range(1, length + 1):
        record = RECORD._replace(record_id=UUID(int=position), subject=f"s{position}")
        own = link(position, previous, record.digest)
        rows.append(Linked(position, FORMAT, previous, own, record))
        previous = own
    return rows


def walked(rows: list[Linked], witnesses: list[Head] | None = None) -> Head:
    """Walk a chain to its end."""
    last = rows[-1].position if rows else 0
    walk = Walk(Head(0, START), last, witnesses or [])
    for row in rows:
        walk.step(row)
    return walk.end()


def broken(rows: list[Linked], witnesses: list[Head] | None = None) -> tuple[int, Fault]:
    """Walk a chain that must break; tell where and why."""
    with pytest.raises(ChainBrokenError) as error:
        walked(rows, witnesses)
    return error.value.position, error.value.fault


def test_the_content_is_hashed_as_it_is_written_down() -> None:
    """Byte for byte: lengths of four bytes, instants of eight, lists with their length."""
    text = b"".join(
        len(one).to_bytes(4, "big") + one
        for one in (b"a", b"gw", b"/m", b"P", b"L", b"r", b"s", b"OK", b"q", b"11002")
    )
    content = (
        b"ward access record 1\n\n"
        + bytes(15)
        + b"\x01"
        + (1_000_005).to_bytes(8, "big")
        + text
        + b"\0\0\0\x01\0\0\0\x0cduty_officer"
        + b"\0\0\0\x02\0\0\0\x09full_name\0\0\0\x02\xc3\xa9"
    )
    digest = hashlib.sha256(content).digest()

    assert RECORD.digest == digest
    assert (
        link(7, START, digest)
        == hashlib.sha256(
            b"\x01" + bytes(7) + b"\x07" + hashlib.sha256(b"ward access chain 1").digest() + digest
        ).digest()
    )


def test_a_sound_chain_is_walked_to_its_head() -> None:
    """With witnesses anywhere along it, and from any trusted head on."""
    rows = chain(5)
    heads = [Head(row.position, row.hash) for row in rows]

    assert walked(rows, [heads[1], heads[4]]) == heads[4]
    assert walked([]) == Head(0, START)
    walk = Walk(heads[2], 5)
    for row in rows[3:]:
        walk.step(row)
    assert walk.end() == heads[4]


@given(
    position=st.integers(1, 6),
    change=st.sampled_from(
        [
            {"account": "b"},
            {"actor": ""},
            {"roles": ["citizen"]},
            {"roles": ["duty", "officer"]},
            {"recorded_at": RECORD.recorded_at + timedelta(microseconds=1)},
            {"record_id": UUID(int=99)},
            {"fields": []},
            {"outcome": "ROLE_NOT_ALLOWED"},
            {"purpose": "PL", "legal_basis": ""},
            {"ward_code": "11003"},
        ]
    ),
)
def test_any_change_of_a_record_is_found_at_its_position(
    position: int, change: dict[str, object]
) -> None:
    """Whatever field it is, and also if characters only move from one field to the next."""
    rows = chain(6)
    row = rows[position - 1]
    rows[position - 1] = replace(row, record=row.record._replace(**change))  # type: ignore[arg-type]

    assert broken(rows) == (position, Fault.CHANGED)


def test_a_record_that_says_another_format_is_found() -> None:
    """The number of the format is hashed nowhere, and there is but one."""
    rows = chain(3)
    rows[1] = replace(rows[1], format=FORMAT + 1)

    assert broken(rows) == (2, Fault.CHANGED)


@given(position=st.integers(1, 5))
def test_a_missing_record_is_found(position: int) -> None:
    """Anywhere but at the end, where only a witness can tell."""
    rows = chain(6)
    del rows[position - 1]

    assert broken(rows) == (position, Fault.MISSING)


@given(first=st.integers(1, 6), second=st.integers(1, 6))
def test_records_that_changed_places_are_found_at_the_first(first: int, second: int) -> None:
    """Their hashes are those of another position."""
    if first == second:
        return
    rows = chain(6)
    one, other = rows[first - 1], rows[second - 1]
    rows[first - 1] = replace(other, position=first)
    rows[second - 1] = replace(one, position=second)

    assert broken(rows) == (min(first, second), Fault.REORDERED)


def test_a_record_that_was_hashed_anew_is_found_by_the_next() -> None:
    """Who changes one record and its hash must change all behind it."""
    rows = chain(4)
    forged = rows[1].record._replace(outcome="FORGED")
    own = link(2, rows[1].previous_hash, forged.digest)
    rows[1] = replace(rows[1], record=forged, hash=own)

    assert broken(rows) == (2, Fault.REPLACED)


def test_a_chain_that_was_written_anew_is_found_by_its_witness() -> None:
    """The first witness behind the forgery disagrees."""
    rows, genuine, previous = [], chain(4), START
    for row in genuine:
        forged = row.record._replace(account="somebody else")
        own = link(row.position, previous, forged.digest)
        rows.append(Linked(row.position, FORMAT, previous, own, forged))
        previous = own

    assert walked(rows).position == 4
    assert broken(rows, [Head(3, genuine[2].hash)]) == (3, Fault.REPLACED)


def test_no_witness_speaks_over_another() -> None:
    """Who forges the chain and one witness of a position is found by the other, whichever is asked last."""
    rows = chain(3)
    genuine, forged = Head(2, rows[1].hash), Head(2, bytes(32))

    for witnesses in ([genuine, forged], [forged, genuine]):
        assert broken(rows, witnesses) == (2, Fault.REPLACED)


def test_a_walk_ends_however_far_a_position_lies_that_was_made_up() -> None:
    """Who changed a record would else have the search for its place go on for ever."""
    rows = chain(3)
    rows[1] = replace(rows[1], record=rows[1].record._replace(account="x"))
    rows[2] = replace(rows[2], position=2**63 - 1)

    assert broken(rows) == (2, Fault.CHANGED)


def test_an_end_that_was_cut_off_is_found_by_its_witness() -> None:
    """The chain is shorter than it was."""
    rows = chain(4)
    witness = Head(4, rows[3].hash)

    assert broken(rows[:3], [witness]) == (4, Fault.BEHIND_WITNESS)
    assert broken([], [witness]) == (1, Fault.BEHIND_WITNESS)


def test_a_chain_that_went_on_from_an_earlier_copy_breaks_at_the_first_lost_witness() -> None:
    """As after a restore of the database alone: what came before the copy agrees with its witnesses."""
    rows = chain(4)
    lost = [Head(row.position, row.hash) for row in rows]
    other = rows[3].record._replace(account="somebody else")
    own = link(4, rows[2].hash, other.digest)
    restored = [*rows[:3], Linked(4, FORMAT, rows[2].hash, own, other)]

    assert broken(restored[:3], lost) == (4, Fault.BEHIND_WITNESS)
    assert broken(restored, lost) == (4, Fault.REPLACED)
