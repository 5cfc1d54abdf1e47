"""Pages of lists: sizes and opaque tokens that name the last row of the page before.

A token goes on with the list that it was made for and with no other (AIP-158). What the servicers make and read names
the row only; the gRPC edge puts before it a mark that tells the list, and takes that off again.

The mark notices mistakes and keeps nobody out, so it has no key: each page is made of what its caller may see then,
wherever it begins, and whoever makes up a token gets a part of their own list. A token without a mark is refused
(versions before had none): where two versions answer by turns, a list is begun again, not gone on with in part.
"""

import base64
import binascii
import hashlib
import json
import re
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor

from chassis.errors import FieldInvalidError, PageTokenInvalidError, PageTokenOfAnotherListError
from chassis.rules import Rule

DEFAULT_SIZE = 50
MAX_SIZE = 500
# Two bytes are enough to notice that it is another list, and too few to guess what was asked for.
_MARK_BYTES = 2
_NOT_THE_LIST = {"page_token", "page_size", "purpose"}
# Nothing of these is told, not even two bytes: their lists name the person in the token, by pseudonym, and compare it.
_DOCUMENTS = {"personal_id_number", "passport"}
_TOKEN = re.compile(r"([0-9a-f]{4})\.([A-Za-z0-9_-]+)")


def page_size(requested: int, default: int = DEFAULT_SIZE, most: int = MAX_SIZE) -> int:
    """Settle a page's size: 0 is the default, more than the maximum is the maximum (AIP-158).

    Raises FieldInvalidError for a negative size.
    """
    if requested < 0:
        rule = Rule(
            f"không âm; 0 là {default}, lớn hơn {most} được tính là {most}",
            f"not negative; 0 is {default}, more than {most} is {most}",
        )
        raise FieldInvalidError("page_size", rule)
    return min(requested or default, most)


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


@cache
def has_pages(request: Descriptor) -> bool:
    """Tell whether requests of this type ask for a page of a list."""
    return "page_token" in request.fields_by_name


def mark_of(request: Any, account: str) -> str:  # noqa: ANN401 - any request that has pages
    """Tell which list this is: what is asked but the page, its size and why, and who asks. Four digits 0-9 a-f.

    By which number or passport somebody is asked for is left out.
    """
    listed = type(request)()
    listed.CopyFrom(request)
    for name in _NOT_THE_LIST | _DOCUMENTS:
        if name in request.DESCRIPTOR.fields_by_name:
            listed.ClearField(name)
    told = (request.DESCRIPTOR.full_name.encode(), account.encode())
    content = b"\0".join((*told, listed.SerializeToString(deterministic=True)))
    return hashlib.sha256(content).digest()[:_MARK_BYTES].hex()


def bind(token: str, mark: str) -> str:
    """Put the mark of its list before a token; no token stays none."""
    return f"{mark}.{token}" if token else ""


def unbind(token: str, mark: str) -> str:
    """Take the mark of its list off a token; no token stays none.

    Raises PageTokenInvalidError for what `bind` did not make, and PageTokenOfAnotherListError for another's mark.
    """
    if not token:
        return ""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise PageTokenInvalidError
    if found[1] != mark:
        raise PageTokenOfAnotherListError
    return found[2]
