"""Lookups as their callers meet them: what each role sees for each purpose, and under which name."""

from datetime import date
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from google.type import date_pb2
from sqlalchemy import insert, select

from residency import tables
from residency.domain.lookups.pseudonyms import Pseudonyms
from residency.domain.persons.contact import Contact, PhoneNumber
from stack.issuer import Role
from tests.residency.conftest import Service
from tests.residency.samples import (
    NOON,
    PSEUDONYM_KEY,
    SEAL,
    add_building,
    application,
    number,
    person_operations,
    request,
    residence_operations,
)
from ward.options.v1 import access_pb2
from ward.residency.v1 import lookups_pb2 as pb
from ward.residency.v1 import register_pb2, residency_pb2

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

NAME, PHONE = "Phạm Thị Giả Định", "+84100000001"
PURPOSES = [value.name for value in access_pb2.Purpose.DESCRIPTOR.values if value.number]

# As the residence officer and the data protection officer would sign it. Every other role, and every other purpose of
# these, sees nothing by a lookup; names in an emergency are told by breaking the glass only.
SIGNED = {
    ("residence_officer", "PURPOSE_RESIDENCE_CASE"): {
        "full name",
        "birth date",
        "sex",
        "masked number",
        "residences",
        "household",
        "phone",
    },
    ("residence_officer", "PURPOSE_PUBLIC_SERVICE"): {"full name", "birth date", "residences"},
    ("residence_officer", "PURPOSE_DATA_SUBJECT_REQUEST"): {
        "full name",
        "birth date",
        "sex",
        "masked number",
        "residences",
        "phone",
    },
    ("data_protection_officer", "PURPOSE_DATA_SUBJECT_REQUEST"): {
        "full name",
        "birth date",
        "sex",
        "masked number",
        "residences",
        "assistance",
        "phone",
    },
    ("service", "PURPOSE_PUBLIC_SERVICE"): {"residences"},
}
CALLERS = {role for role, _ in SIGNED}


def because(
    purpose: str = "PURPOSE_RESIDENCE_CASE", reference: str = "HS-2026/0001"
) -> access_pb2.AccessPurpose:
    """State a purpose."""
    return access_pb2.AccessPurpose(purpose=access_pb2.Purpose.Value(purpose), reference=reference)


def asking(purpose: str = "PURPOSE_RESIDENCE_CASE", serial: int = 1) -> pb.LookupPersonRequest:
    """Ask for a person by number."""
    return pb.LookupPersonRequest(
        purpose=because(purpose), personal_id_number=number(serial).digits
    )


async def add_family(service: Service) -> None:
    """Register two people, of whom the first heads the household and needs help."""
    place = await add_building(service.database)
    operations = residence_operations(service.database)
    for serial, name in ((1, NAME), (2, "Phạm Văn Ví Dụ")):
        entering = application(place.dwelling_ids[0], serial, full_name=name)
        await operations.register(entering, f"request-{serial}", b"x")
    async with service.database.transaction() as tx:
        head = tables.persons.c.number_index == SEAL.blind_index(number(1))
        person_id = await tx.scalar(select(tables.persons.c.person_id).where(head))
        await tx.execute(
            insert(tables.assistance_needs).values(
                need_id=uuid4(),
                person_id=person_id,
                type="OXYGEN",
                review_on=date(2027, 1, 1),
                valid_from=date(2026, 11, 1),
                recorded_at=NOON,
            )
        )
    reached = Contact(PhoneNumber.parse(PHONE), None)
    await person_operations(service.database).set_contact(number(1), reached, request())


def shown(person: pb.Person) -> set[str]:
    """Name the fields that an answer holds."""
    names = {field.name.replace("_", " ") for field, _ in person.ListFields()}
    return names - {"pseudonym"}


async def test_each_role_sees_for_each_purpose_what_was_signed(service: Service) -> None:
    """All roles with all purposes: exactly the fields of the table, the rest listed as withheld."""
    await add_family(service)
    for role, purpose in product(Role, PURPOSES):
        request, signed = asking(purpose), SIGNED.get((role, purpose))
        if signed is None:
            refusal = await service.refusal("LookupPerson", request, role)
            expected = "DISCLOSURE_NOT_ALLOWED" if role in CALLERS else "ROLE_NOT_ALLOWED"
            assert (refusal.code, refusal.reason) == ("PERMISSION_DENIED", expected)
            continue
        answer = await service.call("LookupPerson", request, role)
        withheld = {pb.PersonField.Name(field) for field in answer.withheld}
        allowed = {f"PERSON_FIELD_{name.upper().replace(' ', '_')}" for name in signed}
        assert shown(answer.person) == signed - {"household"}, (role, purpose)
        assert withheld == set(pb.PersonField.keys()) - allowed - {"PERSON_FIELD_UNSPECIFIED"}


async def test_an_answer_tells_the_person_and_never_the_number(service: Service) -> None:
    """Name, birth date, phone, where; of the number five digits."""
    await add_family(service)
    answer = await service.call("LookupPerson", asking())
    person, (record,) = answer.person, await service.access_records()

    assert (person.full_name, person.sex) == (NAME, residency_pb2.SEX_FEMALE)
    assert person.birth_date == date_pb2.Date(year=1990, month=5, day=17)
    assert (person.masked_number, person.phone) == ("999•••••••01", PHONE)
    (residence,) = person.residences
    assert residence.kind == residency_pb2.RESIDENCE_KIND_PERMANENT
    assert residence.dwelling.address == "số 12 ngõ 34, phố Thử Nghiệm"
    assert residence.valid_from == date_pb2.Date(year=2026, month=11, day=1)
    assert number().digits not in str(answer)
    assert (record.subject, str(record.record_id)) == (
        SEAL.pseudonym(number()),
        answer.access_record_id,
    )


async def test_a_number_that_nobody_has_is_answered_in_the_same_shape(service: Service) -> None:
    """No error, the same fields withheld, an access record of the same form; only no person."""
    await add_family(service)
    known = await service.call("LookupPerson", asking())
    unknown = await service.call("LookupPerson", asking(serial=7))
    records = await service.access_records()

    assert known.withheld == unknown.withheld
    assert not unknown.HasField("person")
    assert [record.outcome for record in records] == ["OK", "OK"]
    assert records[1].subject == SEAL.pseudonym(number(7))


async def test_a_pseudonym_is_the_callers_own(service: Service) -> None:
    """It finds the person again for the same account, and nobody for another; both looks name one subject.

    The record of the look under another's pseudonym says which it was.
    """
    await add_family(service)
    purpose = because("PURPOSE_DATA_SUBJECT_REQUEST")
    pseudonyms = {}
    for role in ("residence_officer", "data_protection_officer"):
        by_number = pb.LookupPersonRequest(purpose=purpose, personal_id_number=number().digits)
        pseudonym = (await service.call("LookupPerson", by_number, role)).person.pseudonym
        again = pb.LookupPersonRequest(purpose=purpose, pseudonym=pseudonym)
        assert (await service.call("LookupPerson", again, role)).person.full_name == NAME
        pseudonyms[role] = pseudonym
    stolen = pb.LookupPersonRequest(
        purpose=purpose, pseudonym=pseudonyms["data_protection_officer"]
    )
    refusal = await service.refusal("LookupPerson", stolen, "residence_officer")
    records = await service.access_records()

    assert (refusal.code, refusal.reason) == ("NOT_FOUND", "PERSON_NOT_FOUND")
    assert len(set(pseudonyms.values())) == 2
    assert [record.subject for record in records[:4]] == [SEAL.pseudonym(number())] * 4
    assert records[4].subject == f"pseudonym:{pseudonyms['data_protection_officer']}"


async def test_a_refused_look_names_whom_the_pseudonym_names(service: Service) -> None:
    """A person is told of every look, also of those that were refused; what is no pseudonym is not repeated."""
    await add_family(service)
    pseudonym = (await service.call("LookupPerson", asking())).person.pseudonym
    supervision = because("PURPOSE_SUPERVISION")
    looks = {
        "LookupPerson": pb.LookupPersonRequest(purpose=supervision, pseudonym=pseudonym),
        "ListHousehold": pb.ListHouseholdRequest(purpose=supervision, pseudonym=pseudonym),
        "GetResidence": register_pb2.GetResidenceRequest(purpose=supervision, pseudonym=pseudonym),
    }
    refusals = [await service.refusal(method, look) for method, look in looks.items()]
    made_up = pb.LookupPersonRequest(purpose=because(), pseudonym="Giả Định")
    await service.refusal("LookupPerson", made_up)
    records = (await service.access_records())[1:]

    assert [one.reason for one in refusals] == ["DISCLOSURE_NOT_ALLOWED"] * 3
    assert [one.subject for one in records] == [SEAL.pseudonym(number())] * 3 + ["unknown"]


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({}, "INVALID_ARGUMENT", "FIELD_INVALID"),
        ({"personal_id_number": "030499000000"}, "INVALID_ARGUMENT", "PERSONAL_ID_INVALID"),
        ({"pseudonym": "x"}, "NOT_FOUND", "PERSON_NOT_FOUND"),
        ({"pseudonym": "x", "purpose": None}, "INVALID_ARGUMENT", "PURPOSE_REQUIRED"),
    ],
)
async def test_who_is_nobody_is_refused(
    service: Service, fields: dict[str, Any], code: str, reason: str
) -> None:
    """Neither a number nor a pseudonym, a malformed one, one that was made up."""
    request = pb.LookupPersonRequest(**{"purpose": because(), **fields})
    refusal = await service.refusal("LookupPerson", request)

    assert (refusal.code, refusal.reason) == (code, reason)


async def test_a_pseudonym_of_a_person_who_is_not_there_names_nobody(service: Service) -> None:
    """As after a person's data was deleted."""
    gone = Pseudonyms(PSEUDONYM_KEY).of(uuid4(), "demo-residence-officer")
    looked_up = pb.LookupPersonRequest(purpose=because(), pseudonym=gone)
    household = pb.ListHouseholdRequest(purpose=because(), pseudonym=gone)
    for method, missing in (("LookupPerson", looked_up), ("ListHousehold", household)):
        assert (await service.refusal(method, missing)).reason == "PERSON_NOT_FOUND"


async def test_a_household_lists_its_members_householder_first(service: Service) -> None:
    """Each under the caller's pseudonym, with the fields of the purpose and without residences."""
    await add_family(service)
    person = (await service.call("LookupPerson", asking(serial=2))).person
    request = pb.ListHouseholdRequest(purpose=because(), pseudonym=person.pseudonym)
    (household,) = (await service.call("ListHousehold", request)).households
    head, other = household.members

    assert household.dwelling == person.residences[0].dwelling
    assert (head.person.full_name, head.householder) == (NAME, True)
    assert (other.person.full_name, other.householder) == ("Phạm Văn Ví Dụ", False)
    assert other.person.pseudonym == person.pseudonym
    assert other.person.masked_number == "999•••••••02"
    looks = (await service.access_records())[-2:]
    assert [one.subject for one in looks] == [SEAL.pseudonym(number(one)) for one in (2, 1)]
    assert not other.person.residences


async def test_a_household_is_told_for_residence_cases_only(service: Service) -> None:
    """Who lives with whom is a field like any other."""
    await add_family(service)
    person = (await service.call("LookupPerson", asking())).person
    request = pb.ListHouseholdRequest(
        purpose=because("PURPOSE_PUBLIC_SERVICE"), pseudonym=person.pseudonym
    )

    assert (await service.refusal("ListHousehold", request)).reason == "DISCLOSURE_NOT_ALLOWED"
