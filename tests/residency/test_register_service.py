"""Work on the register as officers meet it: gRPC with tokens, PostgreSQL and NATS."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2
from sqlalchemy import select

from residency import tables
from residency.domain.lookups.pseudonyms import Pseudonyms
from tests.contracts.vocabulary import methods
from tests.residency.conftest import Service
from tests.residency.samples import PSEUDONYM_KEY, SEAL, add_building, number
from ward.options.v1 import access_pb2
from ward.residency.v1 import register_pb2 as pb
from ward.residency.v1 import residency_pb2

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

CASE = access_pb2.AccessPurpose(
    purpose=access_pb2.PURPOSE_RESIDENCE_CASE, reference="HS-2026/0001"
)
FIRST_DAY = date_pb2.Date(year=2026, month=1, day=2)
SECOND_DAY = date_pb2.Date(year=2026, month=1, day=3)
NUMBER = number().digits


def asked(**fields: Any) -> dict[str, Any]:
    """Add what every change of the register says."""
    return {"purpose": CASE, "request_id": str(uuid4()), **fields}


async def registered(service: Service, serial: int = 1, **fields: Any) -> tuple[str, str]:
    """Register somebody; tell the registration and the dwelling."""
    home = str(
        fields.pop("dwelling_id", None) or (await add_building(service.database)).dwelling_ids[0]
    )
    request = residency_pb2.RegisterResidenceRequest(
        **asked(
            dwelling_id=home,
            kind=residency_pb2.RESIDENCE_KIND_PERMANENT,
            personal_id_number=number(serial).digits,
            full_name="Phạm Thị Giả Định",
            birth_date=date_pb2.Date(year=1990),
            sex=residency_pb2.SEX_FEMALE,
            valid_from=FIRST_DAY,
            **fields,
        )
    )
    answer = await service.call("RegisterResidence", request)
    return answer.registration_id, home


async def test_a_residence_is_told_as_it_is_known_and_as_it_was_known(service: Service) -> None:
    """By number or by registration, corrected in between; every look is accounted for."""
    wrong, home = await registered(service)
    before = Timestamp()
    before.GetCurrentTime()
    correcting = pb.CorrectResidenceRequest(**asked(registration_id=wrong, valid_from=SECOND_DAY))
    right = (await service.call("CorrectResidence", correcting)).registration_id
    by_number = pb.GetResidenceRequest(purpose=CASE, personal_id_number=NUMBER)
    now = (await service.call("GetResidence", by_number)).registrations
    by_id = pb.GetResidenceRequest(purpose=CASE, registration_id=right, as_known_at=before)
    then = (await service.call("GetResidence", by_id)).registrations
    async with service.database.transaction() as tx:
        person_id = await tx.scalar(select(tables.persons.c.person_id))
    own = Pseudonyms(PSEUDONYM_KEY).of(person_id, "demo-residence-officer")
    by_pseudonym = pb.GetResidenceRequest(purpose=CASE, pseudonym=own)
    same = (await service.call("GetResidence", by_pseudonym)).registrations
    stranger = pb.GetResidenceRequest(purpose=CASE, personal_id_number=number(9).digits)
    unknown = await service.call("GetResidence", stranger)
    records = await service.access_records()

    assert list(same) == list(now)
    assert [(one.registration_id, one.valid_from) for one in then] == [(wrong, FIRST_DAY)]
    assert [(one.registration_id, one.valid_from) for one in now] == [(right, SECOND_DAY)]
    assert now[0].corrects_registration_id == wrong
    assert (now[0].dwelling.dwelling_id, now[0].reference) == (home, "HS-2026/0001")
    assert not now[0].HasField("ended_on")
    assert (list(unknown.registrations), bool(unknown.access_record_id)) == ([], True)
    person = SEAL.pseudonym(number())
    assert [(record.subject, record.outcome) for record in records[1:]] == [
        (f"registration:{wrong}", "OK"),
        (person, "OK"),
        (person, "OK"),
        (f"registration:{right}", "OK"),
        (person, "OK"),
        (person, "OK"),
        (SEAL.pseudonym(number(9)), "OK"),
    ]


async def test_occupancy_is_told_at_any_time_and_as_it_was_known(service: Service) -> None:
    """Another time than now has no version; the future is not known yet."""
    _, home = await registered(service)
    asking = {"purpose": CASE, "dwelling_id": home}
    first_noon, never, future = (Timestamp() for _ in range(3))
    first_noon.FromDatetime(datetime(2026, 1, 2, 5, tzinfo=UTC))
    never.FromDatetime(datetime(2026, 1, 1, 5, tzinfo=UTC))
    future.FromDatetime(datetime(2099, 1, 1, tzinfo=UTC))

    async def counted(**times: Timestamp) -> Any:
        request = residency_pb2.GetOccupancyRequest(**asking, **times)
        return (await service.call("GetOccupancy", request)).dwellings[0]

    now, then, before = (
        await counted(),
        await counted(as_of=first_noon),
        await counted(as_of=never),
    )
    unknown = await counted(as_of=first_noon, as_known_at=first_noon)
    refused = await service.refusal(
        "GetOccupancy", residency_pb2.GetOccupancyRequest(**asking, as_known_at=future)
    )

    assert (now.registered, now.present, now.version, now.lower_bound) == (1, 1, 1, True)
    assert (then.registered, then.version, then.as_of) == (1, 0, first_noon)
    assert (before.registered, unknown.registered) == (0, 0)
    assert not then.lower_bound
    assert refused.reason == "FIELD_INVALID"


async def test_an_identity_is_corrected_and_the_history_tells_by_whom(service: Service) -> None:
    """Which fields, not which values; the data protection officer may see it."""
    await registered(service)
    right = pb.CorrectPersonRequest(
        **asked(personal_id_number=NUMBER, full_name="Phạm Thị Ví Dụ", sex=residency_pb2.SEX_MALE)
    )
    await service.call("CorrectPerson", right)
    own = access_pb2.AccessPurpose(
        purpose=access_pb2.PURPOSE_DATA_SUBJECT_REQUEST, reference="YC-2026/0001"
    )
    listing = pb.ListPersonCorrectionsRequest(purpose=own, personal_id_number=NUMBER)
    told = await service.call("ListPersonCorrections", listing, "data_protection_officer")
    nothing = pb.CorrectPersonRequest(**asked(personal_id_number=NUMBER))
    nobody = pb.CorrectPersonRequest(
        **asked(personal_id_number=number(9).digits, nationality="FRA")
    )
    land = pb.CorrectPersonRequest(**asked(personal_id_number=NUMBER, nationality="XYZ"))
    reasons = [
        (await service.refusal("CorrectPerson", request)).reason
        for request in (nothing, nobody, land)
    ]

    assert [(one.corrected_by, one.reference) for one in told.corrections] == [
        ("demo-residence-officer", "HS-2026/0001")
    ]
    assert list(told.corrections[0].fields) == ["full_name", "sex"]
    assert "Ví Dụ" not in str(told)
    assert reasons == ["FIELD_INVALID", "PERSON_NOT_REGISTERED", "FIELD_INVALID"]


async def test_a_household_is_rearranged_and_split_over_the_wire(service: Service) -> None:
    """Members are named by number in the body, and the record names the household."""
    _, home = await registered(service)
    await registered(service, 2, dwelling_id=home, relationship_to_householder="CHILD")
    async with service.database.transaction() as tx:
        household = str(await tx.scalar(tables.households.select()))
    members = [
        pb.HouseholdMember(
            personal_id_number=number(2).digits, relationship_to_householder="HOUSEHOLDER"
        ),
        pb.HouseholdMember(personal_id_number=NUMBER, relationship_to_householder="MOTHER"),
    ]
    arranging = {"household_id": household, "valid_from": SECOND_DAY}
    await service.call(
        "RearrangeHousehold", pb.RearrangeHouseholdRequest(**asked(**arranging, members=members))
    )
    splitting = pb.SplitHouseholdRequest(
        **asked(
            **arranging,
            members=[
                pb.HouseholdMember(
                    personal_id_number=NUMBER, relationship_to_householder="HOUSEHOLDER"
                )
            ],
        )
    )
    split = await service.call("SplitHousehold", splitting)
    twice = pb.RearrangeHouseholdRequest(**asked(**arranging, members=[members[0]] * 2))
    unknown = pb.RearrangeHouseholdRequest(
        **asked(household_id=str(uuid4()), valid_from=SECOND_DAY, members=members)
    )
    reasons = [
        (await service.refusal("RearrangeHousehold", request)).reason
        for request in (twice, unknown)
    ]
    records = await service.access_records()

    assert split.household_id != household
    assert reasons == ["FIELD_INVALID", "HOUSEHOLD_NOT_FOUND"]
    persons = [SEAL.pseudonym(number(serial)) for serial in (2, 1)]
    assert [record.subject for record in records[2:7]] == [
        *(f"household:{household}", *persons),
        *(f"household:{household}", persons[1]),
    ]


async def test_places_and_contacts_are_kept(service: Service) -> None:
    """A dwelling's legal basis, a building's position; a bad telephone number is named by its field."""
    _, home = await registered(service)
    async with service.database.transaction() as tx:
        building = str(await tx.scalar(tables.buildings.select()))
    where = residency_pb2.Position(latitude=20.93, longitude=106.33)
    await service.call(
        "SetLegalBasis",
        pb.SetLegalBasisRequest(
            request_id=str(uuid4()), dwelling_id=home, legal_basis=residency_pb2.LEGAL_BASIS_RENTED
        ),
    )
    await service.call(
        "SetPosition",
        pb.SetPositionRequest(request_id=str(uuid4()), building_id=building, position=where),
    )
    await service.call(
        "SetContact",
        pb.SetContactRequest(**asked(personal_id_number=NUMBER, phone="0912 345 678")),
    )
    bad = await service.refusal(
        "SetContact", pb.SetContactRequest(**asked(personal_id_number=NUMBER, phone="12"))
    )
    nowhere = await service.refusal(
        "SetPosition", pb.SetPositionRequest(request_id=str(uuid4()), building_id=building)
    )
    listed = await service.call("ListBuildings", residency_pb2.ListBuildingsRequest())
    homes = await service.call(
        "ListDwellings", residency_pb2.ListDwellingsRequest(building_id=building)
    )
    basis, again = (
        pb.SetLegalBasisRequest(
            request_id=str(uuid4()), dwelling_id=home, legal_basis=residency_pb2.LEGAL_BASIS_OWNED
        )
        for _ in range(2)
    )
    await service.call("SetLegalBasis", basis)
    await service.call("SetLegalBasis", again)
    changes = {
        place: (
            await service.call(
                "ListPlaceChanges",
                pb.ListPlaceChangesRequest(**{place: place_id}),
                "data_protection_officer",
            )
        ).changes
        for place, place_id in (("dwelling_id", home), ("building_id", building))
    }
    records = await service.access_records()
    relationships = await service.call(
        "ListHouseholdRelationships", pb.ListHouseholdRelationshipsRequest(), "citizen"
    )

    assert (bad.reason, nowhere.reason) == ("FIELD_INVALID", "FIELD_INVALID")
    assert listed.buildings[0].position == where
    assert homes.dwellings[0].legal_basis == residency_pb2.LEGAL_BASIS_RENTED
    assert [one.legal_basis for one in changes["dwelling_id"]] == [
        residency_pb2.LEGAL_BASIS_RENTED,
        residency_pb2.LEGAL_BASIS_UNSPECIFIED,
    ]
    assert [one.HasField("position") for one in changes["building_id"]] == [False]
    assert {one.changed_by for one in changes["dwelling_id"]} == {"demo-residence-officer"}
    assert [one.subject for one in records if "SetLegal" in one.method] == [f"dwelling:{home}"] * 3
    assert relationships.relationships[0].name_vi == "chủ hộ"


def test_nothing_has_room_for_what_the_ward_must_not_know() -> None:
    """No column of any table and no field of any message is of ethnicity, religion or blood group."""
    never = re.compile(r"ethnic|religio|blood|dan_toc|ton_giao|nhom_mau|faith|caste|race(?!\w)")
    columns = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.sorted_tables
        for column in table.columns
    }
    fields = set()
    waiting = [one for method in methods() for one in (method.input_type, method.output_type)]
    while waiting:
        message = waiting.pop()
        for field in message.fields:
            if field.full_name not in fields:
                fields.add(field.full_name)
                waiting += [field.message_type] if field.message_type else []

    assert len(columns) > 50
    assert len(fields) > 200
    assert [name for name in columns | fields if never.search(name)] == []


async def test_what_is_refused_does_not_tell_whether_a_number_is_registered(
    service: Service,
) -> None:
    """A household that is none, and a member who is none, are refused alike for anybody; whom it concerned is told."""
    _, home = await registered(service)
    nowhere = str(uuid4())
    made_up = [
        await refused_registration(service, home, serial, household_id=nowhere)
        for serial in (1, 9)
    ]
    other = str((await add_building(service.database)).dwelling_ids[0])
    await registered(service, 2, dwelling_id=other)
    async with service.database.transaction() as tx:
        of_home = tables.households.c.dwelling_id == UUID(home)
        household = await tx.scalar(select(tables.households.c.household_id).where(of_home))
    no_members = []
    for serial in (2, 9):
        arranging = pb.RearrangeHouseholdRequest(
            **asked(
                household_id=str(household),
                members=[
                    pb.HouseholdMember(
                        personal_id_number=number(serial).digits,
                        relationship_to_householder="HOUSEHOLDER",
                    )
                ],
                valid_from=SECOND_DAY,
            )
        )
        no_members.append((await service.refusal("RearrangeHousehold", arranging)).reason)
    recorded = {
        (one.subject, one.outcome)
        for one in await service.access_records()
        if one.method.endswith("/RearrangeHousehold")
    }

    assert made_up == ["HOUSEHOLD_NOT_FOUND"] * 2
    assert no_members == ["NOT_A_HOUSEHOLD_MEMBER"] * 2
    assert recorded == {
        (subject, "NOT_A_HOUSEHOLD_MEMBER")
        for subject in (
            f"household:{household}",
            SEAL.pseudonym(number(2)),
            SEAL.pseudonym(number(9)),
        )
    }


async def refused_registration(service: Service, home: str, serial: int, **fields: Any) -> str:
    """Register somebody under another name, which must be refused; tell the reason."""
    request = residency_pb2.RegisterResidenceRequest(
        **asked(
            dwelling_id=home,
            kind=residency_pb2.RESIDENCE_KIND_PERMANENT,
            personal_id_number=number(serial).digits,
            full_name="Trần Văn Ví Dụ",
            birth_date=date_pb2.Date(year=1990),
            sex=residency_pb2.SEX_FEMALE,
            valid_from=FIRST_DAY,
            **fields,
        )
    )
    return (await service.refusal("RegisterResidence", request)).reason


async def test_who_guesses_numbers_by_writing_is_stopped(service_at_noon: Service) -> None:
    """Writes by number count like looks: numbers that nobody has, and neighbours."""
    reasons = [
        (
            await service_at_noon.refusal(
                "SetContact",
                pb.SetContactRequest(**asked(personal_id_number=number(serial).digits)),
            )
        ).reason
        for serial in range(1, 10)
    ]

    assert reasons[0] == "PERSON_NOT_REGISTERED"
    assert reasons[-1] == "LIMIT_REACHED"
