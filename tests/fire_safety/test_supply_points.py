"""Hydrants, water access and fire points: entered, found in a state, and told to whoever keeps the rescue brief."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from chassis import context
from chassis.broker.messages import subject_of
from chassis.clock import utc_now
from chassis.context import Identity
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from fire_safety import tables
from fire_safety.domain.premises.areas import InterlinkedGroup, Members
from fire_safety.domain.premises.supply_points import (
    SupplyPoint,
    SupplyPointKind,
    SupplyPointState,
    entered_over,
)
from fire_safety.importer.register import read_register
from fire_safety.operations.areas import AreaOperations
from fire_safety.operations.register import RegisterOperations
from tests.fire_safety.conftest import Service
from tests.fire_safety.samples import register
from tests.fire_safety.test_importer import contents, write
from ward.fire_safety.v1 import areas_pb2
from ward.fire_safety.v1 import supply_points_pb2 as pb

(FIRE_POINT,) = register().supply_points
HYDRANT = replace(
    FIRE_POINT,
    supply_point_id="h-1",
    kind=SupplyPointKind.HYDRANT,
    equipment="trụ DN100",
    state=SupplyPointState.IN_SERVICE,
)
WATER_POINTS = (
    "water_point_id,kind,residential_group,address,latitude,longitude,equipment,custodian_function,"
    "access_width_m,last_inspected_on,state,state_note\n"
    "h-1,HYDRANT,3,cạnh ngõ 12,20.86,106.68,trụ DN100,tổ trưởng tổ dân phố 3,1.8,2026-09-01,IN_SERVICE,\n"
)
STATES = st.sampled_from(SupplyPointState)
DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 1))


async def supply_points_told(database: Database) -> list[tuple[str, int, int]]:
    """Read the events of supply points: id, version and state."""
    told = tables.outbox.c.subject == subject_of(pb.SupplyPointChanged)
    async with database.transaction() as tx:
        rows = await tx.execute(
            select(tables.outbox).where(told).order_by(tables.outbox.c.position)
        )
    events = [pb.SupplyPointChanged.FromString(row.payload).supply_point for row in rows]
    assert {one.ward_code for one in events} == {"11002"}
    return [(one.supply_point_id, one.version, one.state) for one in events]


def test_a_manifest_that_names_water_points_has_them(tmp_path: Path) -> None:
    """Beside the fire points; without the file there are none."""
    folder = write(tmp_path, {**contents(), "water_points.csv": WATER_POINTS})

    assert read_register(folder).supply_points == [FIRE_POINT, HYDRANT]


@given(STATES, DAYS, STATES, DAYS)
def test_the_later_word_on_a_state_counts(
    known: SupplyPointState,
    known_on: date,
    said: SupplyPointState,
    said_on: date,
) -> None:
    """Whoever tells it; saying nothing unsays nothing, and what changes nothing makes no version."""
    before = replace(HYDRANT, state=known, state_note="?", state_as_of=known_on, version=4)
    entered = replace(HYDRANT, state=said, state_note="!", state_as_of=said_on)
    after = entered_over(before, entered) or before
    is_news = said is not SupplyPointState.UNSPECIFIED and said_on >= known_on
    kept = (said, "!", said_on) if is_news else (known, "?", known_on)

    assert (after.state, after.state_note, after.state_as_of) == kept
    assert after.version == (5 if after != before else 4)
    assert entered_over(after, entered) is None


def test_what_was_entered_before_changes_were_told_is_told_once() -> None:
    """Version 0 says so."""
    told = entered_over(replace(HYDRANT, version=0), HYDRANT)

    assert told == HYDRANT
    assert entered_over(told, HYDRANT) is None


@pytest.mark.postgres
async def test_each_new_or_changed_supply_point_and_group_is_told(database: Database) -> None:
    """In the transaction of the import; entered again they are not."""
    operations = RegisterOperations(database, utc_now, "11002")
    small = replace(register(), supply_points=[FIRE_POINT, HYDRANT])
    for _ in range(2):
        await operations.enter(small)
    found: SupplyPoint = HYDRANT.found(
        SupplyPointState.LIMITED, "yếu", HYDRANT.state_as_of + timedelta(days=1)
    )
    await operations.enter(replace(small, supply_points=[found]))

    assert await supply_points_told(database) == [
        ("fp-1", 1, pb.SUPPLY_POINT_STATE_UNSPECIFIED),
        ("h-1", 1, pb.SUPPLY_POINT_STATE_IN_SERVICE),
        ("h-1", 2, pb.SUPPLY_POINT_STATE_LIMITED),
    ]
    assert [event.group.dwelling_ids for event in await groups_told(database)] == [["d-1", "d-2"]]


async def groups_told(database: Database) -> list[areas_pb2.MutualAidGroupChanged]:
    """Read the events of mutual-aid groups."""
    told = tables.outbox.c.subject == subject_of(areas_pb2.MutualAidGroupChanged)
    async with database.transaction() as tx:
        rows = await tx.execute(
            select(tables.outbox).where(told).order_by(tables.outbox.c.position)
        )
    return [areas_pb2.MutualAidGroupChanged.FromString(row.payload) for row in rows]


@pytest.mark.postgres
@pytest.mark.nats
async def test_an_officer_notes_what_was_found_and_everybody_sees_it(service: Service) -> None:
    """Once under one request id; a state that is not whole service says what is wrong."""
    request = pb.SetSupplyPointStateRequest(
        supply_point_id="fp-1",
        request_id="state-0001",
        state=pb.SUPPLY_POINT_STATE_OUT_OF_SERVICE,
        note="mất bình chữa cháy",
    )
    for _ in range(2):
        answer = await service.call("SetSupplyPointState", request)
    listed = await service.call(
        "ListSupplyPoints",
        pb.ListSupplyPointsRequest(kind=pb.SUPPLY_POINT_KIND_FIRE_POINT),
        "responder",
    )
    bare = pb.SetSupplyPointStateRequest(
        supply_point_id="fp-1", request_id="state-0002", state=pb.SUPPLY_POINT_STATE_LIMITED
    )
    missing = pb.SetSupplyPointStateRequest(
        supply_point_id="none", request_id="state-0003", state=pb.SUPPLY_POINT_STATE_IN_SERVICE
    )

    assert list(listed.supply_points) == [answer.supply_point]
    assert answer.supply_point.version == 2
    assert answer.supply_point.state_note == "mất bình chữa cháy"
    assert await service.refusal("SetSupplyPointState", bare) == (
        "INVALID_ARGUMENT",
        "FIELD_INVALID",
    )
    assert await service.refusal("SetSupplyPointState", missing) == (
        "NOT_FOUND",
        "SUPPLY_POINT_NOT_FOUND",
    )


@pytest.mark.postgres
async def test_each_change_of_a_group_is_told_with_a_higher_version(
    database: Database, relay: Relay
) -> None:
    """Made, changed and retired; the last one says so."""
    context.identity.set(Identity("demo-fire-officer", frozenset({"fire_officer"}), ""))
    operations = AreaOperations(database, relay, utc_now, "11002")
    wanted = InterlinkedGroup("", 5, "Tổ liên gia 07", ("d-7", "d-8"))
    made = await operations.create_group(wanted, "", "create-0001", b"1")
    more = Members(add_dwelling_ids=frozenset({"d-9"}))
    await operations.change_group(made.group_id, more, "", "change-0001", b"2")
    await operations.retire_group(made.group_id, "", "retire-0001", b"3")
    told = await groups_told(database)

    assert [(len(one.group.dwelling_ids), one.retired) for one in told] == [
        (2, False),
        (3, False),
        (3, True),
    ]
    assert [one.version for one in told] == sorted({one.version for one in told})
