"""What officers decide on an incident between report and end, on a real PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest

from chassis.errors import FieldInvalidError
from chassis.storage.database import Database
from incidents import tables
from incidents.domain.incidents.incident import Incident, IncidentNotFoundError
from incidents.domain.incidents.requests import (
    Advance,
    Dispatch,
    Handover,
    Merge,
    Note,
    Reopening,
    Separation,
    Triage,
    Write,
)
from incidents.domain.lifecycle.states import (
    Act,
    IncidentClosedError,
    IncidentState,
    IncidentStateConflictError,
)
from incidents.domain.lifecycle.transfers import Transfer, TransferChannel
from incidents.domain.rules.catalogue import CategoryNotFoundError
from incidents.domain.rules.priorities import Priority, Severity
from incidents.repository.incidents import lock_both, save_change
from tests.incidents.samples import (
    NIGHT,
    OFFICER,
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    closure,
    events,
    premises,
    raise_alarm,
    rows,
    waits_for_a_lock,
)

pytestmark = pytest.mark.postgres

TODAY = date(2026, 1, 6)
Wanted = TypeVar("Wanted", bound=Write)


def asked(kind: type[Wanted], incident: Incident, **words: Any) -> Wanted:
    """Ask for something to be done to an incident."""
    return kind(incident.incident_id, OFFICER, str(uuid4()), kind.__name__.encode(), **words)


def judged(incident: Incident, **words: Any) -> Triage:
    """Ask for a triage; what is not said stays."""
    said = {"category": "", "priority": None, "severity": None, "note": "", **words}
    return asked(Triage, incident, **said)


async def kinds(queries: Queries, incident: Incident) -> list[str]:
    """Tell the kinds of the timeline's entries, from the third on."""
    story = await queries.story(incident.incident_id)
    return [entry.kind for entry in story.timeline[2:]]


async def test_a_person_lowers_a_priority_and_says_how_bad_it_is(
    operations: Operations, queries: Queries
) -> None:
    """Each apart from the other; who judges takes the incident on."""
    incident = await raise_alarm(operations, queries, device_known=False)
    after = await operations.triage(
        judged(incident, priority=Priority.P3, severity=Severity.MINOR, note="nấu ăn")
    )
    story = await queries.story(incident.incident_id)

    assert (incident.priority, after.priority, after.severity) == ("P1", "P3", "MINOR")
    assert after.state is IncidentState.TRIAGED
    assert after.acknowledged_by == OFFICER
    assert story.timeline[-1].text == ("Phân loại: mức ưu tiên P3, mức độ nhẹ. Ghi chú: nấu ăn")


async def test_an_incident_with_alarms_stays_a_fire(
    operations: Operations, queries: Queries
) -> None:
    """A category of another kind would let a second fire be opened at its place."""
    incident = await raise_alarm(operations, queries)
    with pytest.raises(FieldInvalidError):
        await operations.triage(judged(incident, category="petition"))
    with pytest.raises(CategoryNotFoundError):
        await operations.triage(judged(incident, category="không có"))
    after = await operations.triage(judged(incident, category="fire"))

    assert after.category == "fire"


async def test_a_new_alarm_where_a_fire_was_resolved_opens_another_incident(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Nobody would be told if it joined what nobody watches any more; the old one then cannot be reopened."""
    first = await raise_alarm(operations, queries)
    await operations.acknowledge(acknowledgement(first.incident_id))
    await operations.advance(asked(Advance, first, act=Act.RESOLVE, note=""))
    clock.advance(60)
    second = await raise_alarm(operations, queries)
    with pytest.raises(IncidentStateConflictError):
        await operations.reopen(asked(Reopening, first, reason="còn khói"))

    assert second.incident_id != first.incident_id
    assert second.state is IncidentState.REPORTED
    assert await kinds(queries, first) == ["acknowledged", "resolved"]


async def test_a_closed_incident_is_reopened_and_counted(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """With the reason; its end is taken away and told by the timeline still."""
    incident = await raise_alarm(operations, queries)
    await operations.acknowledge(acknowledgement(incident.incident_id))
    await operations.close(closure(incident.incident_id))
    again = asked(Reopening, incident, reason="cháy lại")
    after = await operations.reopen(again)

    assert await operations.reopen(again) == after
    assert (after.state, after.reopenings) == (IncidentState.REOPENED, 1)
    assert after.closed_at is after.ended_at is after.disposition is None
    assert await kinds(queries, incident) == ["acknowledged", "closed", "reopened"]
    assert (await events(database))[-1] == "IncidentMoved"


async def test_a_merge_keeps_what_belongs_to_each_and_the_more_urgent_priority(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Both are taken on, their timers end, and the one that goes on tells which it goes on for."""
    into = await raise_alarm(operations, queries, "alarm-1", premises_id="premises-1")
    duplicate = await raise_alarm(
        operations, queries, "alarm-2", premises_id="", device_id="TB-0002", device_known=False
    )
    wanted = asked(Merge, duplicate, into=into.incident_id, reason="cùng một nhà")
    merged, whole = await operations.merge(wanted)
    clock.advance(9999)
    story = await queries.story(into.incident_id)

    assert await operations.merge(wanted) == (merged, whole)
    assert merged.duplicate_of == into.incident_id
    assert whole.priority is Priority.P1
    assert [member.alarm_id for member in merged.members] == ["alarm-2"]
    assert [member.alarm_id for member in whole.members] == ["alarm-1"]
    assert story.merged == (duplicate.incident_id,)
    assert await kinds(queries, duplicate) == ["acknowledged", "merged"]
    assert await kinds(queries, into) == ["acknowledged", "absorbed"]
    assert not await operations.escalate_due()
    assert len(await rows(database, tables.escalations)) == 2


async def test_a_merge_is_taken_back(operations: Operations, queries: Queries) -> None:
    """And what it was merged into may have ended meanwhile; into an ended one nothing is merged."""
    into = await raise_alarm(operations, queries, premises_id="premises-1")
    other = await raise_alarm(operations, queries, premises_id="premises-2")
    await operations.merge(asked(Merge, other, into=into.incident_id, reason=""))
    await operations.close(closure(into.incident_id))
    wanted = asked(Separation, other, reason="hai nhà")
    alone = await operations.separate(wanted)
    await operations.separate(wanted)
    with pytest.raises(IncidentClosedError):
        await operations.merge(asked(Merge, other, into=into.incident_id, reason=""))

    assert alone.state is IncidentState.ACKNOWLEDGED
    assert alone.duplicate_of is alone.ended_at is None
    assert (await kinds(queries, into))[-3:] == ["absorbed", "closed", "released"]


async def test_a_merge_is_taken_back_at_the_moment_at_which_it_is_made(
    database: Database, operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Whoever separates saw no merge yet, and waits for whoever makes it; the other incident is told all the same."""
    into = await raise_alarm(operations, queries, premises_id="premises-1")
    other = await raise_alarm(operations, queries, premises_id="premises-2")
    for one in (into, other):
        await operations.acknowledge(acknowledgement(one.incident_id))
    async with database.transaction() as tx:
        merged, whole = await lock_both(tx, other.incident_id, into.incident_id)
        separating = asyncio.create_task(
            operations.separate(asked(Separation, other, reason="hai nhà"))
        )
        await waits_for_a_lock(database)
        merged = await save_change(tx, merged.merge_into(whole, "", OFFICER, clock()))
        await save_change(tx, whole.absorb(merged, OFFICER, clock()))
    alone = await separating

    assert alone.duplicate_of is None
    assert (await kinds(queries, into))[-2:] == ["absorbed", "released"]


async def test_what_is_refused_after_the_end_is_named(
    operations: Operations, queries: Queries
) -> None:
    """What was asked, not the taking on that would have come before it."""
    into = await raise_alarm(operations, queries, premises_id="premises-1")
    other = await raise_alarm(operations, queries, premises_id="premises-2")
    await operations.merge(asked(Merge, other, into=into.incident_id, reason=""))
    with pytest.raises(IncidentStateConflictError) as again:
        await operations.merge(asked(Merge, other, into=into.incident_id, reason=""))
    with pytest.raises(IncidentStateConflictError) as backwards:
        await operations.merge(asked(Merge, into, into=other.incident_id, reason=""))

    assert (
        again.value.metadata
        == backwards.value.metadata
        == {
            "state": "DUPLICATE",
            "act": "MERGE",
        }
    )


async def test_a_correction_is_a_new_entry(operations: Operations, queries: Queries) -> None:
    """Of an entry that is there, also after the end; the wrong one stays."""
    incident = await raise_alarm(operations, queries)
    await operations.dispatch(asked(Dispatch, incident, assignee="Đội 1", task=""))
    before = (await queries.story(incident.incident_id)).timeline
    await operations.note(asked(Note, incident, text="là Đội 2", corrects=len(before)))
    with pytest.raises(FieldInvalidError):
        await operations.note(asked(Note, incident, text="là Đội 3", corrects=99))
    after = (await queries.story(incident.incident_id)).timeline

    assert after[:-1] == before
    assert (after[-1].kind, after[-1].corrects) == ("corrected", len(before))
    assert after[-1].text == f"Đính chính mục {len(before)}: là Đội 2"


async def test_a_transfer_is_recorded_and_added_to(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Whom it went to, how and when; what the authority answers later is another entry."""
    incident = await raise_alarm(operations, queries)
    await operations.acknowledge(acknowledgement(incident.incident_id))
    first = Transfer("Cảnh sát PCCC", TransferChannel.TELEPHONE, NIGHT, "", "")
    after = await operations.hand_over(asked(Handover, incident, transfer=first))
    clock.advance(3600)
    later = replace(first, receipt_number="BN-12", external_reference="114/2026/7")
    again = await operations.hand_over(asked(Handover, incident, transfer=later))
    recorded = await queries.transfers(incident.incident_id)

    assert after.state is again.state is IncidentState.TRANSFERRED
    assert after.ended_at == again.ended_at == NIGHT
    assert [one.transfer for one in recorded] == [first, later]
    assert [one.sequence for one in recorded] == [4, 5]
    with pytest.raises(IncidentNotFoundError):
        await queries.transfers(UUID(int=7))


async def test_near_incidents_are_suggested_and_far_ones_are_not(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Near in time, at one address however it is written, ended ones too; never what is merged with it already."""
    address = "số 1  phố Thử Nghiệm"
    for number, place in enumerate((address, "Số 1 phố Thử nghiệm", "số 2 phố Thử Nghiệm")):
        await operations.take_premises(uuid4(), premises(f"premises-{number}", address=place))
    first = await raise_alarm(operations, queries, premises_id="premises-0")
    await operations.acknowledge(acknowledgement(first.incident_id))
    await operations.close(closure(first.incident_id))
    clock.advance(600)
    await raise_alarm(operations, queries, premises_id="premises-2")
    asked_of = await raise_alarm(operations, queries, premises_id="premises-1")
    found = await queries.suggestions(asked_of.incident_id, TODAY, 50)

    assert [one.incident.incident_id for one in found] == [first.incident_id]
    assert found[0].distance_m is None
    assert found[0].apart == timedelta(seconds=600)
    clock.advance(3601)
    late = await raise_alarm(operations, queries, premises_id="premises-0")
    assert await queries.suggestions(late.incident_id, TODAY, 50) == ()
    with pytest.raises(IncidentNotFoundError):
        await queries.suggestions(UUID(int=7), TODAY, 50)
