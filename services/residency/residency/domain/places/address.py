"""Vietnamese addresses: what their parts are, when two mean the same place, and under which terms one is found.

An address goes from the inside outward: căn hộ, tầng, tòa, lô; số nhà in a ngõ, ngách or hẻm (kiệt in the middle of
the country); đường or phố; tổ dân phố, thôn, khu; phường or xã; until 2025-06-30 quận or huyện; thành phố or tỉnh.
`12/34/5` is number 5 of ngách 34 of ngõ 12, and the same as `số 5 ngách 12/34`. Any text can be read: what the grammar
does not know is kept as it was written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

from residency.domain import search_terms, spelling
from residency.domain.places.address_words import (
    KINDS,
    Designator,
    PartKind,
    Token,
    find_designator,
    holds_digit,
    is_house_number,
    segments,
)

_ALLEYS_BY_DEPTH = ("ngõ", "ngách", "hẻm")
_ALLEY_ORDER = {"kiệt": 0, "ngõ": 0, "ngách": 1, "hẻm": 2}
# A road is the same road, called đường, phố or nothing; a group the same group.
_EQUAL_DESIGNATORS = {"đường", "phố", "", "tổ dân phố", "tổ", "khu dân cư"}
_STEP = re.compile(r"(?:/*[^/\d]+(?=/))*[^\d]*\d[^/]*(?:/+[^/\d]*(?=/|$))*")
_WITHIN_BUILDING = (PartKind.FLAT, PartKind.FLOOR)


@dataclass(frozen=True)
class Part:
    """One part of an address: its kind, how it is called, in full (`tổ dân phố`), and its name or number."""

    kind: PartKind
    designator: str
    name: str

    @property
    def written(self) -> str:
        """The part as the canonical text has it."""
        return f"{self.designator} {self.name}".strip()

    @property
    def key(self) -> str:
        """The part as it is compared: without diacritics, leading zeros, and what it is called if that may differ."""
        called = "" if self.designator in _EQUAL_DESIGNATORS else self.designator
        return " ".join([self.kind, *spelling.words(called), *_bare_words(self.name)])


@dataclass(frozen=True)
class Address:
    """The parts of an address from the inside outward."""

    parts: tuple[Part, ...]

    @property
    def canonical(self) -> str:
        """The address as it is written in full; reading it gives the same parts."""
        return ", ".join(_written(self.parts))

    def named(self, kind: PartKind) -> str:
        """Tell the name of the first part of a kind; empty if there is none."""
        return next((part.name for part in self.parts if part.kind is kind), "")

    @property
    def path(self) -> tuple[str, ...]:
        """The alleys from the street inward and at last the house number: 12, 34, 5."""
        names = [self.named(PartKind.ALLEY), self.named(PartKind.NUMBER)]
        return tuple(_bare_words("/".join(filter(None, names))))


@dataclass(frozen=True)
class Gazetteer:
    """The administrative units by level and plain name, present and former, and which of them are the ward's own."""

    codes: Mapping[tuple[PartKind, str], str]
    own: frozenset[str]

    @classmethod
    def from_document(cls, document: Mapping[str, Any], ward_code: str) -> Self:
        """Read the reference data as `administrative_units.json` holds it, which is about one province."""
        units = document["units"]
        codes = {(PartKind(one["level"]), _plain(one["name"])): one["code"] for one in units}
        above = {code for (kind, _), code in codes.items() if kind is not PartKind.COMMUNE}
        return cls(codes, frozenset({ward_code, *above}))

    def parse(self, text: str) -> Address:
        """Read any text; nothing is refused and no word is dropped."""
        reading = _Reading(self)
        for segment in segments(text):
            reading.take(segment)
        return reading.address()

    def level_of(self, name: str) -> PartKind | None:
        """Tell the level of a unit that is called by its name alone; the highest, where several have it."""
        plain = _plain(name)
        levels = (PartKind.CITY, PartKind.PROVINCE, PartKind.DISTRICT, PartKind.COMMUNE)
        return next((level for level in levels if (level, plain) in self.codes), None)

    def building_key(self, address: Address) -> str:
        """Tell the text that addresses of the same building in the ward share.

        The flat and the floor are within the building, the ward's own units, present or former, go without saying;
        and so does the residential group of a house that has a number in a street.
        """
        placed = address.named(PartKind.NUMBER) and address.named(PartKind.STREET)
        left_out = {*_WITHIN_BUILDING, PartKind.ALLEY, PartKind.NUMBER}
        if placed:
            left_out.add(PartKind.GROUP)
        kept = (part for part in address.parts if part.kind not in left_out)
        keys = (self._unit_key(part) for part in kept)
        return "; ".join(["/".join(address.path), *sorted({key for key in keys if key})])

    def building_terms(self, address: Address, residential_group: int) -> set[str]:
        """Tell the terms under which a building of a residential group with this address is found."""
        path = address.path
        ways = {_way(path[:depth]) for depth in range(1, len(path) + 1)}
        number = {_number(path[-1])} if address.named(PartKind.NUMBER) else set()
        groups = {_group(str(residential_group)), *_groups(address)}
        return {*search_terms.found_under(_named_words(address)), *ways, *number, *groups}

    def asked_terms(self, address: Address) -> list[str]:
        """Tell the terms of a question: a number without alleys is looked for in every alley.

        What goes without saying is not asked for. The last word may be only begun.
        """
        kept = [part for part in address.parts if self._unit_key(part)]
        asked = Address(tuple(part for part in kept if part.kind not in _WITHIN_BUILDING))
        path = asked.path
        alone = len(path) == 1 and asked.named(PartKind.NUMBER)
        place = [_number(path[0])] if alone else [_way(path)] if path else []
        words = search_terms.asked_for(list(_named_words(asked)))
        return [*place, *_groups(asked), *words]

    def _unit_key(self, part: Part) -> str:
        code = self.codes.get((part.kind, _plain(part.name)))
        if code in self.own:
            return ""
        return code or part.key


class _Reading:
    """The parts read so far, segment by segment."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._parts: list[Part] = []
        self._alleys: list[tuple[str, str]] = []
        self._number = ""
        # Pieces that nothing says the kind of.
        self._bare: list[str] = []

    def take(self, segment: Sequence[Token]) -> None:
        """Read a segment, which stands between commas."""
        for designator, tokens in _pieces(segment):
            if designator is None:
                self._take_bare(tokens)
            else:
                self._take_designated(designator, tokens)

    def address(self) -> Address:
        """Tell the whole."""
        self._settle_bare()
        alley, number = self._house()
        parts = sorted([*alley, *number, *self._parts], key=lambda part: KINDS.index(part.kind))
        return Address(tuple(parts))

    def _take_bare(self, tokens: Sequence[Token]) -> None:
        if tokens and not self._number and is_house_number(tokens[0]):
            self._number, tokens = tokens[0].text, tokens[1:]
        if tokens:
            self._bare.append(_joined(tokens))

    def _take_designated(self, designator: Designator, tokens: Sequence[Token]) -> None:
        name, rest = tokens, tokens[:0]
        if designator.numbered or holds_digit(tokens[0]):
            name, rest = tokens[:1], tokens[1:]
        match designator.kind:
            case PartKind.NUMBER if not self._number:
                self._number = _joined(name)
            case PartKind.NUMBER:
                self._bare.append(f"{designator.full} {_joined(name)}")
            case PartKind.ALLEY if not holds_digit(name[0]):
                self._parts.append(Part(PartKind.LANE, designator.full, _joined(name)))
            case PartKind.ALLEY:
                self._alleys.append((designator.full, _joined(name)))
            case kind:
                self._parts.append(Part(kind, designator.full, _joined(name)))
        self._take_bare(rest)

    def _settle_bare(self) -> None:
        """Tell what each piece without a designator is: a unit that is known, the street of a house, or unknown."""
        for piece in self._bare:
            has_street = any(part.kind is PartKind.STREET for part in self._parts)
            kind = self._gazetteer.level_of(piece)
            if kind is None and not has_street and (self._number or self._alleys):
                kind = PartKind.STREET
            self._parts.append(Part(kind or PartKind.OTHER, "", piece))

    def _house(self) -> tuple[list[Part], list[Part]]:
        """Join alleys and number into one path from the street inward."""
        path: list[str] = []
        designator = ""
        for called, name in sorted(self._alleys, key=lambda alley: _ALLEY_ORDER[alley[0]]):
            path, designator = _deeper(path, _steps(name)), called
        within = len(path)
        if self._number:
            path = _deeper(path, _steps(self._number))
        alley, number = (path[:-1], path[-1:]) if self._number else (path, [])
        if not designator or len(alley) > within:
            depth = min(len(alley), len(_ALLEYS_BY_DEPTH))
            designator = _ALLEYS_BY_DEPTH[depth - 1]
        return (
            [Part(PartKind.ALLEY, designator, "/".join(alley))] if alley else [],
            [Part(PartKind.NUMBER, "số", one) for one in number],
        )


def _steps(name: str) -> list[str]:
    """Split a name at its slashes into steps that have a number each: 12A/3, and 12/A as one."""
    return [step.strip("/") for step in _STEP.findall(name)]


def _deeper(path: list[str], named: list[str]) -> list[str]:
    """Continue a path by steps that either repeat the path from the street on, or go on from its end."""
    return named if named[: len(path)] == path and len(named) > len(path) else [*path, *named]


def _pieces(segment: Sequence[Token]) -> Iterator[tuple[Designator | None, Sequence[Token]]]:
    """Cut a segment where a designator begins a new part."""
    designator: Designator | None = None
    begin = at = 0
    while at < len(segment):
        # A name has at least one word, so that phố Xã Đàn is a street.
        found = find_designator(segment, at) if at > begin or designator is None else None
        if found is None or _goes_on(segment[begin:at]):
            at = found.end if found else at + 1
            continue
        if at > begin:
            yield designator, segment[begin:at]
        designator, at = found.designator, found.end
        begin = at
    if begin < len(segment):
        yield designator, segment[begin:]


def _goes_on(tokens: Sequence[Token]) -> bool:
    """Tell whether a name is unfinished: `phía Nam` of what follows."""
    return len(tokens) > 1 and tokens[-2].plain == "phia"


def _written(parts: Iterable[Part]) -> Iterator[str]:
    house = (PartKind.NUMBER, PartKind.ALLEY)
    for of_house, group in groupby(parts, lambda part: part.kind in house):
        texts = [part.written for part in group]
        yield from [" ".join(texts)] if of_house else texts


def _named_words(address: Address) -> Iterator[str]:
    """Give the words of names and numbers that are no house's and no group's."""
    for part in address.parts:
        numbered = part.kind in (PartKind.NUMBER, PartKind.GROUP, PartKind.ALLEY)
        yield from (
            word for word in _bare_words(part.name) if not numbered or not word[0].isdigit()
        )


def _bare_words(name: str) -> list[str]:
    return [word.lstrip("0") or "0" for word in spelling.words(name)]


def _plain(name: str) -> str:
    return " ".join(spelling.words(name))


def _way(path: Sequence[str]) -> str:
    return "/" + "/".join(path)


def _number(name: str) -> str:
    return f"={name}"


def _groups(address: Address) -> Iterator[str]:
    """Give the terms of groups that have a number; others are found by the words of their names."""
    for part in address.parts:
        if part.kind is PartKind.GROUP and part.name[0].isdecimal():
            yield _group(" ".join(_bare_words(part.name)))


def _group(number: str) -> str:
    return f"~{number}"


def _joined(tokens: Sequence[Token]) -> str:
    return " ".join(token.text for token in tokens)
