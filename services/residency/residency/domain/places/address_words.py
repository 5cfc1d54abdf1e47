"""The words of an address: what announces a part, in full or abbreviated, and how a text is cut into words."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from chassis.privacy import visible
from residency.domain import spelling


class PartKind(StrEnum):
    """What a part of an address names, from the inside outward."""

    FLAT = "FLAT"
    FLOOR = "FLOOR"
    BLOCK = "BLOCK"
    LOT = "LOT"
    NUMBER = "NUMBER"
    ALLEY = "ALLEY"
    # An alley with a name: it has no place in the path of numbers.
    LANE = "LANE"
    STREET = "STREET"
    OTHER = "OTHER"
    GROUP = "GROUP"
    AREA = "AREA"
    COMMUNE = "COMMUNE"
    DISTRICT = "DISTRICT"
    CITY = "CITY"
    PROVINCE = "PROVINCE"


KINDS = tuple(PartKind)


@dataclass(frozen=True)
class Designator:
    """A word or words before a name, in full; a numbered one is followed by a number or is none."""

    kind: PartKind
    full: str
    numbered: bool = False


@dataclass(frozen=True)
class Token:
    """A word as it was written, and without diacritics and signs."""

    text: str
    plain: str


class Found(NamedTuple):
    """A designator, and the index of the token after it."""

    designator: Designator
    end: int


# Each designator with its other spellings and abbreviations.
_DESIGNATORS: dict[Designator, tuple[str, ...]] = {
    Designator(PartKind.FLAT, "căn hộ", numbered=True): ("căn", "ch"),
    Designator(PartKind.FLAT, "phòng", numbered=True): (),
    Designator(PartKind.FLOOR, "tầng", numbered=True): ("lầu",),
    Designator(PartKind.BLOCK, "tòa nhà"): ("tòa", "block"),
    Designator(PartKind.BLOCK, "chung cư"): ("cc", "nhà chung cư", "khu chung cư"),
    Designator(PartKind.LOT, "lô", numbered=True): ("lô đất", "ô số"),
    Designator(PartKind.LOT, "liền kề", numbered=True): ("lk",),
    Designator(PartKind.LOT, "thửa đất", numbered=True): ("thửa",),
    Designator(PartKind.NUMBER, "số", numbered=True): ("số nhà", "nhà số", "sn", "nhà"),
    Designator(PartKind.ALLEY, "ngõ"): (),
    Designator(PartKind.ALLEY, "ngách"): (),
    Designator(PartKind.ALLEY, "hẻm"): (),
    Designator(PartKind.ALLEY, "kiệt"): (),
    Designator(PartKind.STREET, "đường"): ("đ.",),
    Designator(PartKind.STREET, "phố"): (),
    Designator(PartKind.STREET, "đại lộ"): ("đl",),
    Designator(PartKind.STREET, "quốc lộ", numbered=True): ("ql",),
    Designator(PartKind.STREET, "tỉnh lộ", numbered=True): ("tl", "đt"),
    Designator(PartKind.GROUP, "tổ dân phố"): ("tdp",),
    Designator(PartKind.GROUP, "tổ", numbered=True): (),
    Designator(PartKind.GROUP, "khu dân cư"): ("kdc",),
    Designator(PartKind.GROUP, "khu phố"): ("kp",),
    Designator(PartKind.GROUP, "khu", numbered=True): (),
    Designator(PartKind.GROUP, "thôn"): (),
    Designator(PartKind.GROUP, "xóm"): (),
    Designator(PartKind.GROUP, "ấp"): (),
    Designator(PartKind.GROUP, "bản"): (),
    Designator(PartKind.GROUP, "đội", numbered=True): (),
    Designator(PartKind.AREA, "khu đô thị"): ("kđt", "khu đô thị mới", "kđtm"),
    Designator(PartKind.AREA, "khu tập thể"): ("ktt", "tập thể"),
    Designator(PartKind.AREA, "cụm công nghiệp"): ("ccn",),
    Designator(PartKind.AREA, "khu công nghiệp"): ("kcn",),
    Designator(PartKind.COMMUNE, "phường"): ("p.", "ph."),
    Designator(PartKind.COMMUNE, "xã"): ("x.",),
    Designator(PartKind.COMMUNE, "thị trấn"): ("tt.",),
    Designator(PartKind.COMMUNE, "đặc khu"): (),
    Designator(PartKind.DISTRICT, "quận"): ("q.",),
    Designator(PartKind.DISTRICT, "huyện"): ("h.",),
    Designator(PartKind.DISTRICT, "thị xã"): ("tx.", "tx"),
    Designator(PartKind.CITY, "thành phố"): ("tp.", "tp", "t.p"),
    Designator(PartKind.PROVINCE, "tỉnh"): ("t.",),
}
_ROOM = Designator(PartKind.FLAT, "phòng", numbered=True)
_FLOOR = Designator(PartKind.FLOOR, "tầng", numbered=True)
_WARD = Designator(PartKind.COMMUNE, "phường")
_DISTRICT = Designator(PartKind.DISTRICT, "quận")
# P. is phường before a name and before a small number (Phường 5), phòng before one like 201.
_SMALLEST_ROOM = 100
_LONGEST = 5

_SEPARATOR = re.compile(r"[,;\n\r\t]|(?<=\s)[-\u2013\u2014](?=\s)")
_ABBREVIATION = re.compile(r"([^\W\d_])\.(?=\w)")
_AROUND_SLASH = re.compile(r"\s*/\s*")
_GLUED = re.compile(r"(ql|tl|đt|tdp|kdc|kp|sn|lk|ch|lô|tổ|số|tầng|q|p)\.?(\d.*)", re.IGNORECASE)
_HOUSE_NUMBER = re.compile(r"\d+[^\W\d_]{0,3}(?:[/-]\d+[^\W\d_]{0,3})*")


def _signs_kept(text: str) -> str:
    """Reduce a designator to its spelling, in which only an abbreviation's point is kept."""
    return spelling.same_spelling(text)


def _plain(text: str) -> str:
    return " ".join(spelling.words(text))


_BY_SPELLING = {
    _signs_kept(one): designator
    for designator, others in _DESIGNATORS.items()
    for one in (designator.full, *others)
}
_BY_PLAIN = {
    _plain(one): designator for one, designator in _BY_SPELLING.items() if not one.endswith(".")
}


def segments(text: str) -> Iterator[list[Token]]:
    """Cut a text at its commas, and at dashes that stand alone; give each segment's words."""
    composed = _AROUND_SLASH.sub("/", unicodedata.normalize("NFC", visible(text)))
    for segment in _SEPARATOR.split(_ABBREVIATION.sub(r"\1. ", composed)):
        words = [part for word in segment.split() for part in _unglued(word)]
        tokens = [Token(word, _plain(word)) for word in words]
        if kept := [token for token in tokens if token.plain]:
            yield kept


def find_designator(segment: Sequence[Token], at: int) -> Found | None:
    """Find the longest designator that begins at a token and has something behind it."""
    for end in range(min(at + _LONGEST, len(segment) - 1), at, -1):
        found = _designator(segment[at:end], segment[end])
        if found is None:
            continue
        # Tổ dân phố số 7: the word for number is no part of the name.
        goes_on = end + 1 < len(segment) and segment[end].plain == "so"
        number = goes_on and found.kind is not PartKind.NUMBER and holds_digit(segment[end + 1])
        begin = end + 1 if number else end
        if holds_digit(segment[begin]) or not found.numbered:
            return Found(found, begin)
    return None


def holds_digit(token: Token) -> bool:
    """Tell whether a word is or has a number."""
    return any(sign.isdecimal() for sign in token.text)


def is_house_number(token: Token) -> bool:
    """Tell whether a word is a house number such as 12, 3A or 12/34/5."""
    return _HOUSE_NUMBER.fullmatch(token.text) is not None


def _designator(tokens: Sequence[Token], following: Token) -> Designator | None:
    written = _signs_kept(" ".join(token.text for token in tokens))
    if written in {"p.", "p"} and holds_digit(following):
        digits = "".join(sign for sign in following.text if sign.isdecimal())
        return _ROOM if int(digits) >= _SMALLEST_ROOM else _WARD
    if written == "t." and holds_digit(following):
        return _FLOOR
    if written == "q" and holds_digit(following):
        return _DISTRICT
    found = _BY_SPELLING.get(written) or _BY_SPELLING.get(written.rstrip(".:"))
    if found is None and written.isascii():
        # Whoever types without diacritics does so everywhere.
        found = _BY_PLAIN.get(" ".join(token.plain for token in tokens))
    return found


def _unglued(word: str) -> tuple[str, ...]:
    """Part an abbreviation from its number: QL37, TDP7."""
    glued = _GLUED.fullmatch(word)
    return glued.groups() if glued else (word,)
