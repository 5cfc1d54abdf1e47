"""The account of accesses as the data protection officer asks about it, over gRPC on real PostgreSQL."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2
from nats.aio.client import Client
from sqlalchemy import text

from chassis.account import access_account, witness
from chassis.account.access_chain import Head, Witnesses
from chassis.clock import utc_now, ward_day
from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rpc import pages
from chassis.storage.database import Database
from residency.app import nationalities
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.identity import IdentityCorrection
from residency.domain.persons.person_name import FullName
from residency.domain.persons.sealing import subject_of
from residency.wire import account as wire
from tests.fixtures.servers import TestDatabase
from tests.residency.conftest import Service
from tests.residency.samples import (
    SEAL,
    StoppedClock,
    application,
    number,
    person_operations,
    request,
    residence_operations,
)
from tests.residency.test_service import VERIFY, verifying
from tests.residency.test_stays_service import CASE, asked, day_of, home_of
from ward.options.v1 import access_pb2
from ward.residency.v1 import account_pb2 as pb
from ward.residency.v1 import residency_pb2, stays_pb2

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

OFFICER = "data_protection_officer"
REVIEW = access_pb2.AccessPurpose(purpose=access_pb2.PURPOSE_SUPERVISION, reference="KT-1")
REQUEST = access_pb2.AccessPurpose(
    purpose=access_pb2.PURPOSE_DATA_SUBJECT_REQUEST, reference="YC-1"
)


def listing(**fields: Any) -> pb.ListAccessesRequest:
    """Ask for accesses in a review."""
    return pb.ListAccessesRequest(purpose=REVIEW, **fields)


def to_person(serial: int = 1, **fields: Any) -> pb.ListAccessesToPersonRequest:
    """Ask who looked a person up, for that person."""
    fields = {"purpose": REQUEST, "personal_id_number": number(serial).digits, **fields}
    return pb.ListAccessesToPersonRequest(**fields)


async def look(service: Service, *serials: int, role: str = "residence_officer") -> None:
    """Look people up, one after the other."""
    for serial in serials:
        await service.call(
            "VerifyIdentity", verifying(personal_id_number=number(serial).digits), role
        )


async def test_accesses_are_listed_newest_first_page_by_page(service: Service) -> None:
    """Every access once, persons by pseudonym; asking is an access too, which the next listing shows."""
    await look(service, 1, 2, 3)
    first = await service.call("ListAccesses", listing(page_size=2), OFFICER)
    second = await service.call(
        "ListAccesses", listing(page_size=2, page_token=first.next_page_token), OFFICER
    )
    listed = [*first.accesses, *second.accesses]
    newest = await service.call("ListAccesses", listing(page_size=1), OFFICER)

    assert [one.position for one in listed] == [3, 2, 1]
    assert [one.subject for one in listed] == [SEAL.pseudonym(number(one)) for one in (3, 2, 1)]
    assert not second.next_page_token
    assert newest.accesses[0].access_record_id == second.access_record_id
    assert newest.accesses[0].account == "demo-data-protection-officer"


async def test_a_filter_lets_through_what_fits_all_of_it(service: Service) -> None:
    """Account, purpose, reference, outcome, subject and time, each by itself and together."""
    await look(service, 1)
    await look(service, 2, role="duty_officer")
    await service.refusal("VerifyIdentity", verifying(), "citizen")
    now = utc_now()
    records = await service.access_records()
    of_duty = {"account": "demo-duty-officer", "outcome": "OK", "since": stamp(now, -60)}
    expected: list[tuple[dict[str, Any], list[int]]] = [
        ({"account": "demo-duty-officer"}, [2]),
        ({"accessed_for": access_pb2.PURPOSE_RESIDENCE_CASE}, [3, 2, 1]),
        ({"accessed_for": access_pb2.PURPOSE_FIRE_RESCUE}, []),
        ({"reference": "HS-2026/0001"}, [3, 2, 1]),
        ({"outcome": "ROLE_NOT_ALLOWED"}, [3]),
        ({"subject": records[0].subject}, [1]),
        ({"since": stamp(now, 60)}, []),
        ({"until": stamp(now, -60)}, []),
        (of_duty, [2]),
        ({**of_duty, "subject": records[0].subject}, []),
    ]
    for fields, positions in expected:
        answer = await service.call("ListAccesses", listing(**fields), OFFICER)
        own = {"/ward.residency.v1.AccountService/ListAccesses"}
        found = [one.position for one in answer.accesses if one.method not in own]
        assert found == positions, fields


def stamp(now: Any, seconds: int) -> Timestamp:
    """Write an instant some seconds from now."""
    written = Timestamp()
    written.FromDatetime(now + timedelta(seconds=seconds))
    return written


async def test_a_person_is_told_who_looked(service: Service) -> None:
    """By whom, in which role, for what and when, and of nobody else; the telling is accounted for by the request."""
    await look(service, 1)
    await look(service, 2, 1, role="duty_officer")
    answer = await service.call("ListAccessesToPerson", to_person(), OFFICER)
    record = (await service.access_records())[-1]

    assert [(one.account, one.method) for one in answer.accesses] == [
        ("demo-duty-officer", VERIFY),
        ("demo-residence-officer", VERIFY),
    ]
    assert str(record.record_id) == answer.access_record_id
    assert (record.subject, record.reference) == (SEAL.pseudonym(number()), "YC-1")
    unknown = await service.call("ListAccessesToPerson", to_person(99), OFFICER)
    assert not unknown.accesses


async def test_a_page_goes_on_with_who_looked_at_the_same_person_only(service: Service) -> None:
    """Neither another's list goes on with it, nor one of a version before; both refusals are on the account."""
    await look(service, 1)
    await look(service, 1)
    await look(service, 2)
    asking = to_person(1)
    asking.page_size = 1
    token = (await service.call("ListAccessesToPerson", asking, OFFICER)).next_page_token
    of_another = to_person(2)
    of_another.page_token = token
    asking.page_token = token.partition(".")[2]
    refusals = [
        (await service.refusal("ListAccessesToPerson", one, OFFICER)).reason
        for one in (of_another, asking)
    ]
    asking.page_token = token
    second = await service.call("ListAccessesToPerson", asking, OFFICER)
    records = (await service.access_records())[-3:]

    assert refusals == ["PAGE_TOKEN_INVALID", "PAGE_TOKEN_INVALID"]
    assert [one.position for one in second.accesses] == [1]
    assert [one.subject for one in records] == [
        SEAL.pseudonym(number(2)),
        "unknown",
        SEAL.pseudonym(number(1)),
    ]


async def test_nobody_is_told_of_looks_at_who_had_the_number_by_mistake(service: Service) -> None:
    """Whoever stood under another's number is told of looks while it was so; whose it is, of those before and since."""
    home = UUID(await home_of(service))
    clock = StoppedClock(utc_now())

    async def looked(reference: str) -> None:
        purpose = access_pb2.AccessPurpose(
            purpose=access_pb2.PURPOSE_RESIDENCE_CASE, reference=reference
        )
        asking = verifying(personal_id_number=number(1).digits)
        asking.purpose.CopyFrom(purpose)
        await service.call("VerifyIdentity", asking)
        clock.now = utc_now()

    async def told(serial: int) -> list[str]:
        answer = await service.call("ListAccessesToPerson", to_person(serial), OFFICER)
        looks = [one for one in answer.accesses if one.method == VERIFY]
        return [one.reference for one in reversed(looks)]

    residences = residence_operations(service.database, clock)
    persons = person_operations(service.database, clock)
    await looked("HS-1")
    await residences.register(application(home, 1), str(uuid4()), b"x")
    await looked("HS-2")
    name = IdentityCorrection(None, FullName.parse("Phạm Thị Giả Định Hai"), None, None, None)
    await persons.correct(number(1), name, request())
    await looked("HS-3")
    right = IdentityCorrection(number(3), None, None, None, None)
    await persons.correct(number(1), right, request())
    await looked("HS-4")
    await residences.register(application(home, 1), str(uuid4()), b"x")
    await looked("HS-5")

    assert await told(3) == ["HS-2", "HS-3"]
    assert await told(1) == ["HS-1", "HS-4", "HS-5"]


async def test_a_guest_is_told_who_looked_by_the_passport(service: Service) -> None:
    """As it was declared: its number under the country that issued it, and under no other."""
    home = await home_of(service)
    foreign = stays_pb2.ForeignStay(
        dwelling_id=home,
        passport_number="P 000 0000",
        nationality="LAO",
        full_name="Visitor Test",
        birth_date=date_pb2.Date(year=1980),
        sex=residency_pb2.SEX_MALE,
        arrives_at=stamp(utc_now(), -3600),
        leaves_on=day_of(ward_day(utc_now()) + timedelta(days=60)),
    )
    channel = stays_pb2.DECLARATION_CHANNEL_LODGING_SOFTWARE
    entering = stays_pb2.DeclareForeignStayRequest(**asked(foreign_stay=foreign, channel=channel))
    await service.call("DeclareForeignStay", entering)
    night = stays_pb2.ListGuestStaysRequest(purpose=CASE, dwelling_id=home)
    await service.call("ListGuestStays", night)

    async def told(issuer: str, passport: str) -> list[str]:
        named = pb.Passport(issuer=issuer, number=passport)
        asking = pb.ListAccessesToPersonRequest(purpose=REQUEST, passport=named)
        answer = await service.call("ListAccessesToPerson", asking, OFFICER)
        return [one.method.rpartition("/")[2] for one in answer.accesses]

    looks = await told("LAO", "p0000000")
    record = (await service.access_records())[-1]

    assert looks == ["ListGuestStays", "DeclareForeignStay"]
    assert record.subject == subject_of(SEAL.document_index(PassportNumber("LAO", "P0000000")))
    assert await told("THA", "P0000000") == []


async def test_only_for_the_persons_own_request(service: Service) -> None:
    """A review is no reason to follow one person; the refusal is accounted for."""
    refusal = await service.refusal("ListAccessesToPerson", to_person(purpose=REVIEW), OFFICER)
    record = (await service.access_records())[-1]

    assert refusal.reason == "PURPOSE_REQUIRED"
    assert (record.outcome, record.subject) == ("PURPOSE_REQUIRED", "unknown")


@pytest.mark.parametrize("method", ["ListAccesses", "ListAccessesToPerson", "GetAccountStatus"])
async def test_nobody_else_may_ask(service: Service, method: str) -> None:
    """Who looks people up does not supervise it."""
    request = {"ListAccesses": listing(), "ListAccessesToPerson": to_person()}.get(
        method, pb.GetAccountStatusRequest()
    )

    assert (await service.refusal(method, request)).reason == "ROLE_NOT_ALLOWED"


async def test_the_state_of_the_account_is_told(
    service: Service, test_database: TestDatabase, broker: Client
) -> None:
    """Empty at first; then the head, and up to where it was verified and, as the stream says, witnessed."""
    asked = pb.GetAccountStatusRequest()
    empty = await service.call("GetAccountStatus", asked, OFFICER)
    await look(service, 1, 2)
    head = await access_account.verify(service.database, Witnesses(), None, lambda _: None)
    owner = Database.connect(test_database.owner_url, pool_size=1)
    await access_account.mark_verified(owner, head, utc_now())
    await owner.close()
    subject = witness.subject_of("11002", "residency")
    await witness.tell(broker.jetstream(), subject, None, Head(1, b"of the first"), utc_now())
    async with service.database.transaction() as tx:
        await tx.execute(
            text(
                "insert into access_marks (kind, position, hash, marked_at)"
                " values ('WITNESSED', 2, '', now())"
            )
        )
    told = await service.call("GetAccountStatus", asked, OFFICER)

    assert (empty.head_position, empty.HasField("witnessed"), empty.HasField("verified")) == (
        0,
        False,
        False,
    )
    assert (told.head_position, told.head_hash) == (2, head.hash.hex())
    assert (told.witnessed.position, told.verified.position, told.kept_after_position) == (1, 2, 0)


@pytest.mark.parametrize("position", ["", "-1", "1.5", "٣", "9" * 20])
def test_a_page_token_made_elsewhere_is_refused(position: str) -> None:
    """Only a position of the chain, and of the list that it was given for."""
    token = pages.encode("accesses", position)
    with pytest.raises(PageTokenInvalidError):
        wire.page_before(token, "accesses")
    with pytest.raises(PageTokenInvalidError):
        wire.page_before(pages.encode("another", "1"), "accesses")


def test_a_purpose_outside_the_contract_is_a_field_error() -> None:
    """It would let nothing through, which is another answer than none."""
    request = pb.ListAccessesRequest()
    request.MergeFromString(b"\x18\x63")
    with pytest.raises(FieldInvalidError):
        wire.access_filter(request)


@pytest.mark.parametrize(
    ("own_number", "issuer", "passport", "field"),
    [
        (number().digits, "LAO", "P0000000", "passport"),
        ("", "X", "P0000000", "passport.issuer"),
        ("", "LAO", "?", "passport.number"),
    ],
)
def test_a_person_is_named_in_one_right_way(
    own_number: str, issuer: str, passport: str, field: str
) -> None:
    """By number or passport, not by both, and by a passport that there can be."""
    named = pb.Passport(issuer=issuer, number=passport)
    asking = pb.ListAccessesToPersonRequest(personal_id_number=own_number, passport=named)

    with pytest.raises(FieldInvalidError) as refused:
        wire.passport(asking, nationalities())
    assert refused.value.metadata["field"] == field
