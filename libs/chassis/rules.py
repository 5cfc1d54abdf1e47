"""Rules of fields: what a field of a request takes, in Vietnamese and in English.

A rule says what is allowed and repeats nothing that was sent. What fields of many messages have in common is said
here; what one field needs is said where it is read.
"""

from typing import NamedTuple


class Rule(NamedTuple):
    """What a field takes; in each language it goes on from the field's name, as in "page_size: not negative"."""

    vi: str
    en: str


REQUIRED = Rule("bắt buộc phải có", "must be said")
WITHOUT_NUL = Rule("không chứa ký tự NUL (U+0000)", "without the character NUL (U+0000)")
NOT_IN_THE_FUTURE = Rule("không ở tương lai", "not in the future")
IN_THE_FUTURE = Rule("ở tương lai", "in the future")
CALENDAR_DAY = Rule("một ngày có trong lịch", "a day of the calendar")
CALENDAR_MOMENT = Rule("một thời điểm có trong lịch", "a moment of the calendar")
DAY_AS_TEXT = Rule("một ngày, viết như 2026-11-27", "a day like 2026-11-27")
DEGREES = Rule("tọa độ WGS 84, tính bằng độ", "degrees of WGS 84")
KIND_OR_ALL = Rule(
    "một loại có trong giao diện, hoặc để trống để lấy tất cả",
    "a kind of the contract, or unspecified for all",
)
STATE_OR_ALL = Rule(
    "một trạng thái có trong giao diện, hoặc để trống để lấy tất cả",
    "a state of the contract, or unspecified for all",
)
GROUP_OR_ALL = Rule("số thứ tự của tổ; 0 là tất cả", "the number of a group; 0 is all")
COUNTRY_CODE = Rule("mã nước theo ISO 3166-1 alpha-3", "a code of ISO 3166-1 alpha-3")
WHY_WITHOUT_NAMES = Rule(
    "10 đến 500 ký tự trên một dòng, không có tên người hay số định danh",
    "10 to 500 characters on one line, without names or identification numbers",
)


def at_most(most: int) -> Rule:
    """Say how many there may be, or how large a number may be."""
    return Rule(f"không quá {most}", f"at most {most}")


def between(least: int, most: int) -> Rule:
    """Say between which numbers one has to be, or how many there have to be."""
    return Rule(f"từ {least} đến {most}", f"{least} to {most}")


def characters(shortest: int, longest: int) -> Rule:
    """Say how long a text has to be."""
    return Rule(f"{shortest} đến {longest} ký tự", f"{shortest} to {longest} characters")


def one_line(shortest: int, longest: int) -> Rule:
    """Say how long a text of one line has to be."""
    length = characters(shortest, longest)
    return Rule(f"{length.vi} trên một dòng", f"{length.en} on one line")


def years(first: int, last: int) -> Rule:
    """Say of which years a time has to be."""
    return Rule(
        f"một thời điểm từ năm {first} đến năm {last}", f"a time of the years {first} to {last}"
    )


def one_of(names: str) -> Rule:
    """Say between which names of the contract there is a choice; one is needed."""
    return Rule(f"một trong: {names}; bắt buộc", f"one of {names}; required")
