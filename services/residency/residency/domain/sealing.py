"""How identification numbers are kept: sealed for storage, and indexed so that an equal one can be found.

A number is stored as key id (4 bytes), nonce (12 bytes) and AES-256-GCM ciphertext, bound to its person; it is
found by an HMAC-SHA-256 under another key. A copy of the database alone gives neither a number nor a way to try
all numbers, of which there are few enough to try.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from residency.domain.personal_id import PersonalIdNumber

KEY_BYTES = 32
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12
_PSEUDONYM_BYTES = 16


class UnknownKeyError(Exception):
    """A number was sealed under a key that is not at hand."""


class NumberSeal:
    """Seals, opens and indexes identification numbers under two keys of 32 bytes.

    `random_bytes` gives so many unpredictable bytes; every sealing takes a fresh nonce from it.
    """

    def __init__(
        self, encryption_key: bytes, index_key: bytes, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._cipher = AESGCM(encryption_key)
        self._key_id = hashlib.sha256(b"key id\0" + encryption_key).digest()[:_KEY_ID_BYTES]
        self._index_key = index_key
        self._random_bytes = random_bytes

    def seal(self, number: PersonalIdNumber, person_id: UUID) -> bytes:
        """Encrypt a number for the row of a person; in another row it does not open."""
        nonce = self._random_bytes(_NONCE_BYTES)
        return (
            self._key_id
            + nonce
            + self._cipher.encrypt(nonce, number.digits.encode(), person_id.bytes)
        )

    def open(self, sealed: bytes, person_id: UUID) -> PersonalIdNumber:
        """Decrypt a person's number; raises UnknownKeyError, or InvalidTag if it was altered or moved."""
        if sealed[:_KEY_ID_BYTES] != self._key_id:
            raise UnknownKeyError
        nonce, ciphertext = (
            sealed[_KEY_ID_BYTES:][:_NONCE_BYTES],
            sealed[_KEY_ID_BYTES + _NONCE_BYTES :],
        )
        return PersonalIdNumber(self._cipher.decrypt(nonce, ciphertext, person_id.bytes).decode())

    def blind_index(self, number: PersonalIdNumber) -> bytes:
        """Tell the 32 bytes under which the number is found."""
        return self._keyed(b"number", number.digits.encode())

    def pseudonym(self, number: PersonalIdNumber) -> str:
        """Name the number in the access log: the beginning of its blind index, in hexadecimal."""
        return self.blind_index(number)[:_PSEUDONYM_BYTES].hex()

    def fingerprint(self, digest: bytes) -> bytes:
        """Key the digest of a request that holds a number: unkeyed, the number could be guessed from it."""
        return self._keyed(b"request", digest)

    def _keyed(self, use: bytes, content: bytes) -> bytes:
        return hmac.digest(self._index_key, use + b"\0" + content, "sha256")


def read_key(text: str) -> bytes:
    """Read a key of 32 bytes in base64; ValueError says what is needed."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("32 bytes in base64 are needed, as `openssl rand -base64 32` makes them")
    return key
