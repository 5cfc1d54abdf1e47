"""Numbers at rest: sealed, found by a keyed index, and never readable without the keys."""

import hmac
import os
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag

from chassis.sealing import Seal, UnknownKeyError
from residency.domain.persons.sealing import NumberSeal
from tests.residency.samples import ENCRYPTION_KEY, INDEX_KEY, SEAL, number

PERSON, OTHER = UUID(int=1), UUID(int=2)


def test_a_sealed_number_opens_for_its_person() -> None:
    """And holds no trace of its digits."""
    sealed = SEAL.seal(number(), PERSON)

    assert SEAL.open(sealed, PERSON) == number()
    assert b"999" not in sealed


def test_sealing_twice_gives_two_ciphertexts_under_one_key_id() -> None:
    """A fresh nonce each time; the key id comes first, so that keys can be changed one day."""
    first, second = SEAL.seal(number(), PERSON), SEAL.seal(number(), PERSON)

    assert first != second
    assert first[:4] == second[:4]


def test_a_sealed_number_is_bound_to_its_row() -> None:
    """Moved to another person, or altered, it does not open."""
    sealed = SEAL.seal(number(), PERSON)
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for person, content in ((OTHER, sealed), (PERSON, altered)):
        with pytest.raises(InvalidTag):
            SEAL.open(content, person)


def test_another_key_is_told_by_its_id() -> None:
    """Instead of a failure that looks like tampering."""
    other = NumberSeal(Seal([b"x" * 32], os.urandom), INDEX_KEY)
    with pytest.raises(UnknownKeyError):
        other.open(SEAL.seal(number(), PERSON), PERSON)


def test_the_index_is_the_same_for_the_same_number_under_the_same_key_only() -> None:
    """So equality can be asked, and nobody without the key can try numbers: it is an HMAC-SHA-256 (RFC 2104)."""
    other = NumberSeal(Seal([ENCRYPTION_KEY], os.urandom), b"x" * 32)

    assert SEAL.blind_index(number(1)) == SEAL.blind_index(number(1))
    assert SEAL.blind_index(number(1)) != SEAL.blind_index(number(2))
    assert SEAL.blind_index(number(1)) != other.blind_index(number(1))
    assert SEAL.blind_index(number(1)) == hmac.digest(
        INDEX_KEY, b"number\0" + number(1).digits.encode(), "sha256"
    )


def test_pseudonym_and_fingerprint_need_the_key_too() -> None:
    """The pseudonym begins the index; a request's fingerprint has its own use of the key."""
    digits = number().digits.encode()

    assert SEAL.pseudonym(number()) == SEAL.blind_index(number()).hex()[:32]
    assert SEAL.fingerprint(digits) != SEAL.blind_index(number())
