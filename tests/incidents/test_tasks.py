"""Tasks as who, what, who answers for it, by when and with which result; and the sheet of a shift handover."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import utc_now
from chassis.errors import DomainError
from chassis.storage.database import Database
from incidents.domain.lifecycle.tasks import ENDED, Task, TaskAct, TaskOfAnotherError, TaskState
from incidents.queries.shift_handovers import ShiftHandoverQueries
from incidents.repository.tasks import add_task
from incidents.wire import inbound
from incidents.wire.incidents import timestamp
from incidents.wire.shift_handovers import sheet_message
from tests.incidents.conftest import Service
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    StoppedClock,
    envelope,
    premises,
    raise_alarm,
    stamp,
    trouble_message,
)
from tests.incidents.samples import alarm_of as read_alarm
from ward.fire_safety.v1 import modes_pb2
from ward.incidents.v1 import incidents_pb2, shift_handovers_pb2
from ward.incidents.v1 import tasks_pb2 as pb

LATER = NIGHT + timedelta(minutes=10)
TASK = Task(UUID(int=1), UUID(int=2), "an", "kiểm tra tầng 2", "chi", LATER, "chi", NIGHT, NIGHT)


@given(st.lists(st.sampled_from(list(TaskAct)), max_size=8))
def test_a_task_that_has_ended_stays_so_and_says_why(acts: list[TaskAct]) -> None:
    """Whatever is tried; nobody is on the way who has not accepted."""
    task, done = TASK, []
    for act in acts:
        before = task
        try:
            task = task.moved(act, "xong", "an", LATER)
        except DomainError:
            assert task is before
        else:
            done.append(act)
            assert before.state not in ENDED
    if task.state in ENDED:
        assert task.result == "xong"
    if {TaskAct.SET_OUT, TaskAct.ARRIVE, TaskAct.FINISH} & set(done):
        assert done[0] is TaskAct.ACCEPT


def test_only_its_owner_moves_a_task_and_it_ends_with_a_result() -> None:
    """Who answers for it does not either."""
    with pytest.raises(TaskOfAnotherError):
        TASK.moved(TaskAct.ACCEPT, "", "chi", LATER)
    with pytest.raises(DomainError, match="FIELD_INVALID"):
        TASK.moved(TaskAct.DECLINE, "", "an", LATER)
    assert TASK.overdue(LATER)
    assert not TASK.moved(TaskAct.DECLINE, "ốm", "an", LATER).overdue(LATER)


async def given_task(service: Service, incident_id: Any, owner: str = "an") -> pb.Task:
    """Give a task that is due in an hour."""
    asked = pb.GiveTaskRequest(
        incident_id=str(incident_id),
        request_id=str(uuid4()),
        owner=owner,
        task="kiểm tra tầng 2",
        due_at=timestamp(utc_now() + timedelta(hours=1)),
    )
    first = (await service.call("GiveTask", asked)).task
    assert (await service.call("GiveTask", asked)).task == first
    task: pb.Task = first
    return task


def move(task_id: str, act: pb.TaskAct.ValueType, note: str = "") -> pb.MoveTaskRequest:
    """Ask to move a task."""
    return pb.MoveTaskRequest(task_id=task_id, request_id=str(uuid4()), act=act, note=note)


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_task_is_given_and_done_and_moves_its_incident(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """Who gives it takes the incident on; each move is told, once, and those on the way move the incident too."""
    incident = await raise_alarm(operations, queries)
    task = await given_task(service, incident.incident_id)
    stranger = move(task.task_id, pb.TASK_ACT_ACCEPT)
    refused = await service.refusal("MoveTask", stranger, "responder", "binh")
    early = await service.refusal(
        "MoveTask", move(task.task_id, pb.TASK_ACT_ARRIVE), "responder", "an"
    )
    states = []
    for act, note in (
        (pb.TASK_ACT_ACCEPT, ""),
        (pb.TASK_ACT_SET_OUT, ""),
        (pb.TASK_ACT_ARRIVE, ""),
        (pb.TASK_ACT_FINISH, "không có cháy"),
    ):
        asked = move(task.task_id, act, note)
        await service.call("MoveTask", asked, "responder", "an")
        moved = (await service.call("MoveTask", asked, "responder", "an")).task
        story = await queries.story(incident.incident_id)
        states.append((moved.state, story.incident.state))
    (listed,) = (
        await service.call("ListTasks", pb.ListTasksRequest(incident_id=task.incident_id))
    ).tasks

    assert (refused.reason, early.reason) == ("TASK_OF_ANOTHER", "TASK_STATE_CONFLICT")
    assert states == [
        (pb.TASK_STATE_ACCEPTED, "ASSIGNED"),
        (pb.TASK_STATE_EN_ROUTE, "EN_ROUTE"),
        (pb.TASK_STATE_ON_SCENE, "ON_SCENE"),
        (pb.TASK_STATE_DONE, "ON_SCENE"),
    ]
    assert (listed.result, listed.accountable) == ("không có cháy", "demo-duty-officer")
    assert [entry.kind for entry in story.timeline[-5:]] == [
        "assigned",
        "task",
        "en_route",
        "on_scene",
        "task",
    ]


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_shift_is_handed_over_by_a_sheet_that_another_officer_signs(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """It keeps what was open then; who hands over cannot sign, and nobody signs twice."""
    incident = await raise_alarm(operations, queries)
    await operations.take_raised_alarm(uuid4(), read_alarm(trouble_message()))
    await given_task(service, incident.incident_id)
    made = (
        await service.call(
            "HandOverShift",
            shift_handovers_pb2.HandOverShiftRequest(
                request_id=str(uuid4()), notes="cửa sau khóa"
            ),
        )
    ).shift_handover

    def sign() -> shift_handovers_pb2.SignShiftHandoverRequest:
        return shift_handovers_pb2.SignShiftHandoverRequest(
            shift_handover_id=made.shift_handover_id, request_id=str(uuid4())
        )

    oneself = await service.refusal("SignShiftHandover", sign())
    signed = (await service.call("SignShiftHandover", sign(), account="binh")).shift_handover
    twice = await service.refusal("SignShiftHandover", sign(), account="chi")
    closing = incidents_pb2.CloseIncidentRequest(
        incident_id=str(incident.incident_id), request_id=str(uuid4()), disposition=2
    )
    await service.call("CloseIncident", closing)
    now = await service.call(
        "GetShiftHandoverSheet", shift_handovers_pb2.GetShiftHandoverSheetRequest()
    )
    (kept,) = (
        await service.call("ListShiftHandovers", shift_handovers_pb2.ListShiftHandoversRequest())
    ).shift_handovers

    assert [one.number for one in made.sheet.open_incidents] == [incident.number]
    assert [(one.premises_id, list(one.device_ids)) for one in made.sheet.devices_out] == [
        ("premises-1", ["TB-0099"])
    ]
    assert (signed.signed_by, signed.notes) == ("binh", "cửa sau khóa")
    assert (oneself.reason, twice.reason) == (
        "SHIFT_HANDOVER_NEEDS_ANOTHER",
        "SHIFT_HANDOVER_SIGNED",
    )
    assert kept == signed
    assert list(now.sheet.open_incidents) == []


@pytest.mark.postgres
async def test_the_sheet_tells_what_is_overdue(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Tasks that are not done by their time, the longest overdue first."""
    incident = await raise_alarm(operations, queries)
    async with database.transaction() as tx:
        for number, minutes in enumerate((20, 5, 10)):
            due_at = NIGHT + timedelta(minutes=minutes)
            state = TaskState.DONE if number == 2 else TaskState.ACCEPTED
            await add_task(
                tx,
                replace(
                    TASK,
                    task_id=UUID(int=number),
                    incident_id=incident.incident_id,
                    due_at=due_at,
                    state=state,
                ),
            )
    clock.advance(30 * 60)
    sheet = await ShiftHandoverQueries(database).sheet(clock.now)

    assert [task.task_id.int for task in sheet.overdue_tasks] == [1, 0]


@pytest.mark.postgres
async def test_the_sheet_tells_where_devices_are_out_of_order_or_switched_off(
    operations: Operations, database: Database, clock: StoppedClock
) -> None:
    """By the name of the premises where it is known; what was set for a time is in force until it ends."""
    await operations.take_premises(uuid4(), premises(name="Chợ Giả Định"))
    for alarm_id, device, place in (("t1", "TB-1", "premises-1"), ("t2", "TB-2", "premises-2")):
        trouble = trouble_message(alarm_id, device_id=device, premises_id=place)
        await operations.take_raised_alarm(uuid4(), read_alarm(trouble))
    for hours, ended in ((1, False), (3, False), (3, True)):
        await take_disablement(operations, f"{hours} h, {ended}", hours, ended=ended)
    queries = ShiftHandoverQueries(database)

    first = sheet_message(await queries.sheet(clock.now))
    clock.advance(2 * 3600)
    later = sheet_message(await queries.sheet(clock.now))

    assert [(one.place, list(one.device_ids)) for one in first.devices_out] == [
        ("Chợ Giả Định", ["TB-1"]),
        ("", ["TB-2"]),
    ]
    assert [(one.place, one.mode.zone_name, one.mode.mode_id) for one in first.modes_in_force] == [
        ("Chợ Giả Định", "Bếp", "1 h, False"),
        ("Chợ Giả Định", "Bếp", "3 h, False"),
    ]
    assert [one.mode.mode_id for one in later.modes_in_force] == ["3 h, False"]


async def take_disablement(
    operations: Operations, mode_id: str, hours: int, *, ended: bool
) -> None:
    """Tell that a device was disabled for so long, or that it is no longer."""
    mode = modes_pb2.DeviceMode(
        mode_id=mode_id,
        ward_code="11002",
        kind=modes_pb2.DEVICE_MODE_KIND_DISABLED,
        target_id="TB-3",
        premises_id="premises-1",
        zone_name="Bếp",
        ends_at=stamp(NIGHT + timedelta(hours=hours)),
        ended_at=stamp(NIGHT) if ended else None,
    )
    event = modes_pb2.DeviceModeEnded(mode=mode) if ended else modes_pb2.DeviceModeSet(mode=mode)
    await operations.take_device_mode(uuid4(), inbound.read_device_mode(envelope(event)))
