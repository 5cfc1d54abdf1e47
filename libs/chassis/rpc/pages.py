"""Pages of lists: sizes and opaque tokens that name the last row of the page before."""

import base64
import binascii
import json

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rules import Rule

DEFAULT_SIZE = 50
MAX_SIZE = 500


def page_size(requested: int) -> int:
    """Settle a page's size: 0 is the default, more than the maximum is the maximum (AIP-158).

    Raises FieldInvalidError for a negative size.
    """
    if requested < 0:
        raise FieldInvalidError(
            "page_size", Rule("từ 0 đến 500; 0 là mặc định", "0 to 500; 0 is the default")
        )
    return min(requested or DEFAULT_SIZE, MAX_SIZE)


def encode(*key: str) -> str:
    """Make the token of the page that follows the row with this key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode(token: str, parts: int) -> list[str] | None:
    """Read a token of `parts` strings back; None for the first page.

    Raises PageTokenInvalidError for anything that `encode` did not make.
    """
    if not token:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise PageTokenInvalidError from error
    if (
        not isinstance(key, list)
        or len(key) != parts
        or not all(isinstance(part, str) for part in key)
    ):
        raise PageTokenInvalidError
    return key
