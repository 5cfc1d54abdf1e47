"""What files of a ward are refused, and how that is told."""

from pathlib import Path

import pytest

from residency.domain.residence.registrations import TemporaryLimit
from residency.importer.files import ImportRefusedError, Manifest
from residency.importer.register import COLUMNS, Register, Rules
from tests.residency.samples import CODES, TODAY
from tests.residency.wards import (
    BUILDING,
    DWELLING,
    EMPTY_DWELLING,
    GRANDMOTHER,
    HOUSEHOLD,
    WARD,
    vouch,
    ward,
    write,
)

RELATIONSHIPS = {"chủ hộ": "HOUSEHOLDER", "con đẻ": "CHILD"}


def check(directory: Path) -> Register:
    """Read a ward as the importer does, without a database."""
    manifest = Manifest.read(directory)
    register = Register(Rules("11002", CODES, TemporaryLimit(years=2), RELATIONSHIPS, TODAY))
    for table, columns in COLUMNS.items():
        for line in manifest.lines(table, columns):
            register.add(table, line)
    return register


def test_a_sound_ward_is_read_whole(tmp_path: Path) -> None:
    """Every row of every table."""
    register = check(write(tmp_path, WARD))

    assert len(register.persons) == len(register.registrations) == len(register.needs) == 2


TWICE, UNKNOWN = "twice", "names no row that exists"


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "rule"),
    [
        ("buildings", 0, "building_id", "7", "a UUID"),
        ("buildings", 0, "ward_code", "11003", "keeps ward 11002"),
        ("buildings", 0, "residential_group", "0", "a number from 1"),
        ("buildings", 0, "storeys", "٣", "a number from 1"),
        ("buildings", 0, "address", "", "a line of text"),
        ("buildings", 0, "address", "a\x07b", "a line of text"),
        ("buildings", 0, "address", "999099000001", "without an identification number"),
        ("dwellings", 0, "unit", "999 099 000001", "without an identification number"),
        ("dwellings", 1, "dwelling_id", DWELLING, TWICE),
        ("dwellings", 1, "building_id", DWELLING, UNKNOWN),
        ("dwellings", 0, "floor", "1.5", "a whole number"),
        ("persons", 1, "person_id", GRANDMOTHER.upper(), "a UUID"),
        ("persons", 1, "person_id", GRANDMOTHER, TWICE),
        ("persons", 0, "personal_id_number", "003145000001", "12 valid digits"),
        ("persons", 1, "personal_id_number", "999145000001", TWICE),
        ("persons", 0, "full_name", "Phạm 999145000001", "characters of a name"),
        ("persons", 0, "birth_date", "1945-13", "YYYY"),
        ("persons", 0, "birth_date", "2027", "not to come"),
        ("persons", 0, "sex", "X", "M or F"),
        ("households", 0, "dwelling_id", BUILDING, UNKNOWN),
        ("households", 0, "householder_id", HOUSEHOLD, UNKNOWN),
        ("registrations", 1, "person_id", HOUSEHOLD, UNKNOWN),
        ("registrations", 1, "dwelling_id", EMPTY_DWELLING, "not the dwelling of the household"),
        ("registrations", 1, "kind", "VISIT", "PERMANENT or TEMPORARY"),
        ("registrations", 1, "valid_from", "2026-03", "YYYY-MM-DD"),
        ("registrations", 0, "valid_from", "1800-01-01", "not before the birth"),
        ("registrations", 1, "valid_until", "", "within 2 years"),
        ("registrations", 1, "valid_until", "2028-03-02", "within 2 years"),
        ("registrations", 1, "valid_until", "2026-03-01", "after valid_from"),
        ("registrations", 1, "relationship_to_householder", "con 2", "Art. 6, or nothing"),
        ("assistance_needs", 0, "person_id", DWELLING, UNKNOWN),
        ("assistance_needs", 1, "type", "MOBILITY", TWICE),
        ("assistance_needs", 0, "type", "DIAGNOSIS", "one of MOBILITY"),
        ("assistance_needs", 0, "review_on", "", "YYYY-MM-DD"),
    ],
)
def test_a_wrong_cell_is_named_by_file_line_and_column(
    tmp_path: Path,
    table: str,
    row: int,
    column: str,
    value: str,
    rule: str,
) -> None:
    """With the rule, without the value; and nothing at all is loaded."""
    write(tmp_path, ward((table, row, column, value)))
    with pytest.raises(ImportRefusedError) as refused:
        check(tmp_path)
    message = str(refused.value)

    assert message.startswith(f"{table}.csv:{row + 2}: {column}: ")
    assert rule in message
    assert "999145000001" not in message
    assert "Phạm" not in message


def test_two_permanent_residences_at_once_are_refused(tmp_path: Path) -> None:
    """The same person, the same time."""
    changed = ward(
        ("registrations", 1, "person_id", GRANDMOTHER),
        ("registrations", 1, "kind", "PERMANENT"),
    )
    with pytest.raises(ImportRefusedError, match=r"registrations.csv:3: kind: a second permanent"):
        check(write(tmp_path, changed))


def test_two_dwellings_in_one_place_are_refused(tmp_path: Path) -> None:
    """The same floor and unit of a building."""
    changed = ward(("dwellings", 1, "floor", "1"), ("dwellings", 1, "unit", ""))
    with pytest.raises(ImportRefusedError, match=r"dwellings.csv:3: unit: twice"):
        check(write(tmp_path, changed))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"person_id,type\n", r"assistance_needs.csv:1: the header must be person_id,type,rev"),
        (b"", r"assistance_needs.csv:1: the header must be"),
        (b"person_id,type,review_on\na,b\n", r"assistance_needs.csv:2: 3 fields needed"),
        (b"person_id,type,review_on\n\xff\n", r"assistance_needs.csv:2: not UTF-8"),
        (b'person_id,type,review_on\n"a,b,c\n', r"assistance_needs.csv:2: unexpected end"),
        (b"person_id,type,review_on\n", r"assistance_needs.csv: 0 rows, which is not"),
    ],
)
def test_a_broken_file_is_told_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    """Header, fields, encoding, quotes, number of rows."""
    write(tmp_path, WARD)
    (tmp_path / "assistance_needs.csv").write_bytes(content)
    vouch(tmp_path, WARD)
    with pytest.raises(ImportRefusedError, match=message):
        check(tmp_path)


def test_a_file_that_was_changed_after_the_manifest_is_refused(tmp_path: Path) -> None:
    """Its SHA-256 is another."""
    write(tmp_path, WARD)
    with (tmp_path / "persons.csv").open("a") as file:
        file.write("\n")
    with pytest.raises(ImportRefusedError, match=r"persons.csv: differs from the SHA-256"):
        check(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no json", "manifest.json: not a manifest"),
        ("[]", "manifest.json: not a manifest"),
        ('{"version": 1, "counts": [], "sha256": {}}', "manifest.json: not a manifest"),
        ('{"version": 2, "counts": {}, "sha256": {}}', "manifest.json: version 1 is needed"),
        ('{"version": 1, "counts": {}, "sha256": {}}', "buildings.csv: No such file"),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: str, message: str) -> None:
    """In words."""
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ImportRefusedError, match=message):
        check(tmp_path)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    """With the path that was looked for."""
    with pytest.raises(ImportRefusedError, match=r"nowhere/manifest.json: No such file"):
        check(tmp_path / "nowhere")
