"""How what a report says is kept, and how whoever made it shows that they did."""

import base64
import dataclasses
import hashlib
import hmac
import json
from uuid import UUID

from chassis.sealing import Seal
from incidents.domain.reports.report import Content, InvolvedPerson, InvolvedRole, Reporter

_TOKEN_BYTES = 15


class ReportSeal:
    """Seals contents, each bound to its report; makes follow-up tokens under a key of their own."""

    def __init__(self, seal: Seal, follow_up_key: bytes) -> None:
        self._seal = seal
        self._follow_up_key = follow_up_key

    def seal(self, content: Content, report_id: UUID) -> bytes:
        """Encrypt what a report says; in the row of another it does not open."""
        written = json.dumps(dataclasses.asdict(content), ensure_ascii=False).encode()
        return self._seal.seal(written, _place(report_id))

    def open(self, sealed: bytes, report_id: UUID) -> Content:
        """Decrypt it; raises UnknownKeyError, or InvalidTag if it was altered or moved."""
        told = json.loads(self._seal.open(sealed, _place(report_id)))
        return Content(
            description=told["description"],
            reporter=told["reporter"] and Reporter(**told["reporter"]),
            involved=tuple(
                InvolvedPerson(InvolvedRole(one["role"]), one["full_name"], one["phone"])
                for one in told["involved"]
            ),
        )

    def follow_up_token(self, report_id: UUID) -> str:
        """Make the token of a receipt, 24 letters and digits; a repeated request gets the same."""
        made = _keyed(self._follow_up_key, b"follow-up", report_id.bytes)[:_TOKEN_BYTES]
        return base64.b32encode(made).decode()

    def person_tag(self, incident_id: UUID, known: str) -> str:
        """Make the tag by which the roll-call of one incident knows a person, of what is known of them."""
        return _keyed(self._follow_up_key, b"roll-call", incident_id.bytes + known.encode()).hex()[
            :32
        ]

    def fingerprint(self, digest: bytes) -> bytes:
        """Key the digest of a request: from a plain one, what a report says could be guessed."""
        return _keyed(self._follow_up_key, b"request", digest)


class AttachmentSeal:
    """Seals photos and files, each bound to its name in the store, and what they are called; makes upload tokens."""

    def __init__(self, seal: Seal, follow_up_key: bytes) -> None:
        self._seal = seal
        self._follow_up_key = follow_up_key

    def seal(self, content: bytes, name: str) -> bytes:
        """Encrypt an object of the store; under another name it does not open."""
        return self._seal.seal(content, b"object" + name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Decrypt it; raises UnknownKeyError, or InvalidTag if it was altered or renamed."""
        return self._seal.open(sealed, b"object" + name.encode())

    def seal_file_name(self, file_name: str, attachment_id: UUID) -> bytes:
        """Encrypt what a file is called; in the row of another it does not open."""
        return self._seal.seal(file_name.encode(), attachment_id.bytes + b"file name")

    def open_file_name(self, sealed: bytes, attachment_id: UUID) -> str:
        """Decrypt it; raises as `open` does."""
        return self._seal.open(sealed, attachment_id.bytes + b"file name").decode()

    def upload_token(self, attachment_id: UUID) -> str:
        """Make the token of whoever has begun an upload; a repeated request gets the same."""
        made = _keyed(self._follow_up_key, b"upload", attachment_id.bytes)[:_TOKEN_BYTES]
        return base64.b32encode(made).decode()

    def has_begun(self, attachment_id: UUID, token: str) -> bool:
        """Tell whether a token is the upload's."""
        return hmac.compare_digest(self.upload_token(attachment_id).encode(), token.encode())

    def fingerprint(self, digest: bytes) -> bytes:
        """Key the digest of a request, as with reports."""
        return _keyed(self._follow_up_key, b"request", digest)


def token_hash(token: str) -> bytes:
    """Tell the hash by which a token is known; the token itself is stored nowhere."""
    return hashlib.sha256(token.strip().upper().encode()).digest()


def _keyed(key: bytes, use: bytes, content: bytes) -> bytes:
    return hmac.digest(key, use + b"\0" + content, "sha256")


def _place(report_id: UUID) -> bytes:
    return report_id.bytes + b"content"
