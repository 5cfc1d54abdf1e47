"""What officers do to an incident, on a real PostgreSQL."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from chassis.errors import RequestIdReusedError
from chassis.storage.database import Database
from incidents import tables
from incidents.domain.incidents.incident import IncidentNotFoundError
from incidents.domain.lifecycle.states import (
    IncidentClosedError,
    IncidentNotAcknowledgedError,
    IncidentState,
)
from tests.incidents.samples import (
    OFFICER,
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    assignment,
    closure,
    events,
    raise_alarm,
    rows,
)

pytestmark = pytest.mark.postgres


async def test_an_incident_from_report_to_close(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Each act has its entry, its actor and its event."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    for act in (
        operations.acknowledge(acknowledgement(incident_id)),
        operations.assign(assignment(incident_id)),
        operations.close(closure(incident_id)),
    ):
        clock.advance(30)
        await act
    story = await queries.story(incident_id)

    assert story.incident.state is IncidentState.CLOSED
    assert story.incident.acknowledged_by == OFFICER
    assert story.incident.assignee == "Tổ 1"
    assert [(entry.kind, entry.actor) for entry in story.timeline[2:]] == [
        ("acknowledged", OFFICER),
        ("assigned", OFFICER),
        ("closed", OFFICER),
    ]
    assert [entry.sequence for entry in story.timeline] == [1, 2, 3, 4, 5]
    assert await events(database) == [
        "IncidentOpened",
        "IncidentAcknowledged",
        "IncidentAssigned",
        "IncidentClosed",
    ]


async def test_taking_on_ends_the_timers(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Nobody is woken for an incident that somebody has."""
    incident = await raise_alarm(operations, queries)
    await operations.acknowledge(acknowledgement(incident.incident_id))
    (timer,) = await rows(database, tables.escalations)
    clock.advance(3600)

    assert timer.cancelled_at is not None
    assert not await operations.escalate_due()


async def test_a_second_acknowledgement_changes_nothing(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """Neither under the same request id nor under a new one, nor by another officer."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    first = acknowledgement(incident_id)
    after = await operations.acknowledge(first)
    for again in (first, acknowledgement(incident_id), replace(first, account="officer-2")):
        assert await operations.acknowledge(again) == after

    assert await events(database) == ["IncidentOpened", "IncidentAcknowledged"]


async def test_a_repeated_task_is_given_once(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """The answer that got lost is asked for again with the same request id."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    await operations.acknowledge(acknowledgement(incident_id))
    asked = assignment(incident_id, "request-0001")
    first, again = await operations.assign(asked), await operations.assign(asked)

    assert first == again
    assert (await events(database)).count("IncidentAssigned") == 1


async def test_a_repeated_close_is_not_an_error(operations: Operations, queries: Queries) -> None:
    """It gives the closed incident; only another close is refused."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    await operations.acknowledge(acknowledgement(incident_id))
    asked = closure(incident_id, "request-0001")

    assert await operations.close(asked) == await operations.close(asked)
    with pytest.raises(IncidentClosedError):
        await operations.close(closure(incident_id))


async def test_a_request_id_stands_for_one_request(
    operations: Operations, queries: Queries
) -> None:
    """The same id with other content is refused and does nothing."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    await operations.acknowledge(acknowledgement(incident_id, "request-0001"))
    with pytest.raises(RequestIdReusedError):
        await operations.assign(assignment(incident_id, "request-0001"))

    assert (await queries.story(incident_id)).incident.assignee == ""


async def test_who_gives_a_task_takes_the_incident_on(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """No deputy is woken while somebody is sent already."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    incident = await operations.assign(assignment(incident_id))
    (timer,) = await rows(database, tables.escalations)

    assert incident.acknowledged_by == OFFICER
    assert timer.cancelled_at is not None
    assert (await events(database))[1:] == ["IncidentAcknowledged", "IncidentAssigned"]


async def test_a_refused_act_leaves_no_trace(operations: Operations, queries: Queries) -> None:
    """The same request id is good once the reason of refusal is gone."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    asked = closure(incident_id, "request-0001")
    with pytest.raises(IncidentNotAcknowledgedError):
        await operations.close(asked)
    await operations.acknowledge(acknowledgement(incident_id))

    assert (await operations.close(asked)).state is IncidentState.CLOSED


async def test_an_unknown_incident_is_not_found(operations: Operations) -> None:
    """By none of the acts."""
    unknown = uuid4()
    for act in (
        operations.acknowledge(acknowledgement(unknown)),
        operations.assign(assignment(unknown)),
        operations.close(closure(unknown)),
    ):
        with pytest.raises(IncidentNotFoundError):
            await act


async def test_two_officers_at_once_both_succeed_in_some_order(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """Twenty tasks at once: every entry has its place, every change its version, one taking on."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    await asyncio.gather(
        *(
            operations.assign(assignment(incident_id, assignee=f"Tổ {number}"))
            for number in range(20)
        )
    )
    story = await queries.story(incident_id)

    assert [entry.sequence for entry in story.timeline] == list(range(1, 24))
    assert story.incident.version == 23
    assert story.timeline[-1].text.startswith(f"Giao cho {story.incident.assignee}:")
    assert (await events(database)).count("IncidentAcknowledged") == 1


async def test_one_of_two_closes_wins(operations: Operations, queries: Queries) -> None:
    """The other is told that the incident is closed."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    await operations.acknowledge(acknowledgement(incident_id))
    outcomes = await asyncio.gather(
        *(operations.close(closure(incident_id)) for _ in range(5)), return_exceptions=True
    )

    assert sum(isinstance(outcome, IncidentClosedError) for outcome in outcomes) == 4
