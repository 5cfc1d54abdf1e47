"""Stays, absences and needs as officers meet them: gRPC with tokens, PostgreSQL and NATS."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2
from grpc import aio
from nats.aio.client import Client
from nats.js.client import JetStreamContext

from chassis.clock import utc_now, ward_day, ward_time
from tests.residency.conftest import Service
from tests.residency.desk import OFFICER, Desk
from tests.residency.samples import (
    SEAL,
    StoppedClock,
    add_building,
    number,
    upkeep,
)
from ward.options.v1 import access_pb2
from ward.residency.v1 import assistance_pb2, lookups_pb2, residency_pb2, stays_pb2_grpc
from ward.residency.v1 import stays_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

CASE = access_pb2.AccessPurpose(
    purpose=access_pb2.PURPOSE_RESIDENCE_CASE, reference="LT-2026/0001"
)
SERVICE_CASE = access_pb2.AccessPurpose(
    purpose=access_pb2.PURPOSE_PUBLIC_SERVICE, reference="HT-2026/0001"
)
NAME = "Phạm Thị Giả Định"
CHANGED = "ward.residency.v1.OccupancyChanged"
GUEST_NAME = "Khách Giả Định"


def asked(purpose: access_pb2.AccessPurpose = CASE, **fields: Any) -> dict[str, Any]:
    """Add what every change says."""
    return {"purpose": purpose, "request_id": str(uuid4()), **fields}


def day_of(day: date) -> date_pb2.Date:
    """Write a day."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def moment(at: datetime) -> Timestamp:
    """Write an instant."""
    written = Timestamp()
    written.FromDatetime(at)
    return written


async def next_of(heard: JetStreamContext.PushSubscription) -> residency_pb2.DwellingOccupancy:
    """Wait for the next counts that are published."""
    message = await heard.next_msg(timeout=30)
    return residency_pb2.OccupancyChanged.FromString(message.data).occupancy


def lodging(dwelling_id: str, **changed: Any) -> pb.Lodging:
    """Write a lodging notification of a guest who comes now and leaves tomorrow."""
    now = utc_now()
    said: dict[str, Any] = {
        "dwelling_id": dwelling_id,
        "personal_id_number": number(5).digits,
        "full_name": GUEST_NAME,
        "birth_date": date_pb2.Date(year=1990, month=5),
        "reason": "thăm người thân",
        "arrives_at": moment(now),
        "leaves_on": day_of(ward_day(now) + timedelta(days=1)),
    }
    return pb.Lodging(**(said | changed))


def declaring(dwelling_id: str, **changed: Any) -> pb.DeclareLodgingRequest:
    """Write the request that enters it."""
    notice = lodging(dwelling_id, **changed)
    return pb.DeclareLodgingRequest(**asked(lodging=notice, channel=pb.DECLARATION_CHANNEL_PORTAL))


async def home_of(service: Service) -> str:
    """Make a dwelling."""
    return str((await add_building(service.database)).dwelling_ids[0])


async def resident(service: Service, dwelling_id: str) -> None:
    """Register a person since the beginning of the year."""
    first = date_pb2.Date(year=2026, month=1, day=2)
    request = residency_pb2.RegisterResidenceRequest(
        **asked(
            dwelling_id=dwelling_id,
            kind=residency_pb2.RESIDENCE_KIND_PERMANENT,
            personal_id_number=number().digits,
            full_name=NAME,
            birth_date=date_pb2.Date(year=1950),
            sex=residency_pb2.SEX_FEMALE,
            valid_from=first,
        )
    )
    await service.call("RegisterResidence", request)


async def test_lodging_tonight_shows_in_tonights_occupancy_and_not_tomorrows(
    service: Service, broker: Client
) -> None:
    """As occupancy is asked for any time, and as it is published when the day brings it."""
    home, today = await home_of(service), ward_day(utc_now())
    heard = await broker.jetstream().subscribe(CHANGED)
    await service.call("DeclareLodging", declaring(home))

    async def counted(at: datetime) -> Any:
        request = residency_pb2.GetOccupancyRequest(
            purpose=CASE, dwelling_id=home, as_of=moment(at)
        )
        return (await service.call("GetOccupancy", request)).dwellings[0]

    last_second = ward_time(today + timedelta(days=1)) - timedelta(seconds=1)
    tonight = await counted(last_second)
    before_leaving = await counted(last_second + timedelta(hours=3))
    tomorrow = await counted(ward_time(today + timedelta(days=1), 22))
    published = await next_of(heard)
    clock = StoppedClock(ward_time(today + timedelta(days=1), 22))
    await upkeep(service.database, clock).recount_due()
    due = await next_of(heard)

    assert (tonight.lodging, tonight.present, tonight.lower_bound) == (1, 1, True)
    assert before_leaving.present == 1
    assert (tomorrow.lodging, tomorrow.present) == (0, 0)
    assert (published.lodging, published.present) == (1, 1)
    assert (due.version, due.lodging, due.present) == (2, 0, 0)


async def test_guests_are_listed_by_night_page_by_page_as_far_as_the_rules_allow(
    service: Service,
) -> None:
    """Each with its deadline; a page's token leads on in the same list only; every look is accounted for."""
    home, today = await home_of(service), ward_day(utc_now())
    first = (await service.call("DeclareLodging", declaring(home))).stay_id
    foreign = pb.ForeignStay(
        dwelling_id=home,
        passport_number="P 000 0000",
        nationality="LAO",
        full_name="Visitor Test",
        birth_date=date_pb2.Date(year=1980),
        sex=residency_pb2.SEX_MALE,
        arrives_at=moment(utc_now() - timedelta(hours=13)),
        leaves_on=day_of(today + timedelta(days=60)),
    )
    entering = pb.DeclareForeignStayRequest(
        **asked(foreign_stay=foreign, channel=pb.DECLARATION_CHANNEL_LODGING_SOFTWARE)
    )
    second = (await service.call("DeclareForeignStay", entering)).stay_id
    listing = {"purpose": CASE, "dwelling_id": home, "page_size": 1}
    page = await service.call("ListGuestStays", pb.ListGuestStaysRequest(**listing))
    token = page.next_page_token
    rest = await service.call(
        "ListGuestStays", pb.ListGuestStaysRequest(**listing, page_token=token)
    )
    elsewhere = pb.ListGuestStaysRequest(purpose=CASE, page_token=token)
    astray = await service.refusal("ListGuestStays", elsewhere)
    told = {one.stay_id: one for one in (*page.stays, *rest.stays)}
    mine = pb.ListGuestStaysRequest(purpose=SERVICE_CASE)
    partly = (await service.call("ListGuestStays", mine)).stays
    rescue = access_pb2.AccessPurpose(
        purpose=access_pb2.PURPOSE_FIRE_RESCUE, reference="2026-000001"
    )
    refused = await service.refusal("ListGuestStays", pb.ListGuestStaysRequest(purpose=rescue))
    next_month = pb.ListGuestStaysRequest(purpose=CASE, day=day_of(today + timedelta(days=30)))
    records = await service.access_records()

    assert set(told) == {first, second}
    assert rest.next_page_token == ""
    guest, visitor = told[first], told[second]
    assert (guest.full_name, guest.reason, guest.late) == (GUEST_NAME, "thăm người thân", False)
    assert guest.masked_document == number(5).masked
    assert (guest.birth_date.year, guest.birth_date.month, guest.birth_date.day) == (1990, 5, 0)
    assert (visitor.kind, visitor.masked_document) == (pb.GUEST_STAY_KIND_FOREIGN, "•••00")
    assert (visitor.sex, visitor.nationality) == (residency_pb2.SEX_MALE, "LAO")
    assert visitor.late
    assert {(one.full_name != "", one.masked_document) for one in partly} == {(True, "")}
    assert (astray.reason, refused.reason) == (
        "PAGE_TOKEN_OF_ANOTHER_LIST",
        "DISCLOSURE_NOT_ALLOWED",
    )
    later = (await service.call("ListGuestStays", next_month)).stays
    assert [one.stay_id for one in later] == [second]
    assert records[0].subject == SEAL.pseudonym(number(5))
    # Which of the two comes first is not said.
    subjects = Counter(record.subject for record in records[2:6])
    assert subjects[f"guests of dwelling:{home}"] == 2
    assert subjects[SEAL.pseudonym(number(5))] == 1
    assert lookups_pb2.PERSON_FIELD_FULL_NAME not in page.withheld


async def test_in_the_small_hours_those_are_listed_who_sleep_there(desk: Desk) -> None:
    """Who leaves in the morning, who came past midnight, and who is still to come; by a day, those of its night."""
    home = str((await add_building(desk.database)).dwelling_ids[0])
    today = ward_day(desk.clock.now)
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    nights = [
        (ward_time(yesterday, 20), today),
        (ward_time(today) + timedelta(minutes=30), today),
        (ward_time(today, 20), tomorrow),
        (ward_time(yesterday - timedelta(days=1), 20), yesterday),
    ]
    async with aio.insecure_channel(desk.target) as channel:
        stub = stays_pb2_grpc.StaysServiceStub(channel)
        signed_in = desk.signed_in(OFFICER)
        ids = []
        for serial, (arrives_at, leaves_on) in enumerate(nights, start=5):
            notice = declaring(
                home,
                personal_id_number=number(serial).digits,
                arrives_at=moment(arrives_at),
                leaves_on=day_of(leaves_on),
            )
            ids.append((await stub.DeclareLodging(notice, metadata=signed_in)).stay_id)

        async def listed(hour: int, **chosen: Any) -> set[int]:
            desk.clock.now = ward_time(today, hour)
            request = pb.ListGuestStaysRequest(purpose=CASE, dwelling_id=home, **chosen)
            answer = await stub.ListGuestStays(request, metadata=signed_in)
            return {ids.index(one.stay_id) for one in answer.stays}

        small_hours = [await listed(hour) for hour in (0, 7)]
        by_day = [await listed(22), await listed(8)]
        asked_for = [await listed(1, day=day_of(day)) for day in (yesterday, today)]

    assert small_hours == [{0, 1, 2}, {0, 1, 2}]
    assert by_day == [{2}, {2}]
    assert asked_for == [{0, 1}, {2}]


async def test_a_stay_is_corrected_ended_and_annulled_once(service: Service) -> None:
    """By their ids; what was superseded is refused, and a repeat is not."""
    home, today = await home_of(service), ward_day(utc_now())
    declared = declaring(home)
    stay_id = (await service.call("DeclareLodging", declared)).stay_id
    repeated = (await service.call("DeclareLodging", declared)).stay_id
    longer = lodging(home, leaves_on=day_of(today + timedelta(days=3)))
    correcting = pb.CorrectLodgingRequest(**asked(stay_id=stay_id, lodging=longer))
    right = (await service.call("CorrectLodging", correcting)).stay_id
    ending = pb.EndGuestStayRequest(**asked(stay_id=right, ended_on=day_of(today)))
    await service.call("EndGuestStay", ending)
    old = await service.refusal(
        "AnnulGuestStay", pb.AnnulGuestStayRequest(**asked(stay_id=stay_id))
    )
    await service.call("AnnulGuestStay", pb.AnnulGuestStayRequest(**asked(stay_id=right)))
    unknown = await service.refusal("EndGuestStay", pb.EndGuestStayRequest(**asked(stay_id="x")))
    listed = await service.call("ListGuestStays", pb.ListGuestStaysRequest(purpose=CASE))

    assert repeated == stay_id
    assert (old.reason, unknown.reason) == ("ENTRY_SUPERSEDED", "STAY_NOT_FOUND")
    assert list(listed.stays) == []


async def test_an_absence_is_told_of_who_lives_there(service: Service) -> None:
    """By dwelling and by day, with what the rules allow of the person."""
    home, today = await home_of(service), ward_day(utc_now())
    await resident(service, home)
    absence = pb.Absence(
        ground=pb.ABSENCE_GROUND_LONG_ABSENCE,
        reason="đi làm ăn xa",
        destination="Hà Nội",
        valid_from=day_of(today),
    )
    entering = pb.DeclareAbsenceRequest(
        **asked(
            personal_id_number=number().digits,
            absence=absence,
            channel=pb.DECLARATION_CHANNEL_PHONE,
        )
    )
    absence_id = (await service.call("DeclareAbsence", entering)).absence_id
    occupancy = residency_pb2.GetOccupancyRequest(purpose=CASE, dwelling_id=home)
    counted = (await service.call("GetOccupancy", occupancy)).dwellings[0]
    here = pb.ListAbsencesRequest(purpose=CASE, dwelling_id=home)
    (told,) = (await service.call("ListAbsences", here)).absences
    partly = (
        await service.call("ListAbsences", pb.ListAbsencesRequest(purpose=SERVICE_CASE))
    ).absences
    empty = pb.ListAbsencesRequest(purpose=CASE, dwelling_id=await home_of(service))
    correcting = pb.CorrectAbsenceRequest(**asked(absence_id=absence_id, absence=absence))
    right = (await service.call("CorrectAbsence", correcting)).absence_id
    ending = pb.EndAbsenceRequest(**asked(absence_id=right, ended_on=day_of(today)))
    await service.call("EndAbsence", ending)
    await service.call("AnnulAbsence", pb.AnnulAbsenceRequest(**asked(absence_id=right)))
    short = pb.Absence(valid_until=day_of(today + timedelta(days=30)))
    short.MergeFrom(absence)
    too_short = pb.DeclareAbsenceRequest()
    too_short.CopyFrom(entering)
    too_short.absence.CopyFrom(short)
    too_short.request_id = str(uuid4())
    refused = await service.refusal("DeclareAbsence", too_short)

    assert (counted.registered, counted.absent, counted.present) == (1, 1, 0)
    assert (told.absence_id, told.person.full_name) == (absence_id, NAME)
    assert (told.absence, told.person.masked_number) == (absence, number().masked)
    assert partly[0].person.masked_number == ""
    assert list((await service.call("ListAbsences", empty)).absences) == []
    assert list((await service.call("ListAbsences", here)).absences) == []
    assert refused.reason == "FIELD_INVALID"


def need(**changed: Any) -> assistance_pb2.DeclareAssistanceNeedRequest:
    """Write the request that enters a need, declared by a guardian, to be asked again in a month."""
    statement = assistance_pb2.AssistanceStatement(
        basis=assistance_pb2.ASSISTANCE_BASIS_CONSENT,
        proxy=assistance_pb2.AssistanceProxy(
            full_name="Người Giám Hộ", personal_id_number=number(7).digits
        ),
        review_on=day_of(ward_day(utc_now()) + timedelta(days=28)),
    )
    said: dict[str, Any] = {
        "personal_id_number": number().digits,
        "type": residency_pb2.ASSISTANCE_TYPE_MOBILITY,
        "statement": statement,
    }
    return assistance_pb2.DeclareAssistanceNeedRequest(**asked(SERVICE_CASE, **(said | changed)))


async def test_a_need_counts_from_its_declaration_until_it_is_withdrawn(
    service: Service, broker: Client
) -> None:
    """Each change of the counts is published; a renewal changes when to ask again, and nothing else."""
    home, today = await home_of(service), ward_day(utc_now())
    heard = await broker.jetstream().subscribe(CHANGED)
    await resident(service, home)
    declared = need()
    need_id = (await service.call("DeclareAssistanceNeed", declared)).need_id
    twice = await service.refusal("DeclareAssistanceNeed", need())
    soon = {"purpose": SERVICE_CASE, "due_by": day_of(today + timedelta(days=28))}
    listing = assistance_pb2.ListAssistanceNeedsRequest(**soon)
    (due,) = (await service.call("ListAssistanceNeeds", listing)).needs
    later = assistance_pb2.AssistanceStatement(
        basis=assistance_pb2.ASSISTANCE_BASIS_LAW,
        legal_basis="Luật 91/2025/QH15 Điều 19",
        review_on=day_of(today + timedelta(days=200)),
    )
    renewing = assistance_pb2.RenewAssistanceNeedRequest(
        **asked(SERVICE_CASE, need_id=need_id, statement=later)
    )
    renewed_id = (await service.call("RenewAssistanceNeed", renewing)).need_id
    none_due = (await service.call("ListAssistanceNeeds", listing)).needs
    whose = assistance_pb2.ListAssistanceNeedsRequest(
        purpose=SERVICE_CASE, personal_id_number=number().digits
    )
    (renewed,) = (await service.call("ListAssistanceNeeds", whose)).needs
    old = assistance_pb2.WithdrawAssistanceNeedRequest(**asked(SERVICE_CASE, need_id=need_id))
    superseded = await service.refusal("WithdrawAssistanceNeed", old)
    ending = assistance_pb2.WithdrawAssistanceNeedRequest(
        **asked(SERVICE_CASE, need_id=renewed_id)
    )
    await service.call("WithdrawAssistanceNeed", ending)
    ending.request_id = str(uuid4())
    again = await service.refusal("WithdrawAssistanceNeed", ending)
    case = assistance_pb2.ListAssistanceNeedsRequest(
        purpose=CASE, personal_id_number=number().digits
    )
    refused = await service.refusal("ListAssistanceNeeds", case)
    events = [await next_of(heard) for _ in range(3)]

    assert (due.need_id, due.by_proxy, due.due) == (need_id, True, False)
    assert (due.person.full_name, due.person.birth_date.year) == (NAME, 1950)
    assert list(due.person.assistance) == [residency_pb2.ASSISTANCE_TYPE_MOBILITY]
    assert list(none_due) == []
    assert (renewed.need_id, renewed.by_proxy) == (renewed_id, False)
    assert (renewed.basis, renewed.legal_basis) == (later.basis, later.legal_basis)
    assert [(one.version, len(one.assistance)) for one in events] == [(1, 0), (2, 1), (3, 0)]
    assert (twice.reason, superseded.reason) == ("ASSISTANCE_NEED_EXISTS", "ENTRY_SUPERSEDED")
    assert again.reason == "ASSISTANCE_NEED_WITHDRAWN"
    assert refused.reason == "DISCLOSURE_NOT_ALLOWED"
