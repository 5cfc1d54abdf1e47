"""Fields that several messages share."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2

from chassis.errors import DomainError, FieldInvalidError, PageTokenInvalidError
from chassis.privacy import may_hold_id_number
from chassis.rpc import pages
from chassis.rules import CALENDAR_DAY, COUNTRY_CODE, NOT_IN_THE_FUTURE, Rule, characters, years
from chassis.storage.idempotency import check_request_id, digest_of
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.identity import Sex
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import MAX_CHARACTERS, FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.places.address import Gazetteer
from residency.domain.places.buildings import BuildingNotFoundError, DwellingNotFoundError
from residency.domain.requests import Request
from residency.domain.residence.households import HouseholdNotFoundError
from ward.residency.v1 import residency_pb2 as pb

ONE_OF_THE_GROUNDS = Rule("một trong các căn cứ; bắt buộc", "one of the grounds; required")

ONE_OF_THE_VERDICTS = Rule("một trong các kết luận; bắt buộc", "one of the verdicts; required")

DWELLING_OR_BUILDING = Rule("dwelling_id hoặc building_id", "a dwelling_id or a building_id")

_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_TEXT = range(3, 1001)
_MAX_ADDRESS = 200
_SEXES = {pb.SEX_MALE: Sex.MALE, pb.SEX_FEMALE: Sex.FEMALE}

ReadNumber = Callable[[str], PersonalIdNumber]
ReadNationality = Callable[[str], str | None]


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


def household_id(text: str) -> UUID:
    """Read a household's id; what is no id is the id of no household."""
    return uuid(text, HouseholdNotFoundError())


def full_name(text: str) -> FullName:
    """Read a full name; raises FieldInvalidError."""
    try:
        return FullName.parse(text)
    except ValueError:
        rule = Rule(
            f"1 đến {MAX_CHARACTERS} ký tự: chỉ chữ cái, dấu cách và ' - .",
            f"1 to {MAX_CHARACTERS} characters: letters, spaces and ' - . only",
        )
        raise FieldInvalidError("full_name", rule) from None


def address_terms(field: str, text: str, gazetteer: Gazetteer) -> list[str]:
    """Read an address that is looked for, if there is one; raises FieldInvalidError where it says no place."""
    if not text:
        return []
    terms = gazetteer.asked_terms(gazetteer.parse(text)) if len(text) <= _MAX_ADDRESS else []
    if not terms:
        rule = Rule(
            f"số nhà, ngõ, đường hoặc tổ, không quá {_MAX_ADDRESS} ký tự",
            f"a house number, alley, street or group, in at most {_MAX_ADDRESS} characters",
        )
        raise FieldInvalidError(field, rule)
    return terms


def birth_date(value: Any, today: date) -> PartialDate:  # noqa: ANN401 - google.type.Date ships no types
    """Read a birth date as precisely as it is known; raises FieldInvalidError."""
    try:
        born = PartialDate.of(value.year, value.month, value.day)
    except ValueError:
        born = None
    if born is None or born.earliest > today:
        rule = Rule(
            "ngày, tháng hoặc năm có trong lịch, không ở tương lai",
            "a day, month or year of the calendar, not in the future",
        )
        raise FieldInvalidError("birth_date", rule)
    return born


def sex(value: pb.Sex.ValueType) -> Sex:
    """Read a sex; raises FieldInvalidError where none is said."""
    read = _SEXES.get(value)
    if read is None:
        raise FieldInvalidError("sex", Rule("nam hoặc nữ", "male or female"))
    return read


def day(field: str, value: Any) -> date:  # noqa: ANN401 - google.type.Date ships no types
    """Read a day; raises FieldInvalidError."""
    try:
        return date(value.year, value.month, value.day)
    except ValueError:
        raise FieldInvalidError(field, CALENDAR_DAY) from None


def optional_day(message: Message, field: str) -> date | None:
    """Read a day that may be absent; raises FieldInvalidError."""
    return day(field, getattr(message, field)) if message.HasField(field) else None


def optional_nationality(text: str, nationalities: Nationalities) -> str | None:
    """Read a nationality; empty is none said. Raises FieldInvalidError."""
    try:
        return nationalities.parse(text) if text else None
    except ValueError:
        raise FieldInvalidError("nationality", COUNTRY_CODE) from None


def passport(field: str, issuer: str, text: str) -> PassportNumber:
    """Read the number of a passport; raises FieldInvalidError."""
    try:
        return PassportNumber.parse(issuer, text)
    except ValueError:
        raise FieldInvalidError(
            field, Rule("5 đến 15 chữ cái và chữ số", "5 to 15 letters and digits")
        ) from None


def optional_moment(message: Message, field: str) -> datetime | None:
    """Read an instant that may be absent; raises FieldInvalidError."""
    if not message.HasField(field):
        return None
    written: Timestamp = getattr(message, field)
    try:
        moment = written.ToDatetime(UTC)
    except (ValueError, OverflowError):
        moment = None
    # A day at either end of the calendar leaves no room for the ward's time zone.
    if moment is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise FieldInvalidError(field, years(_FIRST_YEAR, _LAST_YEAR))
    return moment


def past_moment(message: Message, field: str, now: datetime) -> datetime | None:
    """Read an instant that may be absent and is not in the future; raises FieldInvalidError."""
    moment = optional_moment(message, field)
    if moment is not None and moment > now:
        raise FieldInvalidError(field, NOT_IN_THE_FUTURE)
    return moment


def request(message: Any) -> Request:  # noqa: ANN401 - any request that changes something
    """Read the idempotency key of a request and the case number it gives; raises FieldInvalidError."""
    check_request_id(message.request_id)
    purpose = getattr(message, "purpose", None)
    return Request(message.request_id, digest_of(message), purpose.reference if purpose else "")


def check_reference(number: str, reference: str, rule: Rule) -> None:
    """Refuse a purpose whose reference is another number than that of what is asked for; `rule` says what that is."""
    if reference != number:
        raise FieldInvalidError("purpose.reference", rule)


def timestamp(moment: datetime) -> Timestamp:
    """Write an instant."""
    written = Timestamp()
    written.FromDatetime(moment)
    return written


def optional_timestamp(moment: datetime | None) -> Timestamp | None:
    """Write an instant that may be absent."""
    return None if moment is None else timestamp(moment)


def date_message(value: date) -> date_pb2.Date:
    """Write a day."""
    return date_pb2.Date(year=value.year, month=value.month, day=value.day)


def optional_date(value: date | None) -> date_pb2.Date | None:
    """Write a day that may be absent."""
    return None if value is None else date_message(value)


def partial_date(value: PartialDate) -> date_pb2.Date:
    """Write a date as precisely as it is known."""
    return date_pb2.Date(year=value.year, month=value.month or 0, day=value.day or 0)


def page_after(token: str, of_list: str) -> UUID | None:
    """Read the id after which a page of that list begins; None for the first page."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    if key[0] != of_list:
        raise PageTokenInvalidError
    return uuid(key[1], PageTokenInvalidError())


def page_position(token: str) -> tuple[datetime, UUID] | None:
    """Read after which moment and id a page begins; None for the first page."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    try:
        moment = datetime.fromisoformat(key[0])
    except ValueError:
        raise PageTokenInvalidError from None
    if moment.tzinfo is None:
        raise PageTokenInvalidError
    return moment, uuid(key[1], PageTokenInvalidError())


def written(field: str, text: str, lengths: range = _TEXT) -> str:
    """Read what a person wrote: without control characters other than line ends, and without an identification number.

    Raises FieldInvalidError.
    """
    content = text.strip()
    printable = all(line.isprintable() for line in content.split("\n"))
    if len(content) not in lengths or not printable or may_hold_id_number(content):
        length = characters(lengths.start, lengths.stop - 1)
        rule = Rule(
            f"{length.vi}, không có số định danh", f"{length.en}, no identification number"
        )
        raise FieldInvalidError(field, rule)
    return content
