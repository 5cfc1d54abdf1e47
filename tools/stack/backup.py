"""A backup of an installation while it works, and an installation from a backup.

Databases first, streams behind them: whatever is in a database is then not missing in a stream. What streams have
beyond the databases comes again: lanes go on behind the place that their database has, and consumers begin anew and
know what they have taken before. Events come at once behind the databases, since of what they tell beyond them nobody
has the cause; the witness comes before the databases, since a chain behind its witness counts as cut off, and both come
once more if records of the account expired in between. Photos and files come behind the databases wherever they lie:
whichever has a row in the copy is there then. Keys are part of it, since sealed data are worth nothing without them:
who has a backup has everything.
"""

import asyncio
import json
import os
import shutil
import tarfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nats.aio.client import Client

from chassis.broker import jetstream
from chassis.clock import Clock
from stack import ports
from stack.archives import unpack
from stack.data_places import DataPlace, OnThisMachine
from stack.errors import StackError
from stack.installation import ATTACHMENTS, Installation
from stack.run_lock import RunLock
from stack.stream_copies import copy_streams, copy_witness, count_expiries, restore_streams

_MANIFEST = "backup.json"
_STREAMS, _POSTGRES, _REST = "streams", "postgres", "installation.tar"
# What an installation has beside its servers' data; `done` says what need not be generated and imported again, and
# the simulated population database reads `ward`.
_KEPT = ("secrets", "issuer", "certificates", "ward", "done", ATTACHMENTS)


class BackupExistsError(StackError):
    """Something is in the folder already."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"Thư mục {folder} đã có dữ liệu: hãy chọn thư mục mới.",
            f"The folder {folder} is not empty: choose a new one.",
        )


class UnreadableError(StackError):
    """Files of the installation belong to somebody else."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"Không đọc được {path}: hãy chạy lệnh với quyền của chủ tệp hoặc root.",
            f"{path} cannot be read: run the command as its owner or as root.",
        )


class LinkedAttachmentsError(StackError):
    """Photos and files lie behind a symbolic link, which a restore would neither follow nor make."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} là liên kết tượng trưng nên không sao lưu được: hãy gắn (mount) đĩa vào đó.",
            f"{path} is a symbolic link, which cannot be backed up: mount the disk there instead.",
        )


class BrokerAwayError(StackError):
    """Nothing answers where the broker should be."""

    def __init__(self) -> None:
        super().__init__(
            "NATS không trả lời: hệ thống phải đang chạy thì mới sao lưu được.",
            "NATS does not answer: what is to be backed up must be running.",
        )


class NoBackupError(StackError):
    """There is no finished backup in the folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} không phải là bản sao lưu hoàn chỉnh.",
            f"{folder} is not a finished backup.",
        )


def back_up(
    place: Installation, folder: Path, clock: Clock, data: DataPlace | None = None
) -> Mapping[str, Any]:
    """Copy a running installation into a new folder; tell when, and how much. Raises StackError.

    `data` is where its data lie, if not in servers of this machine.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupExistsError(folder)
    _require_readable(place.run_dir)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)  # it may have been there
    # Of two who begin at once this stops one, who must not empty the other's folder.
    (folder / _STREAMS).mkdir(mode=0o700)
    began = clock()
    with _emptied_on_failure(folder):
        messages = _copy_databases(place, folder, data or OnThisMachine(place))
        messages += asyncio.run(_with_broker(place, folder, copy_streams))
        _keep_rest(place.run_dir, folder / _REST)
        told = {"began_at": _written(began), "ended_at": _written(clock()), "messages": messages}
        # Last, so that a folder with it is whole.
        written = json.dumps(told, indent=1)
        (folder / _MANIFEST).write_text(written)
    place.note_backup(written)
    return told


def restore(place: Installation, folder: Path, data: DataPlace | None = None) -> Mapping[str, Any]:
    """Make the data of an installation that has none from a backup; tell what that says. Raises StackError.

    `data` is where they are to lie, if not in servers of this machine.
    """
    if not (folder / _MANIFEST).is_file():
        raise NoBackupError(folder)
    where = data or OnThisMachine(place)
    where.require_empty()
    lock = RunLock(place.run_dir)
    lock.acquire()
    try:
        # Photos belong to the user of the container that had them.
        unpack(folder / _REST, place.run_dir, keep_owners_of={ATTACHMENTS})
        (place.run_dir / "secrets").chmod(0o700)
        where.take_keys()
        where.lay_in_databases(folder / _POSTGRES)
        with where.broker():
            asyncio.run(_with_broker(place, folder, restore_streams))
    finally:
        lock.release()
    written = (folder / _MANIFEST).read_text()
    place.note_backup(written)
    told: Mapping[str, Any] = json.loads(written)
    return told


@contextmanager
def _emptied_on_failure(folder: Path) -> Iterator[None]:
    """Leave nothing of a copy that failed: keys and sealed data lie in no folder that nobody counts as a backup."""
    try:
        yield
    except BaseException:
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        raise


def _copy_databases(place: Installation, folder: Path, data: DataPlace) -> int:
    """Copy the witness of the account, then the databases; tell how many messages the witness has.

    An expiry is witnessed before it is in the database. One between the two copies would be in the databases' alone,
    where it counts as a break, so both are made anew; each account expires once a day.
    """
    while True:
        messages = asyncio.run(_with_broker(place, folder, copy_witness))
        data.copy_databases(folder / _POSTGRES)
        if not asyncio.run(_with_broker(place, folder, count_expiries)):
            return messages
        shutil.rmtree(folder / _POSTGRES)


def _require_readable(run_dir: Path) -> None:
    """Refuse at once what would be refused after the databases' copy; raises StackError."""
    if (run_dir / ATTACHMENTS).is_symlink():
        raise LinkedAttachmentsError(run_dir / ATTACHMENTS)
    try:
        for path in _kept(run_dir):
            if path.exists() and not os.access(path, os.R_OK):
                raise UnreadableError(str(path))
    except PermissionError as error:
        raise UnreadableError(error.filename) from error


def _keep_rest(run_dir: Path, file: Path) -> None:
    """Keep what lies beside the servers' data; what is deleted meanwhile is not missed."""
    file.touch(mode=0o600)  # before there is a key in it
    try:
        with tarfile.open(file, "w") as rest:
            for path in _kept(run_dir):
                with suppress(FileNotFoundError):
                    rest.add(path, path.relative_to(run_dir), recursive=False)
    except PermissionError as error:
        raise UnreadableError(error.filename) from error


def _kept(run_dir: Path) -> Iterator[Path]:
    return (one for name in _KEPT for one in _within(run_dir / name))


def _within(path: Path) -> Iterator[Path]:
    """Give a path and all below it; raises PermissionError where it may not look, which `rglob` passes over."""
    yield path
    if path.is_dir():
        for one in sorted(path.iterdir()):
            yield from _within(one)


async def _with_broker(
    place: Installation, folder: Path, act: Callable[[Client, Path], Awaitable[int]]
) -> int:
    if ports.is_free(place.ports.nats_port):
        raise BrokerAwayError
    client = await jetstream.connect(place.nats.url, "backup")
    try:
        return await act(client, folder / _STREAMS)
    finally:
        await client.close()


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
