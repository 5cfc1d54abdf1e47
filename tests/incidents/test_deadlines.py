"""Deadlines: paused for a reason of the catalogue, told of once when they are due soon and over, and listed."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import insert

from chassis.calendar.working_days import WorkingCalendar
from chassis.clock import ward_time
from chassis.context import Identity
from chassis.storage.database import Database
from incidents import tables
from incidents.domain.incidents.requests import ClockPausing
from incidents.domain.rules.catalogue import Clock, ClockKind, ClockUnit
from incidents.domain.rules.deadlines import Deadline, begin
from incidents.operations.reports import ReportOperations
from incidents.timers import Timers
from incidents.wire.reports import read_report
from tests.fixtures.servers import TestDatabase
from tests.incidents.conftest import Service
from tests.incidents.samples import (
    NIGHT,
    OFFICER,
    SEAL,
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    closure,
    events,
    operations,
    raise_alarm,
    relay,
    rows,
)
from tests.incidents.test_reports import report
from ward.incidents.v1 import deadlines_pb2 as pb
from ward.incidents.v1 import incidents_pb2, lifecycle_pb2

BY = Identity(OFFICER, frozenset({"duty_officer"}), "")
CALENDAR = WorkingCalendar()
FRIDAY = datetime(2026, 1, 9, 3, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 3, 2), datetime(2026, 8, 1), timezones=st.just(UTC))  # noqa: DTZ001
PAUSES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=4)


def clock_of(kind: ClockKind, amount: int, unit: ClockUnit, warn_before: int | None) -> Clock:
    """Make a clock of a catalogue."""
    return Clock(kind, amount, unit, date(2026, 1, 1), "a test", warn_before)


def test_soon_is_so_long_before_the_end() -> None:
    """In the unit of the clock; of working days when the first of them begins; not where the catalogue says nothing."""
    hours = begin(clock_of(ClockKind.TRANSFER, 24, ClockUnit.HOURS, 4), FRIDAY, CALENDAR)
    days = begin(clock_of(ClockKind.ANSWER, 3, ClockUnit.WORKING_DAYS, 2), FRIDAY, CALENDAR)
    silent = begin(clock_of(ClockKind.ANSWER, 3, ClockUnit.WORKING_DAYS, None), FRIDAY, CALENDAR)

    assert hours.soon_at == FRIDAY + timedelta(hours=20)
    assert (days.soon_at, days.due_at) == (
        ward_time(date(2026, 1, 13)),
        ward_time(date(2026, 1, 15)),
    )
    assert (silent.soon_at, silent.due_at) == (None, days.due_at)


@given(received=MOMENTS, pauses=PAUSES, hours=st.integers(1, 100))
def test_a_pause_moves_the_end_of_clock_time_by_its_length(
    received: datetime, pauses: Iterable[tuple[int, int]], hours: int
) -> None:
    """However often, and what is soon with it."""
    deadline = begin(clock_of(ClockKind.ANSWER, hours, ClockUnit.HOURS, 1), received, CALENDAR)
    due_at, now, lost = deadline.due_at, received, timedelta()
    for runs_s, stands_s in pauses:
        deadline, now = paused(deadline, now + timedelta(seconds=runs_s), stands_s)
        lost += timedelta(seconds=stands_s)

    assert deadline.due_at == due_at + lost
    assert deadline.soon_at == deadline.due_at - timedelta(hours=1)


@given(received=MOMENTS, pauses=PAUSES, amount=st.integers(1, 20), warn=st.integers(1, 5))
def test_a_pause_moves_the_end_of_working_days_by_those_that_began_in_it(
    received: datetime, pauses: Iterable[tuple[int, int]], amount: int, warn: int
) -> None:
    """As if the term had had so many days more; a day that had begun before a pause counts."""
    clock = clock_of(ClockKind.ANSWER, amount, ClockUnit.WORKING_DAYS, warn)
    deadline, now, lost = begin(clock, received, CALENDAR), received, 0
    for runs_s, stands_s in pauses:
        began = now + timedelta(seconds=runs_s)
        deadline, now = paused(deadline, began, stands_s)
        day = began.astimezone(ward_time(date(2026, 1, 1)).tzinfo).date() + timedelta(days=1)
        while ward_time(day) <= now:
            lost, day = lost + CALENDAR.is_working(day), day + timedelta(days=1)
    longer = clock_of(ClockKind.ANSWER, amount + lost, ClockUnit.WORKING_DAYS, warn)

    assert deadline == begin(longer, received, CALENDAR)


def paused(deadline: Deadline, at: datetime, stands_s: int) -> tuple[Deadline, datetime]:
    """Pause a deadline at a time, and let it run on so many seconds later."""
    until = at + timedelta(seconds=stands_s)
    standing = Deadline(**{**vars(deadline), "paused_at": at})
    assert standing.is_breached(until) is (at > deadline.due_at)
    return standing.run_on(until, CALENDAR), until


@pytest.fixture
def clock() -> StoppedClock:
    """Give a Friday morning."""
    return StoppedClock(FRIDAY)


async def received(
    database: Database,
    clock: StoppedClock,
    category: str = "urban_order",
    into: UUID | None = None,
) -> UUID:
    """Receive a report of an officer; tell its incident."""
    reports = ReportOperations(database, relay(database, clock), clock, SEAL, "11002")
    asked = report(category, incident_id=str(into or ""))
    receipt = await reports.receive(read_report(asked, BY, clock()))
    return receipt.report.incident_id


def timers(database: Database, clock: StoppedClock) -> Timers:
    """Make what tells of deadlines in one instance."""
    taken, asked = operations(database, clock), Queries(database)
    return Timers(taken.tell_due, asked.next_told_at, clock)


def counted(metric: str) -> float:
    """Tell how many answers were told of so far."""
    return REGISTRY.get_sample_value(f"ward_deadlines_{metric}_total", {"kind": "ANSWER"}) or 0


@pytest.mark.postgres
async def test_a_deadline_is_told_of_when_it_is_soon_and_when_it_is_over_once_each(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """By whichever of three instances, also one that starts late, with entry, event and metric."""
    incident_id = await received(database, clock)
    await operations.acknowledge(acknowledgement(incident_id))
    before = counted("due_soon"), counted("breached")
    for now in (ward_time(date(2026, 1, 14)), ward_time(date(2026, 1, 15)), NIGHT + timedelta(30)):
        clock.now = now + timedelta(milliseconds=1)
        await asyncio.gather(*(timers(database, clock).take_all_due() for _ in range(3)))
        await timers(database, clock).take_all_due()
    story = await queries.story(incident_id)

    assert [(one.kind, one.text) for one in story.timeline[-2:]] == [
        ("due_soon", "Sắp đến hạn trả lời tin TIN-2026-000001: 00:00 15/01/2026."),
        ("breached", "Quá hạn trả lời tin TIN-2026-000001: 00:00 15/01/2026."),
    ]
    assert (await events(database))[-2:] == ["IncidentDueSoon", "IncidentBreached"]
    assert (counted("due_soon"), counted("breached")) == (before[0] + 1, before[1] + 1)


@pytest.mark.postgres
async def test_many_deadlines_that_are_over_at_once_are_each_told_once(
    database: Database, clock: StoppedClock
) -> None:
    """By three instances in a race, several of one incident too; what is over is not told to be soon."""
    incident_id = await received(database, clock)
    for _ in range(3):
        await received(database, clock, into=incident_id)
    for _ in range(15):
        await received(database, clock)
    clock.advance(30 * 86400)
    instances = [timers(database, clock) for _ in range(3)]
    while any(one.next_at for one in await rows(database, tables.deadlines)):
        await asyncio.gather(*(one.take_all_due() for one in instances))
    told = await events(database)

    assert told.count("IncidentBreached") == 2 * 19
    assert "IncidentDueSoon" not in told


@pytest.mark.postgres
async def test_an_incident_is_taken_on_in_the_time_of_its_priority(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Which a second detector shortens; whoever takes it on in time is not told that it is over."""
    fire = await raise_alarm(operations, queries)
    await raise_alarm(operations, queries, premises_id="premises-2")
    clock.advance(100)
    await raise_alarm(operations, queries, device_id="TB-0002")
    due = {row.subject_id: row.due_at - FRIDAY for row in await rows(database, tables.deadlines)}
    other = next(one for one in due if one != fire.incident_id)
    await operations.acknowledge(acknowledgement(other))
    clock.advance(3600)
    await timers(database, clock).take_all_due()
    told = [
        row.incident_id for row in await rows(database, tables.timeline) if row.kind == "breached"
    ]

    assert due == {fire.incident_id: timedelta(seconds=160), other: timedelta(seconds=300)}
    assert told == [fire.incident_id]


@pytest.mark.postgres
async def test_life_safety_is_paused_only_if_the_catalogue_says_so(
    operations: Operations, queries: Queries, test_database: TestDatabase
) -> None:
    """A version with its source: until then nobody can pause a fire, for whatever reason."""
    fire = await raise_alarm(operations, queries, device_known=False)
    await operations.acknowledge(acknowledgement(fire.incident_id))
    with pytest.raises(Exception, match="PAUSE_NOT_ALLOWED"):
        await operations.pause(pausing(fire.incident_id))
    owner = Database.connect(test_database.owner_url)
    async with owner.transaction() as tx:
        await tx.execute(
            insert(tables.pause_reasons).values(
                category="fire_alarm",
                code="AWAITING_REPORTER",
                effective_from=date(2026, 1, 9),
                name_vi="chờ",
                name_en="waiting",
                clocks=["ANSWER"],
                priorities=["P1"],
                source="a test",
            )
        )
    await owner.close()
    await operations.pause(pausing(fire.incident_id))
    story = await queries.story(fire.incident_id)

    assert story.timeline[-1].kind == "paused"


def pausing(incident_id: UUID) -> ClockPausing:
    """Ask to pause the clocks of an incident."""
    return ClockPausing(
        incident_id, OFFICER, str(uuid4()), b"pause", "AWAITING_REPORTER", "chờ ảnh chụp"
    )


@pytest.mark.postgres
async def test_the_end_of_an_incident_ends_its_pause(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """What stood still has the time of the pause more, and no more; a pause is never changed."""
    incident_id = await received(database, clock, "petition")
    await operations.acknowledge(acknowledgement(incident_id))
    before = {
        one.deadline.kind: one.deadline for one in (await queries.clocks(incident_id)).deadlines
    }
    clock.advance(3600)
    await operations.pause(pausing(incident_id))
    clock.advance(4 * 86400)
    ended = closure(incident_id)
    await operations.close(type(ended)(**{**vars(ended), "disposition": "HANDLED"}))
    found = await queries.clocks(incident_id)
    after = {one.deadline.kind: one.deadline for one in found.deadlines}

    assert before[ClockKind.ANSWER].due_at == ward_time(date(2026, 1, 31))
    # From Friday to Tuesday: a Monday and a Tuesday began meanwhile.
    assert after[ClockKind.ANSWER].due_at == ward_time(date(2026, 2, 4))
    assert after[ClockKind.ANSWER].met_at == clock.now
    assert not after[ClockKind.ANSWER].is_breached(clock.now)
    assert [(one.reason, one.resumed_at, one.resumed_by) for one in found.pauses] == [
        ("AWAITING_REPORTER", clock.now, OFFICER)
    ]


@pytest.mark.nats
@pytest.mark.postgres
async def test_officers_pause_resume_and_list(service: Service) -> None:
    """With the reasons of the catalogue, who and when; refused with the reason, and each write once."""
    answer = await service.call("CreateReport", report("feedback"))
    named = {"incident_id": answer.incident_id}
    pause = pb.PauseClocksRequest(
        **named, request_id="request-0002", reason="AWAITING_AUTHORITY", note="chờ Sở Xây dựng"
    )
    resume = pb.ResumeClocksRequest(**named, request_id="request-0003")
    early = await service.refusal("PauseClocks", pause)
    await service.call(
        "AcknowledgeIncident",
        incidents_pb2.AcknowledgeIncidentRequest(**named, request_id="request-0001"),
    )
    unpaused = await service.refusal("ResumeClocks", resume)
    first, again = [(await service.call("PauseClocks", pause)).incident for _ in range(2)]
    told = await service.call("ListDeadlines", pb.ListDeadlinesRequest(**named))
    twice = await service.refusal(
        "PauseClocks",
        pb.PauseClocksRequest(
            **named, request_id="request-0004", reason="FORCE_MAJEURE", note="bão"
        ),
    )
    await service.call("ResumeClocks", resume)
    later = await service.call("ListDeadlines", pb.ListDeadlinesRequest(**named))
    unknown = await service.refusal(
        "PauseClocks",
        pb.PauseClocksRequest(**named, request_id="request-0005", reason="LUNCH", note="ăn trưa"),
    )
    unsaid = await service.refusal(
        "PauseClocks",
        pb.PauseClocksRequest(**named, request_id="request-0006", reason="FORCE_MAJEURE"),
    )
    foreign = await service.refusal("PauseClocks", pause, "citizen")
    reasons = (await service.call("ListPauseReasons", pb.ListPauseReasonsRequest())).reasons

    assert first == again
    assert (early.reason, unpaused.reason, twice.reason, unknown.reason, unsaid.reason) == (
        "INCIDENT_NOT_ACKNOWLEDGED",
        "CLOCKS_NOT_PAUSED",
        "CLOCKS_PAUSED",
        "PAUSE_NOT_ALLOWED",
        "FIELD_INVALID",
    )
    assert foreign.code == "PERMISSION_DENIED"
    assert [one.HasField("paused_at") for one in told.deadlines] == [False, True]
    assert [one.report_number for one in told.deadlines] == [answer.receipt.number] * 2
    assert not any(one.HasField("paused_at") for one in later.deadlines)
    (pause_told,) = later.pauses
    assert (pause_told.reason, pause_told.paused_by) == ("AWAITING_AUTHORITY", "demo-duty-officer")
    assert pause_told.HasField("resumed_at")
    assert {one.category for one in reasons} == {
        "urban_order", "on_scene", "feedback", "petition"
    }  # fmt: skip
    assert all(one.source and incidents_pb2.PRIORITY_P1 not in one.priorities for one in reasons)


@pytest.mark.nats
@pytest.mark.postgres
async def test_what_is_over_or_due_soon_is_listed_page_by_page(
    service: Service, database: Database
) -> None:
    """The longest over first, each once, apart or together; what has ended, or is paused, is not."""
    answers = [await service.call("CreateReport", report("crime_information")) for _ in range(5)]
    ids = [answer.receipt.report_id for answer in answers]
    await begun_earlier(database, dict(zip(ids, (48, 30, 22, 26, 1), strict=True)))
    gone = {"incident_id": answers[0].incident_id, "request_id": "request-0001"}
    await service.call("AcknowledgeIncident", incidents_pb2.AcknowledgeIncidentRequest(**gone))
    dismissal = lifecycle_pb2.DismissIncidentRequest(**{**gone, "request_id": "request-0002"})
    listed = [
        await due(service, one)
        for one in (pb.DUE_FILTER_OVERDUE, pb.DUE_FILTER_DUE_SOON, pb.DUE_FILTER_UNSPECIFIED)
    ]
    await service.call("DismissIncident", dismissal)
    rest = await due(service, pb.DUE_FILTER_UNSPECIFIED)

    assert listed == [[ids[0], ids[1], ids[3]], [ids[2]], [ids[0], ids[1], ids[3], ids[2]]]
    assert rest == [ids[1], ids[3], ids[2]]
    refused = await service.refusal(
        "ListDueDeadlines", pb.ListDueDeadlinesRequest(page_token="bm90IG91cnM")
    )
    assert refused.reason == "PAGE_TOKEN_INVALID"


async def begun_earlier(database: Database, hours: Mapping[str, int]) -> None:
    """Have reports been received so many hours earlier."""
    columns = tables.deadlines.c
    async with database.transaction() as tx:
        for report_id, earlier in hours.items():
            by = timedelta(hours=earlier)
            await tx.execute(
                tables.deadlines.update()
                .where(columns.report_id == UUID(report_id))
                .values(due_at=columns.due_at - by, soon_at=columns.soon_at - by)
            )


async def due(service: Service, which: pb.DueFilter.ValueType) -> list[str]:
    """List the reports of deadlines, two a page."""
    found: list[Any] = []
    token = None
    while token != "":
        asked = pb.ListDueDeadlinesRequest(filter=which, page_size=2, page_token=token or "")
        page = await service.call("ListDueDeadlines", asked, "ward_executive")
        found, token = [*found, *page.due], page.next_page_token
    for one in found:
        assert one.incident.incident_id == one.deadline.incident_id
    return [one.deadline.report_id for one in found]
