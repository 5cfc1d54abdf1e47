"""Possible duplicates as officers meet them: gRPC with tokens, purposes and a record of each look."""

import json
from collections import Counter
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from grpc import aio

from chassis.clock import utc_now, ward_day
from residency.domain.residence.registrations import ResidenceKind
from tests.residency.conftest import Service
from tests.residency.refusals import Refusal, refusal_of
from tests.residency.samples import (
    SEAL,
    StoppedClock,
    add_building,
    application,
    number,
    residence_operations,
)
from tests.residency.test_lookups import because
from tests.residency.test_residence_import import csv_of, row, take
from tests.residency.test_service import verifying
from ward.options.v1 import access_pb2
from ward.residency.v1 import (
    account_pb2,
    data_subject_requests_pb2,
    lookups_pb2,
    register_pb2,
    residency_pb2,
)
from ward.residency.v1 import duplicates_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

REASON = "hai hồ sơ của một người"
DPO = "data_protection_officer"
ROLES = [
    name.removeprefix("ROLE_").lower()
    for name in access_pb2.Role.DESCRIPTOR.values_by_name
    if not name.endswith("UNSPECIFIED")
]


async def by(service: Service, account: str, method: str, request: Any) -> Any:
    """Call a method as one of the residence officers."""
    token = service.make_token("residence_officer", account=account)
    return await service.method(method)(request, metadata=(("authorization", f"Bearer {token}"),))


async def refused(service: Service, account: str, method: str, request: Any) -> Refusal:
    """Call a method as one of the residence officers, which must be refused."""
    with pytest.raises(aio.AioRpcError) as error:
        await by(service, account, method, request)
    return refusal_of(error.value)


async def candidates(service: Service, **chosen: Any) -> list[pb.DuplicateCandidate]:
    """List candidates."""
    request = pb.ListDuplicateCandidatesRequest(**chosen)
    answer = await service.call("ListDuplicateCandidates", request)
    return list(answer.candidates)


def getting(
    candidate_id: str, purpose: str = "PURPOSE_RESIDENCE_CASE"
) -> pb.GetDuplicateCandidateRequest:
    """Ask for a candidate."""
    return pb.GetDuplicateCandidateRequest(purpose=because(purpose), candidate_id=candidate_id)


def deciding(
    candidate_id: str, verdict: pb.DuplicateVerdict.ValueType, **fields: Any
) -> pb.DecideDuplicateRequest:
    """Ask to decide a candidate, with fields changed."""
    request: dict[str, Any] = {
        "purpose": because(),
        "request_id": str(uuid4()),
        "candidate_id": candidate_id,
    }
    return pb.DecideDuplicateRequest(**(request | {"verdict": verdict, "reason": REASON} | fields))


def undoing(merge_id: str) -> pb.UndoMergeRequest:
    """Ask to undo a merge."""
    return pb.UndoMergeRequest(
        purpose=because(), request_id=str(uuid4()), merge_id=merge_id, reason="hai người khác nhau"
    )


async def duplicate(
    service: Service,
) -> tuple[pb.DuplicateCandidate, pb.GetDuplicateCandidateResponse]:
    """Register one person under two numbers, in one dwelling for two years; tell the candidate and the look at it."""
    home = (await add_building(service.database)).dwelling_ids[0]
    now = utc_now()
    today = ward_day(now)
    years = [date(today.year - 1, 1, 1), date(today.year, 1, 1), None]
    operations = residence_operations(service.database, StoppedClock(now))
    for serial in (1, 2):
        entering = application(
            home,
            serial,
            kind=ResidenceKind.PERMANENT,
            valid_from=years[serial - 1] or today,
            valid_until=years[serial],
        )
        await operations.register(entering, f"request-{serial}", b"x")
    (candidate,) = await candidates(service)
    return candidate, await service.call("GetDuplicateCandidate", getting(candidate.candidate_id))


def keeping_resident(look: pb.GetDuplicateCandidateResponse) -> pb.DuplicateVerdict.ValueType:
    """Decide that the record survives which lives somewhere today: that of number 2."""
    if look.first.residences:
        return pb.DUPLICATE_VERDICT_FIRST_SURVIVES
    return pb.DUPLICATE_VERDICT_SECOND_SURVIVES


async def test_a_duplicate_is_seen_merged_and_parted_by_officers(service: Service) -> None:
    """From registration to the account: every look is recorded under both numbers, and each number finds the person."""
    candidate, look = await duplicate(service)
    verdict = keeping_resident(look)
    proposing, again = (
        deciding(candidate.candidate_id, verdict),
        deciding(candidate.candidate_id, verdict),
    )
    proposed = await by(service, "officer-1", "DecideDuplicate", proposing)
    repeated = await by(service, "officer-1", "DecideDuplicate", proposing)
    alone = await refused(service, "officer-1", "DecideDuplicate", again)
    merged = await by(
        service, "officer-2", "DecideDuplicate", deciding(candidate.candidate_id, verdict)
    )
    late = await refused(
        service, "officer-3", "DecideDuplicate", deciding(candidate.candidate_id, verdict)
    )
    found = [
        (
            await service.call(
                "LookupPerson",
                lookups_pb2.LookupPersonRequest(
                    purpose=because(), personal_id_number=number(serial).digits
                ),
            )
        ).person
        for serial in (1, 2)
    ]
    by_pseudonym = [
        (
            await service.call(
                "LookupPerson",
                lookups_pb2.LookupPersonRequest(purpose=because(), pseudonym=one.pseudonym),
            )
        ).person
        for one in (look.first, look.second)
    ]
    verified = await service.call("VerifyIdentity", verifying(personal_id_number=number(1).digits))
    searched = await service.call(
        "SearchPersons",
        lookups_pb2.SearchPersonsRequest(purpose=because(), name="phạm thị giả định"),
    )
    listing = pb.ListPersonMergesRequest(
        purpose=because("PURPOSE_DATA_SUBJECT_REQUEST"), personal_id_number=number(1).digits
    )
    history = (await service.call("ListPersonMerges", listing, DPO)).merges
    own = await refused(service, "officer-2", "UndoMerge", undoing(merged.merge_id))
    await by(service, "officer-1", "UndoMerge", undoing(merged.merge_id))
    apart = await service.call("GetDuplicateCandidate", getting(candidate.candidate_id))
    undone = (await service.call("ListPersonMerges", listing)).merges
    records = Counter(
        (one.method.rpartition("/")[2], one.subject)
        for one in await service.access_records()
        if one.outcome == "OK"
    )

    assert list(candidate.reasons) == [
        pb.DUPLICATE_REASON_SAME_NAME_AND_BIRTH,
        pb.DUPLICATE_REASON_NUMBER_ONE_DIGIT,
    ]
    assert {look.first.full_name, look.second.full_name} == {"Phạm Thị Giả Định"}
    assert (
        proposed.candidate.state == repeated.candidate.state == pb.DUPLICATE_STATE_MERGE_PROPOSED
    )
    assert (proposed.candidate.proposed_by, proposed.candidate.merging) == ("officer-1", verdict)
    assert (alone.reason, own.reason) == ("SECOND_PERSON_REQUIRED", "SECOND_PERSON_REQUIRED")
    assert merged.candidate.state == pb.DUPLICATE_STATE_MERGED
    assert late.reason == "DUPLICATE_ALREADY_DECIDED"
    assert found[0] == found[1] == by_pseudonym[0] == by_pseudonym[1]
    assert len(found[0].residences) == 1
    assert verified.personal_id_number == verified.full_name == residency_pb2.FIELD_MATCH_YES
    assert [one.person.pseudonym for one in searched.matches] == [found[0].pseudonym]
    assert [(one.proposed_by, one.merged_by, one.reason, one.undone_by) for one in history] == [
        ("officer-1", "officer-2", REASON, "")
    ]
    assert [(one.undone_by, one.undo_reason) for one in undone] == [
        ("officer-1", "hai người khác nhau")
    ]
    assert {apart.first.pseudonym, apart.second.pseudonym} == {
        look.first.pseudonym,
        look.second.pseudonym,
    }
    assert apart.candidate.state == pb.DUPLICATE_STATE_OPEN
    assert [one.act for one in apart.decisions] == [
        pb.DUPLICATE_ACT_PROPOSE_MERGE,
        pb.DUPLICATE_ACT_MERGE,
        pb.DUPLICATE_ACT_UNDO_MERGE,
    ]
    for serial in (1, 2):
        subject = SEAL.pseudonym(number(serial))
        assert records["GetDuplicateCandidate", subject] == 2
        assert records["DecideDuplicate", subject] == 3
        assert records["UndoMerge", subject] == 1


async def test_who_looked_at_either_record_is_told_by_either_number(service: Service) -> None:
    """To the person, in the account and in the export, with all that is held of both records."""
    candidate, look = await duplicate(service)
    for serial in (1, 2):
        await service.call("VerifyIdentity", verifying(personal_id_number=number(serial).digits))
        contact = register_pb2.SetContactRequest(
            purpose=because(),
            request_id=str(uuid4()),
            personal_id_number=number(serial).digits,
            phone=f"+8490000000{serial}",
        )
        await service.call("SetContact", contact)
    verdict = keeping_resident(look)
    for account in ("officer-1", "officer-2"):
        await by(service, account, "DecideDuplicate", deciding(candidate.candidate_id, verdict))
    own = access_pb2.AccessPurpose(
        purpose=access_pb2.PURPOSE_DATA_SUBJECT_REQUEST, reference="YC-1"
    )
    told = [
        (
            await service.call(
                "ListAccessesToPerson",
                account_pb2.ListAccessesToPersonRequest(
                    purpose=own, personal_id_number=number(serial).digits
                ),
                DPO,
            )
        ).accesses
        for serial in (1, 2)
    ]
    asked = await service.call(
        "ReceiveRequest",
        data_subject_requests_pb2.ReceiveRequestRequest(
            request_id=str(uuid4()),
            kind=data_subject_requests_pb2.DATA_SUBJECT_REQUEST_KIND_VIEW,
            personal_id_number=number(2).digits,
            content="Đề nghị cho tôi biết dữ liệu đang lưu giữ",
        ),
    )
    reference = asked.request.request_number
    await service.call(
        "VerifyRequester",
        data_subject_requests_pb2.VerifyRequesterRequest(
            request_number=reference, request_id=str(uuid4()), means="Căn cước bản gốc"
        ),
    )
    purpose = access_pb2.AccessPurpose(
        purpose=access_pb2.PURPOSE_DATA_SUBJECT_REQUEST, reference=reference
    )
    exporting = data_subject_requests_pb2.ExportPersonalDataRequest(
        request_number=reference, purpose=purpose
    )
    export = await service.call("ExportPersonalData", exporting, DPO)
    data = json.loads(export.json)

    for accesses in told:
        looked = {one.subject for one in accesses if one.method.endswith("VerifyIdentity")}
        assert looked == {SEAL.pseudonym(number(serial)) for serial in (1, 2)}
    assert len(data["registrations"]) == 2
    assert [one["reason"] for one in data["merges"]] == [REASON]
    assert len(data["households"]) == 2
    assert {"purpose", "reference"} <= set(data["looks"][0])
    assert "Gộp hồ sơ trùng:" in export.text
    [other] = data["merged_records"]
    phones = {"+84900000001", "+84900000002"}
    assert {data["person"]["phone"], other["phone"]} == phones
    assert {data["person"]["number"], other["number"]} == {number(one).masked for one in (1, 2)}
    assert f"số {other['number']}" in export.text
    assert all(phone in export.text for phone in phones)
    assert "officer-" not in export.json + export.text
    assert not any(number(serial).digits in export.json + export.text for serial in (1, 2))


async def test_a_table_entered_again_changes_nothing(service: Service) -> None:
    """After a merge, and after two persons were told apart: no row is entered, and no pair is asked about again."""
    await add_building(service.database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    table = csv_of(
        row(1, valid_until="01/11/2027"),
        row(2, valid_from="01/11/2027"),
        row(3, full_name="Trần Văn Ví Dụ", valid_until="01/11/2027"),
        row(4, full_name="Tran Van Vi Du"),
    )
    first = await take(service.database, table)
    found = await candidates(service, undecided_only=True)
    looks = {
        one.candidate_id: await service.call("GetDuplicateCandidate", getting(one.candidate_id))
        for one in found
    }
    near = [
        key
        for key, look in looks.items()
        if look.first.full_name != look.second.full_name
        and "Phạm" not in look.first.full_name + look.second.full_name
    ]
    same = [
        key
        for key, look in looks.items()
        if {look.first.full_name, look.second.full_name} == {"Phạm Thị Giả Định"}
    ]
    for account in ("officer-1", "officer-2"):
        await by(
            service,
            account,
            "DecideDuplicate",
            deciding(same[0], pb.DUPLICATE_VERDICT_FIRST_SURVIVES),
        )
    await by(
        service, "officer-1", "DecideDuplicate", deciding(near[0], pb.DUPLICATE_VERDICT_DIFFERENT)
    )
    before = await candidates(service)
    again = await take(service.database, table)

    assert [one[1] for one in first[0]] == ["NEW"] * 4
    assert {one.occasion for one in found} == {pb.DUPLICATE_OCCASION_IMPORT}
    assert [one[1] for one in again[0]] == ["UNCHANGED"] * 4
    assert await candidates(service) == before
    assert {one.state for one in before if one.candidate_id in {same[0], near[0]}} == {
        pb.DUPLICATE_STATE_MERGED,
        pb.DUPLICATE_STATE_DIFFERENT,
    }


async def test_candidates_are_listed_by_pages_and_by_how_they_stand(service: Service) -> None:
    """Oldest first, each once, with nothing of a person."""
    home = (await add_building(service.database)).dwelling_ids[0]
    operations = residence_operations(service.database)
    for serial in range(1, 5):
        await operations.register(application(home, serial), f"request-{serial}", b"x")
    every = await candidates(service)
    token, pages = "", list[list[pb.DuplicateCandidate]]()
    while not pages or token:
        request = pb.ListDuplicateCandidatesRequest(page_size=4, page_token=token)
        answer = await service.call("ListDuplicateCandidates", request, DPO)
        pages.append(list(answer.candidates))
        token = answer.next_page_token
    decided = every[0].candidate_id
    await by(
        service, "officer-1", "DecideDuplicate", deciding(decided, pb.DUPLICATE_VERDICT_DIFFERENT)
    )
    undecided = await candidates(service, undecided_only=True)
    different = await candidates(service, state=pb.DUPLICATE_STATE_DIFFERENT)

    assert [len(page) for page in pages] == [4, 2]
    assert [one for page in pages for one in page] == every
    assert [one.candidate_id for one in undecided] == [one.candidate_id for one in every[1:]]
    assert [one.candidate_id for one in different] == [decided]
    assert "Phạm" not in str(every)


async def test_only_who_may_see_numbers_sees_a_pair(service: Service) -> None:
    """By role and by purpose; what names nothing, or says nothing, is told so."""
    candidate, look = await duplicate(service)
    seeing = getting(candidate.candidate_id)
    merging = deciding(candidate.candidate_id, pb.DUPLICATE_VERDICT_DIFFERENT)
    calls = {
        "GetDuplicateCandidate": seeing,
        "DecideDuplicate": merging,
        "UndoMerge": undoing(str(uuid4())),
    }
    for method, request in calls.items():
        for role in ROLES:
            if role != "residence_officer":
                assert (await service.refusal(method, request, role)).reason == "ROLE_NOT_ALLOWED"
    listing = pb.ListDuplicateCandidatesRequest()
    for role in set(ROLES) - {"residence_officer", DPO}:
        assert (
            await service.refusal("ListDuplicateCandidates", listing, role)
        ).reason == "ROLE_NOT_ALLOWED"
    wrong = {
        "DISCLOSURE_NOT_ALLOWED": (
            "GetDuplicateCandidate",
            getting(candidate.candidate_id, "PURPOSE_PUBLIC_SERVICE"),
        ),
        "PURPOSE_REQUIRED": (
            "GetDuplicateCandidate",
            pb.GetDuplicateCandidateRequest(candidate_id=candidate.candidate_id),
        ),
        "DUPLICATE_CANDIDATE_NOT_FOUND": ("GetDuplicateCandidate", getting(str(uuid4()))),
        "MERGE_NOT_FOUND": ("UndoMerge", undoing(str(uuid4()))),
        "FIELD_INVALID": (
            "DecideDuplicate",
            deciding(candidate.candidate_id, pb.DUPLICATE_VERDICT_UNSPECIFIED),
        ),
        "PERSON_NOT_REGISTERED": (
            "ListPersonMerges",
            pb.ListPersonMergesRequest(purpose=because(), personal_id_number=number(9).digits),
        ),
    }
    for reason, (method, request) in wrong.items():
        assert (await service.refusal(method, request)).reason == reason
    named = deciding(
        candidate.candidate_id, pb.DUPLICATE_VERDICT_DIFFERENT, reason=f"là {number(1).digits}"
    )

    assert (await service.refusal("DecideDuplicate", named)).reason == "FIELD_INVALID"
    assert look.first.masked_number


async def test_a_restriction_of_one_record_holds_for_the_person(service: Service) -> None:
    """Whichever number it was asked for under, and whichever record stands; undone, it is that record's alone."""
    candidate, look = await duplicate(service)
    requests = data_subject_requests_pb2
    received = await service.call(
        "ReceiveRequest",
        requests.ReceiveRequestRequest(
            request_id=str(uuid4()),
            kind=requests.DATA_SUBJECT_REQUEST_KIND_RESTRICT,
            personal_id_number=number(1).digits,
            content="Đề nghị hạn chế xử lý dữ liệu của tôi",
        ),
    )
    named = {"request_number": received.request.request_number}
    verifying_means = requests.VerifyRequesterRequest(
        request_id=str(uuid4()), means="Căn cước bản gốc", **named
    )
    await service.call("VerifyRequester", verifying_means)
    answering = requests.AnswerRequestRequest(
        request_id=str(uuid4()), answer="Đã hạn chế xử lý", **named
    )
    await service.call("AnswerRequest", answering, DPO)
    verdict = keeping_resident(look)
    await by(service, "officer-1", "DecideDuplicate", deciding(candidate.candidate_id, verdict))
    agreeing = deciding(candidate.candidate_id, verdict)
    merged = await by(service, "officer-2", "DecideDuplicate", agreeing)

    async def restricted() -> list[bool]:
        asking = [
            lookups_pb2.LookupPersonRequest(
                purpose=because(), personal_id_number=number(serial).digits
            )
            for serial in (1, 2)
        ]
        return [(await service.call("LookupPerson", one)).person.restricted for one in asking]

    together = await restricted()
    await by(service, "officer-1", "UndoMerge", undoing(merged.merge_id))

    assert together == [True, True]
    assert await restricted() == [True, False]
