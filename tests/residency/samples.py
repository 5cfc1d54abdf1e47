"""A small register of people who do not exist: numbers start with 999, which no country has."""

import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from nats.aio.client import Client
from sqlalchemy import insert, select

from chassis.sealing import Seal
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from residency import tables
from residency.app import gazetteer, nationalities, registration_codes
from residency.domain.lookups.disclosure import Asker
from residency.domain.lookups.search import IndexedAddress
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal
from residency.domain.requests import Request
from residency.domain.residence.registrations import ResidenceApplication, ResidenceKind, Term
from residency.operations.persons import PersonOperations
from residency.operations.residence import ResidenceOperations
from residency.operations.upkeep import UpkeepOperations
from residency.queries.residence import ResidencesAsked
from ward.residency.v1 import residency_pb2 as pb

CODES = registration_codes()
GAZETTEER = gazetteer("11002")
NATIONALITIES = nationalities()
ENCRYPTION_KEY = b"e" * 32
INDEX_KEY = b"i" * 32
PSEUDONYM_KEY = b"p" * 32
CONTENT_SEAL = Seal([ENCRYPTION_KEY], os.urandom)
SEAL = NumberSeal(CONTENT_SEAL, INDEX_KEY)
PARTICULARS = ParticularsSeal(CONTENT_SEAL)
NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)
TODAY = date(2026, 11, 23)


@dataclass
class StoppedClock:
    """A clock that stands still until it is set."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


@dataclass(frozen=True)
class Place:
    """A building with dwellings that exist in the database."""

    building_id: UUID
    dwelling_ids: list[UUID] = field(default_factory=list)


def number(serial: int = 1) -> PersonalIdNumber:
    """Make a number that was never issued."""
    return PersonalIdNumber(f"999090{serial:06d}")


def application(
    dwelling_id: UUID,
    serial: int = 1,
    *,
    kind: ResidenceKind = ResidenceKind.PERMANENT,
    full_name: str = "Phạm Thị Giả Định",
    birth_date: str = "1990-05-17",
    valid_from: date = date(2026, 11, 1),
    valid_until: date | None = None,
) -> ResidenceApplication:
    """Make a decided registration."""
    return ResidenceApplication(
        dwelling_id=dwelling_id,
        kind=kind,
        number=number(serial),
        full_name=FullName.parse(full_name),
        birth_date=PartialDate.parse(birth_date),
        sex=Sex.FEMALE,
        term=Term(valid_from, valid_until),
    )


def residence_operations(
    database: Database, clock: StoppedClock | None = None
) -> ResidenceOperations:
    """Make the operations of registrations."""
    clock = clock or StoppedClock()
    return ResidenceOperations(database, relay(database, clock), clock, SEAL)


def person_operations(database: Database, clock: StoppedClock | None = None) -> PersonOperations:
    """Make the operations of persons."""
    clock = clock or StoppedClock()
    return PersonOperations(database, relay(database, clock), clock, SEAL)


# A residence officer at work on a case.
OFFICER = Asker("demo", frozenset({"residence_officer"}), "RESIDENCE_CASE")


def all_asked(at: datetime | None = None, known_at: datetime | None = None) -> ResidencesAsked:
    """Ask for residences as a residence officer."""
    return ResidencesAsked(OFFICER, TODAY, at, known_at)


def request(request_id: str | None = None, reference: str = "HS-2026/0001") -> Request:
    """Make a request, with an id of its own."""
    return Request(request_id or str(uuid4()), b"digest", reference)


def upkeep(database: Database, clock: StoppedClock | None = None) -> UpkeepOperations:
    """Make what the timers do."""
    clock = clock or StoppedClock()
    return UpkeepOperations(database, relay(database, clock), clock)


def relay(database: Database, clock: StoppedClock) -> Relay:
    """Make a relay that is not running."""
    return Relay(database, tables.outbox, Client().jetstream(), clock)


async def add_building(
    database: Database,
    dwellings: int = 1,
    group: int = 7,
    address: str = "số 12 ngõ 34, phố Thử Nghiệm",
) -> Place:
    """Put a building with dwellings on floors 1, 2, … into the database."""
    place = Place(uuid4(), [uuid4() for _ in range(dwellings)])
    async with database.transaction() as tx:
        await tx.execute(
            insert(tables.buildings).values(
                building_id=place.building_id,
                ward_code="11002",
                residential_group=group,
                address=address,
                storeys=max(dwellings, 1),
            )
        )
        found_by = asdict(IndexedAddress.of(address, group, GAZETTEER))
        await tx.execute(
            insert(tables.building_index).values(building_id=place.building_id, **found_by)
        )
        for floor, dwelling_id in enumerate(place.dwelling_ids, start=1):
            await tx.execute(
                insert(tables.dwellings).values(
                    dwelling_id=dwelling_id,
                    building_id=place.building_id,
                    floor=floor,
                    unit="",
                )
            )
    return place


async def waiting_events(database: Database) -> list[pb.DwellingOccupancy]:
    """Read the occupancy events in the outbox, in order."""
    statement = select(tables.outbox.c.payload).order_by(tables.outbox.c.position)
    async with database.transaction() as tx:
        payloads = (await tx.scalars(statement)).all()
    return [pb.OccupancyChanged.FromString(payload).occupancy for payload in payloads]
