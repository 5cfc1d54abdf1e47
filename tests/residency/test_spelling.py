"""Vietnamese spelling: one place for the tone, no diacritics, and the order of the alphabet."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.domain.spelling import ALPHABET, order, same_spelling, words

VIETNAMESE = st.text(
    alphabet="aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ",
    min_size=1,
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hòa", "hoà"),
        ("HÓA", "hoá"),
        ("thủy", "thuỷ"),
        ("qúy", "quý"),
        ("Thúy", "Thuý"),
        ("khỏe", "khoẻ"),
        ("tòa", "toà"),
        ("xã Hòa Lọai", "xã Hoà Loại"),
    ],
)
def test_the_tone_may_stand_on_either_vowel(old: str, new: str) -> None:
    """As typed the old and the new way."""
    assert same_spelling(old) == same_spelling(new)


@pytest.mark.parametrize(
    ("one", "other"),
    [("hòa", "hóa"), ("hoa", "hòa"), ("Quý", "Quỳ"), ("dung", "đung"), ("an", "ân"), ("u", "ư")],
)
def test_tones_and_letters_make_other_words(one: str, other: str) -> None:
    """Nothing but the tone's place is overlooked."""
    assert same_spelling(one) != same_spelling(other)


def test_words_of_other_languages_are_left_alone() -> None:
    """A mark that is no tone of one syllable does not move."""
    assert same_spelling("Renée") != same_spelling("Reneé")


@given(st.text(max_size=40))
def test_a_spelling_is_settled_once(text: str) -> None:
    """Again, composed or decomposed, it comes out the same."""
    once = same_spelling(text)

    assert same_spelling(once) == once
    assert same_spelling(unicodedata.normalize("NFD", text)) == once


@given(VIETNAMESE)
def test_what_is_spelled_alike_is_folded_alike(text: str) -> None:
    """Folding forgets more than settling the spelling does."""
    assert words(same_spelling(text)) == words(text)
    assert all(one.isascii() and one == one.lower() for one in words(text))


def test_d_with_a_stroke_is_found_as_d() -> None:
    """Đ has no decomposition in Unicode."""
    assert words("ĐẶNG Thuỳ-An, số 12/3") == ["dang", "thuy", "an", "so", "12", "3"]


@pytest.mark.parametrize("word", ["Ðức", "Ɖức", "ðức", "ɖức"])
def test_what_looks_like_d_with_a_stroke_is_one(word: str) -> None:
    """Keyboards and tables converted from old fonts write eth (U+00D0) and African d (U+0189) for it."""
    assert same_spelling(word) == same_spelling("Đức")
    assert words(word) == words("Đức")
    assert order(word) == order("Đức")


def test_letters_come_before_tones() -> None:
    """Đ after d, ă and â after a; among the same letters ngang, huyền, hỏi, ngã, sắc, nặng."""
    listed = [
        *("an", "àn", "ản", "ãn", "án", "ạn", "anh", "ăn", "ằn", "ân", "ấn", "bà"),
        *("dung", "đung", "đừng", "em", "êm", "o", "ô", "ơ", "u", "ư", "vy", "yên"),
    ]

    backwards = listed[::-1]

    assert sorted(backwards, key=order) == listed
    assert "".join(sorted(set(ALPHABET), key=order)) == ALPHABET


def test_other_scripts_follow() -> None:
    """They have a place, too."""
    assert sorted(["Лев", "山田", "Ý", "An"], key=order) == ["An", "Ý", "Лев", "山田"]


@given(VIETNAMESE)
def test_one_spelling_has_one_place(text: str) -> None:
    """The order knows no difference that the spelling does not."""
    assert order(same_spelling(text)) == order(text)
