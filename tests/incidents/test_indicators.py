"""Figures of a period: what is measured is what happened, and what is entered says so."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest
from alembic.operations import Operations as AlembicOperations
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.clock import utc_now, ward_day
from chassis.errors import FieldInvalidError
from chassis.sheets import Limits, read_rows
from chassis.storage.database import Database
from incidents import tables
from incidents.app import MIGRATIONS
from incidents.domain.incidents.incident import Disposition, Incident
from incidents.domain.incidents.requests import (
    Acknowledgement,
    Advance,
    Closure,
    Dispatch,
    Handover,
    Merge,
    Reopening,
    Triage,
    Write,
)
from incidents.domain.lifecycle.durations import Durations, durations
from incidents.domain.lifecycle.states import Act
from incidents.domain.lifecycle.transfers import Transfer, TransferChannel
from incidents.domain.reports.report import (
    Content,
    Receipt,
    ReportChannel,
    ReportWanted,
    RoadAccident,
)
from incidents.domain.reviews.indicators import (
    Figure,
    FigureRevisedError,
    FigureWanted,
    Indicator,
    IndicatorIsMeasuredError,
    IndicatorNotFoundError,
    IndicatorUnit,
)
from incidents.domain.reviews.periods import PeriodNotFoundError, month_of, month_or_year, year_of
from incidents.domain.rules.catalogue import Reporter
from incidents.domain.rules.priorities import Severity
from incidents.operations.indicators import IndicatorOperations
from incidents.operations.reports import ReportOperations
from incidents.printing.figure_sheet import SOURCES
from incidents.queries.indicators import IndicatorQueries
from incidents.timers import tell_indicators
from monitoring.dashboards.words import INDICATORS
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
    premises,
    raise_alarm,
    relay,
)
from ward.incidents.v1 import indicators_pb2 as pb

MONTH = "2026-01"
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@given(DAYS)
def test_every_day_is_in_one_month_and_one_year(day: date) -> None:
    """The next one begins when it ends, in the ward's time; its code names it."""
    for period_of in (month_of, year_of):
        period = period_of(day)
        assert period.first_day <= day <= period.last_day
        assert period_of(period.last_day + timedelta(days=1)).begins_at == period.ends_at
        assert month_or_year(period.code) == period


@given(st.text(max_size=8))
def test_what_names_no_month_or_year_is_none(text: str) -> None:
    """Full-width digits, a thirteenth month and blanks too."""
    if (period := month_or_year(text)) is not None:
        assert period.code == text
        assert text.isascii()


def indicator(**fields: Any) -> Indicator:
    """Make an indicator that is entered, a share."""
    said = {
        "code": "safe_groups",
        "entered": True,
        "unit": IndicatorUnit.SHARE,
        "name_vi": "Tổ dân phố đạt",
        "name_en": "Safe groups",
        "numerator_vi": "tổ đạt",
        "denominator_vi": "tổ dân phố",
        "at_least_percent": 100,
        "at_most_percent": None,
        "source": "a test",
    }
    return Indicator(**{**said, **fields})


def wanted(**fields: Any) -> FigureWanted:
    """Ask to enter 17 of 18."""
    said = {
        "account": "chi",
        "request_id": str(uuid4()),
        "digest": b"enter",
        "period": "2026",
        "indicator": "safe_groups",
        "corrects": 0,
        "numerator": 17,
        "denominator": 18,
        "as_of": date(2026, 1, 5),
        "source": "báo cáo của Công an phường",
    }
    return FigureWanted(**{**said, **fields})


@pytest.mark.parametrize(
    ("indicator_said", "figure_said"),
    [
        ({}, {"denominator": None}),
        ({}, {"denominator": 0}),
        ({}, {"numerator": 19}),
        ({}, {"as_of": date(2025, 12, 31)}),
        ({"denominator_vi": ""}, {}),
        ({"denominator_vi": "", "unit": IndicatorUnit.STATUS}, {"denominator": None}),
    ],
)
def test_a_figure_fits_its_indicator_and_period(
    indicator_said: dict[str, Any], figure_said: dict[str, Any]
) -> None:
    """A share has a whole and is no more than it; a status is 0 or 1; a figure of a period is of one of its days."""
    year = year_of(date(2026, 1, 1))
    wanted().check(indicator(), year)
    with pytest.raises(FieldInvalidError):
        wanted(**figure_said).check(indicator(**indicator_said), year)


def test_what_is_compared_may_have_grown_and_what_is_measured_is_not_entered() -> None:
    """More offences than the year before are a figure like any other."""
    year = year_of(date(2026, 1, 1))
    wanted(numerator=30, denominator=20).check(indicator(unit=IndicatorUnit.COMPARED), year)
    with pytest.raises(IndicatorIsMeasuredError):
        wanted().check(indicator(entered=False), year)


async def told(database: Database, now: datetime, period: str = MONTH) -> dict[Any, Figure]:
    """Tell the figures of a period, by indicator and part."""
    found = await IndicatorQueries(database).figures(period, now)
    return {(one.indicator.code, one.part): one for one in found.figures}


def numbers(figures: dict[Any, Figure], code: str) -> dict[str, tuple[int | None, int | None]]:
    """Tell numerators and denominators of an indicator, by part."""
    return {
        part: (one.numerator, one.denominator) for (of, part), one in figures.items() if of == code
    }


def asked(kind: type[Write], incident: Incident, **words: Any) -> Any:
    """Ask for something to be done to an incident."""
    return kind(incident.incident_id, OFFICER, str(uuid4()), kind.__name__.encode(), **words)


async def closed(
    operations: Operations,
    incident: Incident,
    disposition: Disposition,
    *,
    severity: Severity | None = None,
    category: str = "",
) -> None:
    """Judge an incident and close it as something."""
    await operations.triage(
        asked(Triage, incident, category=category, priority=None, severity=severity, note="")
    )
    await operations.close(asked(Closure, incident, disposition=disposition, note=""))


STEPS: dict[str, Any] = {
    "dispatch": (Dispatch, {"assignee": "Đội 1", "task": ""}),
    "arrive": (Advance, {"act": Act.ARRIVE, "note": ""}),
    "resolve": (Advance, {"act": Act.RESOLVE, "note": ""}),
    "dismiss": (Advance, {"act": Act.DISMISS, "note": ""}),
    "close": (Closure, {"disposition": Disposition.FIRE, "note": ""}),
    "reopen": (Reopening, {"reason": "còn khói"}),
    "acknowledge": (Acknowledgement, {}),
}
COURSES = [
    ["acknowledge", "dispatch", "arrive", "resolve", "close"],
    ["dispatch", "arrive", "close", "reopen", "resolve"],
    ["acknowledge", "dismiss", "reopen"],
    ["acknowledge", "dispatch", "dispatch", "resolve"],
    ["acknowledge"],
    [],
]


async def run(operations: Operations, incident: Incident, act: str) -> None:
    """Do an act to an incident."""
    kind, words = STEPS[act]
    doing = {Dispatch: "dispatch", Advance: "advance", Closure: "close", Reopening: "reopen"}
    method = getattr(operations, doing.get(kind, "acknowledge"))
    await method(asked(kind, incident, **words))


def quantile(values: Sequence[float], share: float) -> float:
    """Interpolate between the two values about a share of all, as PostgreSQL says of percentile_cont."""
    ordered, place = sorted(values), share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@pytest.mark.postgres
async def test_durations_are_those_of_the_timelines(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Whatever was done to each, and whichever was merged: so long half and 95 of 100 needed, of so many."""
    incidents, step = [], 0
    for number, course in enumerate(COURSES):
        incident = await raise_alarm(operations, queries, premises_id=f"premises-{number}")
        incidents.append(incident)
        for act in course:
            step += 1
            clock.advance(7 * step)
            await run(operations, incident, act)
    await operations.merge(asked(Merge, incidents[4], into=incidents[2].incident_id, reason="một"))
    lasted: list[Durations] = []
    for incident in incidents:
        story = await queries.story(incident.incident_id)
        lasted.append(durations(story.timeline, clock.now))
    figures = await told(database, clock.now)

    for code, name in (
        ("time_to_acknowledge", "acknowledge"),
        ("time_to_assign", "assign"),
        ("time_to_arrive", "arrive"),
        ("time_to_close", "end"),
    ):
        got = [one for each in lasted if (one := getattr(each, name)) is not None]
        seconds = [one.total_seconds() for one in got]
        for part in ("", "P2"):
            figure = figures[code, part]
            assert (figure.numerator, figure.denominator) == (len(seconds), len(COURSES))
            assert figure.median_s == pytest.approx(quantile(seconds, 0.5))
            assert figure.p95_s == pytest.approx(quantile(seconds, 0.95))


@pytest.mark.postgres
async def test_who_is_late_counts_also_while_nobody_took_it_on(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """What is still in time says nothing yet, and a merge hides nothing."""
    late = await raise_alarm(operations, queries, premises_id="late")
    clock.advance(301)
    await operations.acknowledge(acknowledgement(late.incident_id))
    await raise_alarm(operations, queries, premises_id="overdue")
    clock.advance(301)
    other = await raise_alarm(operations, queries, premises_id="in time")
    clock.advance(300)
    waiting = numbers(await told(database, clock.now), "acknowledged_late")
    await operations.acknowledge(acknowledgement(other.incident_id))
    await operations.merge(asked(Merge, late, into=other.incident_id, reason="một"))
    merged = numbers(await told(database, clock.now), "acknowledged_late")

    assert waiting == {"": (2, 2), "P2": (2, 2)}
    assert merged == {"": (2, 3), "P2": (2, 3)}


@pytest.mark.postgres
async def test_fires_and_explosions_are_what_people_found_them_to_be(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """By severity; not what is open, false, merged, or of another month."""
    incidents = [
        await raise_alarm(operations, queries, premises_id=f"premises-{number}")
        for number in range(6)
    ]
    fire, other, blast, false, merged, _ = incidents
    await operations.acknowledge(acknowledgement(merged.incident_id))
    await operations.acknowledge(acknowledgement(fire.incident_id))
    await operations.merge(asked(Merge, merged, into=fire.incident_id, reason="một"))
    for incident, severity in ((fire, Severity.SEVERE), (other, Severity.MINOR)):
        await closed(operations, incident, Disposition.FIRE, severity=severity)
    await closed(operations, blast, Disposition.FIRE, category="explosion")
    await closed(operations, false, Disposition.NUISANCE)
    clock.advance(40 * 86400)
    await closed(
        operations,
        await raise_alarm(operations, queries, premises_id="later"),
        Disposition.FIRE,
    )
    january, year = await told(database, clock.now), await told(database, clock.now, "2026")

    assert numbers(january, "fires") == {"": (2, None), "MINOR": (1, None), "SEVERE": (1, None)}
    assert numbers(january, "explosions") == {"": (1, None), "UNSPECIFIED": (1, None)}
    assert numbers(january, "incidents") == {"": (5, None), "FIRE": (5, None)}
    assert numbers(year, "fires")[""] == (3, None)
    assert year["fires", "SEVERE"].part_vi == "nghiêm trọng"


@pytest.mark.postgres
async def test_false_alarms_are_told_by_premises_and_residential_group(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Of those that were judged: a test of devices is neither, and what nobody judged is not yet."""
    for number, group in ((1, 7), (2, 7), (3, 0)):
        told_of = premises(
            f"premises-{number}", name=f"Nhà Giả Định {number}", residential_group=group
        )
        await operations.take_premises(uuid4(), told_of)
    ends = {
        "premises-1": (Disposition.NUISANCE, Disposition.FAULT, Disposition.FIRE),
        "premises-2": (Disposition.TEST, Disposition.MALICIOUS),
        "premises-3": (Disposition.FIRE,),
    }
    for premises_id, dispositions in ends.items():
        for disposition in dispositions:
            incident = await raise_alarm(operations, queries, premises_id=premises_id)
            await closed(operations, incident, disposition)
    await raise_alarm(operations, queries, premises_id="premises-3")
    figures = await told(database, clock.now)

    assert numbers(figures, "false_alarms_by_premises") == {
        "": (3, 5),
        "premises-1": (2, 3),
        "premises-2": (1, 1),
        "premises-3": (0, 1),
    }
    assert numbers(figures, "false_alarms_by_group") == {"": (3, 5), "0": (0, 1), "7": (3, 4)}
    assert figures["false_alarms_by_premises", "premises-2"].part_vi == "Nhà Giả Định 2"
    assert figures["false_alarms_by_group", "7"].part_vi == "tổ dân phố 7"


@pytest.mark.postgres
async def test_premises_of_before_get_the_group_that_was_told_of_them(
    operations: Operations, test_database: TestDatabase
) -> None:
    """Migration 0020 reads it from what is kept of each; nothing is told anew."""
    await operations.take_premises(uuid4(), premises(residential_group=7))
    (file,) = MIGRATIONS.glob("versions/0020_*.py")
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    step = module_from_spec(spec)
    spec.loader.exec_module(step)

    def upgrade(connection: Connection) -> None:
        connection.execute(text("alter table premises drop column residential_group"))
        with AlembicOperations.context(MigrationContext.configure(connection)):
            step._groups_of_premises()  # noqa: SLF001 - one part of the migration

    engine = create_async_engine(test_database.owner_url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
        groups = (await connection.scalars(select(tables.premises.c.residential_group))).all()
    await engine.dispose()

    assert groups == [7]


class Desk:
    """Takes reports in, under a clock that only the test moves."""

    def __init__(self, database: Database, clock: StoppedClock) -> None:
        self._reports = ReportOperations(database, relay(database, clock), clock, SEAL, "11002")

    async def receive(
        self,
        category: str,
        accident: RoadAccident | None = None,
        incident_id: UUID | None = None,
    ) -> Receipt:
        """Take a report of a category in."""
        return await self._reports.receive(
            ReportWanted(
                by=Reporter.OFFICER,
                account=OFFICER,
                request_id=str(uuid4()),
                digest=b"report",
                category=category,
                channel=ReportChannel.TELEPHONE,
                content=Content("nội dung giả định"),
                address="số 1 phố Thử Nghiệm",
                position=None,
                occurred_at=None,
                road_accident=accident,
                incident_id=incident_id,
            )
        )


@pytest.mark.postgres
async def test_crime_reports_are_transferred_in_time_or_not(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """One in time, one late, one overdue with nobody; one whose 24 hours still run says nothing yet."""
    desk, transfer = Desk(database, clock), Transfer("PC02", TransferChannel.LETTER, NIGHT, "", "")
    incidents = [
        (
            await queries.story((await desk.receive("crime_information")).report.incident_id)
        ).incident
        for _ in range(3)
    ]
    for incident, hours in ((incidents[0], 23), (incidents[1], 2)):
        clock.advance(hours * 3600)
        await operations.acknowledge(acknowledgement(incident.incident_id))
        await operations.hand_over(asked(Handover, incident, transfer=transfer))
    await desk.receive("crime_denunciation")
    figures = await told(database, clock.now)

    assert numbers(figures, "crime_reports_transferred_in_time") == {"": (1, 3)}
    assert numbers(figures, "deadlines_missed") == {"": (2, 3), "TRANSFER": (2, 3)}
    assert figures["crime_reports_transferred_in_time", ""].ratio == pytest.approx(1 / 3)
    assert figures["crime_reports_transferred_in_time", ""].as_of == clock.now


@pytest.mark.postgres
async def test_victims_of_an_accident_count_once_whoever_tells_of_them(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """The highest number that is told of each accident; what was no accident counts nowhere."""
    desk = Desk(database, clock)
    first = await desk.receive("road_accident", RoadAccident(2, 0, 3, 0, ""))
    await desk.receive(
        "road_accident", RoadAccident(2, 1, 2, 0, ""), incident_id=first.report.incident_id
    )
    same = await desk.receive("road_accident", RoadAccident(2, 1, 1, 0, ""))
    await desk.receive("road_accident", RoadAccident(1, 0, 1, 0, ""))
    none = await desk.receive("road_accident", RoadAccident(1, 5, 5, 0, ""))
    told_of = {
        name: (await queries.story(one.report.incident_id)).incident
        for name, one in (("first", first), ("same", same), ("none", none))
    }
    for name in ("first", "same"):
        await operations.acknowledge(acknowledgement(told_of[name].incident_id))
    into = told_of["first"].incident_id
    await operations.merge(asked(Merge, told_of["same"], into=into, reason="một vụ"))
    await closed(operations, told_of["none"], Disposition.UNFOUNDED)
    figures = await told(database, clock.now)

    assert numbers(figures, "road_accidents")[""] == (2, None)
    assert numbers(figures, "road_deaths") == {"": (1, None)}
    assert numbers(figures, "road_injuries") == {"": (4, None)}


@pytest.mark.postgres
async def test_a_ward_in_which_nothing_happened_has_figures_all_the_same(
    database: Database, clock: StoppedClock
) -> None:
    """Zero is measured, and what was not entered is not zero; each names its source."""
    figures = await told(database, clock.now, "mid-term-2027")

    measured = [one for one in figures.values() if not one.indicator.entered]
    entered = [one for one in figures.values() if one.indicator.entered]
    assert {one.numerator for one in measured} == {0}
    assert {one.numerator for one in entered} == {None}
    assert all(one.source for one in measured)
    assert all(one.indicator.source for one in entered)
    assert {one.part for one in figures.values()} == {""}
    # What the dashboard calls them.
    assert {one.indicator.code: one.indicator.name_vi for one in figures.values()} == INDICATORS


@pytest.mark.postgres
async def test_reviews_of_the_plan_are_periods_and_what_is_none_is_refused(
    database: Database, clock: StoppedClock
) -> None:
    """They begin with the plan; their days are data with their source."""
    queries = IndicatorQueries(database)
    final = (await queries.figures("final-2030", clock.now)).period
    for code in ("2026-13", "mid-term-2028", "", "2026-1"):
        with pytest.raises(PeriodNotFoundError):
            await queries.figures(code, clock.now)

    assert (final.first_day, final.last_day) == (date(2025, 1, 1), date(2030, 12, 31))
    assert "[own]" in final.source


@pytest.mark.postgres
async def test_a_correction_is_a_new_revision_and_of_two_one_counts(
    database: Database, clock: StoppedClock
) -> None:
    """The first stays; who corrects what somebody else corrected meanwhile is told so."""
    operations, queries = IndicatorOperations(database, clock), IndicatorQueries(database)
    first = wanted()
    entered = await operations.enter(first)
    again = await operations.enter(first)
    fixes = [wanted(corrects=1, numerator=count) for count in (18, 16)]
    outcomes = await asyncio.gather(*map(operations.enter, fixes), return_exceptions=True)
    newest = (await told(database, clock.now, "2026"))["safe_groups", ""]
    page = await queries.revisions("2026", "safe_groups", ward_day(clock.now), 1, None)
    older = await queries.revisions("2026", "safe_groups", ward_day(clock.now), 1, 2)

    assert again == entered
    assert sorted(type(one) for one in outcomes if isinstance(one, Exception)) == [
        FigureRevisedError
    ]
    assert newest.revision == 2
    assert newest == page.figures[0]
    assert (page.more, older.more) == (True, False)
    assert older.figures == (entered,)
    for code, error in (("fires", IndicatorIsMeasuredError), ("none", IndicatorNotFoundError)):
        with pytest.raises(error):
            await operations.enter(wanted(indicator=code))


@pytest.mark.postgres
async def test_the_metrics_say_what_the_figures_are(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Of this month and year, marked as measured or entered; premises are no label."""
    incident = await raise_alarm(operations, queries, premises_id="premises-1")
    await operations.acknowledge(acknowledgement(incident.incident_id))
    await closed(operations, incident, Disposition.NUISANCE)
    await IndicatorOperations(database, clock).enter(wanted())
    labels = {"period": "year", "part": "", "basis": "measured"}
    telling = asyncio.create_task(tell_indicators(IndicatorQueries(database), clock))

    def value(name: str, indicator: str, **said: str) -> float | None:
        return REGISTRY.get_sample_value(name, {"indicator": indicator, **labels, **said})

    # Others in this process may have told figures before.
    async with asyncio.timeout(30):
        while value("ward_indicator_numerator", "false_alarms_by_premises") != 1:
            await asyncio.sleep(0.01)
    telling.cancel()

    assert value("ward_indicator_denominator", "safe_groups", basis="entered") == 18
    assert value("ward_indicator_numerator", "safe_groups") is None
    assert value("ward_indicator_seconds", "time_to_acknowledge", quantile="0.95") == 0
    assert value("ward_indicator_numerator", "incidents", period="month", part="FIRE") == 1
    assert value("ward_indicator_numerator", "false_alarms_by_premises", part="premises-1") is None


def entering(**fields: Any) -> pb.EnterFigureRequest:
    """Ask to enter a figure of this year as of today."""
    today = ward_day(utc_now())
    said = {
        "period": f"{today.year}",
        "indicator": "safe_groups",
        "request_id": str(uuid4()),
        "numerator": 17,
        "denominator": 18,
        "as_of": today.isoformat(),
        "source": '=HYPERLINK("báo cáo")',
    }
    return pb.EnterFigureRequest(**{**said, **fields})


@pytest.mark.postgres
@pytest.mark.nats
async def test_figures_are_entered_listed_and_exported(service: Service) -> None:
    """What was entered is marked wherever it is told, with who, when and from where; the table is text, no formula."""
    asked_for = entering()
    first = (await service.call("EnterFigure", asked_for)).figure
    fixed = (
        await service.call("EnterFigure", entering(corrects=1, numerator=18), "ward_executive")
    ).figure
    listed = await service.call("ListFigures", pb.ListFiguresRequest(period=asked_for.period))
    pages = pb.ListFigureRevisionsRequest(
        period=asked_for.period, indicator="safe_groups", page_size=1
    )
    newest = await service.call("ListFigureRevisions", pages)
    pages.page_token = newest.next_page_token
    oldest = await service.call("ListFigureRevisions", pages)
    document = (
        await service.call("ExportFigures", pb.ExportFiguresRequest(period=asked_for.period))
    ).document
    rows = read_rows(document.content, Limits(2**20, 2**24, 500))
    with ZipFile(BytesIO(document.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()

    by_code = {one.code: one for one in listed.indicators}
    (shown,) = (one for one in listed.figures if one.indicator == "safe_groups")
    assert shown == fixed == newest.figures[0]
    assert (first.revision, first.entered_by) == (1, "demo-duty-officer")
    assert list(oldest.figures) == [first]
    assert oldest.next_page_token == ""
    assert fixed.basis == pb.FIGURE_BASIS_ENTERED
    assert by_code["safe_groups"].at_least_percent == 100
    assert not by_code["fires"].HasField("at_least_percent")
    assert all(
        one.basis == pb.FIGURE_BASIS_MEASURED
        for one in listed.figures
        if by_code[one.indicator].unit == pb.INDICATOR_UNIT_DURATION
    )
    (line,) = (row for row in rows if row[0] == by_code["safe_groups"].name_vi)
    assert line[1:9] == ["", "NHẬP TAY", "18", "18", "1", "", "", "≥ 100 %"]
    assert line[11] == f"{date.fromisoformat(asked_for.as_of):%d/%m/%Y}"
    assert line[12] == '=HYPERLINK("báo cáo")'
    assert len(rows) == len(listed.figures) + 2
    assert '<pageSetup paperSize="8" fitToHeight="0" orientation="landscape"/>' in sheet


@pytest.mark.postgres
async def test_the_sheet_says_all_sources_of_indicators_in_vietnamese(database: Database) -> None:
    """As they stand in the database, part by part: officers read it."""
    async with database.transaction() as tx:
        sources = (await tx.scalars(select(tables.indicators.c.source))).all()

    assert sources
    assert {part for source in sources for part in source.split("; ")} - SOURCES.keys() == set()
    assert [words for words in SOURCES.values() if "[" in words] == []


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_figure_that_cannot_be_is_refused(service: Service) -> None:
    """With what is wrong, in the vocabulary of errors."""
    tomorrow = (ward_day(utc_now()) + timedelta(days=1)).isoformat()
    refused = {
        name: (await service.refusal("EnterFigure", entering(**fields))).reason
        for name, fields in {
            "tomorrow": {"as_of": tomorrow},
            "day": {"as_of": "2026-02-30"},
            "digits": {"as_of": "20260101"},
            "source": {"source": ""},
            "person": {"source": "theo 999099000001"},
            "many": {"numerator": 10**12, "denominator": 10**12},
            "measured": {"indicator": "fires"},
            "indicator": {"indicator": "none"},
            "unwritable indicator": {"indicator": "a\0b"},
            "period": {"period": "2026-00"},
            "unwritable period": {"period": "a\0b"},
            "strange period": {"period": "a\x1fb"},
            "stale": {"corrects": 7},
        }.items()
    }
    strange = pb.ListFigureRevisionsRequest(period="2026", indicator="safe_groups", page_token="x")
    token = await service.refusal("ListFigureRevisions", strange)
    citizen = await service.refusal("EnterFigure", entering(), "citizen")

    assert refused == {
        **dict.fromkeys(
            (
                "tomorrow",
                "day",
                "digits",
                "source",
                "person",
                "many",
                "unwritable indicator",
                "unwritable period",
            ),
            "FIELD_INVALID",
        ),
        "measured": "INDICATOR_IS_MEASURED",
        "indicator": "INDICATOR_NOT_FOUND",
        "period": "PERIOD_NOT_FOUND",
        "strange period": "PERIOD_NOT_FOUND",
        "stale": "FIGURE_REVISED",
    }
    assert (token.reason, citizen.reason) == ("PAGE_TOKEN_INVALID", "ROLE_NOT_ALLOWED")


def test_a_ratio_needs_something_to_be_a_share_of() -> None:
    """Of nothing there is no share."""
    figure = Figure(indicator(), numerator=0, denominator=0)

    assert figure.ratio is None
    assert replace(figure, denominator=4).ratio == 0
