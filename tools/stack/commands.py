"""The commands a person gives: each returns its exit code or raises StackError."""

import asyncio
import shutil
import signal
import time
from collections.abc import Coroutine
from pathlib import Path

from chassis.clock import utc_now
from stack import backup, containers, postgres_home, run_lock
from stack import ports as tcp_ports
from stack.announcement import announce
from stack.data_places import InContainers
from stack.installation import (
    ATTACHMENTS,
    BACKUP_RECORD_FILE,
    DATABASE_SERVICES,
    POPULATION_FAULT_FILE,
    Installation,
)
from stack.issuer import Role
from stack.progress import Progress
from stack.run_lock import RunLock
from stack.service_process import answers_ok
from stack.settings import Ports, Settings
from stack.supervisor import Stack

END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What a shell reports of a command that Ctrl-C ended.
INTERRUPTED = 130
DATA = (
    *("nats", "ward", "done", "secrets", "certificates", "issuer", "log", "files", "ports.json"),
    POPULATION_FAULT_FILE,
    BACKUP_RECORD_FILE,
    ATTACHMENTS,
)


async def up(run_dir: Path, ports: Ports, residents: int, *, fleet: bool) -> int:
    """Start everything, say where it is, and stop it in order when a signal asks for the end."""
    ended = _end_asked_for()
    progress = Progress()
    stack = Stack(run_dir, ports=ports, residents=residents, fleet=fleet, progress=progress)
    begin = time.monotonic()
    if not await _before(ended, stack.start()):
        progress.note("Dừng trước khi sẵn sàng; lần chạy sau làm tiếp", "stopped; `up` resumes")
        return INTERRUPTED
    announce(stack.installation, progress, time.monotonic() - begin, time.time())
    await ended.wait()
    progress.say()
    with progress.step("Đã dừng, dữ liệu còn nguyên", "stopped, data stay"):
        await stack.stop()
    return 0


def token(run_dir: Path, role: Role, account: str) -> int:
    """Print a token of the role's demonstration account, or of another account that is named."""
    print(Installation.of_run(run_dir).issuer.token(role, time.time(), account=account))
    return 0


def secrets(run_dir: Path) -> int:
    """Write the files that docker-compose.yml mounts, and print where they are."""
    folder = containers.prepare(run_dir, Ports(), Settings())
    print(f"Khoá và cấu hình ở {folder} · keys and configuration are in {folder}")
    return 0


def status(run_dir: Path) -> int:
    """Print what answers; exit code 0 when everything does, 3 when something does not."""
    place = Installation.of_run(run_dir)
    holder = run_lock.holder(run_dir)
    print(f"up: {holder}" if holder else "up: không chạy · not running")
    answers = {
        setting: not tcp_ports.is_free(port) for setting, port in place.ports.numbered().items()
    }
    for port in (place.ports.gateway_port, *map(place.admin_port, DATABASE_SERVICES)):
        answers[f"http://{tcp_ports.LOOPBACK}:{port}/readyz"] = answers_ok(port, "/readyz")
    for what, answer in answers.items():
        print(f"{'✓' if answer else '✗'} {what}")
    return 0 if holder and all(answers.values()) else 3


def reset(run_dir: Path) -> int:
    """Delete the data of the run directory; refuse while an `up` works on it."""
    if run_dir.exists():
        lock = RunLock(run_dir)
        lock.acquire()
        postgres_home.discard(run_dir)
        for name in DATA:
            _remove(run_dir / name)
        lock.release()
    print(f"Đã xoá dữ liệu ở {run_dir} · the data in {run_dir} are deleted")
    return 0


def back_up(run_dir: Path, folder: Path, *, compose: bool) -> int:
    """Copy the running installation into a new folder."""
    place = Installation.of_run(run_dir)
    told = backup.back_up(place, folder, utc_now, InContainers(place) if compose else None)
    print(f"Đã sao lưu vào {folder} · backed up: {told['ended_at']}, {told['messages']} messages")
    print("Có khóa và dữ liệu cá nhân: cất nơi an toàn · it holds keys and personal data")
    return 0


def restore(run_dir: Path, folder: Path, *, compose: bool) -> int:
    """Make the data of an empty run directory, or of empty volumes, from a backup."""
    place = Installation(run_dir, Ports())
    told = backup.restore(place, folder, InContainers(place) if compose else None)
    command = "docker compose up --wait" if compose else "make up"
    print(f"Đã phục hồi bản sao lưu lúc {told['ended_at']} · restored; now `{command}`")
    return 0


def _end_asked_for() -> asyncio.Event:
    ended = asyncio.Event()
    for number in END_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    return ended


async def _before(ended: asyncio.Event, start: Coroutine[None, None, None]) -> bool:
    starting = asyncio.create_task(start)
    ending = asyncio.create_task(ended.wait())
    await asyncio.wait([starting, ending], return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        ending.cancel()
        starting.result()
        return True
    starting.cancel()
    await asyncio.wait([starting])
    return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
