"""Citizens in their own affairs: who they are is told by their token, and they learn of nobody else."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from grpc import aio
from sqlalchemy import select

from chassis.account.access_chain import AccessRecord
from chassis.account.access_log import append
from chassis.clock import utc_now, ward_day
from residency import tables
from residency.domain.cases import population
from residency.domain.persons.identity import IdentityCorrection
from tests.residency.conftest import Service
from tests.residency.desk import temporary
from tests.residency.refusals import Refusal, refusal_of
from tests.residency.samples import (
    NOON,
    SEAL,
    StoppedClock,
    add_building,
    application,
    number,
    person_operations,
    request,
    residence_operations,
)
from tests.residency.test_data_subject_requests import Counter
from tests.residency.test_lookups import asking as looking_up
from tests.residency.test_lookups import because
from tests.residency.test_stays_service import day_of, lodging
from ward.residency.v1 import cases_pb2
from ward.residency.v1 import citizens_pb2 as pb
from ward.residency.v1 import data_subject_requests_pb2 as requests_pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

CONTENT = "Đề nghị cho tôi biết dữ liệu đang lưu giữ"


async def own(
    service: Service, method: str, request: Any, serial: int = 1, account: str = ""
) -> Any:
    """Call a method as the citizen who has a number, by the account that is everybody's or by one of their own."""
    token = service.make_token(
        "citizen", account=account, personal_id_number=number(serial).digits
    )
    metadata = (("authorization", f"Bearer {token}"),)
    return await service.method(method)(request, metadata=metadata)


async def refused(service: Service, method: str, request: Any, serial: int = 1) -> Refusal:
    """Call a method that must be refused."""
    with pytest.raises(aio.AioRpcError) as refusal:
        await own(service, method, request, serial)
    return refusal_of(refusal.value)


async def homes(service: Service) -> list[UUID]:
    """Let persons 1 and 2 live in two dwellings."""
    dwelling_ids = (await add_building(service.database, dwellings=2)).dwelling_ids
    for serial, dwelling_id in enumerate(dwelling_ids, start=1):
        entering = application(dwelling_id, serial)
        await residence_operations(service.database).register(entering, f"request-{serial}", b"x")
    return dwelling_ids


def guest(home: UUID, **fields: Any) -> pb.DeclareOwnGuestRequest:
    """Declare a guest of tonight."""
    return pb.DeclareOwnGuestRequest(request_id=str(uuid4()), lodging=lodging(str(home), **fields))


async def test_a_request_about_oneself_is_filed_followed_and_seen_by_nobody_else(
    service: Service,
) -> None:
    """By the number of the token; accounts of officers are not told, and another's request does not exist."""
    filing = pb.FileOwnRequestRequest(
        request_id=str(uuid4()), kind=requests_pb.DATA_SUBJECT_REQUEST_KIND_VIEW, content=CONTENT
    )
    filed = (await own(service, "FileOwnRequest", filing)).request
    again = (await own(service, "FileOwnRequest", filing)).request
    verifying = requests_pb.VerifyRequesterRequest(
        request_number=filed.request_number, request_id=str(uuid4()), means="Căn cước bản gốc"
    )
    await service.call("VerifyRequester", verifying)
    reading = pb.GetOwnRequestRequest(request_number=filed.request_number)
    whole = await own(service, "GetOwnRequest", reading)
    listed = await own(service, "ListOwnRequests", pb.ListOwnRequestsRequest())
    others = await own(service, "ListOwnRequests", pb.ListOwnRequestsRequest(), serial=2)
    stranger = await refused(service, "GetOwnRequest", reading, serial=2)
    records = await service.access_records()

    assert filed == again
    assert whole.request.state == requests_pb.DATA_SUBJECT_REQUEST_STATE_VERIFIED
    assert [(one.note, one.account) for one in whole.history] == [
        (CONTENT, ""),
        ("Căn cước bản gốc", ""),
    ]
    assert [one.request_number for one in listed.requests] == [filed.request_number]
    assert list(others.requests) == []
    assert stranger.reason == "DATA_SUBJECT_REQUEST_NOT_FOUND"
    assert [one.subject for one in records] == [
        SEAL.pseudonym(number(one)) for one in (1,) * 5 + (2,) * 2
    ]
    assert (records[0].purpose, records[0].reference) == (
        "DATA_SUBJECT_REQUEST",
        filed.request_number,
    )


async def test_requests_of_before_a_number_was_corrected_stay_with_who_filed_them(
    service: Service,
) -> None:
    """Found by the right number; not what is filed under the old one since, nor what another filed of that record."""
    home, _ = await homes(service)

    def filing() -> pb.FileOwnRequestRequest:
        kind = requests_pb.DATA_SUBJECT_REQUEST_KIND_VIEW
        return pb.FileOwnRequestRequest(request_id=str(uuid4()), kind=kind, content=CONTENT)

    async def listed(serial: int, account: str = "") -> list[str]:
        asking = pb.ListOwnRequestsRequest()
        answer = await own(service, "ListOwnRequests", asking, serial, account)
        return [one.request_number for one in answer.requests]

    async def read(number_: str, serial: int, account: str = "") -> str:
        asking = pb.GetOwnRequestRequest(request_number=number_)
        try:
            found = await own(service, "GetOwnRequest", asking, serial, account)
        except aio.AioRpcError as error:
            return refusal_of(error).reason
        return str(found.request.request_number)

    before = (await own(service, "FileOwnRequest", filing())).request.request_number
    # Whose number it is, although the register has somebody else under it.
    theirs = (await own(service, "FileOwnRequest", filing(), 1, "owner")).request.request_number
    at_the_counter = requests_pb.ReceiveRequestRequest(
        request_id=str(uuid4()),
        kind=requests_pb.DATA_SUBJECT_REQUEST_KIND_VIEW,
        personal_id_number=number(1).digits,
        content=CONTENT,
    )
    await service.call("ReceiveRequest", at_the_counter)
    right = IdentityCorrection(number(3), None, None, None, None)
    clock = StoppedClock(utc_now())
    await person_operations(service.database, clock).correct(number(1), right, request())
    since = (await own(service, "FileOwnRequest", filing(), 1, "owner")).request.request_number
    await residence_operations(service.database).register(application(home, 1), "request-9", b"x")

    assert await listed(3) == [before]
    assert await listed(1, "owner") == [theirs, since]
    assert [await read(one, 3) for one in (before, theirs, since)] == [
        before,
        *["DATA_SUBJECT_REQUEST_NOT_FOUND"] * 2,
    ]
    assert [await read(one, 1, "owner") for one in (before, theirs, since)] == [
        "DATA_SUBJECT_REQUEST_NOT_FOUND",
        theirs,
        since,
    ]


@pytest.mark.parametrize("own_number", ["", "12"])
async def test_a_token_of_nobody_has_no_affairs(service: Service, own_number: str) -> None:
    """Without a number, with none that can be one, or with the lower level of identity; each attempt is recorded."""
    with pytest.raises(aio.AioRpcError) as unknown:
        await service.call(
            "ListOwnDwellings", pb.ListOwnDwellingsRequest(), "citizen", own_number=own_number
        )
    lower = service.make_token("citizen", assurance_level=1, personal_id_number=number().digits)
    low = await service.refusal(
        "ListOwnDwellings",
        pb.ListOwnDwellingsRequest(),
        metadata=(("authorization", f"Bearer {lower}"),),
    )

    expected = "PERSONAL_ID_INVALID" if own_number else "OWN_NUMBER_UNKNOWN"
    assert (refusal_of(unknown.value).reason, low.reason) == (expected, "ASSURANCE_TOO_LOW")
    assert [one.outcome for one in await service.access_records()] == [expected, low.reason]


async def drafted(service: Service, dwelling_id: UUID) -> int:
    """Make a draft; tell its running number."""
    request = cases_pb2.CreateCaseRequest(
        request_id=str(uuid4()), declaration=temporary(dwelling_id)
    )
    answer = await service.call("CreateCase", request, role="citizen")
    return int(answer.case.case_number.rpartition("-")[2])


async def test_a_guest_is_declared_for_the_own_dwelling_only(service: Service) -> None:
    """It counts tonight; the record names host and guest; another's dwelling is like one that does not exist."""
    first, second = await homes(service)
    listed = await own(service, "ListOwnDwellings", pb.ListOwnDwellingsRequest())
    declaring = guest(first)
    for _ in range(2):
        await own(service, "DeclareOwnGuest", declaring)
    elsewhere = await refused(service, "DeclareOwnGuest", guest(second))
    nowhere = await refused(service, "DeclareOwnGuest", guest(UUID(int=9)))
    nobody = await refused(
        service, "DeclareOwnGuest", pb.DeclareOwnGuestRequest(request_id="x" * 8)
    )
    async with service.database.transaction() as tx:
        (stay,) = (await tx.execute(select(tables.guest_stays))).all()
    records = await service.access_records()

    assert [one.dwelling_id for one in listed.dwellings] == [str(first)]
    assert (stay.dwelling_id, stay.channel) == (first, "PORTAL")
    assert [elsewhere.reason, nowhere.reason] == ["DWELLING_NOT_FOUND"] * 2
    assert nobody.reason == "FIELD_INVALID"
    host, visitor = (SEAL.pseudonym(number(one)) for one in (1, 5))
    assert [one.subject for one in records[1:3]] == [host, visitor]
    assert records[1].legal_basis == "Law 68/2020/QH14 Art. 30"


def asked_of_population(serial: int, case_number: str, outcome: str) -> AccessRecord:
    """Account for a question to the population database about somebody whom a case names."""
    return AccessRecord(
        record_id=uuid4(),
        recorded_at=NOON,
        account="officer-1",
        actor="11002.residency",
        roles=(),
        method=population.METHOD,
        purpose=population.PURPOSE_CODE,
        legal_basis=population.LEGAL_BASIS,
        reference=case_number,
        subject=SEAL.pseudonym(number(serial)),
        fields=population.FIELDS,
        outcome=outcome,
        request_id="",
        ward_code="11002",
    )


async def test_whether_a_guest_is_declared_elsewhere_is_told_to_officers_only(
    service: Service,
) -> None:
    """The answer is the same; a case of nobody's waits, which the host does not see.

    Nor does the host count it: the number of a draft before and of one after follow each other.
    """
    first, second = await homes(service)
    before = await drafted(service, second)
    answers = [
        await own(service, "DeclareOwnGuest", guest(home), serial)
        for serial, home in ((1, first), (2, second))
    ]
    after = await drafted(service, second)
    submitted = select(tables.cases).where(tables.cases.c.submitted_at.is_not(None))
    async with service.database.transaction() as tx:
        stays = (await tx.scalars(select(tables.guest_stays.c.dwelling_id))).all()
        (case,) = (await tx.execute(submitted)).all()

    assert after - before == 1

    assert answers[0] == answers[1]
    assert stays == [first]
    assert (case.kind, case.state, case.account) == ("LODGING", "SUBMITTED", "")
    purpose = because(reference=case.case_number)
    looking = cases_pb2.GetCaseRequest(purpose=purpose, case_number=case.case_number)
    await service.call("GetCase", looking)
    looking.purpose.reference = "HS-1"
    assert (await service.refusal("GetCase", looking)).reason == "FIELD_INVALID"
    await service.call("LookupPerson", looking_up(serial=2))
    async with service.database.transaction() as tx:
        for outcome in ("ASKED", "NOT_FOUND"):
            await append(tx, asked_of_population(2, case.case_number, outcome))
    told_host, told_guest = [
        json.loads(
            (await Counter(service).exported(personal_id_number=number(serial).digits)).json
        )
        for serial in (2, 5)
    ]
    of_host, of_guest = [
        [one["reference"] for one in export["looks"] if one["purpose"] == "RESIDENCE_CASE"]
        for export in (told_host, told_guest)
    ]
    assert case.case_number not in str(told_host)
    assert {*of_host} == {""}
    assert len(of_host) > 1
    assert {
        (*one["roles"], one["outcome"])
        for one in told_host["looks"]
        if one["purpose"] == "RESIDENCE_CASE"
    } == {("residence_officer", "OK")}
    assert case.case_number in of_guest


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (None, "FIELD_INVALID"),
        (-1, "FIELD_INVALID"),
        (0, "FIELD_INVALID"),
        (40, "LODGING_TOO_LONG"),
    ],
)
async def test_an_invalid_stay_does_not_tell_who_is_declared_elsewhere(
    service: Service, days: int | None, reason: str
) -> None:
    """It is refused of a guest who is declared elsewhere as of one who is not."""
    first, second = await homes(service)
    await own(service, "DeclareOwnGuest", guest(first))
    leaves_on = None if days is None else day_of(ward_day(utc_now()) + timedelta(days=days))
    known, unknown = [
        await refused(
            service,
            "DeclareOwnGuest",
            guest(second, personal_id_number=number(serial).digits, leaves_on=leaves_on),
            serial=2,
        )
        for serial in (5, 6)
    ]
    async with service.database.transaction() as tx:
        cases = (await tx.execute(select(tables.cases))).all()

    assert known == unknown
    assert (known.reason, cases) == (reason, [])
