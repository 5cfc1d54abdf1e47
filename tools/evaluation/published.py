"""The detection profiles as the migrations publish them, read by the service's own query from a real database."""

import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from chassis.clock import utc_now
from chassis.storage import migrations
from chassis.storage.database import Database
from fire_safety.app import MIGRATIONS
from fire_safety.domain.profiles.profile import Profile
from fire_safety.queries.detection import DetectionQueries
from stack.postgres import PostgresServer

_SERVICE = "fire_safety"


async def published_profiles() -> list[Profile]:
    """Start a database of our own, bring it to the present version, and ask it."""
    async with _database() as database:
        return await DetectionQueries(database).profiles(utc_now())


@asynccontextmanager
async def _database() -> AsyncGenerator[Database]:
    folder = _folder()
    server = PostgresServer(folder)
    try:
        server.start()
        server.create_service_database(_SERVICE)
        await migrations.upgrade(server.url(_SERVICE, f"{_SERVICE}_owner"), MIGRATIONS)
        database = Database.connect(server.url(_SERVICE, f"{_SERVICE}_app"))
        yield database
        await database.close()
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    """Make a folder that PostgreSQL's account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="ward-evaluation-"))
    folder.chmod(0o711)
    return folder
