"""Escalation clocks: due times are rows, taken once by whoever comes first, also after a restart."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from chassis.storage.database import Database
from incidents import tables
from incidents.timers import Timers, forget_hourly, pause
from tests.fixtures.servers import TestDatabase
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    alarm,
    events,
    operations,
    raise_alarm,
    rows,
)

P1 = {"device_known": False}


def timers(database: Database, clock: StoppedClock) -> Timers:
    """Make the timers of one instance."""
    taken, asked = operations(database, clock), Queries(database)
    return Timers(taken.escalate_due, asked.next_due_at, clock)


async def told(database: Database) -> list[tuple[int, str, datetime]]:
    """Read who was told at which step, in order."""
    sent = await rows(database, tables.notifications, "sent_at", "step")
    return [(row.step, row.recipient, row.sent_at) for row in sent]


@pytest.mark.parametrize(
    ("due_in", "expected"),
    [(None, 1.0), (3600, 1.0), (0.4, 0.4), (0, 0.02), (-5, 0.02)],
)
def test_a_pause_ends_when_the_next_timer_is_due(due_in: float | None, expected: float) -> None:
    """At most a second, since another instance may start a timer; never none, since a row may be locked."""
    due_at = None if due_in is None else NIGHT + timedelta(seconds=due_in)

    assert pause(due_at, NIGHT) == pytest.approx(expected)


@pytest.mark.postgres
async def test_nobody_is_told_early(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """A millisecond before its time a step is not taken."""
    await raise_alarm(operations, queries, **P1)
    clock.advance(59.999)
    pause_s = await timers(database, clock).take_all_due()

    assert pause_s == pytest.approx(0.02)
    assert len(await told(database)) == 1


@pytest.mark.postgres
async def test_each_step_follows_the_one_before(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """With its notification, its entry, its event and the next timer; at the top it ends."""
    incident = await raise_alarm(operations, queries, **P1)
    for _ in range(4):
        clock.advance(60)
        await timers(database, clock).take_all_due()
    story = await queries.story(incident.incident_id)

    assert await told(database) == [
        (0, "duty_officer", NIGHT),
        (1, "deputy_duty_officer", NIGHT + timedelta(seconds=60)),
        (2, "ward_executive", NIGHT + timedelta(seconds=120)),
    ]
    assert [entry.kind for entry in story.timeline[2:]] == ["escalated", "escalated"]
    assert await events(database) == [
        "IncidentOpened",
        "IncidentEscalated",
        "IncidentEscalated",
    ]


@pytest.mark.postgres
async def test_what_became_overdue_fires_at_once_and_once(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """An instance that starts an hour later takes the due step, and the next has its full delay from then."""
    await raise_alarm(operations, queries, **P1)
    clock.advance(3600)
    restarted = timers(database, clock)
    for _ in range(3):
        await restarted.take_all_due()
    (_, waiting) = await rows(database, tables.escalations)

    assert [(step, at) for step, _, at in await told(database)] == [(0, NIGHT), (1, clock.now)]
    assert waiting.due_at == clock.now + timedelta(seconds=60)


@pytest.mark.postgres
async def test_two_instances_take_each_timer_once(
    operations: Operations, database: Database, clock: StoppedClock
) -> None:
    """Forty incidents due at once, four instances in a race."""
    for number in range(40):
        await operations.take_raised_alarm(uuid4(), alarm(premises_id=f"premises-{number}", **P1))
    clock.advance(60)
    instances = [timers(database, clock) for _ in range(4)]
    while any(row.taken_at is None for row in await first_steps(database)):
        await asyncio.gather(*(instance.take_all_due() for instance in instances))
    steps = [step for step, _, _ in await told(database)]

    assert steps.count(0) == steps.count(1) == 40
    assert len(steps) == 80
    assert (await events(database)).count("IncidentEscalated") == 40


async def first_steps(database: Database) -> list[Any]:
    """Read the timers of step 1."""
    return [row for row in await rows(database, tables.escalations) if row.step == 1]


@pytest.mark.postgres
async def test_taking_on_and_escalating_at_once_never_wait_in_a_circle(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Whoever comes first: the incident is taken on, and no timer waits afterwards."""
    incidents = [
        await raise_alarm(operations, queries, premises_id=f"premises-{number}", **P1)
        for number in range(15)
    ]
    clock.advance(60)
    instance = timers(database, clock)
    await asyncio.gather(
        *(operations.acknowledge(acknowledgement(one.incident_id)) for one in incidents),
        instance.take_all_due(),
        timers(database, clock).take_all_due(),
    )
    clock.advance(3600)
    await instance.take_all_due()
    waiting = [
        row
        for row in await rows(database, tables.escalations)
        if row.taken_at is None and row.cancelled_at is None
    ]

    assert waiting == []
    assert {row.state for row in await rows(database, tables.incidents)} == {"ACKNOWLEDGED"}


@pytest.mark.postgres
async def test_a_newer_policy_holds_from_its_day_on(
    operations: Operations,
    queries: Queries,
    database: Database,
    test_database: TestDatabase,
    clock: StoppedClock,
) -> None:
    """Its ladder replaces the older one as a whole; before its day nothing changes."""
    owner = Database.connect(test_database.owner_url)
    async with owner.transaction() as tx:
        await tx.execute(
            tables.escalation_policies.insert(),
            [
                {
                    "kind": "FIRE",
                    "category": "",
                    "position": 1,
                    "priority": "P1",
                    "effective_from": NIGHT + timedelta(days=1),
                    "step": step,
                    "delay_s": 45 * step,
                    "recipient": recipient,
                    "channel": "console",
                    "source": "a test",
                }
                for step, recipient in enumerate(["duty_officer", "ward_executive"])
            ],
        )
    await owner.close()
    await raise_alarm(operations, queries, premises_id="premises-1", **P1)
    clock.advance(24 * 3600)
    incident = await raise_alarm(operations, queries, premises_id="premises-2", **P1)
    timer = next(
        row
        for row in await rows(database, tables.escalations)
        if row.incident_id == incident.incident_id
    )

    assert timer.recipients == ["ward_executive"]
    assert timer.due_at == clock.now + timedelta(seconds=45)
    assert min(row.due_at for row in await rows(database, tables.escalations)) == (
        NIGHT + timedelta(seconds=60)
    )


@pytest.mark.postgres
async def test_old_events_and_requests_are_forgotten_as_the_service_starts(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """And every hour from then on; the incident keeps what was done."""
    incident = await raise_alarm(operations, queries)
    await operations.acknowledge(acknowledgement(incident.incident_id))
    clock.advance(3600)
    task = asyncio.create_task(forget_hourly(operations, timedelta(minutes=1)))
    async with asyncio.timeout(30):
        while await rows(database, tables.inbox) or await rows(database, tables.requests):
            await asyncio.sleep(0.01)
    task.cancel()

    assert await rows(database, tables.inbox) == await rows(database, tables.requests) == []
    assert (await queries.story(incident.incident_id)).incident.acknowledged_by


@pytest.mark.postgres
async def test_a_failure_to_forget_is_told_and_tried_again(
    operations: Operations, test_database: TestDatabase
) -> None:
    """An unexpected one too: it must not stop what tells people."""
    owner = Database.connect(test_database.owner_url)
    async with owner.transaction() as tx:
        await tx.execute(text("alter table requests rename to requests_gone"))
    await owner.close()
    with capture_logs() as logs:
        task = asyncio.create_task(forget_hourly(operations, timedelta(minutes=1)))
        async with asyncio.timeout(30):
            while not logs:
                await asyncio.sleep(0.01)

    assert logs[0]["event"] == "forgetting_failed"
    assert not task.done()
    task.cancel()
