"""Fields that several messages share."""

from datetime import date
from typing import Any
from uuid import UUID

from chassis import pages
from chassis.errors import DomainError, FieldInvalidError, PageTokenInvalidError
from residency.domain.partial_date import PartialDate
from residency.domain.person_name import MAX_CHARACTERS, FullName
from residency.domain.places import BuildingNotFoundError, DwellingNotFoundError
from residency.domain.residence import Sex
from ward.residency.v1 import residency_pb2 as pb

_SEXES = {pb.SEX_MALE: Sex.MALE, pb.SEX_FEMALE: Sex.FEMALE}


def uuid(text: str, otherwise: DomainError) -> UUID:
    """Read an id in its canonical form only; what has another is the id of nothing: raises `otherwise`."""
    try:
        parsed = UUID(text)
    except ValueError:
        raise otherwise from None
    if str(parsed) != text:
        raise otherwise
    return parsed


def dwelling_id(text: str) -> UUID:
    """Read a dwelling's id; what is no id is the id of no dwelling."""
    return uuid(text, DwellingNotFoundError())


def building_id(text: str) -> UUID:
    """Read a building's id; what is no id is the id of no building."""
    return uuid(text, BuildingNotFoundError())


def full_name(text: str) -> FullName:
    """Read a full name; raises FieldInvalidError."""
    try:
        return FullName.parse(text)
    except ValueError:
        rule = f"1 to {MAX_CHARACTERS} characters: letters, spaces and ' - . only"
        raise FieldInvalidError("full_name", rule) from None


def birth_date(value: Any, today: date) -> PartialDate:  # noqa: ANN401 - google.type.Date ships no types
    """Read a birth date as precisely as it is known; raises FieldInvalidError."""
    try:
        born = PartialDate.of(value.year, value.month, value.day)
    except ValueError:
        born = None
    if born is None or born.earliest > today:
        rule = "a day, month or year of the calendar, not in the future"
        raise FieldInvalidError("birth_date", rule)
    return born


def sex(value: pb.Sex.ValueType) -> Sex:
    """Read a sex; raises FieldInvalidError where none is said."""
    read = _SEXES.get(value)
    if read is None:
        raise FieldInvalidError("sex", "male or female")
    return read


def day(field: str, value: Any) -> date:  # noqa: ANN401 - google.type.Date ships no types
    """Read a day; raises FieldInvalidError."""
    try:
        return date(value.year, value.month, value.day)
    except ValueError:
        raise FieldInvalidError(field, "a day of the calendar") from None


def page_after(token: str, of_list: str) -> UUID | None:
    """Read the id after which a page of that list begins; None for the first page."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    if key[0] != of_list:
        raise PageTokenInvalidError
    return uuid(key[1], PageTokenInvalidError())
