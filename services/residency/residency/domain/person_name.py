"""Names of people, and when two spellings are the same name."""

import unicodedata
from dataclasses import dataclass
from typing import Self

MAX_CHARACTERS = 120
# Decomposed text has up to three marks a letter.
_MAX_DECOMPOSED = 4 * MAX_CHARACTERS
_PUNCTUATION = frozenset(" '\u2019-.·")


@dataclass(frozen=True)
class FullName:
    """A full name in Unicode form NFC with single spaces.

    It holds letters only: a number in its place is refused, so that an identification number cannot come to
    rest in the clear where a name belongs.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name; ValueError says what is allowed."""
        if len(text) > _MAX_DECOMPOSED:
            raise ValueError("too long")
        name = " ".join(unicodedata.normalize("NFC", text).split())
        if not 0 < len(name) <= MAX_CHARACTERS or not all(_is_of_a_name(sign) for sign in name):
            raise ValueError("not a name")
        if not any(sign.isalpha() for sign in name):
            raise ValueError("no letter")
        return cls(name)

    def agrees_with(self, other: "FullName") -> bool:
        """Compare without regard to case, spacing and Unicode form; diacritics matter."""
        return self.folded == other.folded

    @property
    def folded(self) -> str:
        """The name as it is compared."""
        decomposed = unicodedata.normalize("NFD", self.text)
        return unicodedata.normalize("NFC", decomposed.casefold())


def _is_of_a_name(sign: str) -> bool:
    return sign in _PUNCTUATION or unicodedata.category(sign)[0] in "LM"
