"""Vietnamese spelling: when two spellings are one, what is left without diacritics, and the order of the alphabet.

A Vietnamese syllable has one tone, whose mark stands on one of its vowels; on which one differs between the old and
the new way (hoà and hòa, thuỷ and thủy) and changes nothing. Đ is a letter of its own that Unicode does not decompose,
and that looks the same as two others (Ð eth, Ɖ African d), which keyboards and tables converted from old fonts put in
its place.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

# The tones in the order of dictionaries: ngang has no mark, then huyền, hỏi, ngã, sắc, nặng (TCVN 6909:2001 marks).
TONE_MARKS = "\u0300\u0309\u0303\u0301\u0323"
_LOOKS_LIKE_D = str.maketrans("ÐðƉɖ", "ĐđĐđ")
# TCVN 5712 alphabet; f, j, w and z, which it lacks, stand where Latin has them.
ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"

_WORD = re.compile("[^\\W\\d_](?:[^\\W\\d_]|[\u0300-\u036f])*")
_PIECE = re.compile(r"[^\W_]+")
_CONSONANT = "[bcdđfghjklmnpqrstvwxz]*"
_SYLLABLE = re.compile(f"{_CONSONANT}[aeiouy]+{_CONSONANT}")
_FIRST_LETTER = 0x10
_RANK = {letter: bytes([_FIRST_LETTER + rank]) for rank, letter in enumerate(ALPHABET)}
# Other scripts follow the Latin alphabet, in the order of Unicode.
_OTHER_SCRIPT = b"\xf0"
_END_OF_LETTERS, _FIRST_TONE, _END_OF_WORD = b"\x02", 3, b"\x01"
_TONE = {mark: bytes([_FIRST_TONE + rank]) for rank, mark in enumerate(TONE_MARKS)}
# Names are made of some thousand syllables.
_KEPT_WORDS = 8192


class _Word(NamedTuple):
    """A word's letters with their own marks (ă â ê ô ơ ư), composed, and apart from them its tone marks."""

    letters: str
    tones: str


def same_spelling(text: str) -> str:
    """Reduce a text to what two spellings of it share: no case, one Unicode form, one place for the tone."""
    decomposed = unicodedata.normalize("NFD", text.translate(_LOOKS_LIKE_D))
    told = _WORD.sub(lambda found: _tone_last(found.group()), decomposed)
    return unicodedata.normalize("NFC", told.casefold())


def words(text: str) -> list[str]:
    """Split a text into its words and numbers, in small letters without any diacritic: Đặng is `dang`."""
    return [word for between_spaces in text.split() for word in _plain_words(between_spaces)]


@lru_cache(_KEPT_WORDS)
def _plain_words(text: str) -> Sequence[str]:
    bare = unicodedata.normalize("NFD", text.translate(_LOOKS_LIKE_D).casefold().replace("đ", "d"))
    kept = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return tuple(_PIECE.findall(unicodedata.normalize("NFC", kept)))


@lru_cache(_KEPT_WORDS)
def order(word: str) -> bytes:
    """Tell where a word stands in a dictionary: by its letters, and among the same letters by its tone.

    Bytes compare as the words do, and those of words that follow each other as the phrases do.
    """
    split = _split(unicodedata.normalize("NFD", word.translate(_LOOKS_LIKE_D).casefold()))
    letters = b"".join(_rank(letter) for letter in split.letters)
    return letters + _END_OF_LETTERS + b"".join(map(_TONE.__getitem__, split.tones)) + _END_OF_WORD


def _rank(letter: str) -> bytes:
    if known := _RANK.get(letter):
        return known
    base = unicodedata.normalize("NFD", letter)[0]
    return _RANK.get(base) or _OTHER_SCRIPT + letter.encode()


@lru_cache(_KEPT_WORDS)
def _tone_last(decomposed: str) -> str:
    word = unicodedata.normalize("NFD", decomposed.casefold())
    letters, tones = _split(word)
    if len(tones) != 1 or not _SYLLABLE.fullmatch(_bare(letters)):
        return word
    return letters + tones


def _split(decomposed: str) -> _Word:
    """Take the tone marks out of a decomposed word."""
    tones = "".join(sign for sign in decomposed if sign in _TONE)
    letters = "".join(sign for sign in decomposed if sign not in _TONE)
    return _Word(unicodedata.normalize("NFC", letters), tones)


def _bare(letters: str) -> str:
    decomposed = unicodedata.normalize("NFD", letters)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))
