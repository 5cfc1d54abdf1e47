"""A backup and what is made from it, on real servers without services: rows, messages of every stream, and keys."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import asyncpg
import nats
import pytest

from chassis.broker.jetstream import ensure_streams
from chassis.clock import utc_now
from stack.backup import BackupExistsError, BrokerAwayError, NoBackupError, back_up, restore
from stack.data_places import DataExistError
from stack.installation import ATTACHMENTS, Installation
from stack.issuer import WARD_CODE
from stack.settings import Ports

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

# More than one piece of a copy, one piece that is not full, and streams with nothing in them.
SENT = {"ward.incidents.v1.Many": 10, f"witness.{WARD_CODE}.incidents": 1}
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


def test_what_was_backed_up_is_in_what_is_made_from_it(make_run_dir: Callable[[], Path]) -> None:
    """By the keys of before; nothing is written over, neither a backup nor data, and what is no backup is refused.

    So is to back up what does not run.
    """
    first, folder = Installation(make_run_dir(), Ports.free()), make_run_dir() / "backup"
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
        before = asyncio.run(held_by(first))
        told = back_up(first, folder, utc_now)
        with pytest.raises(BackupExistsError):
            back_up(first, folder, utc_now)
    finally:
        first.nats.stop()
        first.postgres.stop()
    with pytest.raises(DataExistError):
        restore(first, folder)

    second = Installation(make_run_dir(), Ports.free())
    restore(second, folder)
    second.postgres.start()
    second.nats.start()
    try:
        after = asyncio.run(held_by(second))
    finally:
        second.nats.stop()
        second.postgres.stop()

    assert before == after
    assert sum(before[1].values()) == told["messages"] == sum(SENT.values())
    assert second.backup_record.read_text() == (folder / "backup.json").read_text()
    assert second.environment_of("residency")["ID_INDEX_KEY"] == key
    assert (second.run_dir / ATTACHMENTS / photo.name).read_bytes() == MESSAGE
