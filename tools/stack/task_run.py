"""Runs the tasks of a plan: each to its end, once where once is enough."""

import asyncio
from pathlib import Path

from stack.child_process import ChildProcess
from stack.errors import StackError
from stack.plan import Task
from stack.progress import Progress
from stack.waiting import until

STOP_SECONDS = 3.0


class TaskError(StackError):
    """A task failed; its last words and the log's path are in the sentence."""

    def __init__(self, name: str, log: Path, last_lines: str) -> None:
        super().__init__(
            f"Bước {name} không thành công; xem nhật ký {log}. Sửa xong hãy chạy lại `make up`.",
            f"Step {name} failed; see its log {log}, which ends with:\n{last_lines}\n"
            "Once it is put right, run `make up` again.",
        )


class TaskRun:
    """Runs tasks in one run directory, where success of a `once` task leaves a marker."""

    def __init__(self, run_dir: Path, progress: Progress) -> None:
        self._run_dir = run_dir
        self._progress = progress

    async def run_together(self, tasks: tuple[Task, ...]) -> None:
        """Run the tasks side by side; raises `TaskError`, having stopped the others."""
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                if not self._is_done(task):
                    group.create_task(self._run(task))

    def _is_done(self, task: Task) -> bool:
        marker = self._marker(task)
        if task.once is None or not marker.exists():
            return False
        if (made := marker.read_text()) != task.once:
            self._progress.note(
                f"Giữ dữ liệu đã có ({made}); muốn tạo lại hãy chạy `make reset` trước",
                f"the data made before ({made}) are kept; run `make reset` first to make new ones",
            )
        return True

    async def _run(self, task: Task) -> None:
        with self._progress.step(task.vietnamese, task.english):
            await self._run_to_end(task)
            if task.once is not None:
                self._marker(task).parent.mkdir(exist_ok=True)
                self._marker(task).write_text(task.once)

    async def _run_to_end(self, task: Task) -> None:
        log = self._run_dir / "log" / f"{task.name}.log"
        child = ChildProcess(task.name, task.command, log, task.environment, self._run_dir)
        child.start()
        try:
            await until(lambda: not child.running)
        finally:
            child.stop(STOP_SECONDS)
        if child.exit_code != 0:
            raise TaskError(task.name, log, child.last_lines())

    def _marker(self, task: Task) -> Path:
        return self._run_dir / "done" / task.name
