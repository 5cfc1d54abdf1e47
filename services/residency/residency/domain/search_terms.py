"""The terms under which a text is found: its words whole, and what they begin with.

A whole word ends in a point, so that `an.` is the word and `an` the beginning of `anh` as well. A question is answered
by the texts that have all its terms, in any order: one intersection of sets, for which an inverted index is made.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

# Names are made of some thousand syllables.
_KEPT_WORDS = 8192


def found_under(words: Iterable[str]) -> set[str]:
    """Tell all terms under which a text of these words is found."""
    return {term for word in words for term in _terms(word)}


def asked_for(words: Sequence[str]) -> list[str]:
    """Tell the terms of a question: its words, of which the last may be only begun."""
    *whole, last = words or [""]
    return [*map(_whole, whole), *([last] if last else [])]


@lru_cache(_KEPT_WORDS)
def _terms(word: str) -> Sequence[str]:
    return *(word[:end] for end in range(1, len(word) + 1)), _whole(word)


def _whole(word: str) -> str:
    return f"{word}."
