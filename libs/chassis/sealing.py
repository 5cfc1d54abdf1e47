"""How personal data that must not lie in the clear is sealed for storage.

Sealed is key id (4 bytes), nonce (12 bytes) and AES-256-GCM ciphertext, bound to its place: the id of its row and,
where a row holds several, its use. Each sealed content names its key, so that keys can be changed.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.errors import DomainError

KEY_BYTES = 32
KEY_ID_BYTES = 4
_NONCE_BYTES = 12


class UnknownKeyError(DomainError):
    """Something was sealed under a key that is not at hand: another replica may have it."""

    reason = "SEALING_KEY_MISSING"


class Seal:
    """Seals under the first of its keys of 32 bytes; opens what any of them sealed, so that keys can be changed.

    `random_bytes` gives so many unpredictable bytes; every sealing takes a fresh nonce from it. `place` binds the
    content: sealed for one place, it does not open in another.
    """

    def __init__(self, keys: Sequence[bytes], random_bytes: Callable[[int], bytes]) -> None:
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self.key_id = _key_id(keys[0])
        self._random_bytes = random_bytes

    def seal(self, content: bytes, place: bytes) -> bytes:
        """Encrypt content for its place."""
        nonce = self._random_bytes(_NONCE_BYTES)
        return self.key_id + nonce + self._ciphers[self.key_id].encrypt(nonce, content, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Decrypt; raises UnknownKeyError, or InvalidTag if it was altered or moved."""
        cipher = self._cipher_of(sealed)
        nonce, ciphertext = (
            sealed[KEY_ID_BYTES:][:_NONCE_BYTES],
            sealed[KEY_ID_BYTES + _NONCE_BYTES :],
        )
        return cipher.decrypt(nonce, ciphertext, place)

    def check_key(self, sealed: bytes) -> None:
        """Raise UnknownKeyError where something was sealed under a key that is not at hand."""
        self._cipher_of(sealed)

    def renew(self, sealed: bytes, place: bytes) -> bytes:
        """Seal anew under the first key what any key sealed; raises as `open` does."""
        return self.seal(self.open(sealed, place), place)

    def _cipher_of(self, sealed: bytes) -> AESGCM:
        cipher = self._ciphers.get(sealed[:KEY_ID_BYTES])
        if cipher is None:
            raise UnknownKeyError
        return cipher


def read_key(text: str) -> bytes:
    """Read a key of 32 bytes in base64; ValueError says what is needed."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("32 bytes in base64 are needed, as `openssl rand -base64 32` makes them")
    return key


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id\0" + key).digest()[:KEY_ID_BYTES]
