"""Loading a ward: all of it or nothing, and never twice."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from chassis.account import console
from chassis.storage.database import Database
from residency import tables
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.importer.files import ImportRefusedError
from residency.importer.importing import Importer
from residency.operations.duplicates import DuplicateSearch
from simulator.generator import dataset
from simulator.generator.seeds import Seed
from simulator.generator.ward import AS_OF, Size, grow
from tests.residency.samples import CODES, GAZETTEER, NOON, SEAL, StoppedClock, waiting_events
from tests.residency.wards import (
    DWELLING,
    WARD,
    ward,
    write,
)

pytestmark = pytest.mark.postgres


@pytest.fixture
def said() -> list[str]:
    """Keep what the importer says."""
    return []


@pytest.fixture
def importer(database: Database, said: list[str]) -> Importer:
    """Make an importer."""
    return importing(database, said)


def importing(database: Database, said: list[str] | None = None) -> Importer:
    """Make an importer that a clerk runs, which says what it does to a list."""
    said = [] if said is None else said
    search = DuplicateSearch(database, StoppedClock())
    command = console.record_of(
        "import",
        "clerk",
        purpose="RESIDENCE_CASE",
        legal_basis="Law 68/2020/QH14",
        subject="register",
        ward_code="11002",
        now=NOON,
    )
    return Importer(
        database, SEAL, CODES, GAZETTEER, "11002", search, StoppedClock(), command, said.append
    )


REFERENCE = {
    "access_checkpoints",
    "disclosure_rules",
    "household_relationships",
    "legal_limits",
    "lookup_limits",
    "restriction_rules",
    "retention_rules",
}


async def rows_of(database: Database) -> dict[str, int]:
    """Count the rows of all tables that hold something, but for the reference data."""
    async with database.transaction() as tx:
        counts = {
            name: await tx.scalar(select(func.count()).select_from(table))
            for name, table in tables.metadata.tables.items()
        }
    return {name: int(n) for name, n in counts.items() if n and name not in REFERENCE}


async def test_a_ward_is_loaded_with_sealed_numbers_and_one_event_a_dwelling(
    importer: Importer, database: Database, tmp_path: Path
) -> None:
    """Everybody is there, can be found by the number, and is counted."""
    await importer.load(write(tmp_path, WARD))
    number = PersonalIdNumber("999145000001")
    by_number = tables.persons.c.number_index == SEAL.blind_index(number)
    async with database.transaction() as tx:
        person = (await tx.execute(select(tables.persons).where(by_number))).one()
    event = (await waiting_events(database))[0]

    assert await rows_of(database) == {
        "buildings": 1,
        "dwellings": 2,
        "building_index": 1,
        "persons": 2,
        "number_nearness": 2,
        "person_index": 2,
        "households": 1,
        "registrations": 2,
        "household_memberships": 2,
        "assistance_needs": 2,
        "imports": 1,
        "access_records": 1,
        "outbox": 1,
    }
    assert SEAL.open(person.number_sealed, person.person_id) == number
    assert event.dwelling.dwelling_id == DWELLING
    assert (event.version, event.registered, event.age_bands.from_75) == (1, 2, 1)
    assert [(need.type, need.count) for need in event.assistance] == [(1, 1), (5, 1)]


async def test_an_import_is_on_the_account_once(
    importer: Importer, database: Database, tmp_path: Path
) -> None:
    """Who entered how many rows of what; not where nothing was entered, nor a second time."""
    with pytest.raises(ImportRefusedError):
        await importer.load(write(tmp_path, ward(("persons", 1, "sex", "?"))))
    for _ in range(2):
        await importer.load(write(tmp_path, WARD))
    async with database.transaction() as tx:
        record = (await tx.execute(select(tables.access_records))).one()

    assert (record.account, record.method, record.subject) == (
        "console:clerk",
        "import",
        "register",
    )
    assert set(record.fields) == {
        "buildings:1",
        "dwellings:2",
        "persons:2",
        "households:1",
        "registrations:2",
        "assistance_needs:2",
    }


async def test_loading_again_changes_nothing(
    importer: Importer, database: Database, tmp_path: Path, said: list[str]
) -> None:
    """Not even what has been changed since."""
    await importer.load(write(tmp_path, WARD))
    async with database.transaction() as tx:
        await tx.execute(update(tables.persons).values(full_name="Tên Mới"))
    before = await rows_of(database)
    await importer.load(tmp_path)
    async with database.transaction() as tx:
        names = set((await tx.scalars(select(tables.persons.c.full_name))).all())

    assert await rows_of(database) == before
    assert names == {"Tên Mới"}
    assert "loaded already" in said[-1]


async def test_progress_is_told_line_by_line(
    importer: Importer, tmp_path: Path, said: list[str]
) -> None:
    """Rows and seconds; no line holds anything of a person."""
    await importer.load(write(tmp_path, WARD))

    assert [line.split(":")[0] for line in said] == [
        "buildings checked",
        "dwellings checked",
        "persons checked",
        "households checked",
        "registrations checked",
        "assistance_needs checked",
        "persons and registrations stored",
        "dwellings counted",
        "possible duplicates noted",
        "Loaded 2 persons in 2 dwellings.",
    ]
    assert all(" rows, " in line and line.endswith(" s") for line in said[:-1])


async def test_after_a_wrong_line_nothing_is_loaded(
    importer: Importer, database: Database, tmp_path: Path
) -> None:
    """Not even the tables before it."""
    write(tmp_path, ward(("registrations", 1, "kind", "VISIT")))
    with pytest.raises(ImportRefusedError, match=r"registrations.csv:3: kind: PERMANENT or"):
        await importer.load(tmp_path)

    assert await rows_of(database) == {}


async def test_other_data_under_the_same_ids_is_refused_whole(
    importer: Importer, database: Database, tmp_path: Path
) -> None:
    """The constraint is named; what was there stays."""
    await importer.load(write(tmp_path, WARD))
    before = await rows_of(database)
    with pytest.raises(ImportRefusedError, match=r"contradict \(buildings_pkey\)"):
        await importer.load(write(tmp_path, ward(("persons", 1, "full_name", "Tên Khác"))))

    assert await rows_of(database) == before


async def test_the_simulator_s_ward_is_loaded(
    importer: Importer, database: Database, tmp_path: Path
) -> None:
    """As the simulator writes it: every dwelling's event counts who was registered."""
    grown = grow(Seed(7), Size.of(300, None, None), AS_OF, lambda _: None)
    dataset.write(tmp_path / "ward", grown, 7, AS_OF)
    await importer.load(tmp_path / "ward")
    events = await waiting_events(database)

    assert sum(event.registered for event in events) == 300
    assert len(events) == len(grown.dwellings)
