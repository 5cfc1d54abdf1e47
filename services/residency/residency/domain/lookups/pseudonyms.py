"""How callers name persons: by a pseudonym of their own, instead of the identification number.

A pseudonym is the person's id, encrypted with AES-SIV (RFC 5297) under a key derived from the caller's account.
Deterministic, so the same caller always gets the same one; under another key for each caller, so two callers cannot
tell that they speak of the same person; authenticated, so one that was made up or belongs to another caller does not
resolve. Resolving needs no table and opens no sealed number: one decryption of 16 bytes.
"""

import base64
import hmac
import re
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from chassis.errors import DomainError

_SHAPE = re.compile("[A-Za-z0-9_-]{43}")


class PersonNotFoundError(DomainError):
    """The pseudonym names nobody to this caller."""

    reason = "PERSON_NOT_FOUND"


def is_well_formed(text: str) -> bool:
    """Tell whether a text looks like a pseudonym, whoever is called so by whom."""
    return _SHAPE.fullmatch(text) is not None


class Pseudonyms:
    """Makes and resolves pseudonyms under a key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, person_id: UUID, account: str) -> str:
        """Name a person to an account: 43 characters of base64url."""
        sealed = self._cipher(account).encrypt(person_id.bytes, None)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def resolve(self, pseudonym: str, account: str) -> UUID:
        """Tell the id of the person that an account calls so; raises PersonNotFoundError."""
        if not is_well_formed(pseudonym):
            raise PersonNotFoundError
        try:
            sealed = base64.b64decode(pseudonym + "=", altchars=b"-_", validate=True)
            person_id = UUID(bytes=self._cipher(account).decrypt(sealed, None))
        except (ValueError, InvalidTag):
            raise PersonNotFoundError from None
        # Base64 has several spellings of the same bytes; a pseudonym has one.
        if self.of(person_id, account) != pseudonym:
            raise PersonNotFoundError
        return person_id

    def _cipher(self, account: str) -> AESSIV:
        # 64 bytes: one half authenticates, the other encrypts with AES-256.
        return AESSIV(hmac.digest(self._key, b"pseudonym\0" + account.encode(), "sha512"))
