"""One `up` per run directory: a lock the kernel gives back when its holder dies."""

import fcntl
import os
from pathlib import Path
from typing import TextIO

from stack.errors import StackError

FILE_NAME = "up.lock"


class AlreadyRunningError(StackError):
    """Another process works on the run directory."""

    def __init__(self, run_dir: Path, pid: str) -> None:
        super().__init__(
            f"Hệ thống đang chạy ở {run_dir} (tiến trình {pid}): hãy dừng nó bằng Ctrl-C trước.",
            f"The stack is already running in {run_dir} (process {pid}): stop it first, "
            "with Ctrl-C.",
        )


class NotWritableError(StackError):
    """We may not write into the run directory."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__(
            f"Không ghi được vào {run_dir}: hãy chọn --run-dir khác hoặc chạy bằng người dùng đã "
            "tạo nó.",
            f"{run_dir} cannot be written: choose another --run-dir or run as the user who made "
            "it.",
        )


class RunLock:
    """The right to work on a run directory, held until released or until the process dies."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / FILE_NAME
        self._file: TextIO | None = None

    def acquire(self) -> bool:
        """Take the lock and say whether its last holder crashed.

        Raises `AlreadyRunningError` when another process holds it, `NotWritableError` when the
        run directory is not ours.
        """
        file = self._open()
        file.seek(0)
        holder = file.read().strip()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise AlreadyRunningError(self._path.parent, holder) from None
        self._file = file
        self._write(str(os.getpid()))
        return bool(holder)

    def release(self) -> None:
        """Give the lock back; nothing to do when it is not held."""
        if self._file is not None:
            self._write("")
            self._file.close()
            self._file = None

    def _open(self) -> TextIO:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return self._path.open("a+")
        except OSError:
            raise NotWritableError(self._path.parent) from None

    def _write(self, holder: str) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.write(holder)
            self._file.flush()


def holder(run_dir: Path) -> int | None:
    """Return the process that works on the run directory now, if there is one."""
    path = run_dir / FILE_NAME
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read() or 0)
    return None
