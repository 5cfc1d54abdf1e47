"""Statistics: counts that tell of nobody."""

import csv
import io
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from chassis.storage.database import Database
from residency.domain.persons.partial_date import PartialDate
from residency.domain.residence.occupancy import band_of
from residency.domain.residence.registrations import ResidenceKind
from residency.domain.residence.statistics import BANDS, Residents, tabulate
from residency.queries.statistics import StatisticsQueries
from residency.tables import access_records
from residency.wire.statistics import csv_of, xlsx_of
from tests.fixtures.servers import TestDatabase
from tests.residency.samples import TODAY, add_building, application, residence_operations
from tests.residency.test_command_line import KEYS, run

SOME = st.builds(
    Residents,
    st.integers(1, 3),
    st.sampled_from(ResidenceKind),
    st.dates(date(1930, 1, 1), TODAY).map(
        lambda born: PartialDate(born.year, born.month, born.day)
    ),
    st.integers(1, 6),
)


@given(st.lists(SOME, max_size=30), st.integers(1, 10))
def test_each_count_is_right_or_not_told(residents: list[Residents], smallest: int) -> None:
    """Nothing between nobody and the smallest cell is told, and every group has all its cells."""
    expected = Counter[tuple[int, ResidenceKind, int]]()
    for some in residents:
        expected[some.residential_group, some.kind, band_of(some.birth_date, TODAY)] += some.number
    cells = tabulate(residents, TODAY, smallest)

    assert len(cells) == 2 * len(BANDS) * len({some.residential_group for some in residents})
    for cell in cells:
        counted = expected[cell.residential_group, cell.kind, cell.band]
        assert cell.number == (counted if counted == 0 or counted >= smallest else None)


@pytest.mark.postgres
async def test_residents_are_counted_and_few_are_not_told(
    database: Database, test_database: TestDatabase, tmp_path: Path
) -> None:
    """Five are told, one is not; CSV and XLSX, and the command, say the same."""
    place = await add_building(database)
    operations = residence_operations(database)
    for serial in range(1, 7):
        born = "1990-05-17" if serial < 6 else "2024"
        entering = application(place.dwelling_ids[0], serial, birth_date=born)
        await operations.register(entering, f"request-{serial}", b"x")
    cells, smallest = await StatisticsQueries(database).count_residents(TODAY)
    told = list(csv.reader(io.StringIO(csv_of(cells, smallest).decode("utf-8-sig"))))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(xlsx_of(cells, smallest)))
    file, misnamed = tmp_path / "counts.csv", tmp_path / "counts.xslx"
    refused = await run("export-statistics", str(misnamed), DATABASE_URL=test_database.url, **KEYS)
    ended = await run("export-statistics", str(file), DATABASE_URL=test_database.url, **KEYS)
    async with database.transaction() as tx:
        record = (await tx.execute(select(access_records))).one()

    assert smallest == 5
    assert told[1:4] == [
        ["7", "thường trú", "0\N{EN DASH}5", "< 5"],
        ["7", "thường trú", "6\N{EN DASH}15", "0"],
        ["7", "thường trú", "16\N{EN DASH}59", "5"],
    ]
    assert [
        [str(cell).removesuffix(".0") for cell in row]
        for row in sheet.get_sheet_by_index(0).to_python()
    ] == told
    assert (refused.code, misnamed.exists()) == (1, False)
    assert (ended.code, ended.output) == (0, f"{file}: 10 ô / cells\n")
    assert list(csv.reader(io.StringIO(file.read_text("utf-8-sig")))) == told
    assert (record.method, record.subject) == ("export-statistics", "statistics")
    assert record.account.startswith("console:")
