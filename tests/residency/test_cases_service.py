"""Residence cases at the running service: from a citizen's draft to the register."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from math import isnan
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.type import date_pb2
from grpc import aio
from sqlalchemy import func, select, text

from chassis.calendar.working_days import WorkingCalendar
from chassis.clock import ward_day, ward_time
from residency import tables
from residency.domain.cases.declarations import CaseKind
from residency.domain.cases.told import CaseFigures, share
from residency.domain.residence.registrations import Correction, Term
from residency.queries.cases import CaseQueries
from residency.repository.cases import CaseSeal
from residency.tables.bitemporal import known
from tests.residency.desk import (
    CITIZEN,
    NAME,
    NEIGHBOUR,
    OFFICER,
    SECOND_OFFICER,
    Desk,
    Person,
    declared,
    temporary,
)
from tests.residency.refusals import Refusal, refusal_of
from tests.residency.samples import (
    CONTENT_SEAL,
    NOON,
    SEAL,
    TODAY,
    add_building,
    number,
    request,
    residence_operations,
)
from ward.residency.v1 import cases_pb2 as pb
from ward.residency.v1 import residency_pb2

pytestmark = [pytest.mark.postgres, pytest.mark.nats]


def day(value: date) -> date_pb2.Date:
    """Write a day."""
    return date_pb2.Date(year=value.year, month=value.month, day=value.day)


async def test_a_temporary_residence_goes_from_draft_to_the_register(desk: Desk) -> None:
    """With its receipt, its verified identities, a second person's approval, occupancy and its event."""
    place = await add_building(desk.database)
    dwelling_id = place.dwelling_ids[0]
    case_number = await desk.create(temporary(dwelling_id, declared(2)))
    submitted = (await desk.act(CITIZEN, "SubmitCase", case_number)).case
    accepted = await desk.act(OFFICER, "AcceptCase", case_number)
    verifying = (await desk.act(OFFICER, "VerifyCase", case_number)).case
    await desk.until_answered(case_number)
    approved = await desk.act(SECOND_OFFICER, "ApproveCase", case_number)
    occupancy = (await desk.hear(residency_pb2.OccupancyChanged)).occupancy
    whole = await desk.get(case_number)

    assert case_number == "11002-2026-000001"
    assert submitted.channel == pb.CASE_CHANNEL_ELECTRONIC
    assert accepted.case.due_on == day(date(2026, 11, 27))
    assert accepted.notice.form == pb.NOTICE_FORM_CT04
    assert "Ngày hẹn trả kết quả: 27/11/2026" in accepted.notice.text
    assert verifying.identity_check == pb.IDENTITY_CHECK_PENDING
    assert len(desk.population.questions) == 2
    assert approved.case.state == pb.CASE_STATE_RECORDED
    assert approved.notice.form == pb.NOTICE_FORM_CT08
    assert occupancy.dwelling.dwelling_id == str(dwelling_id)
    assert occupancy.registered == 2
    assert len(whole.registration_ids) == 2
    assert [entry.act for entry in whole.history] == [
        "CREATE",
        "SUBMIT",
        "ACCEPT",
        "VERIFY",
        "IDENTITY_ANSWERED",
        "APPROVE",
        "RECORD",
    ]


async def test_events_tell_how_a_case_moves_and_name_nobody(desk: Desk) -> None:
    """Number, kind and state; neither names nor numbers of persons."""
    place = await add_building(desk.database)
    case_number = await desk.create(temporary(place.dwelling_ids[0]))
    await desk.act(CITIZEN, "SubmitCase", case_number)
    event = await desk.hear(pb.CaseMoved)

    assert event.case.case_number == case_number
    assert event.case.state == pb.CASE_STATE_SUBMITTED
    assert NAME.encode() not in event.SerializeToString()
    assert number().digits.encode() not in event.SerializeToString()


async def test_what_a_case_holds_of_persons_is_sealed_at_rest(desk: Desk) -> None:
    """A copy of the database tells no name, number or phone, nor what people wrote to each other."""
    place = await add_building(desk.database)
    case_number = await desk.create(temporary(place.dwelling_ids[0]))
    await desk.act(CITIZEN, "SubmitCase", case_number)
    missing = "Giấy tờ chứng minh chỗ ở hợp pháp"
    await desk.act(OFFICER, "RequestSupplement", case_number, missing=missing)
    async with desk.database.transaction() as tx:
        rows = [
            *await tx.execute(select(tables.cases)),
            *await tx.execute(select(tables.case_history)),
        ]
    stored = b"".join(
        value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row
    )

    for secret in (NAME, number().digits, "0100 000 001", missing):
        assert secret.encode() not in stored
    assert (await desk.get(case_number)).history[-1].note == missing
    assert (await desk.get(case_number)).declaration.declarant.full_name == NAME


async def test_citizens_see_and_move_their_own_cases_only(desk: Desk) -> None:
    """A case of somebody else is answered like one that does not exist; a draft is nobody else's at all."""
    place = await add_building(desk.database)
    case_number = await desk.create(temporary(place.dwelling_ids[0]))
    foreign = await desk.refusal(NEIGHBOUR, "SubmitCase", case_number)
    missing = await desk.refusal(NEIGHBOUR, "SubmitCase", "11002-2026-999999")
    of_officer = await desk.refusal(OFFICER, "AcceptCase", case_number)
    listed = await desk.call(NEIGHBOUR, "ListCases", pb.ListCasesRequest())

    assert foreign == missing == of_officer
    assert (foreign.code, foreign.reason) == ("NOT_FOUND", "CASE_NOT_FOUND")
    assert foreign.vietnamese == "Không tìm thấy hồ sơ."
    assert not listed.cases


async def test_officers_see_masked_numbers_and_citizens_no_officers(desk: Desk) -> None:
    """Of all who are named; the citizen reads what they wrote. Each look counts for the limits."""
    place = await add_building(desk.database)
    declaration = temporary(
        place.dwelling_ids[0],
        declared(2),
        householder_name=NAME,
        householder_personal_id_number=number(3).digits,
    )
    case_number = await desk.accepted(declaration)
    by_officer, by_citizen = await desk.get(case_number), await desk.get(case_number, CITIZEN)
    shown = by_officer.declaration
    for _ in range(60):
        await desk.get(case_number, SECOND_OFFICER)
    with pytest.raises(aio.AioRpcError) as limited:
        await desk.get(case_number, SECOND_OFFICER)
    async with desk.database.transaction() as tx:
        columns = tables.access_records.c
        looks = select(columns.fields).where(
            columns.account == OFFICER.account, columns.method.endswith("/GetCase")
        )
        fields = (await tx.scalars(looks)).all()

    assert refusal_of(limited.value).reason == "LIMIT_REACHED"
    assert shown.declarant.personal_id_number == number(1).masked
    assert [one.personal_id_number for one in shown.members] == [number(2).masked]
    assert shown.householder_personal_id_number == number(3).masked
    for serial in (1, 2, 3):
        assert number(serial).digits not in str(by_officer)
    assert by_citizen.declaration == declaration
    assert {one.account for one in by_officer.history} == {CITIZEN.account, OFFICER.account}
    assert {one.account for one in by_citizen.history} == {CITIZEN.account, ""}
    assert all("MASKED_NUMBER" in one for one in fields)


async def test_a_citizen_needs_the_higher_level_of_identity(desk: Desk) -> None:
    """Level 2 of the electronic identity; officers are not asked for one."""
    low = Person("citizen", "citizen-1", assurance_level=1)
    with pytest.raises(aio.AioRpcError) as refused:
        await desk.call(low, "ListCases", pb.ListCasesRequest())

    assert refusal_of(refused.value).reason == "ASSURANCE_TOO_LOW"
    assert refusal_of(refused.value).code == "PERMISSION_DENIED"
    await desk.call(Person("residence_officer", "o", 1), "ListCases", pb.ListCasesRequest())


async def test_who_accepted_or_verified_does_not_approve(desk: Desk) -> None:
    """A second person does, and the register is untouched until then."""
    place = await add_building(desk.database)
    case_number = await desk.seen(temporary(place.dwelling_ids[0]))
    refused = await desk.refusal(OFFICER, "ApproveCase", case_number)

    assert refused.reason == "SECOND_PERSON_REQUIRED"
    assert await registered(desk) == 0


async def test_a_repeated_request_has_its_effect_once(desk: Desk) -> None:
    """And is answered with the same receipt."""
    place = await add_building(desk.database)
    case_number = await desk.create(temporary(place.dwelling_ids[0]))
    await desk.act(CITIZEN, "SubmitCase", case_number)
    request = pb.AcceptCaseRequest(request_id=str(uuid4()), case_number=case_number)
    first = await desk.call(OFFICER, "AcceptCase", request)
    desk.clock.now = datetime(2026, 11, 24, 5, tzinfo=UTC)
    again = await desk.call(OFFICER, "AcceptCase", request)

    assert again == first
    assert len((await desk.get(case_number)).history) == 3


async def test_what_the_register_refuses_is_not_approved(desk: Desk) -> None:
    """Both or neither: the case stays where it was."""
    place = await add_building(desk.database)
    nobody = number(9).digits
    case_number = await desk.seen(
        temporary(place.dwelling_ids[0], householder_personal_id_number=nobody)
    )
    refused = await desk.refusal(SECOND_OFFICER, "ApproveCase", case_number)

    assert refused.reason == "FIELD_INVALID"
    assert (await desk.get(case_number)).case.state == pb.CASE_STATE_VERIFYING
    assert await registered(desk) == 0


async def test_a_residence_before_the_birth_of_a_member_is_not_declared(desk: Desk) -> None:
    """The day of birth itself can be the first. Nobody is to learn it only when the case is decided."""
    (dwelling_id,) = (await add_building(desk.database)).dwelling_ids
    with pytest.raises(aio.AioRpcError) as refused:
        await desk.create(temporary(dwelling_id, declared(2, birth_date=day(date(2026, 11, 2)))))
    born_that_day = declared(2, birth_date=day(date(2026, 11, 1)))

    assert refusal_of(refused.value).field == "declaration.members[1].birth_date"
    assert await desk.create(temporary(dwelling_id, born_that_day))


async def test_what_could_never_be_entered_is_not_declared(desk: Desk) -> None:
    """A person twice, or a dwelling that is none: nobody is to learn it only when the case is decided."""
    (dwelling_id,) = (await add_building(desk.database)).dwelling_ids
    refusals = []
    for declaration in (
        temporary(dwelling_id, declared(1)),
        temporary(dwelling_id, declared(2), declared(2)),
        temporary(uuid4()),
    ):
        with pytest.raises(aio.AioRpcError) as refused:
            await desk.create(declaration)
        refusals.append(refusal_of(refused.value).reason)

    assert refusals == ["FIELD_INVALID", "FIELD_INVALID", "DWELLING_NOT_FOUND"]


async def test_a_refused_declaration_tells_of_whom_a_field_is(desk: Desk) -> None:
    """Of a family of many nobody looks for the one whose number was mistyped."""
    (dwelling_id,) = (await add_building(desk.database)).dwelling_ids
    first, last = day(date(2026, 11, 1)), day(date(2029, 11, 1))
    without_end = pb.TemporaryResidenceChange(dwelling_id=str(dwelling_id), valid_from=first)
    too_long = pb.TemporaryResidenceChange(
        dwelling_id=str(dwelling_id), valid_from=first, valid_until=last
    )
    called_householder = {"relationship_to_householder": "chủ hộ"}
    stranger = {"relationship_to_householder": "bạn học cũ"}
    split = pb.HouseholdSplitChange(valid_from=first)
    told = []
    for declaration in (
        temporary(dwelling_id, declared(2), declared(3, personal_id_number="123")),
        temporary(dwelling_id, declared(2, full_name="")),
        temporary(dwelling_id, declarant=declared(birth_date=day(date(2027, 1, 1)))),
        temporary(dwelling_id, householder_name="1"),
        temporary(dwelling_id, householder_personal_id_number="123"),
        temporary(dwelling_id, temporary_residence=without_end),
        temporary(dwelling_id, temporary_residence=too_long),
        temporary(dwelling_id, *(declared(one, **called_householder) for one in (2, 3))),
        temporary(dwelling_id, declared(2), declared(3, **stranger), household_split=split),
    ):
        with pytest.raises(aio.AioRpcError) as refused:
            await desk.create(declaration)
        told.append(refusal_of(refused.value).field)

    assert told == [
        "declaration.members[2].personal_id_number",
        "declaration.members[1].full_name",
        "declaration.declarant.birth_date",
        "declaration.householder_name",
        "declaration.householder_personal_id_number",
        "declaration.temporary_residence.valid_until",
        "declaration.temporary_residence.valid_until",
        "declaration.members[2].relationship_to_householder",
        "declaration.members[2].relationship_to_householder",
    ]


async def test_a_refused_approval_tells_whom_the_register_refuses(desk: Desk) -> None:
    """Of a family in which one is on the register already, or under another name."""
    (dwelling_id,) = (await add_building(desk.database)).dwelling_ids
    permanent = pb.PermanentResidenceChange(
        dwelling_id=str(dwelling_id), valid_from=day(date(2026, 11, 1))
    )
    alone = temporary(dwelling_id, declarant=declared(3), permanent_residence=permanent)
    await desk.act(SECOND_OFFICER, "ApproveCase", await desk.seen(alone))
    refusals = []
    for family in (
        temporary(dwelling_id, declared(2), declared(3), permanent_residence=permanent),
        temporary(dwelling_id, declared(2), declared(3, full_name="Trần Thị Giả Khác")),
    ):
        case_number = await desk.seen(family)
        refusals.append(await desk.refusal(SECOND_OFFICER, "ApproveCase", case_number))

    assert [(one.reason, one.field) for one in refusals] == [
        ("PERMANENT_RESIDENCE_EXISTS", "declaration.members[2]"),
        ("IDENTITY_MISMATCH", "declaration.members[2]"),
    ]


async def test_the_clock_stands_while_the_citizen_is_waited_for(desk: Desk) -> None:
    """From Monday noon to Thursday: the day of acceptance and the days of waiting do not count."""
    place = await add_building(desk.database)
    declaration = temporary(place.dwelling_ids[0])
    case_number = await desk.accepted(declaration)
    waiting = await desk.act(OFFICER, "RequestSupplement", case_number, missing="Hợp đồng thuê")
    desk.clock.now = datetime(2026, 11, 26, 5, tzinfo=UTC)
    answered = await desk.act(CITIZEN, "SupplementCase", case_number, declaration=declaration)

    assert not waiting.case.HasField("due_on")
    assert waiting.notice.form == pb.NOTICE_FORM_CT05
    assert "Hợp đồng thuê" in waiting.notice.text
    assert answered.case.state == pb.CASE_STATE_ACCEPTED
    assert answered.case.due_on == day(WorkingCalendar().after(date(2026, 11, 26), 3))


async def test_a_supplement_moves_the_appointment_and_the_receipt_says_so(desk: Desk) -> None:
    """The newest receipt of a case tells the day that holds; none is written before acceptance, or when it is late."""
    place = await add_building(desk.database)
    declaration = temporary(place.dwelling_ids[0])

    async def supplemented(case_number: str, on: date) -> pb.SupplementCaseResponse:
        await desk.act(OFFICER, "RequestSupplement", case_number, missing="Hợp đồng thuê")
        desk.clock.now = ward_time(on, 12)
        answer: pb.SupplementCaseResponse = await desk.act(
            CITIZEN, "SupplementCase", case_number, declaration=declaration
        )
        return answer

    case_number = await desk.create(declaration)
    await desk.act(CITIZEN, "SubmitCase", case_number)
    not_accepted = await supplemented(case_number, TODAY)
    await desk.act(OFFICER, "AcceptCase", case_number)
    moved = await supplemented(case_number, date(2026, 11, 26))
    receipts = [
        one
        for one in (await desk.get(case_number, CITIZEN)).notices
        if one.form == pb.NOTICE_FORM_CT04
    ]
    desk.clock.now = ward_time(date(2026, 12, 7), 12)
    late = await supplemented(case_number, date(2026, 12, 8))

    assert not not_accepted.HasField("notice")
    assert moved.notice.due_on == moved.case.due_on == day(date(2026, 12, 1))
    assert "Ngày hẹn trả kết quả: 01/12/2026" in moved.notice.text
    assert [one.due_on for one in receipts] == [day(date(2026, 11, 27)), moved.case.due_on]
    assert late.case.due_on == day(date(2026, 12, 1))
    assert not late.HasField("notice")


async def test_a_refusal_tells_its_reason_and_ends_the_case(desk: Desk) -> None:
    """On form CT06."""
    place = await add_building(desk.database)
    case_number = await desk.accepted(temporary(place.dwelling_ids[0]))
    refused = await desk.act(
        OFFICER,
        "RefuseCase",
        case_number,
        ground=pb.REFUSAL_GROUND_UNLAWFUL_DWELLING,
        reason="Chỗ ở thuộc diện giải tỏa",
    )

    assert refused.case.state == pb.CASE_STATE_REFUSED
    assert refused.notice.form == pb.NOTICE_FORM_CT06
    assert "Lý do: Chỗ ở thuộc diện giải tỏa" in refused.notice.text
    assert (await desk.refusal(CITIZEN, "WithdrawCase", case_number)).reason == (
        "CASE_STATE_CONFLICT"
    )


async def test_officers_say_why_they_take_a_case_back(desk: Desk) -> None:
    """To the citizen, who gives no reason; what is not handed in yet is nobody's concern but its maker's."""
    declaration = temporary((await add_building(desk.database)).dwelling_ids[0])
    draft = await desk.create(declaration, OFFICER)
    own, given_up = await desk.accepted(declaration), await desk.accepted(declaration)
    for reason in ("", "  ", "ok"):
        refused = await desk.refusal(SECOND_OFFICER, "WithdrawCase", own, reason=reason)
        assert refused.reason == "FIELD_INVALID"
    why = "Công dân đến xin rút hồ sơ tại quầy"
    await desk.act(SECOND_OFFICER, "WithdrawCase", own, reason=why)
    await desk.act(CITIZEN, "WithdrawCase", given_up)
    await desk.act(OFFICER, "WithdrawCase", draft)

    for case_number, note in ((own, why), (given_up, "")):
        last = (await desk.get(case_number, CITIZEN)).history[-1]
        assert (last.act, last.note) == ("WITHDRAW", note)


async def test_lists_are_by_state_and_by_due_day(desk: Desk) -> None:
    """Oldest first, in pages; overdue and due soon by working days."""
    place = await add_building(desk.database)
    numbers = []
    for _ in range(3):
        numbers.append(await desk.accepted(temporary(place.dwelling_ids[0])))
        desk.clock.now += timedelta(seconds=1)
    await desk.create(temporary(place.dwelling_ids[0]))

    async def listed(**fields: Any) -> list[str]:
        found = await desk.call(OFFICER, "ListCases", pb.ListCasesRequest(**fields))
        return [case.case_number for case in found.cases]

    first = await desk.call(OFFICER, "ListCases", pb.ListCasesRequest(page_size=2))
    assert [case.case_number for case in first.cases] == numbers[:2]
    assert await listed(page_size=2, page_token=first.next_page_token) == numbers[2:]
    assert await listed(state=pb.CASE_STATE_SUBMITTED) == []
    assert await listed(kind=pb.CASE_KIND_TEMPORARY_RESIDENCE) == numbers
    assert await listed(due_soon=True) == []
    desk.clock.now = datetime(2026, 11, 26, 5, tzinfo=UTC)
    assert await listed(due_soon=True) == numbers
    assert await listed(overdue=True) == []
    desk.clock.now = datetime(2026, 11, 28, 5, tzinfo=UTC)
    assert await listed(overdue=True) == numbers


async def test_figures_tell_what_is_open_late_in_time_and_electronic(desk: Desk) -> None:
    """By kind, without anybody's name; shares are of this year's cases."""
    place = await add_building(desk.database)
    declaration = temporary(place.dwelling_ids[0])
    refusal = {"ground": pb.REFUSAL_GROUND_OTHER, "reason": "Không thuộc thẩm quyền"}
    await desk.act(OFFICER, "RefuseCase", await desk.accepted(declaration), **refusal)
    late = await desk.accepted(declaration)
    await desk.accepted(declaration)
    at_counter = await desk.create(declaration, OFFICER)
    await desk.act(OFFICER, "SubmitCase", at_counter)
    desk.clock.now = datetime(2026, 12, 31, 18, tzinfo=UTC) - timedelta(hours=2)
    await desk.act(OFFICER, "RefuseCase", late, **refusal)
    queries = CaseQueries(desk.database, CaseSeal(CONTENT_SEAL))
    figures = await queries.figures(desk.clock.now)
    next_year = await queries.figures(desk.clock.now + timedelta(hours=2))

    assert figures[CaseKind.RENEWAL] == CaseFigures(0, 0, 0, 0, 0, 0)
    assert figures[CaseKind.TEMPORARY_RESIDENCE] == CaseFigures(
        open=2, overdue=1, submitted=4, electronic=3, timed=2, in_time=1
    )
    assert next_year[CaseKind.TEMPORARY_RESIDENCE] == CaseFigures(2, 1, 0, 0, 0, 0)
    assert share(1, 2) == 0.5
    assert isnan(share(0, 0))


async def test_a_recorded_case_can_be_annulled_by_another_than_who_decided_it(desk: Desk) -> None:
    """As if the registration had never been valid: nobody lives there by it."""
    place = await add_building(desk.database)
    case_number = await desk.seen(temporary(place.dwelling_ids[0]))
    await desk.act(SECOND_OFFICER, "ApproveCase", case_number)
    reason = {"reason": "Đăng ký không đúng thẩm quyền"}
    by_decider = await desk.refusal(SECOND_OFFICER, "CancelCase", case_number, **reason)
    annulled = await desk.act(OFFICER, "CancelCase", case_number, **reason)
    await desk.hear(residency_pb2.OccupancyChanged)
    occupancy = (await desk.hear(residency_pb2.OccupancyChanged)).occupancy

    assert by_decider.reason == "SECOND_PERSON_REQUIRED"
    assert annulled.case.state == pb.CASE_STATE_CANCELLED
    assert annulled.notice.form == pb.NOTICE_FORM_CT09
    assert occupancy.registered == 0


async def test_what_was_corrected_since_is_annulled_with_its_case(desk: Desk) -> None:
    """A correction stands for what the case entered; afterwards nobody belongs to a household by it."""
    place = await add_building(desk.database)
    case_number = await desk.seen(temporary(place.dwelling_ids[0]))
    await desk.act(SECOND_OFFICER, "ApproveCase", case_number)
    (registration_id,) = (await desk.get(case_number)).registration_ids
    shorter = Correction(Term(date(2026, 11, 10), date(2027, 11, 1)), None)
    correcting = residence_operations(desk.database, desk.clock)
    await correcting.correct(UUID(registration_id), shorter, request())
    await desk.act(OFFICER, "CancelCase", case_number, reason="Đăng ký không đúng thẩm quyền")
    async with desk.database.transaction() as tx:
        holding = [
            (await tx.scalars(select(func.count()).where(known(table, None)))).one()
            for table in (tables.registrations, tables.household_memberships)
        ]

    assert holding == [0, 0]


async def test_who_moves_in_together_belongs_to_one_household(desk: Desk) -> None:
    """As what the declaration calls them, where the circular knows it; entered by who decided, for the case."""
    place = await add_building(desk.database)
    daughter = declared(2, relationship_to_householder="Con Đẻ")
    lodger = declared(3, relationship_to_householder="bạn học cũ")
    case_number = await desk.seen(temporary(place.dwelling_ids[0], daughter, lodger))
    await desk.act(SECOND_OFFICER, "ApproveCase", case_number)
    async with desk.database.transaction() as tx:
        members = (await tx.execute(select(tables.household_memberships))).all()
        households = (await tx.scalars(select(func.count()).select_from(tables.households))).one()

    assert households == 1
    assert {one.relationship_to_householder for one in members} == {"HOUSEHOLDER", "CHILD", None}
    assert {(one.recorded_by, one.reference) for one in members} == {
        (SECOND_OFFICER.account, case_number)
    }


async def test_a_term_is_renewed_in_its_last_fifteen_days_only(desk: Desk) -> None:
    """The further term begins where the first ends."""
    place = await add_building(desk.database)
    first = await desk.seen(temporary(place.dwelling_ids[0]))
    await desk.act(SECOND_OFFICER, "ApproveCase", first)
    (registration_id,) = (await desk.get(first)).registration_ids
    renewal = temporary(
        place.dwelling_ids[0],
        renewal=pb.RenewalChange(
            registration_id=registration_id, valid_until=day(date(2028, 11, 1))
        ),
    )
    draft = await desk.create(renewal)
    early = await desk.refusal(CITIZEN, "SubmitCase", draft)
    desk.clock.now = datetime(2027, 10, 18, 5, tzinfo=UTC)
    in_time = await desk.seen(renewal)
    await desk.act(SECOND_OFFICER, "ApproveCase", in_time)
    registrations, members = tables.registrations.c, tables.household_memberships.c
    async with desk.database.transaction() as tx:
        terms = await tx.execute(
            select(registrations.valid_from, registrations.valid_until).order_by("valid_from")
        )
        found = [tuple(row) for row in terms]
        households = (await tx.scalars(select(members.household_id))).all()

    assert early.reason == "RENEWAL_NOT_OPEN"
    assert "15 ngày" in early.vietnamese
    assert len(households) == 2
    assert len(set(households)) == 1
    assert found == [
        (date(2026, 11, 1), date(2027, 11, 1)),
        (date(2027, 11, 1), date(2028, 11, 1)),
    ]


async def test_what_could_not_be_entered_is_refused_as_it_is_declared(desk: Desk) -> None:
    """A term of more than two years, or one that begins in a year that nobody means; not days later by an officer."""
    dwelling_id = str((await add_building(desk.database)).dwelling_ids[0])

    async def refused(first: date, until: date) -> Refusal:
        term = pb.TemporaryResidenceChange(
            dwelling_id=dwelling_id, valid_from=day(first), valid_until=day(until)
        )
        declared_so = temporary(UUID(dwelling_id), temporary_residence=term)
        with pytest.raises(aio.AioRpcError) as error:
            await desk.create(declared_so)
        return refusal_of(error.value)

    too_long = await refused(date(2026, 11, 1), date(2028, 11, 2))
    too_far = await refused(date(2300, 11, 1), date(2301, 11, 1))

    assert (too_long.reason, too_far.reason) == ("FIELD_INVALID", "FIELD_INVALID")
    assert "valid_until" in too_long.vietnamese
    assert "valid_from" in too_far.vietnamese


async def renewable(desk: Desk) -> Callable[[date], pb.ResidenceDeclaration]:
    """Enter a temporary residence and go on to its last fortnight; give declarations of its renewal until a day."""
    place = await add_building(desk.database)
    first = await desk.seen(temporary(place.dwelling_ids[0]))
    await desk.act(SECOND_OFFICER, "ApproveCase", first)
    (registration_id,) = (await desk.get(first)).registration_ids
    desk.clock.now = datetime(2027, 10, 18, 5, tzinfo=UTC)

    def renewal(until: date) -> pb.ResidenceDeclaration:
        change = pb.RenewalChange(registration_id=registration_id, valid_until=day(until))
        return temporary(place.dwelling_ids[0], renewal=change)

    return renewal


async def test_a_draft_is_judged_by_the_day_on_which_it_is_handed_in(desk: Desk) -> None:
    """A renewal that would last too long stays a draft."""
    renewal = await renewable(desk)
    draft = await desk.create(renewal(date(2029, 11, 2)))
    refused = await desk.refusal(CITIZEN, "SubmitCase", draft)

    assert refused.reason == "FIELD_INVALID"
    assert "valid_until" in refused.vietnamese


async def test_a_refused_renewal_is_accounted_for_by_whom_it_is_for(desk: Desk) -> None:
    """As it is handed in and as it is supplemented: the register was asked whether it could be entered."""
    renewal = await renewable(desk)
    too_long, allowed = renewal(date(2029, 11, 2)), renewal(date(2028, 11, 1))
    await desk.refusal(CITIZEN, "SubmitCase", await desk.create(too_long))
    asked_for_more = await desk.create(allowed)
    await desk.act(CITIZEN, "SubmitCase", asked_for_more)
    await desk.act(OFFICER, "RequestSupplement", asked_for_more, missing="Thời hạn")
    await desk.refusal(CITIZEN, "SupplementCase", asked_for_more, declaration=too_long)

    async with desk.database.transaction() as tx:
        columns = tables.access_records.c
        rows = await tx.execute(
            select(columns.method).where(
                columns.outcome == "FIELD_INVALID", columns.subject == SEAL.pseudonym(number())
            )
        )
        assert {row.method.rpartition("/")[2] for row in rows} == {"SubmitCase", "SupplementCase"}


async def test_a_registration_is_ended_for_whom_it_belongs_to(desk: Desk) -> None:
    """Of somebody who is not declared it is answered like one that does not exist."""
    place = await add_building(desk.database)
    first = await desk.seen(temporary(place.dwelling_ids[0]))
    await desk.act(SECOND_OFFICER, "ApproveCase", first)
    (registration_id,) = (await desk.get(first)).registration_ids
    ending = pb.DeregistrationChange(registration_id=registration_id, ended_on=day(ward_day(NOON)))
    foreign = temporary(place.dwelling_ids[0], declarant=declared(3), deregistration=ending)
    landlord = temporary(
        place.dwelling_ids[0], declared(1), declarant=declared(3), deregistration=ending
    )
    refused = await desk.refusal(CITIZEN, "SubmitCase", await desk.create(foreign))
    ended = await desk.seen(landlord)
    await desk.act(SECOND_OFFICER, "ApproveCase", ended)

    assert refused.reason == "REGISTRATION_NOT_FOUND"
    assert (await desk.get(ended)).case.kind == pb.CASE_KIND_DEREGISTRATION
    async with desk.database.transaction() as tx:
        assert (await tx.scalars(select(tables.registrations.c.ended_on))).all() == [
            date(2026, 11, 23)
        ]


async def test_an_end_that_could_not_be_entered_is_not_handed_in(desk: Desk) -> None:
    """Before the first day, in a year that nobody means, or of what has ended: nobody waits for days to be told.

    It may be on a day soon to come, which is to have come when it is approved; and what was ended since it was handed
    in is refused then.
    """
    place = await add_building(desk.database)
    first = await desk.seen(temporary(place.dwelling_ids[0]))
    await desk.act(SECOND_OFFICER, "ApproveCase", first)
    (registration_id,) = (await desk.get(first)).registration_ids

    def ending(on: date) -> pb.ResidenceDeclaration:
        change = pb.DeregistrationChange(registration_id=registration_id, ended_on=day(on))
        return temporary(place.dwelling_ids[0], deregistration=change)

    early = await desk.create(ending(date(2026, 10, 31)))
    before = await desk.refusal(CITIZEN, "SubmitCase", early)
    with pytest.raises(aio.AioRpcError) as never:
        await desk.create(ending(date.max))
    soon = await desk.seen(ending(TODAY + timedelta(days=1)))
    to_come = await desk.refusal(SECOND_OFFICER, "ApproveCase", soon)
    both = [await desk.seen(ending(TODAY)) for _ in range(2)]
    await desk.act(SECOND_OFFICER, "ApproveCase", both[0])
    since = await desk.refusal(SECOND_OFFICER, "ApproveCase", both[1])
    again = await desk.refusal(CITIZEN, "SubmitCase", await desk.create(ending(TODAY)))
    async with desk.database.transaction() as tx:
        columns = tables.access_records.c
        asked = await tx.scalar(
            select(func.count()).where(
                columns.method.endswith("/SubmitCase"),
                columns.outcome == "FIELD_INVALID",
                columns.subject == SEAL.pseudonym(number()),
            )
        )

    for one in (before, refusal_of(never.value), to_come):
        assert (one.reason, "ended_on" in one.vietnamese) == ("FIELD_INVALID", True)
    assert (since.reason, again.reason) == ("REGISTRATION_ALREADY_ENDED",) * 2
    assert asked == 1


async def test_all_that_is_done_with_a_case_is_accounted_for_by_its_case_and_persons(
    desk: Desk,
) -> None:
    """Whom the declaration names is named where it is written, read and entered; refused looks too."""
    place = await add_building(desk.database)
    case_number = await desk.seen(temporary(place.dwelling_ids[0]))
    with pytest.raises(aio.AioRpcError):
        await desk.get(case_number, NEIGHBOUR)
    await desk.get(case_number)
    await desk.act(SECOND_OFFICER, "ApproveCase", case_number)
    async with desk.database.transaction() as tx:
        columns = tables.access_records.c
        rows = await tx.execute(
            select(columns.method, columns.outcome, columns.subject).order_by(columns.position)
        )
        found = [(row.method.rpartition("/")[2], row.outcome, row.subject) for row in rows]

    subject, person = f"case:{case_number}", SEAL.pseudonym(number())
    assert found == [
        ("CreateCase", "OK", subject),
        ("CreateCase", "OK", person),
        ("SubmitCase", "OK", subject),
        ("AcceptCase", "OK", subject),
        ("VerifyCase", "OK", subject),
        ("GetCase", "CASE_NOT_FOUND", subject),
        ("GetCase", "OK", subject),
        ("GetCase", "OK", person),
        ("ApproveCase", "OK", subject),
        ("ApproveCase", "OK", person),
    ]


async def test_how_the_declarant_can_be_reached_comes_to_the_register_sealed(desk: Desk) -> None:
    """What a later declaration leaves empty stays; what is no telephone number is refused when it is handed in."""
    first, second = (await add_building(desk.database, dwellings=2)).dwelling_ids
    address = "nguoi.khai@example.vn"
    case_number = await desk.seen(temporary(first, declared(2), email=address))
    await desk.act(SECOND_OFFICER, "ApproveCase", case_number)
    later = temporary(second, phone="", email="")
    await desk.act(SECOND_OFFICER, "ApproveCase", await desk.seen(later))
    with pytest.raises(aio.AioRpcError) as refused:
        await desk.create(temporary(first, phone="12"))
    async with desk.database.transaction() as tx:
        rows = await tx.execute(select(tables.persons).order_by(tables.persons.c.number_index))
        declarant, member = sorted(rows, key=lambda row: row.phone_sealed is None)

    assert refusal_of(refused.value).reason == "FIELD_INVALID"
    assert SEAL.open_phone(declarant.phone_sealed, declarant.person_id).text == "+84100000001"
    assert SEAL.open_email(declarant.email_sealed, declarant.person_id).text == address
    assert (member.phone_sealed, member.email_sealed) == (None, None)


async def registered(desk: Desk) -> int:
    """Count registrations."""
    async with desk.database.transaction() as tx:
        return int(await tx.scalar(text("select count(*) from registrations")) or 0)
