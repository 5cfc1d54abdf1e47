"""Fields that several requests have, read and checked."""

import re
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.privacy import may_hold_id_number, visible
from chassis.rpc import pages
from chassis.rules import (
    CALENDAR_DAY,
    CALENDAR_MOMENT,
    DAY_AS_TEXT,
    NOT_IN_THE_FUTURE,
    REQUIRED,
    Rule,
    characters,
    one_line,
)
from incidents.domain.incidents.incident import IncidentNotFoundError
from incidents.wire.incidents import moment

WHAT_IS_TO_BE_DONE = Rule("việc cần làm", "what is to be done")

DEGREES_NORTH_AND_EAST = Rule("tọa độ vĩ bắc và kinh đông, tính bằng độ", "degrees north and east")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ASSIGNEE_MAX = 120
_TASK_MAX = 500
_NOTE_MAX = 2000
# How far a clock that tells when something happened may run ahead.
_AHEAD = timedelta(minutes=5)

Named = TypeVar("Named", bound=StrEnum)


def read_id(incident_id: str) -> UUID:
    """Read an incident's id; one that cannot be ours is not found, like any other unknown one."""
    try:
        return UUID(incident_id)
    except ValueError as error:
        raise IncidentNotFoundError from error


def read_enum(field: str, contract: Any, number: int, domain: type[Named]) -> Named:  # noqa: ANN401 - generated
    """Read a value of an enum of the contract, which the domain names alike; raises FieldInvalidError."""
    known = read_enum_or_none(field, contract, number, domain)
    if known is None:
        raise FieldInvalidError(field, REQUIRED)
    return known


def read_enum_or_none(
    field: str,
    contract: Any,  # noqa: ANN401 - generated
    number: int,
    domain: type[Named],
) -> Named | None:
    """Read such a value, or None where it is not said; raises FieldInvalidError for one that is not known."""
    if number == 0:
        return None
    prefix = contract.Name(0).removesuffix("UNSPECIFIED")
    try:
        return domain(contract.Name(number).removeprefix(prefix))
    except ValueError as error:
        raise FieldInvalidError(
            field, Rule("một giá trị có trong giao diện", "one of the contract's values")
        ) from error


def read_assignee(text: str) -> str:
    """Read who gets a task: a unit or an account."""
    assignee = visible(text).strip()
    if not assignee or "\n" in assignee:
        raise FieldInvalidError("assignee", one_line(1, _ASSIGNEE_MAX))
    return kept_text("assignee", assignee, _ASSIGNEE_MAX)


def read_task(text: str, field: str = "task") -> str:
    """Read what is to be done, or assumed."""
    return kept_text(field, text, _TASK_MAX)


def read_note(text: str, field: str = "note") -> str:
    """Read a note for the timeline."""
    return kept_text(field, text, _NOTE_MAX)


def read_reason(text: str, field: str = "reason") -> str:
    """Read why something is done, or said, which must be said."""
    reason = read_note(text, field)
    if not reason:
        raise FieldInvalidError(field, characters(1, _NOTE_MAX))
    return reason


def read_past(request: Any, field: str, now: datetime) -> datetime | None:  # noqa: ANN401 - generated
    """Read when something happened, or None where it is not said; raises FieldInvalidError."""
    if not request.HasField(field):
        return None
    try:
        told = moment(getattr(request, field))
    except (ValueError, OverflowError) as error:
        raise FieldInvalidError(field, CALENDAR_MOMENT) from error
    if told > now + _AHEAD:
        raise FieldInvalidError(field, NOT_IN_THE_FUTURE)
    return told


def read_day(field: str, text: str) -> date:
    """Read a day of the calendar; raises FieldInvalidError."""
    if not _DAY.fullmatch(text):
        raise FieldInvalidError(field, DAY_AS_TEXT)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FieldInvalidError(field, CALENDAR_DAY) from error


def page_position(token: str) -> tuple[datetime, UUID] | None:
    """Read the token of a page that follows what happened at a time and has an id; None for the first."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    try:
        opened_at, incident_id = datetime.fromisoformat(key[0]), UUID(key[1])
    except ValueError as error:
        raise PageTokenInvalidError from error
    if opened_at.tzinfo is None:
        raise PageTokenInvalidError
    return opened_at, incident_id


def kept_text(field: str, text: str, longest: int) -> str:
    """Read what holds no identification number.

    Of notes, tasks and assignees because the timeline can never lose it again; of what a report says and who made it,
    which lie sealed and are forgotten, because the ward has no use for it there.
    """
    if may_hold_id_number(text):
        raise FieldInvalidError(field, Rule("không có số định danh", "no identification numbers"))
    return plain_text(field, text, longest)


def plain_text(field: str, text: str, longest: int) -> str:
    """Read a text without control characters, and without what nobody sees of it; raises FieldInvalidError."""
    # Marks of direction come with what is copied, and on paper and screens would turn what stands beside them.
    text = visible(text)
    if len(text) > longest or _CONTROL.search(text):
        raise FieldInvalidError(
            field,
            Rule(
                f"không quá {longest} ký tự, không có ký tự điều khiển",
                f"at most {longest} characters, no control characters",
            ),
        )
    return text.strip()
