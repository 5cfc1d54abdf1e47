"""How personal data that must not lie in the clear is kept: sealed for storage, and indexed to find an equal one.

What is sealed is bound to its place: the id of its row and, where a row holds several, its use. An identification
number is found by an HMAC-SHA-256 under another key. A copy of the database alone gives neither a number nor a way to
try all numbers, of which there are few enough to try.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.sealing import Seal
from residency.domain.persons.contact import EmailAddress, PassportNumber, PhoneNumber
from residency.domain.persons.personal_id import PersonalIdNumber

_INDEX_BYTES = 32
_PSEUDONYM_BYTES = 16
_NEAR_BYTES = 8
_SHA256_BLOCK_BYTES = 64
# What else a row holds sealed: bound to the id of the row and to its use.
PHONE, EMAIL = b"phone", b"email"
PARTICULARS = b"particulars"


@dataclass(frozen=True)
class NumberNearness:
    """Keyed hashes, 8 bytes as whole numbers, of what a number shares with others, by what they are mistyped for.

    Two numbers share one of `one_digit` if they differ in one digit, and one of `transposed` if they differ by two
    neighbouring digits that are swapped. Both are in order, which tells no place of a digit.
    """

    one_digit: Sequence[int]
    transposed: Sequence[int]


class NumberSeal:
    """Seals, opens and indexes identification numbers; the index has a key of 32 bytes of its own."""

    def __init__(self, seal: Seal, index_key: bytes) -> None:
        self._seal = seal
        self._index_key = index_key
        # The two halves of an HMAC (RFC 2104) as far as they are the same for all numbers, copied for each of them:
        # the library's own copies take twice as long, and to prepare the key anew three times.
        block = index_key.ljust(_SHA256_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(one ^ 0x36 for one in block) + b"number\0")
        self._outer = hashlib.sha256(bytes(one ^ 0x5C for one in block))
        self._near = hashlib.blake2b(key=self._keyed(b"near", b""), digest_size=_NEAR_BYTES)

    def seal(self, number: PersonalIdNumber, person_id: UUID) -> bytes:
        """Encrypt a number for the row of a person; in another row it does not open."""
        return self._seal.seal(number.digits.encode(), person_id.bytes)

    def open(self, sealed: bytes, person_id: UUID) -> PersonalIdNumber:
        """Decrypt a person's number; raises UnknownKeyError, or InvalidTag if it was altered or moved."""
        return PersonalIdNumber(self._seal.open(sealed, person_id.bytes).decode())

    def check_key(self, sealed: bytes) -> None:
        """Raise UnknownKeyError where a number was sealed under a key that is not at hand."""
        self._seal.check_key(sealed)

    def blind_index(self, number: PersonalIdNumber) -> bytes:
        """Tell the 32 bytes under which the number is found."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(number.digits.encode())
        outer.update(inner.digest())
        return outer.digest()

    def nearness(self, number: PersonalIdNumber) -> NumberNearness:
        """Tell by what numbers that this one is easily mistyped for are found, without telling it."""
        return NumberNearness(
            sorted(self._near_to(form) for form in number.one_digit_open),
            sorted(self._near_to(form) for form in number.two_digits_unordered),
        )

    def pseudonym(self, number: PersonalIdNumber) -> str:
        """Name the number in the access log: the beginning of its blind index, in hexadecimal."""
        return subject_of(self.blind_index(number))

    def sealed_phone(self, phone: PhoneNumber, person_id: UUID) -> tuple[bytes, bytes]:
        """Encrypt a telephone number for the row of a person, and tell the 32 bytes under which it is found."""
        text = phone.text.encode()
        return self._seal.seal(text, person_id.bytes + PHONE), self._keyed(PHONE, text)

    def open_phone(self, sealed: bytes, person_id: UUID) -> PhoneNumber:
        """Decrypt a person's telephone number; raises as `open` does."""
        return PhoneNumber(self._seal.open(sealed, person_id.bytes + PHONE).decode())

    def sealed_email(self, email: EmailAddress, person_id: UUID) -> bytes:
        """Encrypt an e-mail address for the row of a person."""
        return self._seal.seal(email.text.encode(), person_id.bytes + EMAIL)

    def open_email(self, sealed: bytes, person_id: UUID) -> EmailAddress:
        """Decrypt a person's e-mail address; raises as `open` does."""
        return EmailAddress(self._seal.open(sealed, person_id.bytes + EMAIL).decode())

    def document_index(self, document: PersonalIdNumber | PassportNumber) -> bytes:
        """Tell the 32 bytes under which a guest is found: those of the number, or of the passport and its issuer."""
        if isinstance(document, PersonalIdNumber):
            return self.blind_index(document)
        return self._keyed(b"passport", f"{document.issuer} {document.text}".encode())

    def fingerprint(self, digest: bytes) -> bytes:
        """Key the digest of a request that holds a number: unkeyed, the number could be guessed from it."""
        return self._keyed(b"request", digest)

    def _near_to(self, form: str) -> int:
        # Keyed BLAKE2 (RFC 7693): with an HMAC for each of its 23 forms, numbers would take most time of an import.
        hashed = self._near.copy()
        hashed.update(form.encode())
        return int.from_bytes(hashed.digest(), signed=True)

    def _keyed(self, use: bytes, content: bytes) -> bytes:
        return hmac.digest(self._index_key, use + b"\0" + content, "sha256")


class ParticularsSeal:
    """Seals what of a declaration must not lie in the clear: texts by name, bound to their row."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def seal(self, particulars: Mapping[str, str], row_id: UUID) -> bytes:
        """Encrypt texts for a row; in another row they do not open."""
        content = json.dumps(particulars, ensure_ascii=False).encode()
        return self._seal.seal(content, row_id.bytes + PARTICULARS)

    def open(self, sealed: bytes, row_id: UUID) -> dict[str, str]:
        """Decrypt the texts of a row; raises UnknownKeyError, or InvalidTag if they were altered or moved."""
        particulars: dict[str, str] = json.loads(
            self._seal.open(sealed, row_id.bytes + PARTICULARS)
        )
        return particulars


def subject_of(number_index: bytes) -> str:
    """Name a person in the access log, by the blind index of their number."""
    return number_index[:_PSEUDONYM_BYTES].hex()


def indexes_of(subject: str) -> tuple[bytes, bytes]:
    """Tell the first and the last blind index that the access log gives this name."""
    begins = bytes.fromhex(subject)
    return begins.ljust(_INDEX_BYTES, b"\0"), begins.ljust(_INDEX_BYTES, b"\xff")
