"""Names of people: when two spellings are the same name, in which order names stand, and how one is looked for."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from chassis.privacy import UNSEEN
from residency.domain import spelling

MAX_CHARACTERS = 120
# Decomposed text has up to three marks a letter.
_MAX_DECOMPOSED = 4 * MAX_CHARACTERS
# More than Vietnamese has.
_KEPT_SIGNS = 1024
_PUNCTUATION = frozenset(" '\u2019-.·")
_WORD = re.compile(r"[^\W\d_]+")
# Full and half width forms, as East Asian keyboards write letters.
_WIDE = re.compile("[\uff00-\uffef]+")


@dataclass(frozen=True, slots=True)
class FullName:
    """A full name in Unicode form NFC with single spaces: surname, middle names, given name.

    It holds letters only, and such as can be seen: a number in its place is refused, so that an identification number
    cannot come to rest in the clear where a name belongs. Letters of full or half width are read as the letters that
    they are.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name; ValueError says what is allowed."""
        if len(text) > _MAX_DECOMPOSED:
            raise ValueError("too long")
        usual = _WIDE.sub(lambda wide: unicodedata.normalize("NFKC", wide.group()), text)
        if UNSEEN.search(usual):
            raise ValueError("not to be seen")
        name = " ".join(unicodedata.normalize("NFC", usual).split())
        if not 0 < len(name) <= MAX_CHARACTERS:
            raise ValueError("not a name")
        # Nearly all names are letters and spaces, which is told without asking of each sign.
        if not name.replace(" ", "").isalpha():
            _check_signs(name)
        return cls(name)

    def agrees_with(self, other: "FullName") -> bool:
        """Compare without regard to case, spacing, Unicode form and the tone mark's place; diacritics matter."""
        return self.text == other.text or self.folded == other.folded

    @property
    def folded(self) -> str:
        """The name as it is compared."""
        return spelling.same_spelling(self.text)

    @property
    def plain(self) -> str:
        """The name without case, diacritics and signs, which is how it is looked for: `dang thuy an`."""
        return " ".join(spelling.words(self.text))

    @property
    def order(self) -> bytes:
        """Where the name stands in a Vietnamese list: by given name, then surname, then middle names."""
        words = _WORD.findall(unicodedata.normalize("NFC", self.text))
        *before, given = words
        return b"".join(map(spelling.order, (given, *before)))


def _check_signs(name: str) -> None:
    if not all(map(_is_of_a_name, name)):
        raise ValueError("not a name")
    if not any(sign.isalpha() for sign in name):
        raise ValueError("no letter")


@lru_cache(_KEPT_SIGNS)
def _is_of_a_name(sign: str) -> bool:
    return sign in _PUNCTUATION or unicodedata.category(sign)[0] in "LM"
