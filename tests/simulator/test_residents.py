"""The people of a synthetic ward: realistic in the mass, nobody real."""

import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.simulator.rows import Row, rows

AS_OF = date(2026, 7, 1)


@pytest.fixture(scope="module")
def persons(whole_ward: Path) -> list[Row]:
    """Read the residents."""
    return rows(whole_ward, "persons")


def age(person: Row) -> int:
    """Return the age in full years, as well as the record knows it."""
    return AS_OF.year - int(person["birth_date"][:4])


def test_exactly_the_ward_s_population_is_registered_once(whole_ward: Path) -> None:
    """All 34,432 residents have one registration each."""
    registered = Counter(row["person_id"] for row in rows(whole_ward, "registrations"))

    assert len(registered) == 34_432
    assert set(registered.values()) == {1}


def test_eighteen_groups_hold_everybody(whole_ward: Path) -> None:
    """Each group has a plausible share and together they have all residents."""
    building = {row["building_id"]: row for row in rows(whole_ward, "buildings")}
    dwelling = {row["dwelling_id"]: row for row in rows(whole_ward, "dwellings")}
    groups = Counter(
        int(building[dwelling[row["dwelling_id"]]["building_id"]]["residential_group"])
        for row in rows(whole_ward, "registrations")
    )

    assert sorted(groups) == list(range(1, 19))
    assert sum(groups.values()) == 34_432
    assert all(1_200 < people < 2_700 for people in groups.values())


def test_references_hold(whole_ward: Path) -> None:
    """No row points to something that is not there, and a householder lives in the household."""
    ids = {
        kind: {row[f"{kind}_id"] for row in rows(whole_ward, f"{kind}s")}
        for kind in ("building", "dwelling", "person", "household")
    }
    households = {row["household_id"]: row for row in rows(whole_ward, "households")}
    registrations = rows(whole_ward, "registrations")
    heads = {
        row["household_id"]: row["person_id"]
        for row in registrations
        if row["relationship_to_householder"] == "chủ hộ"
    }

    assert all(row["building_id"] in ids["building"] for row in rows(whole_ward, "dwellings"))
    assert all(
        row["person_id"] in ids["person"]
        and row["dwelling_id"] == households[row["household_id"]]["dwelling_id"]
        for row in registrations
    )
    assert heads == {key: row["householder_id"] for key, row in households.items()}
    assert all(row["person_id"] in ids["person"] for row in rows(whole_ward, "assistance_needs"))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("buildings", "building_id"),
        ("buildings", "address"),
        ("dwellings", "dwelling_id"),
        ("persons", "person_id"),
        ("persons", "personal_id_number"),
        ("households", "household_id"),
        ("registrations", "registration_id"),
    ],
)
def test_keys_are_unique(whole_ward: Path, name: str, key: str) -> None:
    """Ids, identification numbers and addresses are each there once."""
    values = [row[key] for row in rows(whole_ward, name)]

    assert len(values) == len(set(values))


def test_no_identification_number_could_have_been_issued(persons: list[Row]) -> None:
    """Every number has the legal form, century, sex and year; 999 belongs to no place on earth."""
    for person in persons:
        number, year = person["personal_id_number"], int(person["birth_date"][:4])
        century_and_sex = 2 * (year // 100 - 19) + (person["sex"] == "F")

        assert number.isascii()
        assert number.isdigit()
        assert len(number) == 12
        assert number[:6] == f"999{century_and_sex}{year % 100:02d}"


def test_every_text_is_nfc(whole_ward: Path) -> None:
    """Vietnamese letters are composed in every file."""
    for file in whole_ward.iterdir():
        text = file.read_text(encoding="utf-8")

        assert unicodedata.is_normalized("NFC", text), file.name


def test_ages_are_those_of_the_delta(persons: list[Row]) -> None:
    """Children, adults and the old are there in about the shares of the census."""
    ages = [age(person) for person in persons]
    share = {
        band: sum(low <= a <= high for a in ages) / len(ages)
        for band, (low, high) in {"0-14": (0, 14), "60+": (60, 120), "75+": (75, 120)}.items()
    }

    assert 0.19 < share["0-14"] < 0.26
    assert 0.11 < share["60+"] < 0.19
    assert 0.03 < share["75+"] < 0.07
    assert 0.48 < sum(person["sex"] == "M" for person in persons) / len(persons) < 0.52


def test_surnames_have_their_published_shares(persons: list[Row]) -> None:
    """About a third is Nguyễn and a tenth Trần."""
    families = Counter(person["full_name"].split()[0] for person in persons)

    assert 0.30 < families["Nguyễn"] / len(persons) < 0.36
    assert 0.10 < families["Trần"] / len(persons) < 0.13


def test_households_have_real_sizes(whole_ward: Path) -> None:
    """A household has three to three and a half members in the mean, and nine at most."""
    sizes = Counter(row["household_id"] for row in rows(whole_ward, "registrations"))

    assert 3.0 < sum(sizes.values()) / len(sizes) < 3.6
    assert max(sizes.values()) <= 9


def test_only_old_records_have_partial_birth_dates(persons: list[Row]) -> None:
    """A few of the old were recorded by year or by year and month."""
    partial = [person["birth_date"] for person in persons if len(person["birth_date"]) < 10]

    assert 20 < len(partial) < 600
    assert max(partial) < "1962"


def test_temporary_residence_lasts_at_most_two_years(whole_ward: Path) -> None:
    """It ends within two years, for nobody before a year from now; permanent residence is open."""
    for row in rows(whole_ward, "registrations"):
        start = date.fromisoformat(row["valid_from"])
        if row["kind"] == "PERMANENT":
            assert row["valid_until"] == ""
        else:
            days = (date.fromisoformat(row["valid_until"]) - start).days
            assert days <= 730
            assert row["valid_until"] > "2027-07"
        assert start <= AS_OF
