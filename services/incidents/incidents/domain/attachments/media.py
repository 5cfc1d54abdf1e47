"""What a file is, by its content: never by its name, or by what whoever sends it says."""

import re

JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"
IMAGES = frozenset({JPEG, PNG, WEBP})

_ENDINGS = {JPEG: (".jpg", ".jpeg"), PNG: (".png",), WEBP: (".webp",), PDF: (".pdf",)}

# Readers of PDF look for its beginning in the first kilobyte, browsers for HTML in the first bytes, and those of
# archives (JAR, Office) for the end of one in the last 65,557 bytes.
_PDF_WITHIN, _HTML_WITHIN, _ARCHIVE_WITHIN, _END_WITHIN = 1024, 4096, 65_557, 1024
_HTML = re.compile(rb"<(?:!doctype|html|head|body|svg|iframe|\?php)", re.IGNORECASE)
_SCRIPT = re.compile(rb"<script|<\?php", re.IGNORECASE)
_ARCHIVE_END = b"PK\x05\x06"
# What makes a PDF act or carry files. In compressed parts it is not seen: officers save files and do not run them.
_ACTIVE = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia)\b")
# A letter of a name may be written by its number (ISO 32000-1, 7.3.5).
_BY_NUMBER = re.compile(rb"#([0-9A-Fa-f]{2})")


class UnreadableError(Exception):
    """It is no file of an allowed type, broken, too many pixels, or two things at once."""


def judged(content: bytes) -> str:
    """Tell the media type of a file; empty for one that is of no known type, not all there, or two things at once."""
    media_type = _by_signature(content)
    if not media_type or _is_something_else_too(content, media_type):
        return ""
    if media_type == PDF and not _is_quiet_pdf(content):
        return ""
    return media_type


def saved_as(file_name: str, media_type: str) -> str:
    """Give a file's name an ending of what it is, so that no system takes it for something else."""
    endings = _ENDINGS[media_type]
    return file_name if file_name.lower().endswith(endings) else file_name + endings[0]


def _by_signature(content: bytes) -> str:
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP
    return PDF if content.startswith(b"%PDF-") else ""


def _is_something_else_too(content: bytes, media_type: str) -> bool:
    return (
        (media_type != PDF and b"%PDF-" in content[:_PDF_WITHIN])
        or _HTML.search(content[:_HTML_WITHIN]) is not None
        or _SCRIPT.search(content) is not None
        or _ARCHIVE_END in content[-_ARCHIVE_WITHIN:]
    )


def _is_quiet_pdf(content: bytes) -> bool:
    return b"%%EOF" in content[-_END_WITHIN:] and _ACTIVE.search(_spelt(content)) is None


def _spelt(pdf: bytes) -> bytes:
    return _BY_NUMBER.sub(lambda number: bytes.fromhex(number[1].decode()), pdf)
