"""Reports of people, at the running service: received, sealed, followed, split off and forgotten."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from prometheus_client import REGISTRY
from sqlalchemy import update

from chassis import context
from chassis.clock import utc_now
from chassis.context import Identity
from chassis.storage.database import Database
from incidents import tables
from incidents.domain.reports.report import Content, InvolvedPerson, InvolvedRole, Report, Reporter
from incidents.domain.rules.catalogue import ClockKind
from incidents.operations.reports import ReportOperations
from incidents.queries.figures import FigureQueries
from incidents.queries.reports import ReportQueries
from incidents.repository.incidents import lock_incident
from incidents.servicer.reports import ReportsServicer
from incidents.wire.reports import read_report, read_tip
from tests.incidents import samples
from tests.incidents.conftest import Service
from tests.incidents.samples import (
    SEAL,
    Operations,
    Queries,
    StoppedClock,
    premises,
    raise_alarm,
    relay,
    rows,
    stamp,
    waits_for_a_lock,
)
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import categories_pb2, incidents_pb2, lifecycle_pb2
from ward.incidents.v1 import reports_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

WHO = "Người Giả Định"
PHONE = "0100 000 001"


@pytest.fixture
def clock() -> StoppedClock:
    """Give the time at which the test began, as the running service has it."""
    return StoppedClock(utc_now())


def report(category: str = "on_scene", **fields: Any) -> pb.CreateReportRequest:
    """Make a report of an officer by telephone; every field may be said otherwise."""
    said = {
        "request_id": str(uuid4()),
        "category": category,
        "channel": pb.REPORT_CHANNEL_TELEPHONE,
        "description": "nắp cống vỡ",
        "address": "số 1 phố Thử Nghiệm",
        "reporter": pb.Reporter(full_name=WHO, phone=PHONE),
    }
    return pb.CreateReportRequest(**{**said, **fields})


def tip(**fields: Any) -> pb.SubmitTipRequest:
    """Make a tip."""
    said = {
        "request_id": str(uuid4()),
        "category": "anti_drug_tip",
        "description": "tụ tập ban đêm",
        "address": "ngõ 2 phố Thử Nghiệm",
    }
    return pb.SubmitTipRequest(**{**said, **fields})


def fires_opened() -> float:
    """Tell how many fires were opened since the tests began."""
    return REGISTRY.get_sample_value("ward_incidents_opened_total", {"kind": "FIRE"}) or 0


async def everything(database: Database) -> str:
    """Read all that the database holds in the clear, as text."""
    told = []
    for table in tables.metadata.sorted_tables:
        told += [str(tuple(row)) for row in await rows(database, table)]
    return "\n".join(told)


async def test_a_fire_is_told_to_114_first(service: Service) -> None:
    """Before there is a number or a form; the citizen learns of no incident."""
    answer = await service.call("CreateReport", report("fire"), "citizen")
    told = await service.call("ListReports", pb.ListReportsRequest())

    assert answer.receipt.call_first == "114"
    assert "gọi ngay 114" in answer.receipt.advice
    assert answer.incident_id == ""
    assert [one.number for one in told.reports] == [answer.receipt.number]
    assert told.reports[0].received_by == ""
    assert told.reports[0].channel == pb.REPORT_CHANNEL_ELECTRONIC


async def test_a_report_opens_an_incident_of_its_category(service: Service) -> None:
    """With its priority, and a timeline that names the report and nobody; a repeat opens no second."""
    asked = report(position=fire.Position(latitude=20.9, longitude=106.3))
    answer = await service.call("CreateReport", asked)
    again = await service.call("CreateReport", asked)
    read = await service.call(
        "GetIncident", incidents_pb2.GetIncidentRequest(incident_id=answer.incident_id)
    )
    refused = await service.refusal(
        "CreateReport", report(request_id=asked.request_id, description="khác")
    )

    assert again == answer
    assert read.incident.kind == incidents_pb2.INCIDENT_KIND_SERVICE_REQUEST
    assert read.incident.priority == incidents_pb2.PRIORITY_P3
    assert read.incident.position.latitude == 20.9
    assert read.timeline[0].text == (
        f"Mở vụ việc mức P3: Phản ánh hiện trường, tin {answer.receipt.number}."
    )
    assert refused.reason == "REQUEST_ID_REUSED"


async def test_what_turns_out_to_be_something_else_is_called_so(service: Service) -> None:
    """At no premises its place has the name of its category, and no list may call a fire a service request."""
    answer = await service.call("CreateReport", report())
    after = await service.call(
        "TriageIncident",
        lifecycle_pb2.TriageIncidentRequest(
            incident_id=answer.incident_id, request_id="request-0001", category="rescue"
        ),
    )
    kept = await service.call(
        "TriageIncident",
        lifecycle_pb2.TriageIncidentRequest(
            incident_id=answer.incident_id, request_id="request-0002", severity="SEVERITY_MINOR"
        ),
    )

    assert after.incident.place == kept.incident.place == "Cứu nạn, cứu hộ"


async def test_what_a_report_says_lies_sealed_and_each_look_is_recorded(
    service: Service, database: Database
) -> None:
    """Neither words nor names are anywhere in the clear; a look names the report."""
    involved = [pb.InvolvedPerson(role=pb.INVOLVED_ROLE_WITNESS, full_name=WHO, phone=PHONE)]
    answer = await service.call("CreateReport", report(involved=involved))
    report_id = answer.receipt.report_id
    told = await service.call("GetReport", pb.GetReportRequest(report_id=report_id))
    refused = await service.refusal(
        "GetReport", pb.GetReportRequest(report_id=report_id), "ward_executive"
    )
    clear = await everything(database)
    records = await rows(database, tables.access_records, "recorded_at")

    assert told.description == "nắp cống vỡ"
    assert told.reporter.full_name == told.involved[0].full_name == WHO
    assert refused.reason == "ROLE_NOT_ALLOWED"
    assert WHO not in clear
    assert PHONE not in clear
    assert "nắp cống" not in clear
    assert answer.receipt.follow_up_token not in clear
    assert [(one.subject, one.reference, one.outcome) for one in records] == [
        (f"report:{report_id}", answer.receipt.number, "OK"),
        ("unknown", "", "ROLE_NOT_ALLOWED"),
    ]


async def test_a_tip_leaves_no_trace_of_who_gave_it(service: Service, database: Database) -> None:
    """Not even the account that called; with number and token its way can be followed, and without either nothing."""
    asked = tip()
    receipt = (await service.call("SubmitTip", asked, "citizen")).receipt
    again = (await service.call("SubmitTip", asked, "service")).receipt
    followed = await service.call(
        "FollowReport",
        pb.FollowReportRequest(number=receipt.number, follow_up_token=receipt.follow_up_token),
        "citizen",
    )
    wrong = await service.refusal(
        "FollowReport",
        pb.FollowReportRequest(number=receipt.number, follow_up_token="A" * 24),
        "citizen",
    )
    clear = await everything(database)

    assert again == receipt
    assert followed.state == incidents_pb2.INCIDENT_STATE_REPORTED
    assert wrong.reason == "REPORT_NOT_FOUND"
    assert "demo-citizen" not in clear
    assert await rows(database, tables.access_records) == []


async def test_a_tip_has_a_request_id_of_its_own(database: Database, clock: StoppedClock) -> None:
    """That of the call may stand beside the account in records of other calls; it goes on outside."""
    operations = ReportOperations(database, relay(database, clock), clock, SEAL, "11002")
    servicer = ReportsServicer(operations, ReportQueries(database, SEAL), clock, "11002")
    context.request_id.set("request-of-the-call")
    for _ in range(2):
        await servicer.SubmitTip(tip(), None)  # type: ignore[arg-type] # it is not looked at
    waiting = await rows(database, tables.outbox)

    assert "request-of-the-call" not in await everything(database)
    assert len({row.request_id for row in waiting}) == 2
    assert context.request_id.get() == "request-of-the-call"


REFUSED = [
    (report("không có"), "citizen", "CATEGORY_NOT_FOUND"),
    (report("fire_alarm"), "duty_officer", "CATEGORY_NOT_OPEN"),
    (report("crime_proposal"), "citizen", "CATEGORY_NOT_OPEN"),
    (report("anonymous_tip"), "citizen", "CATEGORY_NOT_OPEN"),
    (report("road_accident"), "citizen", "FIELD_INVALID"),
    (report(road_accident=pb.RoadAccident()), "citizen", "FIELD_INVALID"),
    (
        report(
            "crime_information",
            involved=[pb.InvolvedPerson(role=pb.INVOLVED_ROLE_WITNESS, full_name=WHO)],
        ),
        "citizen",
        "FIELD_INVALID",
    ),
    (report(description=""), "citizen", "FIELD_INVALID"),
    (report(description="số 999090000001"), "citizen", "FIELD_INVALID"),
    (report(address=""), "citizen", "FIELD_INVALID"),
    (report(incident_id=str(UUID(int=1))), "citizen", "FIELD_INVALID"),
    (report(incident_id=str(UUID(int=1))), "duty_officer", "INCIDENT_NOT_FOUND"),
    (report(channel=pb.REPORT_CHANNEL_UNSPECIFIED), "duty_officer", "FIELD_INVALID"),
    (report(position=fire.Position(latitude=91)), "citizen", "FIELD_INVALID"),
    (report(occurred_at=stamp(utc_now() + timedelta(days=1))), "citizen", "FIELD_INVALID"),
]


async def test_what_a_form_does_not_allow_is_refused(service: Service, database: Database) -> None:
    """By category, by whoever calls, and by field; nothing is stored of it."""
    reasons = [
        (await service.refusal("CreateReport", asked, role)).reason for asked, role, _ in REFUSED
    ]

    assert reasons == [reason for _, _, reason in REFUSED]
    assert await rows(database, tables.reports) == []
    assert await rows(database, tables.incidents) == []


async def test_the_head_of_a_group_reports_as_a_citizen_does(service: Service) -> None:
    """Electronically and by nobody's hand, into an incident that they neither name nor learn of."""
    answer = await service.call("CreateReport", report(), "group_head")
    (told,) = (await service.call("ListReports", pb.ListReportsRequest())).reports
    refused = [
        (await service.refusal("CreateReport", asked, "group_head")).reason
        for asked in (report("crime_proposal"), report(incident_id=told.incident_id))
    ]

    assert (answer.incident_id, told.received_by) == ("", "")
    assert told.channel == pb.REPORT_CHANNEL_ELECTRONIC
    assert refused == ["CATEGORY_NOT_OPEN", "FIELD_INVALID"]


async def test_a_crime_report_is_received_and_transferred_in_time_or_not(
    service: Service,
) -> None:
    """Who received it when and how, twenty-four hours, to whom it went; and nothing about a suspect."""
    answer = await service.call("CreateReport", report("crime_denunciation"))
    (due,) = answer.receipt.deadlines
    named = {"incident_id": answer.incident_id}
    await service.call(
        "AcknowledgeIncident",
        incidents_pb2.AcknowledgeIncidentRequest(**named, request_id="request-0001"),
    )
    await service.call(
        "TransferIncident",
        lifecycle_pb2.TransferIncidentRequest(
            **named,
            request_id="request-0002",
            to="Cơ quan Cảnh sát điều tra",
            channel=lifecycle_pb2.TRANSFER_CHANNEL_IN_PERSON,
            receipt_number="BN-7",
        ),
    )
    told = (await service.call("ListReports", pb.ListReportsRequest())).reports[0]
    handed = await service.call("ListTransfers", lifecycle_pb2.ListTransfersRequest(**named))

    assert due.kind == categories_pb2.CLOCK_KIND_TRANSFER
    assert due.due_at.seconds - answer.receipt.received_at.seconds == 24 * 3600
    assert told.received_by == "demo-duty-officer"
    assert told.deadlines[0].HasField("met_at")
    assert not told.deadlines[0].breached
    assert handed.transfers[0].receipt_number == "BN-7"
    fields = {
        field.name
        for message in (pb.ReportSummary, pb.InvolvedPerson)
        for field in message.DESCRIPTOR.fields
    }
    assert not {name for name in fields if "suspect" in name or "offender" in name}
    assert set(pb.InvolvedRole.keys()) == {
        "INVOLVED_ROLE_UNSPECIFIED",
        "INVOLVED_ROLE_IN_NEED",
        "INVOLVED_ROLE_WITNESS",
        "INVOLVED_ROLE_CONTACT",
    }


async def test_a_deadline_is_overdue_until_it_is_met(
    service: Service, database: Database, clock: StoppedClock
) -> None:
    """Not before its time, whatever the clock waits for; of a report that was transferred never."""
    answer = await service.call("CreateReport", report("crime_denunciation"))
    figures, named = FigureQueries(database), {"incident_id": answer.incident_id}
    in_time = await figures.overdue_deadlines(clock() + timedelta(hours=23))
    late = await figures.overdue_deadlines(clock() + timedelta(hours=25))
    await service.call(
        "AcknowledgeIncident",
        incidents_pb2.AcknowledgeIncidentRequest(**named, request_id="request-0001"),
    )
    taken_on = await figures.overdue_deadlines(clock() + timedelta(hours=25))
    transfer = lifecycle_pb2.TransferIncidentRequest(
        **named,
        request_id="request-0002",
        to="Cơ quan Cảnh sát điều tra",
        channel=lifecycle_pb2.TRANSFER_CHANNEL_IN_PERSON,
        receipt_number="BN-7",
    )
    await service.call("TransferIncident", transfer)
    transferred = await figures.overdue_deadlines(clock() + timedelta(hours=25))

    assert in_time == dict.fromkeys(ClockKind, 0)
    assert late == taken_on == {**in_time, ClockKind.TRANSFER: 1}
    assert transferred == in_time


async def test_a_road_accident_is_counted(service: Service) -> None:
    """Deaths, injured, damage and road; nobody is named beside who reports."""
    counts = pb.RoadAccident(
        vehicles=2, fatalities=1, injured=3, damage_vnd=5_000_000, road="QL37"
    )
    answer = await service.call("CreateReport", report("road_accident", road_accident=counts))
    told = await service.call(
        "ListReports", pb.ListReportsRequest(category="road_accident", page_size=1)
    )

    assert answer.receipt.call_first == "115"
    assert told.reports[0].road_accident == counts


async def test_a_fire_reported_at_premises_that_burn_joins_their_incident(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """As a further detector would; an officer may also name the open incident of anything else."""
    burning = await raise_alarm(operations, queries, premises_id="premises-1")
    joined = await service.call("CreateReport", report("fire", premises_id="premises-1"))
    first = await service.call("CreateReport", report())
    second = await service.call("CreateReport", report(incident_id=first.incident_id))
    story = await queries.story(burning.incident_id)

    assert joined.incident_id == str(burning.incident_id)
    assert second.incident_id == first.incident_id
    assert story.timeline[-1].text == f"Thêm tin {joined.receipt.number}."
    assert story.timeline[-1].actor == "demo-duty-officer"


async def test_a_report_that_waits_for_its_incident_holds_up_no_other(
    database: Database, operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """It has taken no number yet; what is no fire does not wait for the fire of its premises."""
    burning = await raise_alarm(operations, queries, premises_id="premises-1")
    reports = ReportOperations(database, relay(database, clock), clock, SEAL, "11002")
    officer = Identity(samples.OFFICER, frozenset({"duty_officer"}), "")

    async def receive(category: str) -> Report:
        asked = report(category, premises_id="premises-1")
        return (await reports.receive(read_report(asked, officer, clock.now))).report

    async with database.transaction() as tx:
        await lock_incident(tx, burning.incident_id)
        waiting = asyncio.create_task(receive("fire"))
        await waits_for_a_lock(database)
        async with asyncio.timeout(30):
            other = await receive("on_scene")
    joined = await waiting

    assert other.incident_id != burning.incident_id
    assert joined.incident_id == burning.incident_id
    assert other.number < joined.number


async def test_fires_reported_at_once_at_one_place_are_one_incident(
    database: Database, clock: StoppedClock
) -> None:
    """Whoever comes second joins, and no number is left out."""
    reports = ReportOperations(database, relay(database, clock), clock, SEAL, "11002")
    officer = Identity(samples.OFFICER, frozenset({"duty_officer"}), "")
    wanted = [
        read_report(report("fire", premises_id="premises-1"), officer, clock.now) for _ in range(6)
    ]
    receipts = await asyncio.gather(*map(reports.receive, wanted))
    (incident,) = await rows(database, tables.incidents)

    assert {one.report.incident_id for one in receipts} == {incident.incident_id}
    assert sorted(one.report.number[-1] for one in receipts) == list("123456")


async def test_merging_and_splitting_keep_receipts_and_terms(service: Service) -> None:
    """The term runs from the receipt, whatever incident the report is in; what is merged is found from the whole."""
    answers = [await service.call("CreateReport", report()) for _ in range(2)]
    other = await service.call("CreateReport", report(incident_id=answers[0].incident_id))
    merged = await service.call(
        "MergeIncident",
        lifecycle_pb2.MergeIncidentRequest(
            incident_id=answers[1].incident_id,
            request_id="request-0001",
            into_incident_id=answers[0].incident_id,
        ),
    )
    asked = lifecycle_pb2.SplitIncidentRequest(
        incident_id=answers[0].incident_id,
        request_id="request-0002",
        report_ids=[other.receipt.report_id],
        reason="nắp cống khác",
    )
    split = await service.call("SplitIncident", asked)
    again = await service.call("SplitIncident", asked)
    whole = await service.refusal(
        "SplitIncident",
        lifecycle_pb2.SplitIncidentRequest(
            incident_id=split.split_off.incident_id,
            request_id="request-0003",
            report_ids=[other.receipt.report_id],
            reason="tất cả",
        ),
    )
    await service.call(
        "ResolveIncident",
        lifecycle_pb2.ResolveIncidentRequest(
            incident_id=answers[0].incident_id, request_id="request-0004"
        ),
    )
    told = await service.call(
        "ListReports", pb.ListReportsRequest(incident_id=answers[0].incident_id)
    )
    everyone = {
        one.report_id: one
        for one in (await service.call("ListReports", pb.ListReportsRequest())).reports
    }

    assert merged.into.state == incidents_pb2.INCIDENT_STATE_ACKNOWLEDGED
    assert again == split
    assert whole.reason == "FIELD_INVALID"
    assert {one.report_id for one in told.reports} == {
        answer.receipt.report_id for answer in answers
    }
    for answer in (*answers, other):
        now = everyone[answer.receipt.report_id]
        assert [one.due_at for one in now.deadlines] == [
            one.due_at for one in answer.receipt.deadlines
        ]
        answered = now.deadlines[1].HasField("met_at")
        assert answered == (answer is not other)
    assert everyone[other.receipt.report_id].incident_id == split.split_off.incident_id


async def test_the_report_that_opened_a_fire_can_be_split_off(service: Service) -> None:
    """While the fire that it opened burns on, wherever that is; the new one is counted as opened."""
    first = await service.call("CreateReport", report("fire"))
    await service.call("CreateReport", report("fire", incident_id=first.incident_id))
    before = fires_opened()
    split = await service.call(
        "SplitIncident",
        lifecycle_pb2.SplitIncidentRequest(
            incident_id=first.incident_id,
            request_id="request-0001",
            report_ids=[first.receipt.report_id],
            reason="nhà khác",
        ),
    )
    told = await service.call(
        "ListReports", pb.ListReportsRequest(incident_id=split.split_off.incident_id)
    )

    assert split.split_off.incident_id != first.incident_id
    assert [one.report_id for one in told.reports] == [first.receipt.report_id]
    assert fires_opened() - before == 1


async def test_a_report_is_forgotten_some_months_after_the_end(
    service: Service, database: Database, clock: StoppedClock
) -> None:
    """Of the incident that goes on, not of the duplicate; that it was received is kept, nothing of where and when."""
    where = fire.Position(latitude=20.9, longitude=106.3)
    said = report(position=where, occurred_at=stamp(clock.now))
    answers = [
        await service.call("CreateReport", report()),
        await service.call("CreateReport", said),
    ]
    await service.call(
        "MergeIncident",
        lifecycle_pb2.MergeIncidentRequest(
            incident_id=answers[1].incident_id,
            request_id="request-0001",
            into_incident_id=answers[0].incident_id,
        ),
    )
    operations = ReportOperations(database, relay(database, clock), clock, SEAL, "11002")
    clock.advance(400 * 86400)
    early = await operations.forget_expired()
    async with database.transaction() as tx:
        await tx.execute(
            update(tables.incidents)
            .where(tables.incidents.c.duplicate_of.is_(None))
            .values(state="RESOLVED", ended_at=utc_now())
        )
    late = await operations.forget_expired()
    report_id = answers[1].receipt.report_id
    told = await service.call("GetReport", pb.GetReportRequest(report_id=report_id))

    assert (early, late) == (0, 2)
    assert told.description == ""
    assert not told.HasField("reporter")
    assert told.report.HasField("forgotten_at")
    assert told.report.number == answers[1].receipt.number
    assert not told.report.HasField("occurred_at")
    for row in (*await rows(database, tables.reports), *await rows(database, tables.incidents)):
        assert (row.address, row.latitude, row.longitude) == ("", None, None)
    assert all(row.content_sealed is None for row in await rows(database, tables.reports))


async def test_a_place_is_forgotten_with_the_last_report_of_an_incident(
    service: Service, database: Database, clock: StoppedClock
) -> None:
    """Not before, and not of an incident that is open again; what the register says of the premises is kept."""
    await samples.operations(database, clock).take_premises(uuid4(), premises(address="số 9"))
    known = await service.call("CreateReport", report("fire", premises_id="premises-1"))
    both = await service.call("CreateReport", report())
    await service.call("CreateReport", report("feedback", incident_id=both.incident_id))
    opened = await service.call("CreateReport", report())
    operations = ReportOperations(database, relay(database, clock), clock, SEAL, "11002")
    async with database.transaction() as tx:
        await tx.execute(
            update(tables.incidents)
            .where(tables.incidents.c.incident_id != UUID(opened.incident_id))
            .values(state="RESOLVED", acknowledged_at=clock.now, ended_at=clock.now)
        )
    told = []
    for _ in range(2):
        clock.advance(400 * 86400)
        await operations.forget_expired()
        incidents = await rows(database, tables.incidents)
        told.append({str(row.incident_id): row.address for row in incidents})

    address = "số 1 phố Thử Nghiệm"
    assert told == [
        {known.incident_id: address, both.incident_id: address, opened.incident_id: address},
        {known.incident_id: "số 9", both.incident_id: "", opened.incident_id: address},
    ]


async def test_where_a_crime_or_tip_is_stays_with_the_duty_officers(
    service: Service, database: Database
) -> None:
    """Others see that it was received; each look at the list is recorded."""
    where = fire.Position(latitude=20.9, longitude=106.3)
    await service.call("SubmitTip", tip(position=where), "citizen")
    await service.call("CreateReport", report("crime_denunciation", position=where))
    await service.call("CreateReport", report())
    seen = {
        role: (await service.call("ListReports", pb.ListReportsRequest(), role)).reports
        for role in ("duty_officer", "fire_officer")
    }
    records = await rows(database, tables.access_records, "recorded_at")

    assert [one.address for one in seen["duty_officer"]] == [
        "số 1 phố Thử Nghiệm",
        "số 1 phố Thử Nghiệm",
        "ngõ 2 phố Thử Nghiệm",
    ]
    assert [one.address for one in seen["fire_officer"]] == ["số 1 phố Thử Nghiệm", "", ""]
    assert not any(one.HasField("position") for one in seen["fire_officer"])
    assert [(one.account, one.subject) for one in records] == [
        ("demo-duty-officer", "reports of incident:all"),
        ("demo-fire-officer", "reports of incident:all"),
    ]


async def test_no_event_tells_where_a_crime_or_tip_is(
    database: Database, clock: StoppedClock
) -> None:
    """That a report was received is told to services that cannot forget it."""
    operations = ReportOperations(database, relay(database, clock), clock, SEAL, "11002")
    officer = Identity(samples.OFFICER, frozenset({"duty_officer"}), "")
    where = fire.Position(latitude=20.9, longitude=106.3)
    for category in ("crime_denunciation", "on_scene"):
        asked = report(category, position=where)
        await operations.receive(read_report(asked, officer, clock.now))
    await operations.receive(read_tip(tip(position=where), clock.now))
    told = {
        row.category: row
        for row in (
            pb.ReportReceived.FromString(waiting.payload).report
            for waiting in await rows(database, tables.outbox, "position")
            if waiting.subject.endswith("ReportReceived")
        )
    }

    assert {category: one.address for category, one in told.items()} == {
        "crime_denunciation": "",
        "on_scene": "số 1 phố Thử Nghiệm",
        "anti_drug_tip": "",
    }
    assert [code for code, one in told.items() if one.HasField("position")] == ["on_scene"]


def test_a_content_opens_in_its_own_row_only() -> None:
    """And comes out as it went in."""
    content = Content(
        "mô tả",
        Reporter(WHO, PHONE, ""),
        (InvolvedPerson(InvolvedRole.IN_NEED, WHO, ""),),
    )
    sealed = SEAL.seal(content, UUID(int=1))

    assert SEAL.open(sealed, UUID(int=1)) == content
    with pytest.raises(InvalidTag):
        SEAL.open(sealed, UUID(int=2))
