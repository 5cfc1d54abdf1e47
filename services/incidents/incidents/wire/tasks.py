"""Tasks: requests, checked field by field, and what is told of them."""

from datetime import datetime
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.rules import IN_THE_FUTURE
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.incidents.requests import TaskWanted
from incidents.domain.lifecycle.task_requests import TaskMove
from incidents.domain.lifecycle.tasks import Task, TaskAct, TaskNotFoundError
from incidents.wire.duty import read_account, read_moment
from incidents.wire.fields import WHAT_IS_TO_BE_DONE, read_enum, read_id, read_note, read_task
from incidents.wire.incidents import timestamp
from ward.incidents.v1 import tasks_pb2 as pb


def read_task_wanted(request: pb.GiveTaskRequest, account: str, now: datetime) -> TaskWanted:
    """Read who does what by when, and who answers for it."""
    check_request_id(request.request_id)
    task, due_at = read_task(request.task), read_moment(request, "due_at")
    if not task:
        raise FieldInvalidError("task", WHAT_IS_TO_BE_DONE)
    if due_at is None or due_at <= now:
        raise FieldInvalidError("due_at", IN_THE_FUTURE)
    answers = request.accountable
    return TaskWanted(
        read_id(request.incident_id),
        account,
        request.request_id,
        digest_of(request),
        owner=read_account("owner", request.owner),
        task=task,
        accountable=read_account("accountable", answers) if answers else "",
        due_at=due_at,
    )


def read_move(request: pb.MoveTaskRequest, account: str) -> TaskMove:
    """Read what is done to a task; an id that cannot be ours is not found."""
    check_request_id(request.request_id)
    try:
        task_id = UUID(request.task_id)
    except ValueError as error:
        raise TaskNotFoundError from error
    return TaskMove(
        task_id,
        account,
        request.request_id,
        digest_of(request),
        act=read_enum("act", pb.TaskAct, request.act, TaskAct),
        note=read_note(request.note),
    )


def task_message(task: Task, now: datetime) -> pb.Task:
    """Write a task as it is at a time."""
    return pb.Task(
        task_id=str(task.task_id),
        incident_id=str(task.incident_id),
        owner=task.owner,
        task=task.task,
        accountable=task.accountable,
        due_at=timestamp(task.due_at),
        result=task.result,
        state=pb.TaskState.Value(f"TASK_STATE_{task.state}"),
        given_at=timestamp(task.given_at),
        moved_at=timestamp(task.moved_at),
        overdue=task.overdue(now),
    )
