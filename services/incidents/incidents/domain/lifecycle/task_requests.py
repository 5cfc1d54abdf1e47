"""What owners of tasks ask for, checked."""

from dataclasses import dataclass
from uuid import UUID

from incidents.domain.lifecycle.tasks import TaskAct


@dataclass(frozen=True)
class TaskMove:
    """Moving a task; `request_id` is its idempotency key and `digest` tells a repeat from a reuse."""

    task_id: UUID
    account: str
    request_id: str
    digest: bytes
    act: TaskAct
    note: str
