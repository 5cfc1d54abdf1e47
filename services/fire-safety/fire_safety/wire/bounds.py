"""What any value of a register's files must be, whichever field it stands in."""

import math
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from chassis.errors import FieldInvalidError
from chassis.privacy import may_hold_id_number
from chassis.rules import Rule

_LARGEST = 2**31 - 1
_LONG = {FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64}
_LONGEST = 1000
# Ids are hexadecimal; a telephone number with its country (+84 225 …) has twelve digits.
_IDS, _COUNTRY = ("_id", "_ids"), "+"

_LINE = Rule(
    f"một dòng không quá {_LONGEST} ký tự, không có số định danh",
    f"a line of at most {_LONGEST} characters, without an identification number",
)
_NUMBER = Rule(f"một số, không quá {_LARGEST}", f"a number, at most {_LARGEST}")


def check_message(message: Message, path: str = "") -> None:
    """Check all values of a message, and of those in it; raises FieldInvalidError that names the field."""
    for field, value in message.ListFields():
        name = path + field.name
        for one in value if field.is_repeated else [value]:
            if field.message_type is not None:
                check_message(one, f"{name}.")
            elif field.cpp_type not in _LONG:
                check_value(name, one)


def check_value(name: str, value: Any) -> None:  # noqa: ANN401 - a value of any field
    """Check a text or a number of a field; raises FieldInvalidError that names it."""
    if isinstance(value, str):
        if len(value) > _LONGEST or not value.isprintable() or _may_name_a_person(name, value):
            raise FieldInvalidError(name, _LINE)
    elif isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= _LARGEST):
        raise FieldInvalidError(name, _NUMBER)


def _may_name_a_person(name: str, text: str) -> bool:
    is_other = name.endswith(_IDS) or (name.endswith("phone") and text.startswith(_COUNTRY))
    return not is_other and may_hold_id_number(text)
