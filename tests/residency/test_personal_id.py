"""The form of personal identification numbers (DOMAIN: 12 digits, PPP G YY NNNNNN)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.domain.persons.personal_id import PersonalIdInvalidError, PersonalIdNumber
from tests.residency.samples import CODES, TODAY


def parse(text: str, today: date = TODAY) -> PersonalIdNumber:
    """Read a number today."""
    return PersonalIdNumber.parse(text, CODES, today)


@pytest.mark.parametrize(
    ("text", "birth_year"),
    [
        ("030099000000", 1999),
        ("031305000000", 2005),
        ("101126000000", 1926),
        ("999226000000", 2026),
    ],
)
def test_numbers_in_the_right_form_are_read(text: str, birth_year: int) -> None:
    """Province or country, century and sex, year."""
    assert parse(text).birth_year == birth_year


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("003099000000", id="no such province"),
        pytest.param("000099000000", id="the country itself"),
        pytest.param("097099000000", id="between provinces and countries"),
        pytest.param("100099000000", id="before the first country"),
        pytest.param("030499000000", id="22nd century"),
        pytest.param("030227000000", id="next year"),
        pytest.param("03009900000", id="11 digits"),
        pytest.param("0300990000000", id="13 digits"),
        pytest.param("030\uff1099000000", id="full-width zero"),
        pytest.param("٠٣٠٠٩٩٠٠٠٠٠٠", id="Arabic-Indic digits"),
        pytest.param("123456789", id="identity card of nine digits"),
        pytest.param("030099000000\n", id="line end"),
        pytest.param(" 030099000000", id="space"),
        pytest.param("", id="nothing"),
    ],
)
def test_other_forms_are_refused_without_being_repeated(text: str) -> None:
    """The error names the field and holds nothing of the text."""
    with pytest.raises(PersonalIdInvalidError) as refused:
        parse(text)

    assert refused.value.metadata == {"field": "personal_id_number"}


def test_the_year_of_birth_is_compared_with_the_day_of_asking() -> None:
    """Who is born next year has no number this year."""
    assert parse("030227000000", date(2027, 1, 1)).birth_year == 2027


def test_printing_shows_a_mask() -> None:
    """Three digits, seven dots, two digits: in text, in representations and within other objects."""
    number = parse("030099123412")

    assert [str(number), repr(number), f"{[number]}"] == [
        "030•••••••12",
        "030•••••••12",
        "[030•••••••12]",
    ]


@given(st.text(max_size=14) | st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_exactly_the_numbers_of_the_rules_are_accepted(text: str) -> None:
    """Compared with the rules written out plainly."""
    plain = len(text) == 12 and set(text) <= set("0123456789")
    allowed = (
        plain
        and (text[:3] in CODES.provinces or int(text[:3]) >= 101)
        and (text[3] in "01" or (text[3] in "23" and int(text[4:6]) <= 26))
    )
    try:
        parse(text)
    except PersonalIdInvalidError:
        accepted = False
    else:
        accepted = True

    assert accepted == allowed


def test_the_reference_data_has_all_provinces_of_the_number() -> None:
    """63 provinces; Bắc Giang is 024 although some published tables say otherwise."""
    assert len(CODES.provinces) == 63
    assert CODES.provinces["024"] == "Bắc Giang"


def test_the_neighbours_of_a_number_are_the_ones_before_and_after() -> None:
    """Also at the ends."""
    told = [one.digits for one in PersonalIdNumber("999090000010").neighbours]

    assert told == ["999090000009", "999090000011"]
    assert PersonalIdNumber("000000000000").neighbours[0].digits == "999999999999"
    assert PersonalIdNumber("999999999999").neighbours[1].digits == "000000000000"
