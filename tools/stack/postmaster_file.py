"""The file in which a running PostgreSQL names itself, and what a crash leaves of it."""

from pathlib import Path

from stack.errors import StackError

FILE_NAME = "postmaster.pid"
PID_LINE, STATUS_LINE = 0, 7


class DataInUseError(StackError):
    """A PostgreSQL server that is not ours works on the data directory."""

    def __init__(self, data: Path, pid: int) -> None:
        super().__init__(
            f"Một PostgreSQL khác (tiến trình {pid}) đang dùng dữ liệu ở {data}: "
            "hãy dừng nó trước.",
            f"Another PostgreSQL (process {pid}) works on the data in {data}: stop it first.",
        )


def is_ready(data: Path, pid: int) -> bool:
    """Say whether the server with that process id accepts connections."""
    lines = _lines(data)
    return (
        len(lines) > STATUS_LINE
        and lines[PID_LINE].strip() == str(pid)
        and lines[STATUS_LINE].strip() == "ready"
    )


def live_server(data: Path) -> int | None:
    """Return the process id of a server that works on the data now, if there is one."""
    lines = _lines(data)
    if not lines or not lines[PID_LINE].strip().isdigit():
        return None
    pid = int(lines[PID_LINE])
    return pid if _works_in(pid, data) else None


def discard_stale(data: Path) -> None:
    """Remove the file of a crashed server; only right when `live_server` finds none.

    Left in place, it stops PostgreSQL whenever the old process id has passed to another program
    of the same user, as it often does after a reboot. Left-over backends still stop a new server:
    they hold the shared memory that belongs to the directory.
    """
    (data / FILE_NAME).unlink(missing_ok=True)


def _lines(data: Path) -> list[str]:
    try:
        return (data / FILE_NAME).read_text().splitlines()
    except FileNotFoundError:
        return []


def _works_in(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        # Gone, or not ours to look at, hence not our server.
        return False
