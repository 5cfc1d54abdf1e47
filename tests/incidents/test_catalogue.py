"""The catalogue: versions with source and first day, and clocks that count as they say."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.calendar.working_days import WorkingCalendar
from chassis.storage.database import Database
from incidents.domain.rules.catalogue import CategoryNotFoundError, Clock, ClockKind, ClockUnit
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority
from incidents.repository.catalogue import category_in_force
from tests.fixtures.servers import TestDatabase
from tests.incidents.conftest import Service
from tests.incidents.samples import Queries
from ward.incidents.v1 import categories_pb2 as pb

TODAY = date(2026, 11, 27)
FRIDAY_NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)  # 12:00 in the ward


def clock(amount: int, unit: ClockUnit) -> Clock:
    """Make a clock."""
    return Clock(ClockKind.ANSWER, amount, unit, TODAY, "")


def test_clock_time_runs_through_nights_and_weekends() -> None:
    """Twenty-four hours are twenty-four hours."""
    due = clock(24, ClockUnit.HOURS).due_at(FRIDAY_NOON, WorkingCalendar())

    assert due == FRIDAY_NOON + timedelta(hours=24)
    assert clock(90, ClockUnit.MINUTES).due_at(FRIDAY_NOON, WorkingCalendar()) == (
        FRIDAY_NOON + timedelta(minutes=90)
    )


def test_working_days_skip_holidays_and_the_last_one_counts_whole() -> None:
    """Three from Friday 20 November 2026: Monday, Wednesday (Tuesday is a holiday), Thursday until midnight."""
    due = clock(3, ClockUnit.WORKING_DAYS).due_at(FRIDAY_NOON, WorkingCalendar())

    assert due == datetime(2026, 11, 26, 17, tzinfo=UTC)


@pytest.mark.postgres
async def test_every_kind_has_a_category_with_its_source(queries: Queries) -> None:
    """What is not certain is marked; the law's 24 hours stand where crimes are reported, and nowhere in code."""
    found = await queries.categories(TODAY)
    by_code = {category.code: category for category in found}

    assert {category.kind for category in found} == set(IncidentKind)
    assert all(category.source and category.retention_months for category in found)
    assert all(one.source for category in found for one in category.clocks)
    assert by_code["fire"].call_first == "114"
    assert [(one.kind, one.amount, one.unit) for one in by_code["crime_denunciation"].clocks] == [
        ("TRANSFER", 24, "HOURS")
    ]
    assert [one.kind for one in by_code["petition"].clocks] == ["ACKNOWLEDGE", "ANSWER"]
    assert "[?]" in by_code["petition"].source
    assert [rule.priority for rule in await queries.priorities(TODAY)] == list(Priority)


@pytest.mark.postgres
async def test_a_version_is_in_force_from_its_day_on(
    database: Database, test_database: TestDatabase
) -> None:
    """The one before until then, and the first of all before every day."""
    engine = create_async_engine(test_database.owner_url)
    async with engine.begin() as connection:
        await connection.execute(
            text("""
                insert into category_clocks values
                    ('petition', 'ANSWER', '2027-01-01', 10, 'WORKING_DAYS', 'tests')
            """)
        )
    await engine.dispose()
    terms = []
    for day in (date(2020, 1, 1), date(2026, 12, 31), date(2027, 1, 1)):
        async with database.transaction() as tx:
            petition = await category_in_force(tx, "petition", day)
        terms.append(petition.clocks[1].amount)

    assert terms == [15, 15, 10]
    async with database.transaction() as tx:
        with pytest.raises(CategoryNotFoundError):
            await category_in_force(tx, "không có", TODAY)


@pytest.mark.postgres
@pytest.mark.nats
async def test_the_catalogue_is_told_to_citizens(service: Service) -> None:
    """Of today, or of a day that is asked about."""
    told = await service.call("ListCategories", pb.ListCategoriesRequest(), "citizen")
    asked = pb.ListCategoriesRequest()
    asked.on.year = 2026
    refused = await service.refusal("ListCategories", asked, "citizen")

    assert {one.code for one in told.categories} >= {"fire", "petition", "anonymous_tip"}
    assert [one.acknowledge_within_s for one in told.priorities] == [60, 300, 0, 0]
    assert refused.reason == "FIELD_INVALID"
