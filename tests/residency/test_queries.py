"""What the service tells, on real PostgreSQL."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select

from chassis.account.access_log import OK, record_of
from chassis.context import Access
from chassis.storage.database import Database
from residency import tables
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.verification import Declaration, FieldMatch, Verification
from residency.domain.places.buildings import BuildingNotFoundError, DwellingNotFoundError
from residency.domain.residence.registrations import ResidenceKind
from residency.queries.identity import IdentityQueries, Look
from residency.queries.occupancy import OccupancyQueries
from residency.queries.places import PlaceQueries
from tests.residency.samples import (
    NOON,
    SEAL,
    StoppedClock,
    add_building,
    application,
    number,
    residence_operations,
)

pytestmark = pytest.mark.postgres

YES, NO = FieldMatch.YES, FieldMatch.NO


@pytest.fixture
def occupancy(database: Database) -> OccupancyQueries:
    """Make the questions about occupants."""
    return OccupancyQueries(database, StoppedClock())


@pytest.fixture
def places(database: Database) -> PlaceQueries:
    """Make the questions about places."""
    return PlaceQueries(database)


def look(declared: Declaration) -> Look:
    """Make the look at a declared identity."""
    access = Access(uuid4(), subject=SEAL.pseudonym(declared.number), fields=declared.fields)
    record = record_of(access, access.record_id, OK, NOON)
    return Look(declared, SEAL.blind_index(declared.number), record)


async def test_registered_persons_are_verified_by_number(database: Database) -> None:
    """Name and birth date are compared with those of this number's person; each look is recorded, in their order."""
    place = await add_building(database)
    for serial, name in ((1, "Phạm Thị Giả Định"), (2, "Trần Văn Ví Dụ")):
        entering = application(place.dwelling_ids[0], serial, full_name=name)
        await residence_operations(database).register(entering, f"request-{serial}", b"x")
    line = database.line()
    said, birth = FullName("TRẦN VĂN VÍ DỤ"), PartialDate(1990)
    looks = [look(Declaration(number(serial), said, birth)) for serial in (2, 1, 3, 2)]
    found = await IdentityQueries(line).verify(looks)
    await line.close()

    assert found == [
        Verification(YES, YES, YES),
        Verification(YES, NO, YES),
        Verification(NO, NO, NO),
        Verification(YES, YES, YES),
    ]
    async with database.transaction() as tx:
        recorded = select(tables.access_records.c.subject, tables.access_records.c.record_id)
        rows = (await tx.execute(recorded.order_by(tables.access_records.c.position))).all()
    assert rows == [(one.record.subject, one.record.record_id) for one in looks]


async def test_occupancy_counts_those_registered_today(
    occupancy: OccupancyQueries, database: Database
) -> None:
    """Not those to come, and not those whose term has run out."""
    place = await add_building(database)
    does, temporary = residence_operations(database), ResidenceKind.TEMPORARY
    for serial, valid_from, valid_until in (
        (1, date(2026, 11, 23), date(2026, 11, 24)),
        (2, date(2026, 11, 24), date(2027, 11, 24)),
        (3, date(2026, 11, 1), date(2026, 11, 23)),
    ):
        entering = application(
            place.dwelling_ids[0],
            serial,
            kind=temporary,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        await does.register(entering, f"request-{serial}", b"x")
    counted = (await occupancy.of_dwelling(place.dwelling_ids[0], NOON))[0]

    assert (counted.counts.registered, counted.version) == (1, 3)
    assert counted.as_of == NOON


async def test_occupancy_of_a_building_has_each_dwelling_by_floor(
    occupancy: OccupancyQueries, database: Database
) -> None:
    """Empty ones too; other buildings stay out of it."""
    place, _ = await add_building(database, dwellings=3), await add_building(database)
    entering = application(place.dwelling_ids[1])
    await residence_operations(database).register(entering, "request-0001", b"x")
    found = await occupancy.of_building(place.building_id, NOON)

    assert [one.dwelling.dwelling_id for one in found] == place.dwelling_ids
    assert [one.counts.registered for one in found] == [0, 1, 0]
    assert found[0].dwelling.building.address == "số 12 ngõ 34, phố Thử Nghiệm"


async def test_places_that_do_not_exist_are_told(
    occupancy: OccupancyQueries, places: PlaceQueries, database: Database
) -> None:
    """A building without dwellings exists and is empty."""
    empty = await add_building(database, dwellings=0)
    with pytest.raises(DwellingNotFoundError):
        await occupancy.of_dwelling(uuid4(), NOON)
    with pytest.raises(BuildingNotFoundError):
        await occupancy.of_building(uuid4(), NOON)
    with pytest.raises(BuildingNotFoundError):
        await places.list_dwellings(uuid4(), None, 10)

    assert await occupancy.of_building(empty.building_id, NOON) == []
    assert await places.list_dwellings(empty.building_id, None, 10) == []


async def test_buildings_come_in_order_of_their_id(
    places: PlaceQueries, database: Database
) -> None:
    """After any of them, and of one group only if asked."""
    made = [await add_building(database, group=1 + n % 2) for n in range(5)]
    ids = sorted(place.building_id for place in made)
    of_group = sorted(place.building_id for place in made[::2])
    everything = await places.list_buildings(0, [], None, 10)
    rest = await places.list_buildings(0, [], ids[1], 2)
    group = await places.list_buildings(1, [], None, 10)

    assert [one.building_id for one in everything] == ids
    assert [one.building_id for one in rest] == ids[2:4]
    assert [one.building_id for one in group] == of_group


async def test_dwellings_come_by_floor_after_any_of_them(
    places: PlaceQueries, database: Database
) -> None:
    """Of the asked building only."""
    place, _ = await add_building(database, dwellings=4), await add_building(database)
    rest = await places.list_dwellings(place.building_id, place.dwelling_ids[1], 10)

    assert [one.dwelling_id for one in rest] == place.dwelling_ids[2:]
