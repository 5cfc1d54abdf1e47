"""What is odd in how callers look: found by thresholds that are rows, told about accounts and never about residents."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from chassis import context
from chassis.account.access_chain import AccessRecord
from chassis.account.access_log import append, records_of
from chassis.clock import utc_now, ward_day
from chassis.context import Access, Identity
from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.storage.database import Database
from residency import tables
from residency.domain.lookups.anomalies import Anomaly, AnomalyKind
from residency.queries.anomalies import AnomalyQueries
from residency.wire import anomalies as wire
from tests.fixtures.servers import TestDatabase
from tests.residency.conftest import Service
from tests.residency.samples import (
    NOON,
    SEAL,
    add_building,
    application,
    number,
    residence_operations,
)
from tests.residency.test_command_line import KEYS, run
from ward.residency.v1 import lookups_pb2 as pb

pytestmark = pytest.mark.postgres

# The ward's noon of a Monday.
SINCE, UNTIL = NOON - timedelta(days=7), NOON + timedelta(hours=12)


async def look(
    database: Database,
    times: int,
    at: datetime = NOON,
    subjects: Sequence[str] = ("nobody",),
    **fields: Any,
) -> None:
    """Enter so many access records by one account."""
    row: dict[str, Any] = {
        "account": "clerk",
        "actor": "",
        "roles": ["duty_officer"],
        "method": "/x",
        "purpose": "RESIDENCE_CASE",
        "legal_basis": "",
        "reference": "HS-1",
        "fields": (),
        "outcome": "OK",
        "request_id": "request-1",
        "ward_code": "11002",
        "recorded_at": at,
        **fields,
    }
    rows = [
        {**row, "record_id": uuid4(), "subject": subjects[one % len(subjects)]}
        for one in range(times)
    ]
    async with database.transaction() as tx:
        await append(tx, *(AccessRecord(**row) for row in rows))


async def count(database: Database, pattern: str, times: int) -> None:
    """Enter a count of lookups."""
    row = {"account": "clerk", "pattern": pattern, "window_start": NOON, "count": times}
    async with database.transaction() as tx:
        await tx.execute(insert(tables.lookup_usage).values(row))


async def found(database: Database) -> list[Anomaly]:
    """List what was odd in the week."""
    return await AnomalyQueries(database).list_anomalies(SINCE, UNTIL, None, 100)


@pytest.mark.parametrize(
    ("kind", "outcome", "threshold"),
    [(AnomalyKind.RATE, "OK", 120), (AnomalyKind.REFUSALS, "ROLE_NOT_ALLOWED", 20)],
)
async def test_many_looks_and_many_refusals_within_an_hour_are_odd(
    database: Database, kind: AnomalyKind, outcome: str, threshold: int
) -> None:
    """From the threshold on, by account; spread over two hours they are not."""
    await look(database, threshold, outcome=outcome)
    await look(database, threshold - 1, outcome=outcome, account="other")
    await look(database, 1, NOON + timedelta(hours=1), outcome=outcome, account="other")

    assert await found(database) == [Anomaly(kind, "clerk", NOON, threshold, threshold, None)]


async def test_of_a_day_it_is_told_how_much_was_odd(database: Database) -> None:
    """By rule; what was odd before the ward's midnight is not counted."""
    await look(database, 120)
    await look(database, 120, NOON - timedelta(days=1))
    await look(database, 20, outcome="ROLE_NOT_ALLOWED", account="other")

    counted = await AnomalyQueries(database).count_today(NOON + timedelta(hours=6))

    assert {kind: count for kind, count in counted.items() if count} == {
        AnomalyKind.RATE: 1,
        AnomalyKind.REFUSALS: 1,
    }
    assert set(counted) == set(AnomalyKind)


@pytest.mark.parametrize(("kind", "threshold"), [("MISSES", 10), ("SEQUENCES", 3)])
async def test_guessing_and_trying_one_by_one_are_odd(
    database: Database, kind: str, threshold: int
) -> None:
    """Long before they are refused."""
    await count(database, kind, threshold)

    assert await found(database) == [
        Anomaly(AnomalyKind(kind), "clerk", NOON, threshold, threshold, None)
    ]


@pytest.mark.parametrize("kind", ["MISSES", "SEQUENCES", "CALLS", "PERSONS"])
async def test_a_few_are_not_odd(database: Database, kind: str) -> None:
    """People mistype; calls and persons are told by the rate of looks."""
    await count(database, kind, 2)

    assert await found(database) == []


async def test_a_page_is_one_look_however_many_it_shows(database: Database) -> None:
    """Whoever is shown beside has a record of the same look."""
    context.identity.set(Identity("clerk", frozenset({"duty_officer"}), ""))
    async with database.transaction() as tx:
        for _ in range(119):
            page = Access(uuid4(), "/x", subject="search", shown=["one", "another"])
            await append(tx, *records_of(page, NOON, page.record_id))
    before = await found(database)
    await look(database, 1)

    assert before == []
    assert [(one.kind, one.occurrences) for one in await found(database)] == [
        (AnomalyKind.RATE, 120)
    ]


async def test_the_emergency_of_a_whole_building_is_no_odd_look(database: Database) -> None:
    """It is announced and reviewed by itself."""
    _, subjects = await people_of_a_building(database, 10)
    method = "/ward.residency.v1.LookupService/DiscloseOccupants"
    await look(database, 10, subjects=subjects, method=method)

    assert await found(database) == []


async def people_of_a_building(database: Database, count: int) -> tuple[UUID, list[str]]:
    """Register so many people in one building; tell it and the people's pseudonyms."""
    place = await add_building(database)
    for serial in range(1, count + 1):
        entering = application(place.dwelling_ids[0], serial)
        await residence_operations(database).register(entering, f"request-{serial}", b"x")
    return place.building_id, [SEAL.pseudonym(number(one)) for one in range(1, count + 1)]


async def test_many_persons_of_one_building_in_a_day_are_odd(database: Database) -> None:
    """The building is told and how many, not who; the same person again and again is one."""
    building, subjects = await people_of_a_building(database, 10)
    await look(database, 20, subjects=subjects)
    await look(database, 20, subjects=subjects[:9], account="other")
    midnight = datetime(2026, 11, 22, 17, tzinfo=UTC)

    assert await found(database) == [
        Anomaly(AnomalyKind.NEIGHBOURS, "clerk", midnight, 10, 10, building)
    ]


@pytest.mark.parametrize(
    ("at", "role", "odd"),
    [
        (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), "residence_officer", True),
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), "residence_officer", False),
        (datetime(2026, 11, 23, 10, 59, tzinfo=UTC), "data_protection_officer", False),
        (datetime(2026, 11, 23, 11, 0, tzinfo=UTC), "data_protection_officer", True),
        (datetime(2026, 11, 22, 5, 0, tzinfo=UTC), "residence_officer", True),
        (datetime(2026, 11, 22, 20, 0, tzinfo=UTC), "duty_officer", False),
    ],
)
async def test_looks_outside_of_working_hours_are_odd(
    database: Database, at: datetime, role: str, *, odd: bool
) -> None:
    """Before seven and from six in the evening by the ward's clock, and on Sunday; not of those who are on duty."""
    await look(database, 1, at, roles=[role])

    assert [one.kind for one in await found(database)] == [AnomalyKind.OUT_OF_SHIFT] * odd


async def test_looks_on_a_holiday_are_odd(database: Database, test_database: TestDatabase) -> None:
    """At noon of the National Days and of a Friday decided to be off; not of a Sunday worked in its place."""
    decided = [(date(2026, 9, 4), False), (date(2026, 9, 6), True)]
    owner = Database.connect(test_database.owner_url)
    async with owner.transaction() as tx:
        rows = [{"day": day, "working": working, "source": "test"} for day, working in decided]
        await tx.execute(insert(tables.decided_days), rows)
    await owner.close()
    for day in range(1, 8):
        noon = datetime(2026, 9, day, 5, tzinfo=UTC)
        await look(database, 1, noon, roles=["residence_officer"])
    since, until = datetime(2026, 8, 31, 17, tzinfo=UTC), datetime(2026, 9, 7, 6, tzinfo=UTC)
    odd = await AnomalyQueries(database).list_anomalies(since, until, None, 100)

    assert [ward_day(one.since).day for one in odd] == [4, 2, 1]
    assert {one.kind for one in odd} == {AnomalyKind.OUT_OF_SHIFT}


async def test_pages_follow_each_other(database: Database) -> None:
    """Newest first, each once, whatever is alike in two of them."""
    for hour in range(3):
        for account in ("a", "b"):
            at = NOON + timedelta(hours=hour)
            await look(database, 120, at, account=account)
    queries, after, pages = AnomalyQueries(database), None, []
    while page := await queries.list_anomalies(SINCE, UNTIL, after, 4):
        pages += page
        after = wire.page_after(wire._token(page[-1]))  # noqa: SLF001 - as the caller gets it

    assert pages == await found(database)
    assert [(one.since.hour, one.account) for one in pages] == [
        (7, "b"),
        (7, "a"),
        (6, "b"),
        (6, "a"),
        (5, "b"),
        (5, "a"),
    ]


@pytest.mark.parametrize("token", ["x", "WyJhIl0", "WyJhIiwiYiIsImMiLCJkIl0"])
def test_a_foreign_page_token_is_refused(token: str) -> None:
    """Whatever it holds."""
    with pytest.raises(PageTokenInvalidError):
        wire.page_after(token)


def test_no_more_than_a_quarter_is_reported() -> None:
    """A week where nothing is said."""
    assert wire.period(pb.ListAccessAnomaliesRequest()) == timedelta(days=7)
    assert wire.period(pb.ListAccessAnomaliesRequest(days=92)) == timedelta(days=92)
    with pytest.raises(FieldInvalidError):
        wire.period(pb.ListAccessAnomaliesRequest(days=93))


@pytest.mark.nats
async def test_the_data_protection_officer_gets_the_report_and_is_recorded_too(
    service: Service,
) -> None:
    """Nobody else does."""
    await count(service.database, "MISSES", 10)
    request = pb.ListAccessAnomaliesRequest(days=92)
    refusal = await service.refusal("ListAccessAnomalies", request)
    answer = await service.call("ListAccessAnomalies", request, "data_protection_officer")
    records = await service.access_records()

    assert refusal.reason == "ROLE_NOT_ALLOWED"
    assert [one.subject for one in records] == ["unknown", "anomalies"]
    assert answer.access_record_id == str(records[-1].record_id)
    assert not answer.next_page_token


async def test_the_command_tells_the_report_as_a_table(
    database: Database, test_database: TestDatabase
) -> None:
    """A line each, separated by tabs, under a line of names."""
    row = {"account": "clerk", "pattern": "MISSES", "window_start": utc_now(), "count": 10}
    async with database.transaction() as tx:
        await tx.execute(insert(tables.lookup_usage).values(row))
    ended = await run("audit", "anomalies", "--days", "1", DATABASE_URL=test_database.url, **KEYS)
    async with database.transaction() as tx:
        record = (await tx.execute(select(tables.access_records))).one()
    head, line = (line.split("\t") for line in ended.output.splitlines())

    assert (ended.code, ended.errors) == (0, "")
    assert head == ["since", "kind", "account", "occurrences", "threshold", "building_id"]
    assert line[1:] == ["MISSES", "clerk", "10", "10", ""]
    assert (record.method, record.subject) == ("audit anomalies", "anomalies")
    assert record.account.startswith("console:")
