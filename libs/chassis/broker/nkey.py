"""Keys as NATS writes them: pairs that sign (Ed25519) and pairs that encrypt (Curve25519).

The `nkeys` package knows those that sign; the text of either is a prefix, 32 bytes and a checksum in base32.
"""

import base64
import binascii
from functools import lru_cache
from typing import Self

import nkeys
from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey
from nacl.signing import VerifyKey

_CURVE = 23 << 3  # written X…; as a seed SX…
_SEALED = b"xkv1"
_RAW = 32
_OTHERS = 16


class BadKeyError(Exception):
    """The text is not a key, or not of this kind."""


class BadSealError(Exception):
    """The message was not signed or encrypted by whom it should be."""


class SigningKey:
    """A pair of an account, written SA… as a seed and A… in public."""

    def __init__(self, seed: str) -> None:
        try:
            prefix, _ = nkeys.decode_seed(seed.encode())
            self._pair = nkeys.from_seed(bytearray(seed.encode()))
        except (nkeys.NkeysError, ValueError, IndexError) as error:
            raise BadKeyError from error
        if prefix != nkeys.PREFIX_BYTE_ACCOUNT:
            raise BadKeyError

    @classmethod
    def of_bytes(cls, raw: bytes) -> Self:
        """Make the pair of 32 random bytes."""
        return cls(nkeys.encode_seed(raw, nkeys.PREFIX_BYTE_ACCOUNT).decode())

    @property
    def seed(self) -> str:
        """The secret text."""
        return bytes(self._pair.seed).decode()

    @property
    def public(self) -> str:
        """The public text."""
        return bytes(self._pair.public_key).decode()

    def sign(self, message: bytes) -> bytes:
        """Sign."""
        return bytes(self._pair.sign(message))


class CurveKey:
    """A pair that encrypts, written SX… as a seed and X… in public."""

    def __init__(self, seed: str) -> None:
        written = _read(seed)
        if written[:2] != _seed_prefix() or len(written) != _RAW + 2:
            raise BadKeyError
        self._private = PrivateKey(written[2:])
        # To come to what two keys share takes longer than to use it, and few write to one.
        self._box = lru_cache(_OTHERS)(self._box_with)

    @classmethod
    def of_bytes(cls, raw: bytes) -> Self:
        """Make the pair of 32 random bytes."""
        return cls(_write(_seed_prefix() + raw))

    @property
    def seed(self) -> str:
        """The secret text."""
        return _write(_seed_prefix() + bytes(self._private))

    @property
    def public(self) -> str:
        """The public text."""
        return _write(bytes([_CURVE]) + bytes(self._private.public_key))

    def open(self, sealed: bytes, sender: str) -> bytes:
        """Decrypt what a sender, told by its public text, has encrypted; raises BadSealError."""
        if not sealed.startswith(_SEALED):
            raise BadSealError
        try:
            return bytes(self._box(sender).decrypt(sealed[len(_SEALED) :]))
        except (CryptoError, ValueError) as error:
            raise BadSealError from error

    def seal(self, message: bytes, recipient: str) -> bytes:
        """Encrypt for a recipient, told by its public text."""
        return _SEALED + bytes(self._box(recipient).encrypt(message))

    def _box_with(self, other: str) -> Box:
        return Box(self._private, PublicKey(_public_bytes(other)))


def verify(public: str, message: bytes, signature: bytes) -> None:
    """Raise BadSealError unless the holder of a signing key, told by its public text, signed the message."""
    try:
        VerifyKey(_public_bytes(public)).verify(message, signature)
    except (BadKeyError, CryptoError, ValueError) as error:
        raise BadSealError from error


def _public_bytes(text: str) -> bytes:
    raw = _read(text)[1:]
    if len(raw) != _RAW:
        raise BadKeyError
    return raw


def _seed_prefix() -> bytes:
    # Five bits that say seed, then the eight of the kind.
    return bytes([nkeys.PREFIX_BYTE_SEED | _CURVE >> 5, (_CURVE & 31) << 3])


def _write(raw: bytes) -> str:
    return base64.b32encode(raw + nkeys.crc16_checksum(raw)).rstrip(b"=").decode()


def _read(text: str) -> bytes:
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError) as error:
        raise BadKeyError from error
    if nkeys.crc16_checksum(raw[:-2]) != raw[-2:]:
        raise BadKeyError
    return raw[:-2]
