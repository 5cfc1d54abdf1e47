"""The only place where the service's parts are constructed."""

import json
import os
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

import residency
from chassis import migrations
from chassis.clock import Clock, utc_now
from chassis.database import Database
from chassis.errors import DatabaseUnavailableError
from chassis.lifecycle import Lifecycle
from chassis.service import start_base
from residency import tables, timers
from residency.domain.personal_id import RegistrationCodes
from residency.domain.sealing import NumberSeal, read_key
from residency.importer.files import ImportRefusedError
from residency.importer.importing import Importer
from residency.operations import Operations
from residency.queries import Queries
from residency.servicer import SERVICE, ResidencyServicer
from residency.settings import Settings
from ward.residency.v1 import residency_pb2_grpc

PACKAGE = Path(residency.__file__).parent
MIGRATIONS = PACKAGE.parent / "migrations"
# A repeat comes within minutes, or days after a long outage; later the register itself shows what was entered.
REQUESTS_KEPT = timedelta(days=31)


async def serve(settings: Settings) -> None:
    """Serve until stopped."""
    async with Lifecycle() as life:
        await start(life, settings)
        await life.until_stopped()


async def start(life: Lifecycle, settings: Settings, clock: Clock = utc_now) -> int:
    """Start the service within a lifecycle; tell its gRPC port."""
    base = await start_base(
        life,
        "residency",
        settings,
        outbox=tables.outbox,
        access_records=tables.access_records,
        clock=clock,
    )
    seal = number_seal(settings)
    operations = Operations(base.database, base.relay, clock, seal)
    queries = Queries(base.database, seal)
    servicer = ResidencyServicer(operations, queries, seal, registration_codes(), clock)
    server = base.server([SERVICE])
    residency_pb2_grpc.add_ResidencyServiceServicer_to_server(servicer, server)
    life.background("recount", timers.recount_when_due(operations))
    life.background("forgetting", timers.forget_requests_hourly(operations, REQUESTS_KEPT))
    return await base.serve(life, server, [SERVICE])


async def migrate(settings: Settings) -> None:
    """Bring the tables to the present version."""
    if settings.migration_database_url is None:
        raise SystemExit("MIGRATION_DATABASE_URL is needed: the role that owns the tables.")
    await migrations.upgrade(settings.migration_database_url.get_secret_value(), MIGRATIONS)


async def import_ward(settings: Settings, directory: Path) -> None:
    """Load a synthetic ward, telling its progress on standard output."""
    database = Database.connect(settings.database_url.get_secret_value())
    importer = Importer(
        database=database,
        seal=number_seal(settings),
        codes=registration_codes(),
        ward_code=settings.ward_code,
        clock=utc_now,
        say=partial(print, file=sys.stdout, flush=True),
    )
    try:
        await importer.load(directory)
    except ImportRefusedError as error:
        raise SystemExit(f"Không nạp được dữ liệu / Nothing was loaded: {error}") from error
    except DatabaseUnavailableError as error:
        raise SystemExit("Không kết nối được cơ sở dữ liệu / The database is away.") from error
    finally:
        await database.close()


def number_seal(settings: Settings) -> NumberSeal:
    """Make the seal of identification numbers from the keys."""
    return NumberSeal(
        read_key(settings.id_encryption_key.get_secret_value()),
        read_key(settings.id_index_key.get_secret_value()),
        os.urandom,
    )


def registration_codes() -> RegistrationCodes:
    """Read the reference data of identification numbers."""
    document = (PACKAGE / "registration_codes.json").read_text(encoding="utf-8")
    return RegistrationCodes.from_document(json.loads(document))
