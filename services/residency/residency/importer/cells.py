"""How the cells of a file are read; ValueError refuses one, and whoever asked says where it stands."""

import re
from datetime import date
from uuid import UUID

from chassis.privacy import may_hold_id_number
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName

_CANONICAL = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAX_TEXT = 200
_MAX_NUMBER = 10_000


def plain_uuid(text: str) -> UUID:
    """Read a UUID in its canonical form."""
    if not _CANONICAL.fullmatch(text):
        raise ValueError("not in canonical form")
    return UUID(text)


def whole(text: str) -> int:
    """Read a whole number without ornaments."""
    number = int(text)
    if str(number) != text or abs(number) > _MAX_NUMBER:
        raise ValueError("not a plain number")
    return number


def positive(text: str) -> int:
    """Read a whole number from 1."""
    number = whole(text)
    if number < 1:
        raise ValueError("not positive")
    return number


def line_of_text(text: str) -> str:
    """Read a line of printable text, where a person's number has no place: it would stand there in the clear."""
    printable = text.isprintable() and 0 < len(text) <= _MAX_TEXT
    if not printable or may_hold_id_number(text):
        raise ValueError("not a line of text")
    return text


def words(text: str) -> str:
    """Read words without digits."""
    return FullName.parse(text).text


def day(text: str) -> date:
    """Read `YYYY-MM-DD`."""
    known = PartialDate.parse(text)
    if known.day is None:
        raise ValueError("not a full date")
    return known.earliest


def birth_date(text: str, today: date) -> PartialDate:
    """Read `YYYY[-MM[-DD]]`, not in the future."""
    born = PartialDate.parse(text)
    if born.earliest > today:
        raise ValueError("in the future")
    return born
