"""Commands beside `serve`: each does one thing with database or broker and tells who gave it what came of it."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from nats.aio.client import Client
from nats.errors import Error as NatsError

import fire_safety
from chassis.broker import jetstream
from chassis.clock import utc_now, ward_local
from chassis.command_line import say
from chassis.errors import BrokerUnavailableError, FieldInvalidError
from chassis.sheet_files import TableRefusedError
from chassis.storage import migrations
from chassis.storage.database import Database
from fire_safety.consumers.moving import Moving, MovingError
from fire_safety.consumers.refused import list_refused, payload_of
from fire_safety.importer.devices import import_table, write_template
from fire_safety.importer.register import ImportRefusedError, read_register, told
from fire_safety.operations.devices import ImportOperations
from fire_safety.operations.progress import ProgressOperations
from fire_safety.operations.register import RegisterOperations
from fire_safety.queries.detection import DetectionQueries
from fire_safety.settings import Settings

# A stream of days takes the broker a while to purge.
_MOVING_TIMEOUT_S = 60.0
# A service waits for its broker as long as it takes; whoever gives a command is told.
_BROKER_PATIENCE_S = 5.0
_NO_DEAD_LETTER = "Không có bản tin số này / There is no message of this number."
_BROKER_AWAY = "Không kết nối được NATS (NATS_URL) / The broker (NATS_URL) is away."
_ALREADY_MOVING = "Một lệnh khác đang chuyển / Another command is moving it."
MIGRATIONS = Path(fire_safety.__file__).parents[1] / "migrations"


async def migrate(settings: Settings) -> None:
    """Bring the tables to the present version."""
    await migrations.upgrade(settings.owner_url(), MIGRATIONS)


async def import_ward(settings: Settings, directory: Path) -> None:
    """Load a register of premises, devices and the neighbourhood's means against fire."""
    try:
        register = read_register(directory)
        async with Database.connect(settings.database_url.get_secret_value()) as database:
            operations = RegisterOperations(database, utc_now, settings.ward_code)
            changed = await operations.enter(register)
    except ImportRefusedError as error:
        raise SystemExit(f"Không nạp được dữ liệu / Nothing was loaded: {error}") from error
    except FieldInvalidError as error:
        raise SystemExit(f"Không nạp được dữ liệu / Nothing was loaded: {told(error)}") from error
    say(
        f"premises.jsonl: {len(register.premises)} cơ sở ({changed} mới hoặc thay đổi / new or changed),"
        f" {len(register.devices)} thiết bị / devices"
    )


async def import_devices(
    settings: Settings, file: Path, report: Path | None, *, dry_run: bool, allowed_only: bool
) -> None:
    """Enter a table of devices."""
    async with Database.connect(settings.database_url.get_secret_value()) as database:
        operations = ImportOperations(database, utc_now)
        try:
            await import_table(
                operations, file, report, dry_run=dry_run, allowed_only=allowed_only
            )
        except TableRefusedError as error:
            raise SystemExit(str(error)) from error


def device_template(file: Path) -> None:
    """Write the table of devices to fill in."""
    try:
        write_template(file)
    except TableRefusedError as error:
        raise SystemExit(str(error)) from error


async def move_streams(settings: Settings, *, migrate: bool) -> None:
    """Tell what an earlier version left in the stream of all wards, and move it if that is meant."""
    url = settings.nats_url.get_secret_value()
    try:
        async with asyncio.timeout(_BROKER_PATIENCE_S):
            broker = await jetstream.connect(
                url, "streams", authority_file=settings.nats_authority_file
            )
    except TimeoutError as error:
        raise SystemExit(_BROKER_AWAY) from error
    database = Database.connect(settings.database_url.get_secret_value())
    moving = Moving(
        broker,
        broker.jetstream(timeout=_MOVING_TIMEOUT_S),
        settings.ward_code,
        DetectionQueries(database),
        ProgressOperations(settings.ward_code),
    )
    try:
        waiting = await moving.look()
        if waiting is None:
            say("Không có luồng cũ nào / There is no old stream.")
            return
        say(f"Cần chuyển / to be moved: {waiting} bản tin / messages")
        if migrate:
            async with database.lease(f"fire_safety-moving-{settings.ward_code}") as lease:
                if lease is None:
                    raise SystemExit(_ALREADY_MOVING)
                say(f"Đã chuyển / moved: {await moving.move(lease)}")
    except MovingError as error:
        raise SystemExit(str(error)) from error
    finally:
        await broker.close()
        await database.close()


async def list_dead_letters(settings: Settings, device_id: str, last: int) -> None:
    """Tell which messages of devices could not be read, and why."""
    async with _broker_reached(settings) as broker:
        found = await list_refused(broker.jetstream(), settings.ward_code, device_id, last)
    for one in found:
        say(
            f"{one.number:>8}  {ward_local(one.refused_at):%Y-%m-%d %H:%M:%S%z}"
            f"  {_shown(one.device_id)}  {_shown(one.reason)}  {one.size} byte"
        )
    say(f"{len(found)} bản tin bị từ chối / refused messages")


async def show_dead_letter(settings: Settings, number: int) -> None:
    """Write what was sent: to a terminal with what could steer it escaped, elsewhere as it came."""
    async with _broker_reached(settings) as broker:
        payload = await payload_of(broker.jetstream(), settings.ward_code, number)
    if payload is None:
        raise SystemExit(_NO_DEAD_LETTER)
    if sys.stdout.isatty():
        say(_shown(payload.decode(errors="backslashreplace")))
    else:
        sys.stdout.buffer.write(payload)
        sys.stdout.flush()


@asynccontextmanager
async def _broker_reached(settings: Settings) -> AsyncGenerator[Client]:
    """Connect for a command, which ends in a sentence where the broker is away, or goes away meanwhile."""
    url = settings.nats_url.get_secret_value()
    try:
        broker = await jetstream.connect_once(url, "dead-letters", settings.nats_authority_file)
        try:
            yield broker
        finally:
            await broker.close()
    except (BrokerUnavailableError, NatsError) as error:
        raise SystemExit(_BROKER_AWAY) from error


def _shown(text: str) -> str:
    """Escape what is no letter: whoever sent it must not steer a terminal."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
