"""Requests of data subjects: verified before they are granted, in the terms of the law, by a second person."""

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from grpc import aio
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from chassis.broker.messages import subject_of
from chassis.calendar.working_days import WorkingCalendar
from chassis.clock import ward_time
from chassis.errors import FieldInvalidError, RequestIdReusedError
from chassis.storage.database import Database
from residency import tables
from residency.domain.cases.declarations import CaseKind, DeclaredPerson, ResidenceDeclaration
from residency.domain.cases.machine import Caller, SecondPersonRequiredError
from residency.domain.cases.states import CaseState, RefusalGround
from residency.domain.persons.contact import Contact, EmailAddress, PhoneNumber
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.protection.data_subject_requests import (
    DataSubjectRequest,
    DataSubjectRequestNotFoundError,
    DataSubjectRequestStateConflictError,
    DataSubjectVerificationLapsedError,
    RequestFilter,
    RequestKind,
    RequestPosition,
    RequestRefusalGround,
    RequestState,
    RestrictionNotFoundError,
)
from residency.domain.residence.assistance import AssistanceBasis, Grounds, NeedStatement
from residency.domain.residence.occupancy import Assistance, StayKind
from residency.domain.residence.registrations import PersonNotRegisteredError, ResidenceKind, Term
from residency.domain.residence.stays import StayCorrection
from residency.operations.assistance import AssistanceOperations
from residency.operations.cases import CaseOperations, Request
from residency.operations.data_subject_requests import (
    DataSubjectRequestOperations,
    Receiving,
)
from residency.operations.requests import Moving
from residency.queries.cases import CaseQueries
from residency.queries.data_subject_requests import DataSubjectRequestQueries
from residency.repository import persons
from residency.repository.cases import CaseSeal
from residency.repository.data_subject_requests import NoteSeal
from residency.repository.sealed import SEALED
from tests.residency.conftest import Service
from tests.residency.samples import (
    CONTENT_SEAL,
    NOON,
    OFFICER,
    PARTICULARS,
    SEAL,
    TODAY,
    StoppedClock,
    add_building,
    application,
    number,
    person_operations,
    relay,
    request,
    residence_operations,
)
from tests.residency.test_corrections import corrected
from tests.residency.test_merges import merged
from tests.residency.test_stay_operations import (
    PASSPORT,
    RECEIPT,
    absences_of,
    away,
    lodging,
    stays_of,
)
from ward.options.v1 import access_pb2
from ward.residency.v1 import account_pb2, lookups_pb2, residency_pb2
from ward.residency.v1 import data_subject_requests_pb2 as pb

DPO = "data_protection_officer"
CONTENT = "Đề nghị cho tôi biết dữ liệu đang lưu giữ"
ANSWER = "Đã giải quyết theo yêu cầu"
DAY = timedelta(days=1)


def received(kind: RequestKind = RequestKind.VIEW) -> DataSubjectRequest:
    """Make a request that came today and is due in ten days."""
    return DataSubjectRequest(
        request_uuid=UUID(int=1),
        request_number="11002-YC-2026-000001",
        ward_code="11002",
        kind=kind,
        through_processor=False,
        subject="subject",
        person_id=UUID(int=2),
        received_at=NOON,
        received_by="officer-1",
        acknowledge_by=TODAY + 2 * DAY,
        due_on=TODAY + 10 * DAY,
        extension_days=10,
    )


def worked(day: date) -> date:
    """Go on to a day on which offices work."""
    while not WorkingCalendar().is_working(day):
        day += DAY
    return day


ACTS = {
    "acknowledge": lambda request: request.acknowledge(NOON),
    "verify": lambda request: request.verify("officer-1", NOON),
    "extend": lambda request: request.extend(WorkingCalendar(), NOON),
    "answer": lambda request: request.answer("dpo-1", NOON),
    "answer by who verified": lambda request: request.answer("officer-1", NOON),
    "refuse": lambda request: request.refuse("dpo-1", RequestRefusalGround.REQUIRED_BY_LAW, NOON),
    "withdraw": lambda request: request.withdraw(),
}


@given(st.sampled_from(RequestKind), st.lists(st.sampled_from(sorted(ACTS))))
def test_nothing_is_granted_that_is_not_verified_nor_anything_changed_after(
    kind: RequestKind, acts: list[str]
) -> None:
    """Whatever is tried: one extension at most, and a second person where data is restricted or deleted."""
    request, done = received(kind), list[str]()
    for act in acts:
        before = request
        try:
            request = ACTS[act](request)
        except (DataSubjectRequestStateConflictError, SecondPersonRequiredError):
            assert request == before
        else:
            done.append(act)
        if not before.is_open:
            assert request == before
    if request.state is RequestState.ANSWERED:
        assert "verify" in done
        needs_second = kind in {RequestKind.RESTRICT, RequestKind.DELETE}
        assert not (needs_second and request.decided_by == "officer-1")
    assert done.count("extend") <= 1
    # The twentieth day is a Sunday.
    assert request.due_on == TODAY + (21 if "extend" in done else 10) * DAY


def test_the_last_day_of_the_term_is_still_in_time() -> None:
    """Overdue from the day after; an overdue term is not extended."""
    request = received()

    assert not request.is_overdue(TODAY + 10 * DAY)
    assert request.is_overdue(TODAY + 11 * DAY)
    assert not request.is_due_soon(TODAY + 6 * DAY, 3)
    assert request.is_due_soon(TODAY + 7 * DAY, 3)
    with pytest.raises(DataSubjectRequestStateConflictError):
        request.extend(WorkingCalendar(), NOON + 11 * DAY)


@pytest.mark.parametrize(
    ("request_to_view", "last_day"),
    [
        (received().verify("officer-1", NOON), 20),
        (received().verify("officer-1", NOON + 25 * DAY), 35),
        (received().verify("officer-1", NOON).answer("dpo-1", NOON), 20),
        (received().verify("officer-1", NOON).answer("dpo-1", NOON + 10 * DAY), 20),
        (received().verify("officer-1", NOON).answer("dpo-1", NOON + 11 * DAY), 21),
        (
            received()
            .extend(WorkingCalendar(), NOON)
            .verify("officer-1", NOON)
            .answer("dpo-1", NOON),
            42,
        ),
    ],
    ids=[
        "never answered",
        "verified late",
        "answered at once",
        "answered on the last day",
        "answered late",
        "extended",
    ],
)
def test_a_request_gives_data_for_as_long_again_as_its_term(
    request_to_view: DataSubjectRequest, last_day: int
) -> None:
    """Also one that is answered late can be fulfilled, and who asked to view once is not read out for ever."""
    request_to_view.check_exportable("dpo-1", TODAY + last_day * DAY)
    with pytest.raises((DataSubjectRequestStateConflictError, DataSubjectVerificationLapsedError)):
        request_to_view.check_exportable("dpo-1", TODAY + (last_day + 1) * DAY)


def test_a_request_that_was_left_is_answered_once_its_person_is_verified_anew() -> None:
    """No term ends what a person may ask for; but one officer alone does not make use of it years after."""
    in_time, late = NOON + 20 * DAY, NOON + 21 * DAY
    left = received().verify("officer-1", NOON)
    for kind in (RequestKind.CORRECT, RequestKind.RESTRICT):
        received(kind).verify("officer-1", NOON).answer("dpo-1", late + 99 * DAY)
    left.answer("dpo-1", in_time)
    with pytest.raises(DataSubjectRequestStateConflictError):
        left.verify("officer-2", in_time)
    with pytest.raises(DataSubjectVerificationLapsedError):
        left.answer("dpo-1", late)
    left.refuse("dpo-1", RequestRefusalGround.NOT_VERIFIED, late)
    anew = left.verify("officer-2", late).answer("dpo-1", late)
    anew.check_exportable("dpo-1", TODAY + 31 * DAY)

    assert (anew.verified_by, anew.due_on) == ("officer-2", left.due_on)
    with pytest.raises(SecondPersonRequiredError):
        left.verify("dpo-1", late).check_exportable("dpo-1", TODAY + 21 * DAY)


@dataclass
class Office:
    """Where requests are received and answered."""

    database: Database
    clock: StoppedClock
    operations: DataSubjectRequestOperations
    queries: DataSubjectRequestQueries

    async def receive(self, kind: RequestKind, **fields: Any) -> DataSubjectRequest:
        """Take a request of the first person in."""
        asked = Receiving(
            account="officer-1",
            kind=kind,
            document=number(),
            content=CONTENT,
            through_processor=False,
            request_id=str(uuid4()),
            digest=b"x",
        )
        return await self.operations.receive(replace(asked, **fields))

    async def verified(self, kind: RequestKind, **fields: Any) -> DataSubjectRequest:
        """Take a request in and verify who asks."""
        request = await self.receive(kind, **fields)
        return await self.operations.verify(moving(request), "Căn cước bản gốc")

    async def numbers(self, today: date = TODAY, **chosen: Any) -> list[str]:
        """List the numbers of requests."""
        found = await self.queries.list_requests(RequestFilter(**chosen), None, 9, today)
        return [one.request_number for one in found]


async def waiting_occupancies(database: Database) -> list[residency_pb2.DwellingOccupancy]:
    """Read the counts that wait to be published, in order."""
    outbox, subject = tables.outbox.c, subject_of(residency_pb2.OccupancyChanged)
    statement = select(outbox.payload).where(outbox.subject == subject).order_by(outbox.position)
    async with database.transaction() as tx:
        found = (await tx.scalars(statement)).all()
    return [residency_pb2.OccupancyChanged.FromString(one).occupancy for one in found]


def moving(request: DataSubjectRequest, account: str = "officer-1", **fields: Any) -> Moving:
    """Move a request under a new request id."""
    asked = Moving(account, request.request_number, str(uuid4()), b"x")
    return replace(asked, **fields)


@pytest.fixture
async def office(database: Database) -> Office:
    """Have one person on the register."""
    place = await add_building(database)
    await residence_operations(database).register(
        application(place.dwelling_ids[0]), "request-9", b"x"
    )
    clock, seal = StoppedClock(), NoteSeal(CONTENT_SEAL)
    operations = DataSubjectRequestOperations(
        database, relay(database, clock), clock, SEAL, seal, CaseSeal(CONTENT_SEAL), "11002"
    )
    return Office(database, clock, operations, DataSubjectRequestQueries(database, seal))


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("kind", "days", "with_processor", "extension"),
    [
        (RequestKind.VIEW, 10, 15, 10),
        (RequestKind.CORRECT, 10, 15, 10),
        (RequestKind.RESTRICT, 15, 20, 15),
        (RequestKind.OBJECT, 15, 20, 15),
        (RequestKind.WITHDRAW_CONSENT, 15, 20, 15),
        (RequestKind.DELETE, 20, 30, 20),
    ],
)
async def test_the_terms_are_those_of_the_decree(
    office: Office, kind: RequestKind, days: int, with_processor: int, extension: int
) -> None:
    """Decree 356/2025/NĐ-CP Art. 5: two working days (24 November, Vietnam Culture Day, is none), then days by kind.

    A term whose last day is off ends on the next working day (Civil Code 91/2015/QH13 Art. 148(5)).
    """
    alone = await office.receive(kind)
    together = await office.receive(kind, through_processor=True)
    extended = await office.operations.extend(moving(alone, "dpo-1"), "Hồ sơ phức tạp")

    assert alone.acknowledge_by == date(2026, 11, 26)
    assert alone.due_on == worked(TODAY + days * DAY)
    assert together.due_on == worked(TODAY + with_processor * DAY)
    assert extended.due_on == worked(alone.due_on + extension * DAY)
    with pytest.raises(DataSubjectRequestStateConflictError):
        await office.operations.extend(moving(alone, "dpo-1"), "Lần nữa")


@pytest.mark.postgres
async def test_what_is_written_lies_sealed_and_is_read_back(office: Office) -> None:
    """The request, the reasons and the answer; and a change of the key reaches them."""
    request = await office.verified(RequestKind.VIEW)
    await office.operations.acknowledge(moving(request))
    await office.operations.answer(moving(request, "dpo-1"), ANSWER)
    whole = await office.queries.get(request.request_number)
    async with office.database.transaction() as tx:
        stored = (
            await tx.scalars(text("select t::text from data_subject_request_history t"))
        ).all()

    assert [entry.act for entry in whole.history] == ["RECEIVE", "VERIFY", "ACKNOWLEDGE", "ANSWER"]
    assert [entry.note for entry in whole.history] == [CONTENT, "Căn cước bản gốc", "", ANSWER]
    assert not any(CONTENT in row or CONTENT.encode().hex() in row for row in stored)
    assert tables.data_subject_request_history.c.note_sealed in [one.column for one in SEALED]


@pytest.mark.postgres
async def test_a_restriction_stands_until_it_is_lifted(office: Office) -> None:
    """By a second person; lifted once."""
    request = await office.verified(RequestKind.RESTRICT)
    with pytest.raises(SecondPersonRequiredError):
        await office.operations.answer(moving(request), ANSWER)
    await office.operations.answer(moving(request, "dpo-1"), ANSWER)
    standing = (await office.queries.get(request.request_number)).restriction_stands
    await office.operations.lift(moving(request, "dpo-1"), "Chủ thể dữ liệu đề nghị")
    lifted = (await office.queries.get(request.request_number)).restriction_stands
    with pytest.raises(RestrictionNotFoundError):
        await office.operations.lift(moving(request, "dpo-1"), "Lần nữa")

    assert (standing, lifted) == (True, False)


@pytest.mark.postgres
async def test_deletion_takes_what_no_law_keeps_and_says_what_is_kept(office: Office) -> None:
    """The contact goes; identity, residence, files and access records stay, each with its law in the answer.

    A second time nothing is left to delete.
    """
    async with office.database.transaction() as tx:
        person = await persons.find(tx, SEAL.blind_index(number()))
        contact = Contact(PhoneNumber.parse("0912 345 678"), None)
        await persons.set_contact(tx, person.person_id, contact, SEAL)
    request = await office.verified(RequestKind.DELETE)
    await office.operations.answer(moving(request, "dpo-1"), ANSWER)
    answer = (await office.queries.get(request.request_number)).history[-1].note
    again = await office.verified(RequestKind.DELETE)
    await office.operations.answer(moving(again, "dpo-1"), ANSWER)
    nothing = (await office.queries.get(again.request_number)).history[-1].note
    async with office.database.transaction() as tx:
        row = (await tx.execute(select(tables.persons))).one()

    assert (row.phone_sealed, row.phone_index) == (None, None)
    assert row.full_name
    assert answer.startswith(f"{ANSWER}\nĐã xóa: số điện thoại, thư điện tử.")
    assert "- thông tin nhân thân: Luật Cư trú 68/2020/QH14\n" in answer
    assert "[own" not in answer
    assert "- thông tin đăng ký cư trú: Luật Cư trú 68/2020/QH14" in answer
    assert "- nhật ký truy cập: Nghị định 53/2022/NĐ-CP" in answer
    assert "Đã xóa: không có dữ liệu nào." in nothing


def needs_of(office: Office) -> AssistanceOperations:
    """Make the operations of needs."""
    return AssistanceOperations(
        office.database, relay(office.database, office.clock), office.clock, SEAL, PARTICULARS
    )


BY_LAW = Grounds(AssistanceBasis.LAW, "Luật 91/2025/QH15 Điều 19")
CONSENT = Grounds(AssistanceBasis.CONSENT, "")


@pytest.mark.postgres
async def test_deletion_takes_what_was_consented_to_also_as_it_was_before(office: Office) -> None:
    """The need with all that was said of it goes; what an article asks for stays while it stands, and not after."""
    needs = needs_of(office)
    statement = NeedStatement(CONSENT, None, TODAY + 100 * DAY)
    consented = await needs.declare(number(), Assistance.OXYGEN, statement, request())
    await needs.renew(consented, replace(statement, review_on=TODAY + 200 * DAY), request())
    by_law = replace(statement, grounds=BY_LAW)
    await needs.declare(number(), Assistance.MOBILITY, by_law, request())
    over = await needs.declare(number(), Assistance.SIGHT, by_law, request())
    await needs.withdraw(over, request())
    asked = await office.verified(RequestKind.DELETE)
    await office.operations.answer(moving(asked, "dpo-1"), ANSWER)
    answer = (await office.queries.get(asked.request_number)).history[-1].note
    last = (await waiting_occupancies(office.database))[-1]
    async with office.database.transaction() as tx:
        left = (await tx.scalars(select(tables.assistance_needs.c.type))).all()

    assert left == ["MOBILITY"]
    assert [one.type for one in last.assistance] == [residency_pb2.ASSISTANCE_TYPE_MOBILITY]
    assert (
        "Đã xóa: nhu cầu hỗ trợ lưu giữ theo sự đồng ý, nhu cầu hỗ trợ lưu giữ theo quy" in answer
    )
    assert "- nhu cầu hỗ trợ lưu giữ theo quy định của pháp luật:" in answer
    assert "số điện thoại" not in answer


@pytest.mark.postgres
async def test_deletion_takes_stays_and_absences_that_are_kept_no_longer(office: Office) -> None:
    """A year after their end, with what they corrected; also of a guest who is on no register."""
    home = (await add_building(office.database)).dwelling_ids[0]
    began = TODAY - 800 * DAY
    for serial in (1, 5):
        stays = stays_of(office.database, office.clock)
        old = lodging(
            home, number(serial), arrives_at=ward_time(began, 20), leaves_on=began + 2 * DAY
        )
        stay_id = await stays.declare(old, RECEIPT, request())
        right_one = replace(old, leaves_on=began + 3 * DAY)
        await stays.correct(stay_id, StayCorrection(right_one, None), request())
        await stays.declare(lodging(home, number(serial)), RECEIPT, request())
    for since in (began, TODAY - 400 * DAY):
        declared = away(since, since + 380 * DAY)
        await absences_of(office.database, office.clock).declare(declared, RECEIPT, request())
    answers = []
    for serial in (1, 5):
        asked = await office.verified(RequestKind.DELETE, document=number(serial))
        await office.operations.answer(moving(asked, "dpo-1"), ANSWER)
        answers.append((await office.queries.get(asked.request_number)).history[-1].note)
    async with office.database.transaction() as tx:
        stays_left = (await tx.scalars(select(tables.guest_stays.c.valid_from))).all()
        absences_left = (await tx.scalars(select(tables.absences.c.valid_from))).all()

    assert list(stays_left) == [TODAY, TODAY]
    assert list(absences_left) == [TODAY - 400 * DAY]
    assert "Đã xóa: khai báo tạm vắng, thông báo lưu trú" in answers[0]
    assert "Đã xóa: thông báo lưu trú" in answers[1]
    assert "- khai báo tạm vắng (đến 12 tháng sau khi kết thúc): Luật Xử lý vi phạm" in answers[0]


@pytest.mark.postgres
async def test_with_a_withdrawn_consent_ends_what_is_kept_on_no_law(office: Office) -> None:
    """The need that was consented to counts no longer, from today on; what an article asks for stays."""
    needs = needs_of(office)
    for need, grounds in ((Assistance.OXYGEN, CONSENT), (Assistance.MOBILITY, BY_LAW)):
        statement = NeedStatement(grounds, None, TODAY + 100 * DAY)
        await needs.declare(number(), need, statement, request())
    asked = await office.verified(RequestKind.WITHDRAW_CONSENT)
    await office.operations.answer(moving(asked, "dpo-1"), ANSWER)
    last = (await waiting_occupancies(office.database))[-1]
    answer = (await office.queries.get(asked.request_number)).history[-1].note
    nobody = await office.verified(RequestKind.WITHDRAW_CONSENT, document=number(99))
    await office.operations.answer(moving(nobody, "dpo-1"), ANSWER)
    nothing = (await office.queries.get(nobody.request_number)).history[-1].note
    async with office.database.transaction() as tx:
        rows = (await tx.execute(select(tables.assistance_needs))).all()

    assert {row.type: row.ended_on for row in rows} == {"OXYGEN": TODAY, "MOBILITY": None}
    assert [one.type for one in last.assistance] == [residency_pb2.ASSISTANCE_TYPE_MOBILITY]
    assert answer == f"{ANSWER}\nĐã chấm dứt 1 nhu cầu hỗ trợ được lưu giữ theo sự đồng ý."
    assert "Không có dữ liệu nào" in nothing


@pytest.mark.postgres
async def test_a_consent_withdrawn_before_a_merge_ends_the_needs_of_the_person_who_stands(
    office: Office,
) -> None:
    """The request is about the record that was given up; its needs are the surviving record's since."""
    other = (await add_building(office.database)).dwelling_ids[0]
    # A temporary residence, since nobody has two permanent ones.
    twin = replace(
        application(other, 2), kind=ResidenceKind.TEMPORARY, term=Term(TODAY, TODAY + 300 * DAY)
    )
    await residence_operations(office.database).register(twin, "request-2", b"x")
    needs = needs_of(office)
    consent = NeedStatement(CONSENT, None, TODAY + 100 * DAY)
    await needs.declare(number(2), Assistance.OXYGEN, consent, request())
    asked = await office.verified(RequestKind.WITHDRAW_CONSENT, document=number(2))
    await merged(office.database, office.clock, 2, 1)
    await office.operations.answer(moving(asked, "dpo-1"), ANSWER)
    last = (await waiting_occupancies(office.database))[-1]
    answer = (await office.queries.get(asked.request_number)).history[-1].note
    async with office.database.transaction() as tx:
        rows = (await tx.execute(select(tables.assistance_needs))).all()

    assert [row.ended_on for row in rows if row.superseded_at is None] == [TODAY]
    assert list(last.assistance) == []
    assert answer == f"{ANSWER}\nĐã chấm dứt 1 nhu cầu hỗ trợ được lưu giữ theo sự đồng ý."


def right(serial: int = 1) -> DeclaredPerson:
    """Say what the register should say of a person."""
    return DeclaredPerson(
        number(serial),
        FullName.parse("Phạm Thị Giả Định Đúng"),
        PartialDate.parse("1990-05-18"),
        Sex.FEMALE,
        "",
    )


@pytest.mark.postgres
async def test_a_correction_opens_the_case_by_which_two_officers_enter_it(office: Office) -> None:
    """Handed in, of the person who asked; another request may name the same case, and no case of others."""
    first, second = [await office.verified(RequestKind.CORRECT) for _ in range(2)]
    for wrong in (None, right(2)):
        with pytest.raises(FieldInvalidError):
            await office.operations.answer(moving(first, "dpo-1"), ANSWER, wrong)
    answered = await office.operations.answer(moving(first, "dpo-1"), ANSWER, right())
    linked = await office.operations.answer(moving(second, "dpo-1"), ANSWER, answered.case_number)
    stranger = await office.verified(RequestKind.CORRECT, document=number(99))
    with pytest.raises(PersonNotRegisteredError):
        await office.operations.answer(moving(stranger, "dpo-1"), ANSWER, answered.case_number)
    viewing = await office.verified(RequestKind.VIEW)
    with pytest.raises(FieldInvalidError):
        await office.operations.answer(moving(viewing, "dpo-1"), ANSWER, answered.case_number)
    officer = Caller("officer-2", is_officer=True)
    cases = CaseQueries(office.database, CaseSeal(CONTENT_SEAL))
    _, whole = await cases.get(answered.case_number, officer, OFFICER, TODAY)
    note = (await office.queries.get(first.request_number)).history[-1].note

    assert linked.case_number == answered.case_number == "11002-2026-000001"
    assert (whole.case.kind, whole.case.state) == (
        CaseKind.CHANGE_OF_INFORMATION,
        CaseState.SUBMITTED,
    )
    assert whole.declaration.declarant == right()
    assert first.request_number in whole.declaration.requested_content
    assert note == f"{ANSWER}\nViệc chỉnh sửa được giải quyết theo hồ sơ {answered.case_number}."


@pytest.mark.postgres
async def test_no_correction_is_granted_by_a_case_that_corrects_nothing(office: Office) -> None:
    """Nor by a draft, one that was taken back, or one that was refused."""
    first, second, third = [await office.verified(RequestKind.CORRECT) for _ in range(3)]
    opened = await office.operations.answer(moving(first, "dpo-1"), ANSWER, right())
    cases = CaseOperations(
        office.database,
        relay(office.database, office.clock),
        office.clock,
        SEAL,
        CaseSeal(CONTENT_SEAL),
        "11002",
    )
    officer = Caller("officer-2", is_officer=True)
    declaration = ResidenceDeclaration.of_correction(right(), first.request_number)
    draft = await cases.create(officer, declaration, "request-draft", b"x")
    with pytest.raises(FieldInvalidError):
        await office.operations.answer(moving(second, "dpo-1"), ANSWER, draft.case_number)
    await cases.submit(Request(officer, draft.case_number, "request-submit", b"x"))
    await office.operations.answer(moving(second, "dpo-1"), ANSWER, draft.case_number)
    withdrawing = Request(officer, draft.case_number, "request-withdraw", b"x")
    await cases.withdraw(withdrawing, "Đã có hồ sơ khác")
    refusing = Request(officer, opened.case_number, "request-refuse", b"x")
    await cases.refuse(refusing, RefusalGround.NOT_ELIGIBLE, "Không đủ điều kiện")
    for dead in (draft.case_number, opened.case_number):
        with pytest.raises(FieldInvalidError):
            await office.operations.answer(moving(third, "dpo-1"), ANSWER, dead)


@pytest.mark.postgres
async def test_who_is_not_on_the_register_may_ask_and_nothing_is_done(office: Office) -> None:
    """It can be refused; granting a restriction of nobody is not possible, and leaves nothing behind."""
    request = await office.verified(RequestKind.RESTRICT, document=number(99))
    with pytest.raises(PersonNotRegisteredError):
        await office.operations.answer(moving(request, "dpo-1"), ANSWER)
    refused = await office.operations.refuse(
        moving(request, "dpo-1"), RequestRefusalGround.NOTHING_HELD, "Không có dữ liệu"
    )

    assert refused.state is RequestState.REFUSED
    assert request.subject == SEAL.pseudonym(number(99))


@pytest.mark.postgres
async def test_who_came_onto_the_register_after_asking_is_not_passed_over(office: Office) -> None:
    """The contact that was entered meanwhile is deleted, and the restriction stands."""
    deleting = await office.verified(RequestKind.DELETE, document=number(99))
    restricting = await office.verified(RequestKind.RESTRICT, document=number(99))
    place = await add_building(office.database)
    newcomer = application(place.dwelling_ids[0], 99)
    await residence_operations(office.database).register(newcomer, "request-99", b"x")
    async with office.database.transaction() as tx:
        person = await persons.find(tx, SEAL.blind_index(number(99)))
        contact = Contact(PhoneNumber.parse("0912 345 678"), None)
        await persons.set_contact(tx, person.person_id, contact, SEAL)
    deleted = await office.operations.answer(moving(deleting, "dpo-1"), ANSWER)
    restricted = await office.operations.answer(moving(restricting, "dpo-1"), ANSWER)
    answer = (await office.queries.get(deleting.request_number)).history[-1].note
    async with office.database.transaction() as tx:
        phones = set(await tx.scalars(select(tables.persons.c.phone_sealed)))

    assert "Đã xóa: số điện thoại, thư điện tử." in answer
    assert phones == {None}
    assert deleted.person_id == restricted.person_id == person.person_id
    assert (await office.queries.get(restricting.request_number)).restriction_stands


@pytest.mark.postgres
async def test_a_repeat_changes_nothing(office: Office) -> None:
    """Neither of the reception nor of a step; another content under the same key is refused."""
    once = await office.receive(RequestKind.VIEW, request_id="request-1")
    again = await office.receive(RequestKind.VIEW, request_id="request-1")
    with pytest.raises(RequestIdReusedError):
        await office.receive(RequestKind.VIEW, request_id="request-1", digest=b"y")
    verifying = moving(once)
    verified = await office.operations.verify(verifying, "Căn cước bản gốc")
    assert await office.operations.verify(verifying, "Căn cước bản gốc") == verified

    assert again == once
    assert len((await office.queries.get(once.request_number)).history) == 2
    with pytest.raises(DataSubjectRequestNotFoundError):
        await office.operations.withdraw(moving(replace(once, request_number="11002-YC-2026-9")))


@pytest.mark.postgres
async def test_lists_tell_what_is_due_soon_overdue_and_not_acknowledged(office: Office) -> None:
    """By the ward's days; what is decided is in none of them."""
    view = await office.receive(RequestKind.VIEW)
    office.clock.now += timedelta(minutes=1)
    delete = await office.receive(RequestKind.DELETE)
    taken_back = await office.receive(RequestKind.OBJECT)
    await office.operations.withdraw(moving(taken_back))
    await office.operations.acknowledge(moving(view))
    position = RequestPosition(view.received_at, view.request_uuid)
    behind = await office.queries.list_requests(RequestFilter(), position, 1, TODAY)
    figures = await office.queries.figures(TODAY + 11 * DAY)

    assert await office.numbers(kind=RequestKind.DELETE) == [delete.request_number]
    assert await office.numbers(state=RequestState.WITHDRAWN) == [taken_back.request_number]
    assert await office.numbers(TODAY + 3 * DAY, unacknowledged=True) == []
    assert await office.numbers(TODAY + 4 * DAY, unacknowledged=True) == [delete.request_number]
    assert await office.numbers(TODAY + 6 * DAY, due_soon=True) == []
    assert await office.numbers(TODAY + 7 * DAY, due_soon=True) == [view.request_number]
    assert await office.numbers(TODAY + 10 * DAY, overdue=True) == []
    assert await office.numbers(TODAY + 11 * DAY, overdue=True) == [view.request_number]
    assert len(behind) == 1
    assert (figures[RequestKind.VIEW].open, figures[RequestKind.VIEW].overdue) == (1, 1)
    assert (figures[RequestKind.DELETE].open, figures[RequestKind.DELETE].overdue) == (1, 0)
    assert figures[RequestKind.OBJECT].open == 0


def because(number_: str) -> access_pb2.AccessPurpose:
    """State the request as the purpose."""
    purpose = access_pb2.PURPOSE_DATA_SUBJECT_REQUEST
    return access_pb2.AccessPurpose(purpose=purpose, reference=number_)


@dataclass
class Counter:
    """The running service with one person on its register."""

    service: Service

    async def receive(self, kind: pb.DataSubjectRequestKind.ValueType, **fields: Any) -> str:
        """Take a request in as the residence officer; tell its number."""
        wanted: dict[str, Any] = {
            "request_id": str(uuid4()),
            "kind": kind,
            "personal_id_number": number().digits,
            "content": CONTENT,
        }
        request = pb.ReceiveRequestRequest(**(wanted | fields))
        answer: str = (await self.service.call("ReceiveRequest", request)).request.request_number
        return answer

    async def exported(self, **fields: Any) -> pb.ExportPersonalDataResponse:
        """Ask to view as somebody who is verified; give what is told."""
        number_ = await self.receive(pb.DATA_SUBJECT_REQUEST_KIND_VIEW, **fields)
        await self.act("VerifyRequester", number_, "residence_officer", means="Giấy tờ bản gốc")
        asking = pb.ExportPersonalDataRequest(request_number=number_, purpose=because(number_))
        export: pb.ExportPersonalDataResponse = await self.service.call(
            "ExportPersonalData", asking, DPO
        )
        return export

    async def act(self, method: str, number_: str, role: str = DPO, **fields: Any) -> Any:
        """Move a request."""
        kind = getattr(pb, f"{method}Request")
        request = kind(request_number=number_, request_id=str(uuid4()), **fields)
        return (await self.service.call(method, request, role)).request

    async def look_up(self, purpose: access_pb2.Purpose.ValueType) -> lookups_pb2.Person:
        """Look the person up for a purpose."""
        stated = access_pb2.AccessPurpose(purpose=purpose, reference="H-1")
        request = lookups_pb2.LookupPersonRequest(
            purpose=stated, personal_id_number=number().digits
        )
        person: lookups_pb2.Person = (await self.service.call("LookupPerson", request)).person
        return person


@pytest.fixture
async def counter(service: Service) -> Counter:
    """Have one person on the register of the running service."""
    place = await add_building(service.database)
    await residence_operations(service.database).register(
        application(place.dwelling_ids[0]), "request-9", b"x"
    )
    return Counter(service)


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_request_to_view_gives_what_is_held_and_who_looked(counter: Counter) -> None:
    """As JSON and as text, only once verified; each step is accounted for under the person and the request."""
    service = counter.service
    await counter.look_up(access_pb2.PURPOSE_RESIDENCE_CASE)
    number_ = await counter.receive(pb.DATA_SUBJECT_REQUEST_KIND_VIEW)
    asking = pb.ExportPersonalDataRequest(request_number=number_, purpose=because(number_))
    early = await service.refusal("ExportPersonalData", asking, DPO)
    await counter.act("AcknowledgeRequest", number_, "residence_officer")
    await counter.act("VerifyRequester", number_, "residence_officer", means="Căn cước bản gốc")
    export = await service.call("ExportPersonalData", asking, DPO)
    other = pb.ExportPersonalDataRequest(request_number=number_, purpose=because("YC-1"))
    refused = await service.refusal("ExportPersonalData", other, DPO)
    answered = await counter.act("AnswerRequest", number_, answer=ANSWER)
    reading = pb.GetDataSubjectRequestRequest(request_number=number_, purpose=because(number_))
    whole = await service.call("GetDataSubjectRequest", reading, "residence_officer")
    listed = await service.call(
        "ListDataSubjectRequests", pb.ListDataSubjectRequestsRequest(), DPO
    )
    data, records = json.loads(export.json), await service.access_records()

    assert early.reason == "DATA_SUBJECT_REQUEST_STATE_CONFLICT"
    assert refused.reason == "FIELD_INVALID"
    assert data["person"]["full_name"] == "Phạm Thị Giả Định"
    assert data["person"]["number"] == number().masked
    assert [one["kind"] for one in data["registrations"]] == ["PERMANENT"]
    assert data["looks"][-1]["purpose"] == "RESIDENCE_CASE"
    # Only the number of what is told here anyway: this request, and no case.
    assert {one["reference"] for one in data["looks"]} == {"", number_}
    assert all("demo-" not in str(look) for look in data["looks"])
    assert "Họ và tên: Phạm Thị Giả Định" in export.text
    assert "Ngày sinh: 17/05/1990" in export.text
    assert "cán bộ đăng ký cư trú, giải quyết hồ sơ cư trú, đã thực hiện" in export.text
    assert f"không thực hiện ({early.reason})" in export.text
    roles, purposes = access_pb2.Role.keys()[1:], access_pb2.Purpose.keys()[1:]
    codes = [one.removeprefix("ROLE_").lower() for one in roles]
    codes += [one.removeprefix("PURPOSE_") for one in purposes]
    assert not any(code in export.text.replace(early.reason, "") for code in codes)
    assert number().digits not in export.json + export.text
    assert answered.state == pb.DATA_SUBJECT_REQUEST_STATE_ANSWERED
    assert [entry.note for entry in whole.history][-1] == ANSWER
    assert [one.request_number for one in listed.requests] == [number_]
    steps = [one for one in records if "DataSubjectRequestService" in one.method]
    assert {one.subject for one in steps if one.outcome == "OK"} == {SEAL.pseudonym(number())}
    assert {one.reference for one in steps if one.outcome == "OK"} == {number_}


@pytest.mark.postgres
@pytest.mark.nats
async def test_who_verified_a_request_takes_nothing_by_it(counter: Counter) -> None:
    """One officer alone would receive, verify and take all that is held of anybody; a second one is asked."""
    number_ = await counter.receive(pb.DATA_SUBJECT_REQUEST_KIND_VIEW)
    await counter.act("VerifyRequester", number_, DPO, means="Căn cước bản gốc")
    asking = pb.ExportPersonalDataRequest(request_number=number_, purpose=because(number_))
    refused = await counter.service.refusal("ExportPersonalData", asking, DPO)

    assert refused.reason == "SECOND_PERSON_REQUIRED"


@pytest.mark.postgres
@pytest.mark.nats
async def test_all_looks_are_counted_where_not_all_are_listed(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The export tells the true number, and that the rest can be asked for."""
    monkeypatch.setattr("residency.queries.data_subject_requests._MOST_LOOKS", 2)
    for _ in range(3):
        await counter.look_up(access_pb2.PURPOSE_RESIDENCE_CASE)
    number_ = await counter.receive(pb.DATA_SUBJECT_REQUEST_KIND_VIEW)
    await counter.act("VerifyRequester", number_, "residence_officer", means="Căn cước bản gốc")
    asking = pb.ExportPersonalDataRequest(request_number=number_, purpose=because(number_))
    export = await counter.service.call("ExportPersonalData", asking, DPO)
    data = json.loads(export.json)

    # The reception and the verification of the request are accesses as well.
    assert (data["number_of_looks"], len(data["looks"])) == (5, 2)
    assert "Số lượt truy cập dữ liệu về ông/bà: 5" in export.text
    assert "Dưới đây là 2 lượt mới nhất" in export.text


async def test_what_is_held_is_told_whole(counter: Counter) -> None:
    """How the person is reached, what was said before a correction, and files that entered nothing."""
    database = counter.service.database
    email = EmailAddress("gia.dinh@example.org")
    await person_operations(database).set_contact(number(), Contact(None, email), request())
    wrong = corrected(full_name=FullName("Phạm Thị Giả Định Đúng"))
    await person_operations(database).correct(number(), wrong, request())
    cases = CaseOperations(
        database,
        relay(database, StoppedClock()),
        StoppedClock(),
        SEAL,
        CaseSeal(CONTENT_SEAL),
        "11002",
    )
    own, others = [
        await cases.create(
            Caller("citizen-1", is_officer=False),
            ResidenceDeclaration.of_correction(right(serial), "11002-YC-2026-000001"),
            f"request-draft-{serial}",
            b"x",
        )
        for serial in (1, 2)
    ]
    await cases.submit(
        Request(Caller("citizen-1", is_officer=False), own.case_number, "request-1", b"x")
    )
    await cases.withdraw(
        Request(Caller("citizen-1", is_officer=False), own.case_number, "request-2", b"x"), ""
    )
    export = await counter.exported(personal_id_number=number().digits)
    data = json.loads(export.json)

    assert (data["person"]["email"], data["person"]["nationality"]) == (email.text, "VNM")
    assert [one["full_name"] for one in data["former_identities"]] == ["Phạm Thị Giả Định"]
    assert data["former_identities"][0]["number"] == number().masked
    assert "Phạm Thị Giả Định, số " in export.text
    assert "Quốc tịch: Việt Nam\n" in export.text
    assert "VNM" not in export.text
    assert [(one["case_number"], one["state"]) for one in data["cases"]] == [
        (own.case_number, "WITHDRAWN")
    ]
    assert others.case_number not in export.text


@pytest.mark.postgres
@pytest.mark.nats
async def test_who_came_onto_the_register_after_asking_to_view_is_told_of_it(
    counter: Counter,
) -> None:
    """What is held is told as it is when it is given, not as it was when the request came."""
    asking = await counter.receive(
        pb.DATA_SUBJECT_REQUEST_KIND_VIEW, personal_id_number=number(99).digits
    )
    await counter.act("VerifyRequester", asking, "residence_officer", means="Căn cước bản gốc")
    database = counter.service.database
    home = (await add_building(database)).dwelling_ids[0]
    newcomer = application(home, 99)
    await residence_operations(database).register(newcomer, "request-99", b"x")
    export = await counter.service.call(
        "ExportPersonalData",
        pb.ExportPersonalDataRequest(request_number=asking, purpose=because(asking)),
        DPO,
    )
    data = json.loads(export.json)

    assert data["person"]["number"] == number(99).masked
    assert [one["kind"] for one in data["registrations"]] == ["PERMANENT"]


@pytest.mark.postgres
@pytest.mark.nats
async def test_who_asks_is_told_of_their_requests_and_of_nobody_elses(counter: Counter) -> None:
    """Each as it stands."""
    earlier = await counter.receive(pb.DATA_SUBJECT_REQUEST_KIND_CORRECT)
    await counter.receive(pb.DATA_SUBJECT_REQUEST_KIND_DELETE, personal_id_number=number(7).digits)
    await counter.act("WithdrawRequest", earlier)
    export = await counter.exported(personal_id_number=number().digits)
    held = json.loads(export.json)["requests"]

    assert [(one["request_number"], one["kind"], one["state"]) for one in held] == [
        (earlier, "CORRECT", "WITHDRAWN"),
        (json.loads(export.json)["request"], "VIEW", "VERIFIED"),
    ]
    assert f"- {earlier}: chỉnh sửa dữ liệu, nhận lúc " in export.text


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_foreign_guest_asks_by_the_passport(counter: Counter) -> None:
    """And is told of the stays, though nobody of the register; by number and passport at once nobody asks."""
    database = counter.service.database
    home = (await add_building(database)).dwelling_ids[0]
    foreign = lodging(home, PASSPORT, kind=StayKind.FOREIGN)
    await stays_of(database).declare(foreign, RECEIPT, request())
    passport = account_pb2.Passport(issuer=PASSPORT.issuer, number=PASSPORT.text)
    export = await counter.exported(personal_id_number="", passport=passport)
    data = json.loads(export.json)
    with pytest.raises(aio.AioRpcError) as both:
        await counter.receive(pb.DATA_SUBJECT_REQUEST_KIND_VIEW, passport=passport)

    assert data["person"] == {}
    assert [one["kind"] for one in data["stays"]] == ["FOREIGN"]
    assert [one["kind"] for one in data["requests"]] == ["VIEW"]
    assert "khai báo tạm trú người nước ngoài tại" in export.text
    assert both.value.code().name == "INVALID_ARGUMENT"


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_restriction_is_honoured_but_where_the_law_demands(counter: Counter) -> None:
    """A restricted person is shown for a residence case, marked; else the pseudonym only is left, and nobody found."""
    number_ = await counter.receive(pb.DATA_SUBJECT_REQUEST_KIND_RESTRICT)
    await counter.act("VerifyRequester", number_, "residence_officer", means="Căn cước bản gốc")
    free = await counter.look_up(access_pb2.PURPOSE_PUBLIC_SERVICE)
    await counter.act("AnswerRequest", number_, answer=ANSWER)
    shown = await counter.look_up(access_pb2.PURPOSE_RESIDENCE_CASE)
    withheld = await counter.look_up(access_pb2.PURPOSE_PUBLIC_SERVICE)
    found = await searched(counter, access_pb2.PURPOSE_RESIDENCE_CASE)
    not_found = await searched(counter, access_pb2.PURPOSE_PUBLIC_SERVICE)
    await counter.act("LiftRestriction", number_, reason="Chủ thể dữ liệu đề nghị")
    again = await counter.look_up(access_pb2.PURPOSE_PUBLIC_SERVICE)

    assert free.full_name
    assert not free.restricted
    assert (shown.full_name, shown.restricted) == ("Phạm Thị Giả Định", True)
    assert withheld == lookups_pb2.Person(pseudonym=free.pseudonym, restricted=True)
    assert again == free
    assert (found, not_found) == ([shown.full_name], [])
    assert await searched(counter, access_pb2.PURPOSE_PUBLIC_SERVICE) == [free.full_name]


async def searched(counter: Counter, purpose: access_pb2.Purpose.ValueType) -> list[str]:
    """Search the person by words in another order, for a purpose; tell the names found."""
    asking = lookups_pb2.SearchPersonsRequest(
        purpose=access_pb2.AccessPurpose(purpose=purpose, reference="HS-2026/0001"),
        name="định phạm giả",
    )
    answer = await counter.service.call("SearchPersons", asking)
    return [match.person.full_name for match in answer.matches]


@pytest.mark.postgres
@pytest.mark.nats
async def test_what_is_refused_and_why(counter: Counter) -> None:
    """Over gRPC, each with the contract's reason."""
    service = counter.service
    number_ = await counter.receive(pb.DATA_SUBJECT_REQUEST_KIND_DELETE)
    extended = await counter.act("ExtendRequest", number_, reason="Hồ sơ phức tạp")
    refusing = pb.RefuseRequestRequest(
        request_number=number_, request_id=str(uuid4()), reason="Không rõ ai yêu cầu"
    )
    no_ground = await service.refusal("RefuseRequest", refusing, DPO)
    by_officer = await service.refusal("RefuseRequest", refusing)
    refused = await counter.act(
        "RefuseRequest",
        number_,
        ground=pb.DATA_SUBJECT_REFUSAL_GROUND_NOT_VERIFIED,
        reason="Không rõ ai yêu cầu",
    )
    reasons = []
    for fields in ({"kind": 0}, {"content": "999 090 000001"}, {"personal_id_number": "1"}):
        with pytest.raises(aio.AioRpcError) as error:
            await counter.receive(
                **({"kind": pb.DATA_SUBJECT_REQUEST_KIND_VIEW} | fields)  # type: ignore[arg-type]
            )
        reasons.append(error.value.code().name)
    unknown = pb.WithdrawRequestRequest(request_number="1", request_id=str(uuid4()))

    assert extended.extended
    assert (no_ground.reason, by_officer.reason) == ("FIELD_INVALID", "ROLE_NOT_ALLOWED")
    assert refused.refusal_ground == pb.DATA_SUBJECT_REFUSAL_GROUND_NOT_VERIFIED
    assert reasons == ["INVALID_ARGUMENT"] * 3
    missing = await service.refusal("WithdrawRequest", unknown, DPO)
    assert missing.reason == "DATA_SUBJECT_REQUEST_NOT_FOUND"


@pytest.mark.postgres
async def test_the_tables_keep_the_rules_too(office: Office) -> None:
    """Nobody deletes alone, and nothing is granted to who was not verified, whoever writes."""
    request = await office.receive(RequestKind.DELETE)
    columns = tables.data_subject_requests
    alone = update(columns).values(state="ANSWERED", decided_by="dpo-1", decided_at=NOON)
    with pytest.raises(Exception, match="data_subject_requests_verified"):
        async with office.database.transaction() as tx:
            await tx.execute(alone)
    await office.operations.verify(moving(request), "Căn cước bản gốc")
    with pytest.raises(Exception, match="data_subject_requests_second_person"):
        async with office.database.transaction() as tx:
            await tx.execute(alone.values(decided_by="officer-1"))
