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
from chassis.consumer import EventConsumer
from chassis.database import Database
from chassis.errors import DatabaseUnavailableError
from chassis.jetstream import EVENTS
from chassis.lifecycle import Lifecycle
from chassis.service import Base, start_base
from residency import tables, timers
from residency.consumers import LANE, Consumers
from residency.domain.personal_id import RegistrationCodes
from residency.domain.pseudonyms import Pseudonyms
from residency.domain.sealing import NumberSeal, Seal, read_key
from residency.importer.files import ImportRefusedError
from residency.importer.importing import Importer
from residency.operations.break_glass import BreakGlassOperations
from residency.operations.residence import ResidenceOperations
from residency.operations.upkeep import UpkeepOperations
from residency.queries.identity import IdentityQueries
from residency.queries.lookups import LookupQueries
from residency.queries.occupancy import OccupancyQueries
from residency.queries.places import PlaceQueries
from residency.servicer import Servicer
from residency.servicer.lookups import LookupServicer
from residency.servicer.residency import ResidencyServicer
from residency.settings import Settings

PACKAGE = Path(residency.__file__).parent
MIGRATIONS = PACKAGE.parent / "migrations"
# A day longer than the stream keeps events: what it can still deliver is never forgotten. Requests are kept as long: a
# repeat comes within minutes, or days after a long outage; later the register itself shows what was entered.
KEPT = timedelta(seconds=EVENTS.max_age or 0) + timedelta(days=1)


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
    upkeep = UpkeepOperations(base.database, base.relay, clock)
    life.background("recount", timers.recount_when_due(upkeep))
    life.background("forgetting", timers.forget_hourly(upkeep, KEPT))
    glass = BreakGlassOperations(base.database, base.relay, clock, number_seal(settings))
    lane = EventConsumer(
        base.broker, base.jetstream, LANE, str(EVENTS.name), Consumers(glass).handlers()
    )
    life.background(LANE, lane.run())
    servicers = servicers_of(base, settings, glass)
    services = [one.service for one in servicers]
    server = base.server(services)
    for one in servicers:
        one.add_to(server)
    return await base.serve(life, server, services)


def servicers_of(base: Base, settings: Settings, glass: BreakGlassOperations) -> list[Servicer]:
    """Make what answers each service of the package."""
    seal, codes = number_seal(settings), registration_codes()
    pseudonyms = Pseudonyms(read_key(settings.pseudonym_key.get_secret_value()))
    return [
        ResidencyServicer(
            ResidenceOperations(base.database, base.relay, base.clock, seal),
            IdentityQueries(base.database, seal),
            OccupancyQueries(base.database),
            PlaceQueries(base.database),
            seal,
            codes,
            base.clock,
        ),
        LookupServicer(
            LookupQueries(base.database),
            glass,
            seal,
            pseudonyms,
            codes,
            settings.incidents_account,
            base.clock,
        ),
    ]


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
        Seal(settings.encryption_keys, os.urandom),
        read_key(settings.id_index_key.get_secret_value()),
    )


def registration_codes() -> RegistrationCodes:
    """Read the reference data of identification numbers."""
    document = (PACKAGE / "registration_codes.json").read_text(encoding="utf-8")
    return RegistrationCodes.from_document(json.loads(document))
