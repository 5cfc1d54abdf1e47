"""The chain of access records: what is hashed, byte for byte, and how a walk along it finds the first break.

Format 1. All numbers are big-endian. A text is its length in bytes of UTF-8 (4 bytes) and those bytes; a list is its
length (4 bytes) and its texts. An instant is microseconds since 1970-01-01T00:00Z, 8 bytes, signed.

The content of a record is, one behind the other: the 22 bytes `ward access record 1` and two newlines; record_id (16
bytes); recorded_at; the texts account, actor, method, purpose, legal_basis, reference, subject, outcome, request_id
and ward_code; the lists roles and fields. Its digest is SHA-256 of that.

The hash of the record at a position is SHA-256 of: the byte 01; the position (8 bytes, signed); the hash of the record
before it (32 bytes); the digest of its content (32 bytes). The record at position 1 follows START, the SHA-256 of the
ASCII bytes `ward access chain 1`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

FORMAT = 1
START = hashlib.sha256(b"ward access chain 1").digest()
_BEGUN = hashlib.sha256(b"ward access record 1\n\n")
_LINK = b"\x01"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Most texts and lists of a record are those of many others: callers, methods, purposes, cases.
_KEPT_TEXTS = 1024
# At so many positions at most is a record looked for that stands in the wrong place, which takes seconds: a position
# that was made up can lie as far as numbers go.
_LOOKED_FOR = 1_000_000
_MICROSECOND = timedelta(microseconds=1)


class AccessRecord(NamedTuple):
    """One access: who, in which roles, called what, why, about whom (a pseudonym), with which outcome.

    `account` is empty where the caller could not be told; `actor` is the account that acts for it, if another does.
    `fields` names what was disclosed, never a value. `outcome` is `OK` or the reason of refusal. The order is that of
    the database's type `access_entry`.
    """

    record_id: UUID
    recorded_at: datetime
    account: str
    actor: str
    roles: Sequence[str]
    method: str
    purpose: str
    legal_basis: str
    reference: str
    subject: str
    fields: Sequence[str]
    outcome: str
    request_id: str
    ward_code: str

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the content, 32 bytes."""
        recorded_at = (self.recorded_at - _EPOCH) // _MICROSECOND
        hashed = _BEGUN.copy()
        hashed.update(
            b"".join(
                (
                    self.record_id.bytes,
                    recorded_at.to_bytes(8, "big", signed=True),
                    _texts(
                        self.account,
                        self.actor,
                        self.method,
                        self.purpose,
                        self.legal_basis,
                        self.reference,
                    ),
                    _text(self.subject),
                    _texts(self.outcome),
                    _text(self.request_id),
                    _texts(self.ward_code),
                    _list(tuple(self.roles)),
                    _list(tuple(self.fields)),
                )
            )
        )
        return hashed.digest()


def link(position: int, previous: bytes, digest: bytes) -> bytes:
    """Tell the hash of the record at a position, behind the one whose hash is `previous`."""
    written = position.to_bytes(8, "big", signed=True)
    return hashlib.sha256(_LINK + written + previous + digest).digest()


def _text(text: str) -> bytes:
    written = text.encode()
    return len(written).to_bytes(4, "big") + written


@lru_cache(_KEPT_TEXTS)
def _texts(*texts: str) -> bytes:
    return b"".join(map(_text, texts))


@lru_cache(_KEPT_TEXTS)
def _list(texts: tuple[str, ...]) -> bytes:
    return len(texts).to_bytes(4, "big") + _texts(*texts)


@dataclass(frozen=True)
class Head:
    """How far a chain goes: the position of its last record and that record's hash."""

    position: int
    hash: bytes


@dataclass(frozen=True)
class Witnesses:
    """What is known of a chain outside its database: heads it had, and heads up to which records were removed.

    `expiries` is None where nobody who keeps them was asked.
    """

    heads: Sequence[Head] = ()
    expiries: Collection[Head] | None = None

    def check_expiry(self, checkpoint: Head) -> None:
        """Refuse a chain that begins behind its start if no witness knows that it should; raises ChainBrokenError."""
        if checkpoint.position and self.expiries is not None and checkpoint not in self.expiries:
            raise ChainBrokenError(checkpoint.position, Fault.EXPIRED_UNWITNESSED)

    def and_of(self, other: "Witnesses") -> "Witnesses":
        """Put together what two keep: all heads, and the expiries that both know, so that neither alone is believed."""
        expiries = self.expiries
        if expiries is None:
            expiries = other.expiries
        elif other.expiries is not None:
            expiries = {*expiries} & {*other.expiries}
        return Witnesses([*self.heads, *other.heads], expiries)


@dataclass(frozen=True)
class Linked:
    """A record as it is stored in the chain."""

    position: int
    format: int
    previous_hash: bytes
    hash: bytes
    record: AccessRecord

    def fits(self, position: int) -> bool:
        """Tell whether the stored hash is that of this content, in the format it says, at a position."""
        return self.format == FORMAT and self.hash == link(
            position, self.previous_hash, self.record.digest
        )


class Fault(StrEnum):
    """What can be wrong with a chain."""

    CHANGED = "CHANGED"
    MISSING = "MISSING"
    REORDERED = "REORDERED"
    REPLACED = "REPLACED"
    BEHIND_WITNESS = "BEHIND_WITNESS"
    EXPIRED_UNWITNESSED = "EXPIRED_UNWITNESSED"


class ChainBrokenError(Exception):
    """The chain does not hold: `position` is the first at which it does not, `fault` says what is wrong."""

    def __init__(self, position: int, fault: Fault) -> None:
        super().__init__(f"{fault} at position {position}")
        self.position = position
        self.fault = fault


class Walk:
    """Goes along a chain from a trusted head, record by record, and compares it with its witnesses.

    `witnesses` are heads kept by several outside the database, who may know different ones of a position: where one
    disagrees, the chain does not hold. `last` is the last position of the table, up to which a record that stands in
    the wrong place is looked for.
    """

    def __init__(self, begin: Head, last: int, witnesses: Sequence[Head] = ()) -> None:
        self._places = range(begin.position + 1, min(last, begin.position + _LOOKED_FOR) + 1)
        self._witnesses = defaultdict[int, set[bytes]](set)
        for one in witnesses:
            self._witnesses[one.position].add(one.hash)
        self.head = begin
        self._check_witness()

    def step(self, row: Linked) -> None:
        """Take the next record; raises ChainBrokenError."""
        expected = self.head.position + 1
        if row.position != expected:
            raise ChainBrokenError(expected, Fault.MISSING)
        if not row.fits(row.position):
            moved = any(row.fits(place) for place in self._places)
            raise ChainBrokenError(expected, Fault.REORDERED if moved else Fault.CHANGED)
        if row.previous_hash != self.head.hash:
            # The record agrees with itself, so it is the one before it that is not what it was.
            raise ChainBrokenError(self.head.position, Fault.REPLACED)
        self.head = Head(row.position, row.hash)
        self._check_witness()

    def end(self) -> Head:
        """Say that there are no more records; raises ChainBrokenError if a witness knows of more."""
        if max(self._witnesses, default=0) > self.head.position:
            raise ChainBrokenError(self.head.position + 1, Fault.BEHIND_WITNESS)
        return self.head

    def _check_witness(self) -> None:
        if self._witnesses.get(self.head.position, set()) - {self.head.hash}:
            raise ChainBrokenError(self.head.position, Fault.REPLACED)
