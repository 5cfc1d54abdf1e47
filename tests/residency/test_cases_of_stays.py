"""Cases of guests and of absences, at the running service."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2
from grpc import aio
from sqlalchemy import func, select

from residency import tables
from residency.app import nationalities
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.sealing import subject_of
from residency.wire.cases import declarations
from tests.residency.desk import (
    BORN,
    CITIZEN,
    NAME,
    OFFICER,
    SECOND_OFFICER,
    Desk,
    declared,
    temporary,
)
from tests.residency.refusals import refusal_of
from tests.residency.samples import CODES, SEAL, TODAY, add_building, number
from ward.options.v1 import access_pb2
from ward.residency.v1 import account_pb2, residency_pb2, stays_pb2
from ward.residency.v1 import cases_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

# Midday of 2026-11-23 in the ward, when the desk's clock stands.
ARRIVES = Timestamp()
ARRIVES.FromDatetime(datetime(2026, 11, 23, 5, tzinfo=UTC))
LEAVES = date_pb2.Date(year=2026, month=11, day=25)
PASSPORT = "K9990001"


def lodging(dwelling_id: UUID | str, serial: int = 8, **fields: Any) -> stays_pb2.Lodging:
    """Declare a guest of two nights, with fields changed."""
    guest: dict[str, Any] = {
        "dwelling_id": str(dwelling_id),
        "personal_id_number": number(serial).digits,
        "full_name": "Trần Văn Khách",
        "birth_date": BORN,
        "reason": "thăm người thân",
        "arrives_at": ARRIVES,
        "leaves_on": LEAVES,
    }
    return stays_pb2.Lodging(**(guest | fields))


def lodgings(*guests: stays_pb2.Lodging) -> pb.ResidenceDeclaration:
    """Declare guests."""
    return temporary(UUID(int=0), lodging=pb.LodgingChange(guests=guests))


def foreigner(dwelling_id: UUID | str) -> pb.ResidenceDeclaration:
    """Declare a foreign guest."""
    guest = stays_pb2.ForeignStay(
        dwelling_id=str(dwelling_id),
        passport_number=PASSPORT,
        nationality="FRA",
        full_name="Camille Exemple",
        birth_date=BORN,
        sex=residency_pb2.SEX_FEMALE,
        arrives_at=ARRIVES,
        leaves_on=LEAVES,
    )
    return temporary(UUID(int=0), foreign_stay=pb.ForeignStayChange(guests=[guest]))


def absence(serial: int, *members: pb.DeclaredPerson) -> pb.ResidenceDeclaration:
    """Declare that people are away for long."""
    away = stays_pb2.Absence(
        ground=stays_pb2.ABSENCE_GROUND_LONG_ABSENCE,
        reason="đi làm xa",
        destination="Hà Nội",
        valid_from=date_pb2.Date(year=2026, month=11, day=20),
    )
    return temporary(UUID(int=0), *members, declarant=declared(serial), temporary_absence=away)


async def recorded(desk: Desk, declaration: pb.ResidenceDeclaration) -> str:
    """Bring a case to the register; tell its number."""
    case_number = await desk.seen(declaration)
    await desk.act(SECOND_OFFICER, "ApproveCase", case_number)
    return case_number


async def occupancy(desk: Desk) -> residency_pb2.DwellingOccupancy:
    """Wait for the next event of who is where."""
    event: residency_pb2.OccupancyChanged = await desk.hear(residency_pb2.OccupancyChanged)
    return event.occupancy


async def test_guests_are_lodged_by_a_case_and_the_case_can_be_annulled(desk: Desk) -> None:
    """They are in tonight's occupancy, received when the case was handed in; annulled, they never came."""
    place = await add_building(desk.database)
    declared_ = lodgings(lodging(place.dwelling_ids[0]), lodging(place.dwelling_ids[0], 9))
    case_number = await recorded(desk, declared_)
    entered = await occupancy(desk)
    async with desk.database.transaction() as tx:
        rows = (await tx.execute(select(tables.guest_stays))).all()
    whole = await desk.get(case_number)
    reason = {"reason": "Khách không đến"}
    cancelled = await desk.act(OFFICER, "CancelCase", case_number, **reason)
    left = await occupancy(desk)
    left = await occupancy(desk)

    assert (entered.lodging, entered.registered) == (2, 0)
    assert whole.case.kind == pb.CASE_KIND_LODGING
    assert len(whole.declaration.lodging.guests) == 2
    assert {(row.channel, row.reference) for row in rows} == {("PORTAL", case_number)}
    assert all(row.received_at < row.declare_by for row in rows)
    assert cancelled.case.state == pb.CASE_STATE_CANCELLED
    assert left.lodging == 0


async def test_guests_who_stay_too_long_are_not_entered_at_all(desk: Desk) -> None:
    """All guests of a case or none, and the case waits for another decision: one lodged there just before."""
    place = await add_building(desk.database)
    await recorded(desk, lodgings(lodging(place.dwelling_ids[0], 9)))
    arrives = Timestamp()
    arrives.FromDatetime(datetime(2026, 11, 25, 5, tzinfo=UTC))
    until = date_pb2.Date(year=2026, month=12, day=23)
    longer = lodging(place.dwelling_ids[0], 9, arrives_at=arrives, leaves_on=until)
    case_number = await desk.seen(lodgings(lodging(place.dwelling_ids[0]), longer))
    refused = await desk.refusal(SECOND_OFFICER, "ApproveCase", case_number)
    with pytest.raises(aio.AioRpcError) as homeless:
        await desk.create(lodgings(lodging(UUID(int=5))))
    async with desk.database.transaction() as tx:
        entered = await tx.scalar(select(func.count()).select_from(tables.guest_stays))

    assert refused.reason == "LODGING_TOO_LONG"
    assert refusal_of(homeless.value).reason == "DWELLING_NOT_FOUND"
    assert entered == 1
    assert (await desk.get(case_number)).case.state == pb.CASE_STATE_VERIFYING


async def test_guests_who_could_never_be_entered_are_not_declared(desk: Desk) -> None:
    """Too long, without an end, before the birth, one twice for a night: not told days later by an officer."""
    (dwelling_id,) = (await add_building(desk.database)).dwelling_ids
    tomorrow = date_pb2.Date(year=2026, month=11, day=24)
    far_ahead = Timestamp()
    far_ahead.FromDatetime(datetime(2028, 11, 23, 5, tzinfo=UTC))
    wrong = [
        lodgings(lodging(dwelling_id, leaves_on=date_pb2.Date(year=2026, month=12, day=23))),
        lodgings(lodging(dwelling_id, leaves_on=None)),
        lodgings(lodging(dwelling_id, leaves_on=date_pb2.Date(year=2026, month=11, day=23))),
        lodgings(lodging(dwelling_id, birth_date=tomorrow)),
        lodgings(lodging(dwelling_id), lodging(dwelling_id, full_name="Trần Văn Khách")),
        lodgings(lodging(dwelling_id), lodging(dwelling_id, 9, arrives_at=far_ahead)),
    ]
    desk.clock.now = datetime(2026, 11, 24, 5, tzinfo=UTC)
    refusals = []
    for one in wrong:
        with pytest.raises(aio.AioRpcError) as refused:
            await desk.create(one)
        refusals.append(refusal_of(refused.value))
    with pytest.raises(aio.AioRpcError) as nameless:
        await desk.create(lodgings(lodging(dwelling_id), lodging(dwelling_id, 9, full_name="1")))
    standing = lodging(dwelling_id, standing=True, leaves_on=None)
    both = lodgings(lodging(dwelling_id), standing, lodging(dwelling_id, 9))

    assert [one.reason for one in refusals] == [
        "LODGING_TOO_LONG",
        *["FIELD_INVALID"] * 3,
        "STAY_OVERLAPS",
        "FIELD_INVALID",
    ]
    assert [one.field.removeprefix("declaration.lodging.") for one in refusals] == [
        "guests[1]",
        "guests[1].leaves_on",
        "guests[1].leaves_on",
        "guests[1].arrives_at",
        "guests[2]",
        "guests[2].arrives_at",
    ]
    assert refusal_of(nameless.value).field == "declaration.lodging.guests[2].full_name"
    assert await desk.create(both)


async def test_stays_of_one_declaration_that_join_are_one_stay(desk: Desk) -> None:
    """In whatever order they are declared, of one guest in one dwelling; as they are when they are entered."""
    dwelling_id, other_dwelling = (await add_building(desk.database, dwellings=2)).dwelling_ids
    again = Timestamp()
    again.FromDatetime(datetime(2026, 12, 10, 5, tzinfo=UTC))
    from_there: dict[str, Any] = {
        "arrives_at": again,
        "leaves_on": date_pb2.Date(year=2026, month=12, day=30),
    }
    first = lodging(dwelling_id, leaves_on=date_pb2.Date(year=2026, month=12, day=10))
    second = lodging(dwelling_id, **from_there)
    for too_long in (lodgings(first, second), lodgings(second, first)):
        with pytest.raises(aio.AioRpcError) as refused:
            await desk.create(too_long)
        assert refusal_of(refused.value).reason == "LODGING_TOO_LONG"

    assert await desk.create(lodgings(first, lodging(other_dwelling, **from_there)))
    assert await desk.create(lodgings(first, lodging(dwelling_id, 9, **from_there)))


async def test_a_foreigner_s_stay_is_entered_and_the_passport_is_nowhere_in_the_clear(
    desk: Desk,
) -> None:
    """Counted apart; the officer who decides is shown the passport masked, like any number."""
    place = await add_building(desk.database)
    case_number = await recorded(desk, foreigner(place.dwelling_ids[0]))
    entered = await occupancy(desk)
    whole = await desk.get(case_number)
    async with desk.database.transaction() as tx:
        rows = [
            *await tx.execute(select(tables.guest_stays)),
            *await tx.execute(select(tables.cases)),
        ]

    assert (entered.foreign, entered.lodging) == (1, 0)
    assert whole.case.kind == pb.CASE_KIND_FOREIGN_STAY
    assert whole.declaration.foreign_stay.guests[0].passport_number == "•••01"
    assert not any(PASSPORT.encode() in bytes(str(row), "utf-8") for row in rows)


async def test_a_passport_that_is_shown_is_compared_and_nothing_more_is_told(desk: Desk) -> None:
    """Yes and whose it is, or no; under the case and the document, for the case's purpose, and misses are counted."""
    place = await add_building(desk.database)
    case_number = await desk.seen(foreigner(place.dwelling_ids[0]))

    def asking(
        number_: str = PASSPORT,
        issuer: str = "FRA",
        purpose: str = "RESIDENCE_CASE",
        reference: str = case_number,
    ) -> Any:
        return pb.CompareDocumentRequest(
            purpose=access_pb2.AccessPurpose(
                purpose=access_pb2.Purpose.Value(f"PURPOSE_{purpose}"), reference=reference
            ),
            case_number=case_number,
            passport=account_pb2.Passport(issuer=issuer, number=number_),
        )

    same = await desk.call(OFFICER, "CompareDocument", asking())
    others = [
        await desk.call(OFFICER, "CompareDocument", one)
        for one in (asking(f"{PASSPORT}1"), asking(issuer="DEU"))
    ]
    refused = []
    for who, one in (
        (OFFICER, asking(purpose="PUBLIC_SERVICE")),
        (OFFICER, asking(reference="HS-1")),
        (CITIZEN, asking()),
    ):
        with pytest.raises(aio.AioRpcError) as refusal:
            await desk.call(who, "CompareDocument", one)
        refused.append(refusal_of(refusal.value).reason)
    documents = [
        subject_of(SEAL.document_index(PassportNumber(issuer, text)))
        for issuer, text in (("FRA", PASSPORT), ("FRA", f"{PASSPORT}1"), ("DEU", PASSPORT))
    ]
    records = tables.access_records
    statement = (
        select(records.c.subject, records.c.fields)
        .where(records.c.method.endswith("CompareDocument"), records.c.outcome == "OK")
        .order_by(records.c.position)
    )
    async with desk.database.transaction() as tx:
        recorded = [tuple(row) for row in await tx.execute(statement)]

    assert (same.matches, same.full_name) == (True, "Camille Exemple")
    assert [(one.matches, one.full_name) for one in others] == [(False, ""), (False, "")]
    assert refused == ["DISCLOSURE_NOT_ALLOWED", "FIELD_INVALID", "ROLE_NOT_ALLOWED"]
    told = ["FULL_NAME", "MASKED_NUMBER"]
    assert [subject for subject, _ in recorded[1::2]] == documents
    assert [fields for _, fields in recorded] == [told, told, [], [], [], []]


async def test_who_declares_absence_is_absent_from_home(desk: Desk) -> None:
    """The declarant and the members, wherever they are registered; annulled, they are back."""
    place = await add_building(desk.database)
    await recorded(desk, temporary(place.dwelling_ids[0], declared(2)))
    await occupancy(desk)
    case_number = await recorded(desk, absence(1, declared(2)))
    first, second = await occupancy(desk), await occupancy(desk)
    stranger = await desk.seen(absence(3))
    refused = await desk.refusal(SECOND_OFFICER, "ApproveCase", stranger)
    await desk.act(OFFICER, "CancelCase", case_number, reason="Khai nhầm người")
    await occupancy(desk)
    back = await occupancy(desk)

    assert (first.absent, second.absent, second.registered) == (1, 2, 2)
    assert refused.reason == "PERSON_NOT_REGISTERED"
    assert back.absent == 0


async def test_an_absence_that_could_never_be_entered_is_not_declared(desk: Desk) -> None:
    """So short that the law does not ask for it, or before the birth of a member who goes along."""
    short, early = absence(1), absence(1, declared(2))
    short.temporary_absence.valid_until.CopyFrom(date_pb2.Date(year=2027, month=11, day=19))
    early.members[0].birth_date.CopyFrom(date_pb2.Date(year=2026, month=11, day=21))
    refusals = []
    for one in (short, early):
        with pytest.raises(aio.AioRpcError) as refused:
            await desk.create(one)
        refusals.append(refusal_of(refused.value).field)
    short.temporary_absence.valid_until.day = 20

    assert refusals == [
        "declaration.temporary_absence.valid_until",
        "declaration.members[1].birth_date",
    ]
    assert await desk.create(short)


@pytest.mark.parametrize(
    "declaration",
    [
        lodgings(
            lodging(UUID(int=7)),
            lodging(UUID(int=7), personal_id_number="", passport_number=PASSPORT),
        ),
        foreigner(UUID(int=7)),
        absence(1, declared(2)),
        temporary(UUID(int=7), household_split=pb.HouseholdSplitChange(valid_from=LEAVES)),
        temporary(UUID(int=7), change_of_information=pb.ChangeOfInformation()),
        temporary(
            UUID(int=7), change_of_information=pb.ChangeOfInformation(new_householder_from=LEAVES)
        ),
        temporary(UUID(int=7)),
    ],
    ids=lambda declaration: declaration.WhichOneof("change"),
)
def test_a_declaration_is_read_back_as_it_was_handed_in(
    declaration: pb.ResidenceDeclaration,
) -> None:
    """Whatever it asks for."""
    read = declarations.declaration(declaration, CODES, nationalities(), TODAY)
    stored = declarations.declaration_message(read)

    assert declarations.stored_declaration(stored.SerializeToString(), TODAY) == read
    assert stored.WhichOneof("change") == declaration.WhichOneof("change")
    assert read.declarant.full_name.text == NAME
