"""Looking for persons by name or address: what is asked, in which order answers stand, what is kept to find them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Self
from uuid import UUID

from chassis.privacy import visible
from residency.domain import search_terms, spelling
from residency.domain.persons.person_name import FullName
from residency.domain.places.address import Gazetteer
from residency.domain.residence.found import FoundPerson

# A question of one letter would be a way to list the register.
LEAST_LETTERS = 2


class Rank(IntEnum):
    """How well a name answers a question; better ones come first, equal ones as in a Vietnamese list.

    As typed is a name that has the words which were typed with diacritics just so, the last of them perhaps only
    begun. Where none was, no name counts as typed: who types without diacritics means any.
    """

    # With all diacritics, wherever the tone mark stands.
    SAME = 0
    # The same letters without diacritics.
    SAME_LETTERS = 1
    # Names that begin with the words of the question, by their letters without diacritics.
    BEGINS_AS_TYPED = 2
    BEGINS = 3
    # The same words in another order.
    OTHER_ORDER_AS_TYPED = 4
    OTHER_ORDER = 5
    # All words, between others.
    ALL_WORDS_AS_TYPED = 6
    ALL_WORDS = 7


@dataclass(frozen=True)
class IndexedName:
    """What a person is found by."""

    spelled: str
    plain: str
    unordered: str
    terms: Sequence[str]
    place: bytes

    @classmethod
    def of(cls, name: FullName) -> Self:
        """Work it out from a name."""
        plain = name.plain
        words = plain.split()
        terms = sorted(search_terms.found_under(words))
        return cls(name.folded, plain, _unordered(words), terms, name.order)


@dataclass(frozen=True)
class IndexedAddress:
    """What a building is found by; `key` is what addresses of the same building share."""

    key: str
    terms: Sequence[str]

    @classmethod
    def of(cls, text: str, residential_group: int, gazetteer: Gazetteer) -> Self:
        """Work it out from the address of a building of a residential group."""
        address = gazetteer.parse(text)
        terms = gazetteer.building_terms(address, residential_group)
        return cls(gazetteer.building_key(address), sorted(terms))


@dataclass(frozen=True)
class NameQuestion:
    """A name that is looked for: whole, or only begun; without any word it asks for everybody.

    `accented` are the words that were typed with diacritics, as `spelled` has them.
    """

    spelled: str
    plain: str
    unordered: str
    terms: Sequence[str]
    accented: Sequence[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what was typed; ValueError where it holds anything but words, or too few letters."""
        name = FullName.parse(visible(text))
        words = name.plain.split()
        if sum(map(len, words)) < LEAST_LETTERS:
            raise ValueError("too few letters")
        terms = search_terms.asked_for(words)
        accented = [word for word in name.folded.split() if word.split() != spelling.words(word)]
        return cls(name.folded, name.plain, _unordered(words), terms, accented)

    @property
    def last_is_accented(self) -> bool:
        """Tell whether the last word, which may be only begun, was typed with diacritics."""
        return self.accented[-1:] == self.spelled.split()[-1:]


ANY_NAME = NameQuestion("", "", "", [], [])


@dataclass(frozen=True)
class After:
    """The person behind whom a page begins, and how well that person answered."""

    rank: Rank
    person_id: UUID


@dataclass(frozen=True)
class PersonMatch:
    """A person who answers a question."""

    rank: Rank
    person: FoundPerson


@dataclass(frozen=True)
class SearchResult:
    """A page of answers, best first.

    `too_many` tells that so many have the words between others that they were not looked through: the question
    needs one word more.
    """

    matches: Sequence[PersonMatch]
    too_many: bool


def _unordered(words: Iterable[str]) -> str:
    """Write words so that another order of them makes no difference."""
    return " ".join(sorted(words))
