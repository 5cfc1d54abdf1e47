"""How what a report says is kept, and how whoever made it shows that they did."""

import base64
import dataclasses
import hashlib
import hmac
import json
from uuid import UUID

from chassis.sealing import Seal
from incidents.domain.reports import Content, InvolvedPerson, InvolvedRole, Reporter

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
        made = self._keyed(b"follow-up", report_id.bytes)[:_TOKEN_BYTES]
        return base64.b32encode(made).decode()

    def person_tag(self, incident_id: UUID, known: str) -> str:
        """Make the tag by which the roll-call of one incident knows a person, of what is known of them."""
        return self._keyed(b"roll-call", incident_id.bytes + known.encode()).hex()[:32]

    def fingerprint(self, digest: bytes) -> bytes:
        """Key the digest of a request: from a plain one, what a report says could be guessed."""
        return self._keyed(b"request", digest)

    def _keyed(self, use: bytes, content: bytes) -> bytes:
        return hmac.digest(self._follow_up_key, use + b"\0" + content, "sha256")


def token_hash(token: str) -> bytes:
    """Tell the hash by which a token is known; the token itself is stored nowhere."""
    return hashlib.sha256(token.strip().upper().encode()).digest()


def _place(report_id: UUID) -> bytes:
    return report_id.bytes + b"content"
