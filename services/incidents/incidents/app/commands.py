"""Commands beside `serve`: each does one thing with the database and tells who gave it what came of it."""

from pathlib import Path
from uuid import UUID

import incidents
from chassis.clock import utc_now
from chassis.command_line import say
from chassis.storage import migrations
from chassis.storage.database import Database
from incidents.app.parts import webhook_operations
from incidents.queries.webhooks import WebhookQueries
from incidents.settings import Settings

MIGRATIONS = Path(incidents.__file__).parents[1] / "migrations"


async def migrate(settings: Settings) -> None:
    """Bring the tables to the present version."""
    await migrations.upgrade(settings.owner_url(), MIGRATIONS)


async def tell_dead_deliveries(settings: Settings) -> None:
    """Tell people of deliveries that were given up."""
    url = settings.database_url.get_secret_value()
    async with Database.connect(url, pool_size=1) as database:
        dead = await WebhookQueries(database).dead()
    for one in dead:
        say(
            f"{one.delivery_id}  {one.created_at:%Y-%m-%d %H:%M:%S%z}  {one.event}  {one.url}"
            f"  {one.failure} ({one.attempts})"
        )
    say(f"{len(dead)} thông báo không gửi được / deliveries were given up")


async def retry_dead_deliveries(settings: Settings, delivery_ids: list[UUID]) -> None:
    """Have deliveries that were given up sent again, all if none is named."""
    url = settings.database_url.get_secret_value()
    async with Database.connect(url, pool_size=1) as database:
        count = await webhook_operations(database, settings, utc_now).retry_dead(delivery_ids)
    say(f"{count} thông báo sẽ được gửi lại / deliveries will be sent again")
