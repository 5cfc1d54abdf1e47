"""The grammar of addresses: everything is read, nothing is lost, and what means the same place is the same."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chassis.privacy import visible
from residency.app import gazetteer
from residency.domain.places.address import Address
from residency.domain.places.address_words import PartKind
from residency.domain.spelling import words

GAZETTEER = gazetteer("11002")

_PIECES = re.compile(r"\d+|[^\W\d_]+")
_WORDS = st.sampled_from(
    [
        *("số", "ngõ", "ngách", "hẻm", "kiệt", "đường", "phố", "tổ", "dân", "khu", "cư", "thôn"),
        *("phường", "xã", "quận", "huyện", "thành", "tỉnh", "tầng", "tòa", "lô", "căn", "hộ"),
        *("P.", "Q.", "TP.", "TDP", "KDC", "QL37", "P201", "so", "ngo", "pho", ",", "-", "/", "."),
        *("12", "3A", "12/34/5", "07", "Trần", "Hưng Đạo", "Hải Dương", "Thạch Khôi", "phía Nam"),
    ]
)
ADDRESSES = st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=14).map(" ".join))


def parsed(text: str) -> dict[str, str]:
    """Read an address whose parts are of different kinds."""
    return {part.kind.value: part.name for part in GAZETTEER.parse(text).parts}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (
            "số 12/3/4A đường Võ Nguyên Giáp, TDP 7, P. Thạch Khôi, TP. Hải Phòng",
            "số 4A ngách 12/3, đường Võ Nguyên Giáp, tổ dân phố 7, phường Thạch Khôi, thành phố Hải Phòng",
        ),
        ("so 5 ngach 34 ngo 12 pho Tran Hung Dao", "số 5 ngách 12/34, phố Tran Hung Dao"),
        ("hẻm 12/34/56 số 7 đường Lê Lai", "số 7 hẻm 12/34/56, đường Lê Lai"),
        ("SN 9,QL37,thôn Đoài", "số 9, quốc lộ 37, thôn Đoài"),
        (
            "P201 tầng 2 tòa A khu đô thị phía Nam thành phố Hải Dương",
            "phòng 201, tầng 2, tòa nhà A, khu đô thị phía Nam thành phố Hải Dương",
        ),
        ("Q.1, P.5, TP.HCM", "phường 5, quận 1, thành phố HCM"),
        (
            "lô 12 khu đô thị Đảo Ngọc - phường Thạch Khôi - tp Hải Phòng",
            "lô 12, khu đô thị Đảo Ngọc, phường Thạch Khôi, thành phố Hải Phòng",
        ),
        ("số 5, phố Xã Đàn", "số 5, phố Xã Đàn"),
        ("Kiệt 45 Lê Lợi, số 3", "số 3 kiệt 45, Lê Lợi"),
        ("nhà bà Tư sau chợ", "nhà bà Tư sau chợ"),
        ("", ""),
    ],
)
def test_an_address_is_written_in_full(text: str, canonical: str) -> None:
    """From the inside outward, abbreviations resolved, alleys as one path from the street."""
    assert GAZETTEER.parse(text).canonical == canonical


def test_each_part_is_known_by_its_kind() -> None:
    """From the flat to the province."""
    text = (
        "Căn hộ 1203, tầng 12, tòa CT2, lô B5, số 5 ngõ 12, đường N11, KĐT Đảo Ngọc, KDC 4,"
        " xã Gia Xuyên, huyện Gia Lộc, tỉnh Hải Dương"
    )

    assert parsed(text) == {
        "FLAT": "1203",
        "FLOOR": "12",
        "BLOCK": "CT2",
        "LOT": "B5",
        "NUMBER": "5",
        "ALLEY": "12",
        "STREET": "N11",
        "AREA": "Đảo Ngọc",
        "GROUP": "4",
        "COMMUNE": "Gia Xuyên",
        "DISTRICT": "Gia Lộc",
        "PROVINCE": "Hải Dương",
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Số 5 ngách 12/34, phố Trần Hưng Đạo", "12/34/5 đường trần hưng đạo"),
        ("số 05, phố Hòa Bình", "sn 5 Hoà Bình"),
        (
            "số 5 ngõ 12 phố Lê Lợi, TDP 7",
            "5 ngõ 12, phố Lê Lợi, phường Thạch Khôi, TP. Hải Phòng",
        ),
        ("số 5 phố Lê Lợi, xã Gia Xuyên, TP Hải Dương, tỉnh Hải Dương", "so 5 pho Le Loi"),
        ("P. 301, tầng 3, tòa CT1, KĐT Đảo Ngọc", "tòa nhà CT1 khu đô thị Đảo Ngọc"),
        ("tổ dân phố số 07", "TDP 7"),
        ("\u200eSố 5,\u200b phố Lê\ufeff Lợi", "số 5 phố Lê Lợi"),
    ],
)
def test_the_same_building_has_one_key(one: str, other: str) -> None:
    """However it is written, and under the units of before and after 1 July 2025."""
    keys = {GAZETTEER.building_key(GAZETTEER.parse(text)) for text in (one, other)}

    assert len(keys) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("số 5 ngõ 12 phố Lê Lợi", "số 12 ngõ 5 phố Lê Lợi"),
        ("số 5 phố Lê Lợi", "số 5 phố Lê Lai"),
        ("số 5, quốc lộ 37", "số 5, đường 37"),
        ("số 5 phố Lê Lợi", "số 5 phố Lê Lợi, phường Tân Hưng"),
        ("số 5 đường N1, KĐT Đảo Ngọc", "số 5 đường N1, KĐT Thạch Khôi"),
    ],
)
def test_other_buildings_have_other_keys(one: str, other: str) -> None:
    """Only what may go without saying is left out."""
    keys = {GAZETTEER.building_key(GAZETTEER.parse(text)) for text in (one, other)}

    assert len(keys) == 2


@pytest.mark.parametrize(
    "asked",
    [
        "số 5 ngách 12/34 phố Trần Hưng Đạo",
        "tran hung dao",
        "hung dao tr",
        "12/34 Trần Hưng Đạo",
        "số 5",
        "TDP 7, phường Thạch Khôi, Hải Phòng",
        "ngõ 12",
        "",
    ],
)
def test_a_building_is_found_by_what_is_known_of_it(asked: str) -> None:
    """Words in any order, without diacritics, the last only begun; alleys from the street on; the group."""
    stored = GAZETTEER.parse("Số 5, ngách 34, ngõ 12, phố Trần Hưng Đạo")

    assert GAZETTEER.building_terms(stored, 7).issuperset(
        GAZETTEER.asked_terms(GAZETTEER.parse(asked))
    )


@pytest.mark.parametrize("asked", ["số 6 phố Trần Hưng Đạo", "ngõ 34", "TDP 8", "hung tran x"])
def test_another_building_is_not(asked: str) -> None:
    """What is asked for has to be there."""
    stored = GAZETTEER.parse("Số 5, ngách 34, ngõ 12, phố Trần Hưng Đạo")

    assert not GAZETTEER.building_terms(stored, 7).issuperset(
        GAZETTEER.asked_terms(GAZETTEER.parse(asked))
    )


@given(ADDRESSES)
def test_what_is_written_in_full_is_read_as_the_same(text: str) -> None:
    """Any text, also one that is no address."""
    address = GAZETTEER.parse(text)

    assert GAZETTEER.parse(address.canonical) == address


@given(ADDRESSES)
@example("0\xad0")
def test_no_word_is_dropped(text: str) -> None:
    """Every word and number that is seen is in the canonical text, or its abbreviation is written in full there."""
    kept = set(_PIECES.findall(" ".join(words(GAZETTEER.parse(text).canonical))))
    read = set(_PIECES.findall(" ".join(words(visible(text)))))

    abbreviated = {"tdp", "kdc", "q", "p", "tp", "ql", "t", "so", "sn"}

    assert read - kept <= abbreviated | {"ngo", "ngach", "hem", "kiet"}


@given(ADDRESSES, st.integers(1, 18))
def test_every_address_finds_itself(text: str, group: int) -> None:
    """What a building's address says can be asked for."""
    address: Address = GAZETTEER.parse(text)
    groups = [part for part in address.parts if part.kind is PartKind.GROUP]

    asked = GAZETTEER.asked_terms(address)

    assert GAZETTEER.building_terms(address, group).issuperset(asked) or groups
