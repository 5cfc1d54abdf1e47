"""Keys as NATS writes them."""

import nkeys
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.broker.nkey import BadKeyError, BadSealError, CurveKey, SigningKey, verify

RAW = bytes(range(32))
OTHER = bytes(range(1, 33))


def test_keys_are_written_as_nats_writes_them() -> None:
    """Seeds and public keys begin with what tells their kind, and are read back."""
    signing, curve = SigningKey.of_bytes(RAW), CurveKey.of_bytes(RAW)

    assert (signing.seed[:2], signing.public[0]) == ("SA", "A")
    assert (curve.seed[:2], curve.public[0]) == ("SX", "X")
    assert SigningKey(signing.seed).public == signing.public
    assert CurveKey(curve.seed).public == curve.public


def test_what_a_key_signed_is_known_as_its_own() -> None:
    """By its public text only; anything else is not."""
    key = SigningKey.of_bytes(RAW)
    signature = key.sign(b"let in")

    verify(key.public, b"let in", signature)
    for public, message in (
        (key.public, b"let out"),
        (SigningKey.of_bytes(OTHER).public, b"let in"),
    ):
        with pytest.raises(BadSealError):
            verify(public, message, signature)


@given(st.binary(max_size=200))
def test_a_sealed_message_is_opened_by_its_recipient_only(message: bytes) -> None:
    """Who knows whom it comes from; a changed one is opened by nobody."""
    sender, recipient, other = (
        CurveKey.of_bytes(RAW),
        CurveKey.of_bytes(OTHER),
        CurveKey.of_bytes(b"o" * 32),
    )
    sealed = sender.seal(message, recipient.public)

    assert recipient.open(sealed, sender.public) == message
    for opener, by, changed in (
        (other, sender, sealed),
        (recipient, other, sealed),
        (recipient, sender, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (recipient, sender, b"xkv2" + sealed[4:]),
        (recipient, sender, sealed[:10]),
    ):
        with pytest.raises(BadSealError):
            opener.open(changed, by.public)


@given(st.text(max_size=70))
def test_what_is_no_key_is_refused(text: str) -> None:
    """Whatever it is, with an error of ours."""
    for kind in (SigningKey, CurveKey):
        with pytest.raises(BadKeyError):
            kind(text)


def test_keys_of_one_kind_are_not_taken_for_the_other() -> None:
    """A signing seed does not encrypt, nor does another kind of seed sign."""
    with pytest.raises(BadKeyError):
        CurveKey(SigningKey.of_bytes(RAW).seed)
    with pytest.raises(BadKeyError):
        SigningKey(CurveKey.of_bytes(RAW).seed)
    with pytest.raises(BadKeyError):
        SigningKey(nkeys.encode_seed(RAW, nkeys.PREFIX_BYTE_USER).decode())
