"""The running service, as its callers meet it: gRPC with tokens, PostgreSQL and NATS."""

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from google.type import date_pb2
from nats.aio.client import Client
from sqlalchemy import text
from structlog.testing import capture_logs

from chassis.telemetry import log
from residency import tables
from tests.fixtures.servers import TestDatabase
from tests.residency.conftest import Service
from tests.residency.samples import SEAL, add_building, number
from ward.options.v1 import access_pb2
from ward.residency.v1 import residency_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

APPEND = "function append_access_records(access_entry[])"
NAME = "Phạm Thị Giả Định"
CASE = access_pb2.AccessPurpose(
    purpose=access_pb2.PURPOSE_RESIDENCE_CASE, reference="HS-2026/0001"
)
BORN = date_pb2.Date(year=1990, month=5, day=17)
FIRST_DAY = date_pb2.Date(year=2026, month=1, day=2)
YES, NO = pb.FIELD_MATCH_YES, pb.FIELD_MATCH_NO
VERIFY = "/ward.residency.v1.ResidencyService/VerifyIdentity"
VERIFY_MANY = "/ward.residency.v1.ResidencyService/VerifyIdentities"


def registering(dwelling_id: UUID | str, **fields: Any) -> pb.RegisterResidenceRequest:
    """Make a request to register, with fields changed."""
    request: dict[str, Any] = {
        "purpose": CASE,
        "request_id": str(uuid4()),
        "dwelling_id": str(dwelling_id),
        "kind": pb.RESIDENCE_KIND_PERMANENT,
        "personal_id_number": number().digits,
        "full_name": NAME,
        "birth_date": BORN,
        "sex": pb.SEX_FEMALE,
        "valid_from": FIRST_DAY,
    }
    return pb.RegisterResidenceRequest(**(request | fields))


def verifying(**fields: Any) -> pb.VerifyIdentityRequest:
    """Make a request to verify, with fields changed."""
    request: dict[str, Any] = {
        "purpose": CASE,
        "personal_id_number": number().digits,
        "full_name": NAME,
        "birth_date": BORN,
    }
    return pb.VerifyIdentityRequest(**(request | fields))


async def test_a_registered_person_is_verified_and_the_look_accounted_for(
    service: Service,
) -> None:
    """The record says who, in which role, why, about whom by pseudonym, and is named in the answer."""
    place = await add_building(service.database)
    await service.call("RegisterResidence", registering(place.dwelling_ids[0]))
    answer = await service.call("VerifyIdentity", verifying(), "duty_officer")
    record = (await service.access_records())[-1]

    assert (answer.personal_id_number, answer.full_name, answer.birth_date) == (YES, YES, YES)
    assert str(record.record_id) == answer.access_record_id
    assert (record.account, record.roles) == ("demo-duty-officer", ["duty_officer"])
    assert record.method == "/ward.residency.v1.ResidencyService/VerifyIdentity"
    assert (record.purpose, record.reference) == ("RESIDENCE_CASE", "HS-2026/0001")
    assert (record.subject, record.outcome) == (SEAL.pseudonym(number()), "OK")
    assert record.fields == ["BIRTH_DATE", "FULL_NAME", "NUMBER"]
    assert (record.legal_basis, record.ward_code) == ("Law 68/2020/QH14", "11002")


async def test_an_unknown_number_is_answered_in_the_same_shape(service: Service) -> None:
    """NO in each declared field; the rest was not compared."""
    answer = await service.call("VerifyIdentity", verifying(full_name=""))

    assert (answer.personal_id_number, answer.full_name, answer.birth_date) == (
        NO,
        pb.FIELD_MATCH_NOT_COMPARED,
        NO,
    )
    assert answer.access_record_id


def verifying_many(*serials: int) -> pb.VerifyIdentitiesRequest:
    """Make a request to verify people of the same declared name."""
    identities = [
        pb.DeclaredIdentity(
            personal_id_number=number(serial).digits,
            full_name=NAME,
            birth_date=BORN,
            sex=pb.SEX_FEMALE,
        )
        for serial in serials
    ]
    return pb.VerifyIdentitiesRequest(purpose=CASE, identities=identities)


async def test_several_are_verified_in_one_call_and_each_look_is_accounted_for(
    service: Service,
) -> None:
    """Each answer names its own record; known and unknown numbers are in the order they were asked for."""
    place = await add_building(service.database)
    await service.call("RegisterResidence", registering(place.dwelling_ids[0]))
    answer = await service.call("VerifyIdentities", verifying_many(7, 1, 8))
    records = (await service.access_records())[1:]

    assert [one.personal_id_number for one in answer.identities] == [NO, YES, NO]
    assert [list(one.warnings) for one in answer.identities] == [
        [pb.IDENTITY_WARNING_SEX_DIFFERS_FROM_NUMBER]
    ] * 3
    assert {
        one.access_record_id: SEAL.pseudonym(number(serial))
        for one, serial in zip(answer.identities, (7, 1, 8), strict=True)
    } == {str(record.record_id): record.subject for record in records}
    assert {(record.method, record.outcome) for record in records} == {(VERIFY_MANY, "OK")}


async def test_several_are_verified_or_none(service: Service) -> None:
    """A malformed number, none, and too many are refused whole; the refusal is one record about nobody."""
    malformed = verifying_many(7, 1)
    malformed.identities[1].personal_id_number = "123456789"
    refused = (malformed, verifying_many(), verifying_many(*range(129)))
    refusals = [await service.refusal("VerifyIdentities", one) for one in refused]
    records = await service.access_records()

    assert [one.reason for one in refusals] == ["PERSONAL_ID_INVALID", *["FIELD_INVALID"] * 2]
    assert [one.outcome for one in records] == [one.reason for one in refusals]
    assert {one.subject for one in records} == {"identities"}


async def test_each_of_several_counts_as_a_look(service_at_noon: Service) -> None:
    """An officer's sixty a minute are used up by one call of sixty, and another account's are not."""
    await service_at_noon.call("VerifyIdentities", verifying_many(*[1] * 60))
    refused = await service_at_noon.refusal("VerifyIdentity", verifying())

    assert refused.reason == "LIMIT_REACHED"
    await service_at_noon.call("VerifyIdentity", verifying(), "duty_officer")


async def test_more_at_once_than_a_minute_lets_in_are_refused_by_their_field(
    service: Service,
) -> None:
    """To try again in a minute, as a reached limit says, would never help; nothing is counted."""
    refusal = await service.refusal("VerifyIdentities", verifying_many(*[1] * 61))
    await service.call("VerifyIdentities", verifying_many(*[1] * 60))

    assert refusal.reason == "FIELD_INVALID"


async def test_what_was_asked_for_is_named_by_a_pseudonym_or_not_at_all(service: Service) -> None:
    """A number that nobody has, too; what is no number is `unknown`."""
    await service.call("VerifyIdentity", verifying(personal_id_number=number(7).digits))
    await service.refusal("VerifyIdentity", verifying(personal_id_number="123456789"))
    subjects = [record.subject for record in await service.access_records()]

    assert subjects == [SEAL.pseudonym(number(7)), "unknown"]


WITH_UNKNOWN_FIELD = pb.VerifyIdentityRequest.FromString(
    verifying().SerializeToString() + b"\x92\x03\x03abc"
)


@pytest.mark.parametrize(
    ("request_", "role", "code", "reason", "vietnamese"),
    [
        pytest.param(
            verifying(),
            "fire_officer",
            "PERMISSION_DENIED",
            "ROLE_NOT_ALLOWED",
            "Vai trò của bạn không được phép thực hiện việc này.",
            id="wrong role",
        ),
        pytest.param(
            verifying(purpose=None),
            "duty_officer",
            "INVALID_ARGUMENT",
            "PURPOSE_REQUIRED",
            "Phải nêu mục đích và số hồ sơ hoặc vụ việc khi truy cập dữ liệu cá nhân.",
            id="no purpose",
        ),
        pytest.param(
            WITH_UNKNOWN_FIELD,
            "duty_officer",
            "INVALID_ARGUMENT",
            "UNKNOWN_FIELD",
            "Yêu cầu có trường không được biết đến.",
            id="unknown field",
        ),
        pytest.param(
            verifying(personal_id_number="030499000000"),
            "duty_officer",
            "INVALID_ARGUMENT",
            "PERSONAL_ID_INVALID",
            "Số định danh cá nhân không đúng định dạng: cần đúng 12 chữ số hợp lệ.",
            id="malformed number",
        ),
        pytest.param(
            verifying(birth_date=date_pb2.Date(year=1990, day=3)),
            "duty_officer",
            "INVALID_ARGUMENT",
            "FIELD_INVALID",
            "Trường «birth_date» không hợp lệ.",
            id="a day without a month",
        ),
        pytest.param(
            verifying(full_name="Phạm 1"),
            "duty_officer",
            "INVALID_ARGUMENT",
            "FIELD_INVALID",
            "Trường «full_name» không hợp lệ.",
            id="no name",
        ),
    ],
)
async def test_a_refused_look_is_told_in_vietnamese_and_accounted_for(
    service: Service,
    request_: pb.VerifyIdentityRequest,
    role: str,
    code: str,
    reason: str,
    vietnamese: str,
) -> None:
    """Status, reason, sentence, and a record with the reason as its outcome."""
    refusal = await service.refusal("VerifyIdentity", request_, role)
    records = await service.access_records()

    assert (refusal.code, refusal.reason, refusal.vietnamese) == (code, reason, vietnamese)
    assert [(record.method, record.outcome) for record in records] == [(VERIFY, reason)]
    assert records[0].account == f"demo-{role.replace('_', '-')}"


async def test_without_a_good_token_the_attempt_is_refused_and_accounted_for(
    service: Service,
) -> None:
    """Missing, expired, made up: UNAUTHENTICATED, and a record without an account."""
    expired = service.make_token("duty_officer", time.time() - 100_000)
    refusals = [
        await service.refusal("VerifyIdentity", verifying(), metadata=metadata)
        for metadata in (
            (),
            (("authorization", f"Bearer {expired}"),),
            (("authorization", "Bearer nonsense"),),
        )
    ]
    records = await service.access_records()

    assert {refusal.code for refusal in refusals} == {"UNAUTHENTICATED"}
    assert [refusal.reason for refusal in refusals] == [
        "TOKEN_MISSING",
        "TOKEN_EXPIRED",
        "TOKEN_INVALID",
    ]
    assert refusals[1].vietnamese == "Phiên đăng nhập đã hết hạn. Hãy đăng nhập lại."
    assert [record.outcome for record in records] == [refusal.reason for refusal in refusals]
    assert {record.account for record in records} == {""}


async def test_no_answer_leaves_before_its_record_is_durable(
    service: Service, test_database: TestDatabase
) -> None:
    """While the access log is locked the answer waits for it."""
    owner = await asyncpg.connect(test_database.owner_url.replace("+asyncpg", ""))
    locked = owner.transaction()
    await locked.start()
    await owner.execute("lock table access_records in exclusive mode")
    asked = asyncio.create_task(service.call("VerifyIdentity", verifying()))
    waiting = "select count(*) from pg_locks where not granted"
    while not await owner.fetchval(waiting):
        pass

    assert not asked.done()
    await locked.rollback()
    answer = await asked
    stored = await owner.fetchval("select count(*) from access_records")
    await owner.close()

    assert answer.access_record_id
    assert stored == 1


async def test_without_a_record_there_is_no_answer(
    service: Service, test_database: TestDatabase
) -> None:
    """The log cannot be written: the call fails and tells nothing."""
    owner = await asyncpg.connect(test_database.owner_url.replace("+asyncpg", ""))
    await owner.execute(f"revoke execute on {APPEND} from residency_app")
    with capture_logs() as logs:
        refusal = await service.refusal("VerifyIdentity", verifying())
    await owner.execute(f"grant execute on {APPEND} to residency_app")
    await owner.close()

    assert (refusal.code, refusal.reason) == ("INTERNAL", "INTERNAL")
    assert [entry["event"] for entry in logs] == ["call_failed"]


async def test_occupancy_is_told_by_dwelling_and_by_building(service: Service) -> None:
    """Counts only; the record names the place."""
    place = await add_building(service.database, dwellings=2)
    await service.call("RegisterResidence", registering(place.dwelling_ids[0]))
    by_dwelling = await service.call(
        "GetOccupancy",
        pb.GetOccupancyRequest(purpose=CASE, dwelling_id=str(place.dwelling_ids[0])),
        "fire_officer",
    )
    by_building = await service.call(
        "GetOccupancy",
        pb.GetOccupancyRequest(purpose=CASE, building_id=str(place.building_id)),
        "service",
    )
    subjects = [record.subject for record in (await service.access_records())[-2:]]

    assert [one.registered for one in by_dwelling.dwellings] == [1]
    assert [one.registered for one in by_building.dwellings] == [1, 0]
    assert by_dwelling.dwellings[0].age_bands == pb.AgeBands(from_16_to_59=1)
    assert subjects == [f"dwelling:{place.dwelling_ids[0]}", f"building:{place.building_id}"]
    assert by_dwelling.access_record_id != by_building.access_record_id


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ({"dwelling_id": "11111111-1111-4111-8111-111111111111"}, "DWELLING_NOT_FOUND"),
        ({"building_id": "' or 1=1"}, "BUILDING_NOT_FOUND"),
    ],
)
async def test_a_place_that_does_not_exist_is_not_found(
    service: Service, place: dict[str, Any], reason: str
) -> None:
    """Whether the id is malformed or unknown is not told."""
    request = pb.GetOccupancyRequest(purpose=CASE, **place)
    refusal = await service.refusal("GetOccupancy", request)

    assert (refusal.code, refusal.reason) == ("NOT_FOUND", reason)
    assert [record.outcome for record in await service.access_records()] == [reason]


async def test_occupancy_of_nowhere_is_a_field_error(service: Service) -> None:
    """A place must be named."""
    refusal = await service.refusal("GetOccupancy", pb.GetOccupancyRequest(purpose=CASE))

    assert (refusal.reason, refusal.vietnamese) == (
        "FIELD_INVALID",
        "Trường «place» không hợp lệ.",
    )


async def test_lists_are_read_page_by_page(service: Service) -> None:
    """Each building and each dwelling once, in order; no access record, for nobody is looked at."""
    places = [await add_building(service.database, dwellings=3) for _ in range(5)]
    buildings: list[str] = []
    request = pb.ListBuildingsRequest(residential_group=7, page_size=2)
    while True:
        page = await service.call("ListBuildings", request)
        buildings += [one.building_id for one in page.buildings]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    of_building = pb.ListDwellingsRequest(building_id=str(places[0].building_id), page_size=2)
    first = await service.call("ListDwellings", of_building)
    of_building.page_token = first.next_page_token
    second = await service.call("ListDwellings", of_building)

    assert buildings == sorted(str(place.building_id) for place in places)
    assert [one.floor for one in (*first.dwellings, *second.dwellings)] == [1, 2, 3]
    assert not second.next_page_token
    assert await service.access_records() == []


async def test_a_page_token_belongs_to_its_list(service: Service) -> None:
    """One of another list, or none of ours, is refused; so is a page of negative size."""
    for _ in range(2):
        await add_building(service.database)
    page = await service.call("ListBuildings", pb.ListBuildingsRequest(page_size=1))
    token = page.next_page_token
    building = page.buildings[0].building_id
    for method, request, reason in (
        (
            "ListBuildings",
            pb.ListBuildingsRequest(residential_group=7, page_token=token),
            "PAGE_TOKEN_OF_ANOTHER_LIST",
        ),
        (
            "ListBuildings",
            pb.ListBuildingsRequest(page_token="bm9uc2Vuc2U"),
            "PAGE_TOKEN_INVALID",
        ),
        (
            "ListDwellings",
            pb.ListDwellingsRequest(building_id=building, page_token=token),
            "PAGE_TOKEN_OF_ANOTHER_LIST",
        ),
    ):
        refusal = await service.refusal(method, request)

        assert refusal.reason == reason
    going_on = pb.ListBuildingsRequest(page_size=2, page_token=token)
    of_another = await service.refusal("ListBuildings", going_on, "duty_officer")
    assert of_another.reason == "PAGE_TOKEN_OF_ANOTHER_LIST"
    assert len((await service.call("ListBuildings", going_on)).buildings) == 1
    negative = await service.refusal("ListBuildings", pb.ListBuildingsRequest(page_size=-1))
    unknown = await service.refusal("ListDwellings", pb.ListDwellingsRequest(building_id="7"))

    assert (negative.reason, unknown.reason) == ("FIELD_INVALID", "BUILDING_NOT_FOUND")


async def test_a_registration_with_a_bad_field_enters_nothing(service: Service) -> None:
    """The field is named, and the attempt is accounted for under the pseudonym once it is known."""
    place = await add_building(service.database)
    refusals = [
        await service.refusal("RegisterResidence", registering(place.dwelling_ids[0], **fields))
        for fields in ({"sex": 0}, {"kind": pb.RESIDENCE_KIND_TEMPORARY})
    ]
    records = await service.access_records()
    async with service.database.transaction() as tx:
        persons = (await tx.execute(tables.persons.select())).all()

    assert [refusal.vietnamese for refusal in refusals] == [
        "Trường «sex» không hợp lệ.",
        "Trường «valid_until» không hợp lệ.",
    ]
    assert [record.outcome for record in records] == ["FIELD_INVALID", "FIELD_INVALID"]
    assert [record.subject for record in records] == ["unknown", SEAL.pseudonym(number())]
    assert persons == []


async def test_residence_is_entered_repeated_and_ended(service: Service) -> None:
    """A repeat gives the first id; a second permanent residence and a second end are refused."""
    place = await add_building(service.database, dwellings=2)
    request = registering(place.dwelling_ids[0])
    entered = await service.call("RegisterResidence", request)
    repeated = await service.call("RegisterResidence", request)
    second = await service.refusal("RegisterResidence", registering(place.dwelling_ids[1]))
    reused = await service.refusal(
        "RegisterResidence", registering(place.dwelling_ids[1], request_id=request.request_id)
    )
    ending = pb.EndResidenceRequest(
        purpose=CASE,
        request_id="request-0001",
        registration_id=entered.registration_id,
        ended_on=FIRST_DAY,
    )
    for _ in range(2):
        await service.call("EndResidence", ending)
    ending.request_id = "request-0002"
    again = await service.refusal("EndResidence", ending)
    ending.registration_id = "nobody"
    unknown = await service.refusal("EndResidence", ending)

    assert repeated.registration_id == entered.registration_id
    assert second.reason == "PERMANENT_RESIDENCE_EXISTS"
    assert second.vietnamese.startswith("Người này đang có đăng ký thường trú")
    assert reused.reason == "REQUEST_ID_REUSED"
    assert again.reason == "REGISTRATION_ALREADY_ENDED"
    assert unknown.reason == "REGISTRATION_NOT_FOUND"


@pytest.mark.parametrize(
    "declared",
    [
        {"full_name": "Tên Khác"},
        {"birth_date": FIRST_DAY},
        {"sex": pb.SEX_MALE},
    ],
)
async def test_a_number_of_somebody_else_is_refused_without_saying_why(
    service: Service, declared: dict[str, Any]
) -> None:
    """Whichever field disagrees, the answer is the same, and the attempt is accounted for."""
    place = await add_building(service.database, dwellings=2)
    await service.call("RegisterResidence", registering(place.dwelling_ids[0]))
    refused = await service.refusal(
        "RegisterResidence", registering(place.dwelling_ids[1], **declared)
    )
    records = await service.access_records()

    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "IDENTITY_MISMATCH")
    assert refused.vietnamese == (
        "Họ tên, ngày sinh hoặc giới tính không khớp với người đã đăng ký bằng số định danh này."
    )
    assert [record.outcome for record in records] == ["OK", "IDENTITY_MISMATCH"]
    assert records[-1].subject == SEAL.pseudonym(number())


async def test_a_change_of_occupancy_reaches_the_stream(service: Service, broker: Client) -> None:
    """Under the message's name, with counts and never a name."""
    place = await add_building(service.database)
    subscription = await broker.jetstream().subscribe("ward.residency.v1.OccupancyChanged")
    await service.call("RegisterResidence", registering(place.dwelling_ids[0]))
    message = await subscription.next_msg(timeout=30)
    occupancy = pb.OccupancyChanged.FromString(message.data).occupancy

    assert occupancy.dwelling.dwelling_id == str(place.dwelling_ids[0])
    assert occupancy.dwelling.ward_code == "11002"
    assert (occupancy.registered, occupancy.version) == (1, 1)
    assert NAME.encode() not in message.data


async def test_no_number_comes_to_rest_in_the_clear(
    service: Service, broker: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither in the log, nor in any column of any table, nor in the stream, after good and bad calls."""
    log.configure("residency", "DEBUG")
    place = await add_building(service.database)
    digits = number().digits
    await service.call("RegisterResidence", registering(place.dwelling_ids[0]))
    await service.call("VerifyIdentity", verifying())
    for request in (
        registering(place.dwelling_ids[0]),
        registering(place.dwelling_ids[0], full_name=f"Phạm {digits}"),
        registering(place.dwelling_ids[0], personal_id_number=f"{digits}0"),
        registering(digits),
        registering(place.dwelling_ids[0], request_id="request-0009", kind=9),
    ):
        await service.refusal("RegisterResidence", request)
    await service.refusal("VerifyIdentity", verifying(personal_id_number=f" {digits}"))
    state = (await broker.jetstream().stream_info("EVENTS")).state
    dump = [await rows_as_text(service, name) for name in tables.metadata.tables]
    output = capsys.readouterr()

    assert digits not in "".join(dump)
    assert digits.encode().hex() not in "".join(dump)
    assert digits not in output.out + output.err
    assert NAME not in output.out + output.err
    for sequence in range(state.first_seq, state.last_seq + 1):
        message = await broker.jetstream().get_msg("EVENTS", sequence)
        assert digits.encode() not in (message.data or b"")


async def rows_as_text(service: Service, table: str) -> str:
    """Read a whole table as text; bytes are in hexadecimal."""
    statement = text(f"select string_agg(t::text, ' ') from {table} t")  # noqa: S608 - our own names
    async with service.database.transaction() as tx:
        return str(await tx.scalar(statement))
