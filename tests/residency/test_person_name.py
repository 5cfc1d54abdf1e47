"""Names: what is one, and when two are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.domain.persons.person_name import FullName


@pytest.mark.parametrize(
    ("declared", "registered", "agree"),
    [
        ("PHẠM THỊ GIẢ ĐỊNH", "Phạm Thị Giả Định", True),
        ("  phạm  thị\u00a0giả định ", "Phạm Thị Giả Định", True),
        (unicodedata.normalize("NFD", "Phạm Thị Giả Định"), "Phạm Thị Giả Định", True),
        ("Nguyễn Thị Hoà Thuỷ", "nguyễn thị hòa thủy", True),
        ("Pham Thi Gia Dinh", "Phạm Thị Giả Định", False),
        ("Phạm Thị Giả Đính", "Phạm Thị Giả Định", False),
        ("Phạm Thị Giả", "Phạm Thị Giả Định", False),
    ],
)
def test_case_spacing_and_form_do_not_matter_but_diacritics_do(
    declared: str,
    registered: str,
    agree: bool,  # noqa: FBT001
) -> None:
    """A tone makes another name."""
    assert FullName.parse(declared).agrees_with(FullName.parse(registered)) is agree


def test_names_are_listed_by_given_name_then_surname() -> None:
    """As every list of a Vietnamese office is; the tone is looked at last."""
    listed = [
        "Đặng An",
        "Nguyễn An",
        "Nguyễn Văn An",
        "Lê Ảnh",
        "Lê Ánh",
        "Nguyễn Ân",
        "Phạm Đình Dung",
        "Phạm Thị Dung",
        "Trần Đông",
    ]

    backwards = listed[::-1]

    assert sorted(backwards, key=lambda one: FullName(one).order) == listed


def test_a_name_is_looked_for_without_diacritics() -> None:
    """And without case and signs."""
    assert FullName.parse("ĐẶNG Thuỳ-An").plain == "dang thuy an"
    assert FullName.parse("·́a").order


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "-",
        "A\x00B",
        "An\u200bB",
        "Nguyễn 999090000001",
        "A" * 121,
        "A" * 5000,
        "A\u202eB",
        "\u3164",
        "\uffa0",
        "Lê\u034f Văn",
        "Lê\ufe0f Văn",
        "Lê\U000e0100 Văn",
        "\uff11\uff12",
    ],
)
def test_what_is_not_a_name_is_refused(text: str) -> None:
    """No digits, no control and no invisible characters, at most 120 characters."""
    with pytest.raises(ValueError, match=r"."):
        FullName.parse(text)


def test_letters_of_another_width_are_the_same_letters() -> None:
    """As East Asian keyboards write them."""
    for text in ("\uff2cê\u3000\uff36ăn", "\uff2ce\u0302 V\uff41\u0306n"):
        assert FullName.parse(text) == FullName("Lê Văn")


def test_names_of_other_nations_are_names() -> None:
    """Apostrophes, hyphens, dots, other scripts."""
    for text in ("Seán O'Néill-Brown Jr.", "Лев Толстой", "山田 太郎"):
        assert FullName.parse(text).text == text


@given(st.text(alphabet=st.characters(categories=["L", "M"]), min_size=1, max_size=40))
def test_every_form_of_a_name_is_the_same_name(text: str) -> None:
    """Composed, decomposed, and folded once more."""
    try:
        name = FullName.parse(text)
    except ValueError:
        return
    decomposed = FullName(unicodedata.normalize("NFD", name.text))

    assert name.agrees_with(decomposed)
    assert FullName(name.folded).agrees_with(name)
