"""A backup and what is made from it, on real servers without services: rows, messages of every stream, and keys."""

import asyncio
import json
import os
import pwd
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import nats
import pytest

from chassis.broker.jetstream import ensure_streams
from chassis.clock import utc_now
from stack.backup import (
    BackupExistsError,
    BrokerAwayError,
    LinkedAttachmentsError,
    NoBackupError,
    UnreadableError,
    back_up,
    restore,
)
from stack.data_places import DataExistError, OnThisMachine
from stack.installation import ATTACHMENTS, Installation
from stack.issuer import WARD_CODE
from stack.settings import Ports

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

# More than one piece of a copy, one piece that is not full, and streams with nothing in them.
WITNESS = f"witness.{WARD_CODE}.incidents"
SENT = {"ward.incidents.v1.Many": 10, WITNESS: 1}
MESSAGE = os.urandom(50_000)


async def fill(place: Installation) -> None:
    """Write a row, and messages into streams."""
    connection = await asyncpg.connect(place.postgres.url("incidents").replace("+asyncpg", ""))
    await connection.execute("create table kept (word text); insert into kept values ('kept')")
    await connection.close()
    client = await nats.connect(place.nats.url)
    await ensure_streams(client.jetstream(), WARD_CODE)
    for subject, count in SENT.items():
        for _ in range(count):
            await client.jetstream().publish(subject, MESSAGE)
    await client.close()


async def held_by(place: Installation) -> tuple[str, dict[str, int]]:
    """Read the row, and count the messages of each stream."""
    connection = await asyncpg.connect(place.postgres.url("incidents").replace("+asyncpg", ""))
    word: str = await connection.fetchval("select word from kept")
    await connection.close()
    client = await nats.connect(place.nats.url)
    streams = await client.jetstream().streams_info()
    await client.close()
    return word, {str(one.config.name): one.state.messages for one in streams}


class Expiring(OnThisMachine):
    """Data whose account expires while their databases are copied: the first time, or never."""

    def __init__(self, place: Installation) -> None:
        super().__init__(place)
        self._nats = place.nats
        self.copies = 0

    def copy_databases(self, folder: Path) -> None:
        """Copy them, and have a head witnessed each time, with an expiry the first time."""
        super().copy_databases(folder)
        self.copies += 1
        told = {"position": self.copies, **({"expired": True} if self.copies == 1 else {})}
        asyncio.run(self._witness(json.dumps(told).encode()))

    async def _witness(self, payload: bytes) -> None:
        client = await nats.connect(self._nats.url)
        await client.jetstream().publish(WITNESS, payload)
        await client.close()


class Empty(OnThisMachine):
    """Data without databases."""

    def copy_databases(self, folder: Path) -> None:
        """Make the folder."""
        folder.mkdir()


def refuse(path: str) -> Callable[..., None]:
    """Make what fails as for a file of somebody else's, also where the tests run as root."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "refused", path)

    return refused


def test_what_cannot_be_kept_is_refused_before_anything_is_copied(
    make_run_dir: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of somebody else's, and photos behind a link; the backup's folder is free for the next attempt."""
    place, folder = Installation(make_run_dir(), Ports.free()), make_run_dir() / "backup"
    photos = place.run_dir / ATTACHMENTS
    photos.mkdir()
    with monkeypatch.context() as context:
        context.setattr(Path, "iterdir", refuse(str(photos)))
        with pytest.raises(UnreadableError, match=str(photos)):
            back_up(place, folder, utc_now)
    photos.rename(place.run_dir / "disk")
    photos.symlink_to(place.run_dir / "disk")
    with pytest.raises(LinkedAttachmentsError, match="mount"):
        back_up(place, folder, utc_now)

    assert not folder.exists()


def test_what_was_backed_up_is_in_what_is_made_from_it(
    make_run_dir: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the keys of before; nothing is written over, neither a backup nor data, and what is no backup is refused.

    So is to back up what does not run; a copy that fails leaves nothing. What expires between the copies of witness and
    databases is in both. Only who backs up may read it, at any time, and photos belong to whom they belonged by number.
    """
    first, folder = Installation(make_run_dir(), Ports.free()), make_run_dir() / "backup"
    broken = make_run_dir()
    with pytest.raises(NoBackupError):
        restore(first, folder)
    first.prepare()
    photo = first.run_dir / ATTACHMENTS / "1.photo"
    photo.parent.mkdir()
    photo.write_bytes(MESSAGE)
    with pytest.raises(BrokerAwayError):
        back_up(first, make_run_dir() / "nothing", utc_now)
    key = first.environment_of("residency")["ID_INDEX_KEY"]
    first.postgres.start()
    first.nats.start()
    try:
        first.postgres.create_service_database("incidents")
        asyncio.run(fill(first))
        folder.mkdir(mode=0o755)
        data = Expiring(first)
        told = back_up(first, folder, utc_now, data)
        with pytest.raises(BackupExistsError):
            back_up(first, folder, utc_now)
        word, sent = asyncio.run(held_by(first))
        with monkeypatch.context() as context, pytest.raises(UnreadableError):
            context.setattr(tarfile.TarFile, "add", refuse("photo"))
            back_up(first, broken, utc_now, Empty(first))
        assert not any(broken.iterdir())
    finally:
        first.nats.stop()
        first.postgres.stop()
    with pytest.raises(DataExistError):
        restore(first, folder)

    second = Installation(make_run_dir(), Ports.free())
    with monkeypatch.context() as context:
        # On another machine the owner's name is that of somebody else.
        context.setattr(tarfile, "pwd", SimpleNamespace(getpwnam=lambda _: pwd.getpwall()[-1]))
        restore(second, folder)
    second.postgres.start()
    second.nats.start()
    try:
        after = asyncio.run(held_by(second))
    finally:
        second.nats.stop()
        second.postgres.stop()

    assert data.copies == 2
    sent["ACCESS_WITNESS"] -= 1  # that of the second copy, which tells of no expiry
    assert after == (word, sent)
    assert sum(sent.values()) == told["messages"] == sum(SENT.values()) + 1
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "installation.tar").stat().st_mode & 0o777 == 0o600
    assert second.backup_record.read_text() == (folder / "backup.json").read_text()
    assert second.environment_of("residency")["ID_INDEX_KEY"] == key
    restored = second.run_dir / ATTACHMENTS / photo.name
    assert restored.read_bytes() == MESSAGE
    assert restored.stat().st_uid == photo.stat().st_uid
