"""Figures of incidents: what is open, what nobody took on, and what is late by the rows in force."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from chassis.storage.database import Database
from incidents.domain.reviews.figures import IncidentFigures
from incidents.domain.rules.catalogue import ClockKind
from incidents.domain.rules.priorities import Priority
from incidents.queries.figures import FigureQueries
from incidents.timers import tell_figures
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    raise_alarm,
)

pytestmark = pytest.mark.postgres


async def test_an_incident_is_late_once_the_time_of_its_priority_is_over(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """Not a second before; and never again once somebody has taken it on."""
    incident = await raise_alarm(operations, queries, device_known=False)
    (rule,) = (one for one in await queries.priorities(NIGHT.date()) if one.priority == "P1")
    assert rule.acknowledge_within is not None
    figures = FigureQueries(database)

    in_time = await figures.incidents(NIGHT + rule.acknowledge_within)
    late = await figures.incidents(NIGHT + rule.acknowledge_within + timedelta(seconds=1))
    await operations.acknowledge(acknowledgement(incident.incident_id))
    taken_on = await figures.incidents(NIGHT + timedelta(days=1))

    assert in_time[Priority.P1] == IncidentFigures(open=1, unacknowledged=1, overdue=0)
    assert late[Priority.P1] == IncidentFigures(open=1, unacknowledged=1, overdue=1)
    assert taken_on[Priority.P1] == IncidentFigures(open=1)
    assert taken_on[Priority.P2] == IncidentFigures()


async def test_a_priority_that_was_raised_begins_anew(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Who has a shorter time from now on was not late before: figures and deadline say the same."""
    first = await raise_alarm(operations, queries)
    rules = {
        one.priority: one.acknowledge_within for one in await queries.priorities(NIGHT.date())
    }
    shorter, longer = rules[Priority.P1], rules[Priority.P2]
    assert shorter is not None
    assert longer is not None
    clock.now = NIGHT + longer - shorter - timedelta(seconds=10)
    await raise_alarm(operations, queries, device_id="TB-0002")
    figures = FigureQueries(database)
    (deadline,) = (await queries.clocks(first.incident_id)).deadlines

    in_time = await figures.incidents(clock.now + shorter)
    late = await figures.incidents(clock.now + shorter + timedelta(seconds=1))

    assert deadline.deadline.due_at == clock.now + shorter
    assert in_time[Priority.P1] == IncidentFigures(open=1, unacknowledged=1, overdue=0)
    assert late[Priority.P1] == IncidentFigures(open=1, unacknowledged=1, overdue=1)


async def test_the_metrics_say_what_the_figures_are(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Every priority and every clock has its value, also where nothing is open."""
    await raise_alarm(operations, queries, device_known=False)
    clock.advance(3600)

    def told(name: str, label: str, values: Iterable[str]) -> list[float | None]:
        return [REGISTRY.get_sample_value(name, {label: one}) for one in values]

    telling = asyncio.create_task(tell_figures(FigureQueries(database), clock))
    # Others in this process may have told figures before.
    async with asyncio.timeout(30):
        while told("ward_incidents_overdue", "priority", Priority) != [1, 0, 0, 0]:
            await asyncio.sleep(0.01)
        while told("ward_report_deadlines_overdue", "kind", ClockKind) != [0, 0, 0]:
            await asyncio.sleep(0.01)
    telling.cancel()
