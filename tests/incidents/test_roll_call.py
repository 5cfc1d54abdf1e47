"""Roll-call: several officers mark at once, nothing is lost, the later word stands and both are shown."""

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.rescue.roll_call import (
    Mark,
    NewMark,
    RollCallMarking,
    RollCallState,
    counted,
    standings,
)
from incidents.operations.roll_call import RollCallOperations
from tests.fixtures.servers import TestDatabase
from tests.incidents import samples
from tests.incidents.conftest import Service
from tests.incidents.samples import (
    NIGHT,
    SEAL,
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    closure,
    events,
    occupancy,
    premises,
    raise_alarm,
    rows,
)
from ward.incidents.v1 import roll_call_pb2 as pb

TAGS = ["a" * 32, "b" * 32, "c" * 32]
FOUND, MISSING = RollCallState.FOUND, RollCallState.MISSING
MARKS = st.lists(
    st.tuples(
        st.sampled_from(TAGS), st.sampled_from(RollCallState), st.sampled_from(["one", "two"])
    ),
    max_size=12,
).map(
    lambda told: [
        Mark(sequence, tag, "", state, account, NIGHT)
        for sequence, (tag, state, account) in enumerate(told, start=1)
    ]
)


@given(MARKS, st.randoms(use_true_random=False))
def test_the_newest_mark_stands_in_whatever_order_marks_are_read(
    marks: list[Mark], order: random.Random
) -> None:
    """Each person counts once; who said something else last, and nobody else, contradicts."""
    shuffled = order.sample(marks, len(marks))
    standing = standings(shuffled)
    last = {mark.tag: mark for mark in marks}

    assert standing == standings(marks)
    assert {one.mark.tag: one.mark for one in standing} == last
    counts = counted(9, standing)
    assert counts.found + counts.safe_elsewhere + counts.missing == len(last)
    for one in standing:
        others = {m.marked_by: m for m in marks if m.tag == one.mark.tag}
        others.pop(one.mark.marked_by)
        assert set(one.contradicting) == {
            mark for mark in others.values() if mark.state is not one.mark.state
        }


def test_a_tag_is_the_same_for_every_officer_and_for_one_incident_only() -> None:
    """It is 32 digits, and tells nothing of the person."""
    incident, other = uuid4(), uuid4()
    tag = SEAL.person_tag(incident, "d-1\0Phạm Thị Giả Định\x001980")

    assert tag == SEAL.person_tag(incident, "d-1\0Phạm Thị Giả Định\x001980")
    assert len({tag, SEAL.person_tag(other, "d-1\0Phạm Thị Giả Định\x001980")}) == 2
    assert len(tag) == 32


def marking(
    incident_id: UUID, *marks: tuple[str, RollCallState], account: str = "officer"
) -> RollCallMarking:
    """Ask to mark."""
    new = tuple(NewMark(tag, "d-101", state) for tag, state in marks)
    return RollCallMarking(incident_id, account, str(uuid4()), b"mark", new)


@pytest.fixture
def roll_calls(database: Database, clock: StoppedClock) -> RollCallOperations:
    """Make the operations."""
    return RollCallOperations(database, samples.relay(database, clock), clock)


@pytest.mark.postgres
async def test_officers_who_mark_at_once_lose_nothing(
    operations: Operations,
    roll_calls: RollCallOperations,
    queries: Queries,
    database: Database,
) -> None:
    """Every mark has a place of its own, a repeat none, and watchers are told of each."""
    incident = await raise_alarm(operations, queries)
    asked = [
        marking(incident.incident_id, (TAGS[0], state), account=f"officer-{number}")
        for number, state in enumerate([FOUND, MISSING] * 4)
    ]
    await asyncio.gather(*(roll_calls.mark(one) for one in [*asked, *asked]))
    stored = await rows(database, tables.roll_call_marks)

    assert [row.sequence for row in stored] == list(range(1, 9))
    assert {row.marked_by for row in stored} == {one.account for one in asked}
    assert (await events(database)).count("IncidentRollCallMarked") == 8


@pytest.mark.postgres
async def test_marks_are_kept_while_the_incident_is_open_and_forgotten_after_it(
    operations: Operations,
    roll_calls: RollCallOperations,
    queries: Queries,
    database: Database,
    clock: StoppedClock,
    test_database: TestDatabase,
) -> None:
    """Nobody changes one, the tables' owner included; thirty days after the end they are gone."""
    incident = await raise_alarm(operations, queries)
    await roll_calls.mark(marking(incident.incident_id, (TAGS[0], MISSING)))
    owner = Database.connect(test_database.owner_url)
    for change in ("delete from roll_call_marks", "update roll_call_marks set state = 'FOUND'"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with owner.transaction() as tx:
                await tx.execute(text(change))
    await owner.close()
    await operations.acknowledge(acknowledgement(incident.incident_id))
    await operations.close(closure(incident.incident_id))
    clock.now += timedelta(days=29)
    kept = await roll_calls.forget_roll_calls()
    clock.now += timedelta(days=1)

    assert (kept, await roll_calls.forget_roll_calls()) == (0, 1)
    assert await rows(database, tables.roll_call_marks) == []


def new_marks(*marks: tuple[str, pb.RollCallState.ValueType]) -> list[pb.NewRollCallMark]:
    """Write marks of a dwelling."""
    return [pb.NewRollCallMark(tag=tag, dwelling_id="d-101", state=state) for tag, state in marks]


@pytest.mark.postgres
@pytest.mark.nats
async def test_who_may_not_see_persons_sees_counts(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """By dwelling, with how many are expected; a duty officer sees the tags and who contradicts whom."""
    await operations.take_premises(uuid4(), premises())
    await operations.take_occupancy(uuid4(), occupancy("d-101", registered=3))
    incident_id = str((await raise_alarm(operations, queries)).incident_id)

    async def mark(role: str, *marks: tuple[str, pb.RollCallState.ValueType]) -> Any:
        request = pb.MarkRollCallRequest(
            incident_id=incident_id, request_id=str(uuid4()), marks=new_marks(*marks)
        )
        return await service.call("MarkRollCall", request, role)

    await mark("responder", (TAGS[0], pb.ROLL_CALL_STATE_FOUND))
    answer = await mark(
        "fire_officer",
        (TAGS[0], pb.ROLL_CALL_STATE_MISSING),
        (TAGS[1], pb.ROLL_CALL_STATE_SAFE_ELSEWHERE),
    )
    asking = pb.GetRollCallRequest(incident_id=incident_id)
    seen = await service.call("GetRollCall", asking, "responder")
    full = await service.call("GetRollCall", asking, "duty_officer")

    expected = pb.RollCallCounts(expected=3, safe_elsewhere=1, missing=1)
    assert answer.counts == seen.counts == expected
    assert [(one.dwelling_id, one.counts) for one in seen.dwellings] == [("d-101", expected)]
    assert list(seen.persons) == []
    assert full.sequence == 3
    first, second = full.persons
    assert [one.state for one in (first.mark, *first.contradicting)] == [
        pb.ROLL_CALL_STATE_MISSING,
        pb.ROLL_CALL_STATE_FOUND,
    ]
    assert list(second.contradicting) == []


@pytest.mark.postgres
@pytest.mark.nats
@pytest.mark.parametrize("tag", ["Phạm Thị Giả Định", "999170000012", "", "A" * 32])
async def test_a_tag_that_could_name_somebody_is_refused(
    service: Service, operations: Operations, queries: Queries, tag: str
) -> None:
    """Before anything is stored."""
    incident = await raise_alarm(operations, queries)
    request = pb.MarkRollCallRequest(
        incident_id=str(incident.incident_id),
        request_id=str(uuid4()),
        marks=new_marks((tag, pb.ROLL_CALL_STATE_FOUND)),
    )
    refusal = await service.refusal("MarkRollCall", request)

    assert (refusal.code, refusal.reason) == ("INVALID_ARGUMENT", "FIELD_INVALID")
    assert "Giả" not in refusal.vietnamese


@pytest.mark.postgres
@pytest.mark.nats
@pytest.mark.parametrize("words", ["Phạm Thị Giả Định", "999099000001"])
async def test_a_dwelling_that_could_name_somebody_is_refused(
    service: Service, operations: Operations, queries: Queries, words: str
) -> None:
    """A field for an id takes no words, and nobody's number."""
    incident = await raise_alarm(operations, queries)
    mark = pb.NewRollCallMark(tag=uuid4().hex, dwelling_id=words, state=pb.ROLL_CALL_STATE_FOUND)
    request = pb.MarkRollCallRequest(
        incident_id=str(incident.incident_id), request_id=str(uuid4()), marks=[mark]
    )
    refusal = await service.refusal("MarkRollCall", request)

    assert (refusal.code, refusal.reason) == ("INVALID_ARGUMENT", "FIELD_INVALID")
    assert words not in refusal.vietnamese
