"""The only place where the service's parts are constructed."""

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from nats.aio.client import Client

import residency
from chassis.account import audit, console
from chassis.account.access_chain import AccessRecord
from chassis.broker.consumer import EventConsumer
from chassis.broker.jetstream import EVENTS
from chassis.clock import Clock, utc_now, ward_day
from chassis.errors import DatabaseUnavailableError
from chassis.lifecycle import Lifecycle
from chassis.rpc import grpc_client
from chassis.sealing import Seal, UnknownKeyError, read_key
from chassis.service import Base, account_line, start_base
from chassis.storage import migrations
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from chassis.telemetry.log import logger
from residency import tables, timers
from residency.clients.population import PopulationClient
from residency.consumers import LANE, Consumers
from residency.domain.address import Gazetteer
from residency.domain.decoys import Decoy
from residency.domain.nationality import Nationalities
from residency.domain.partial_date import PartialDate
from residency.domain.person_name import FullName
from residency.domain.personal_id import RegistrationCodes
from residency.domain.pseudonyms import Pseudonyms
from residency.domain.residence import Sex
from residency.domain.sealing import NumberSeal, ParticularsSeal
from residency.importer.files import ImportRefusedError
from residency.importer.importing import Importer
from residency.importer.residence_table import ResidenceTable
from residency.importer.residences import TableRefusedError, Wish, import_table
from residency.operations.absences import AbsenceOperations
from residency.operations.assistance import AssistanceOperations
from residency.operations.breaches import BreachOperations
from residency.operations.break_glass import BreakGlassOperations
from residency.operations.cases import CaseOperations
from residency.operations.data_subject_requests import DataSubjectRequestOperations
from residency.operations.decoys import DecoyOperations
from residency.operations.duplicates import DuplicateOperations, DuplicateSearch
from residency.operations.households import HouseholdOperations
from residency.operations.keys import KeyOperations
from residency.operations.lookup_limits import LookupLimits
from residency.operations.own_guests import OwnGuestOperations
from residency.operations.persons import PersonOperations
from residency.operations.places import PlaceOperations
from residency.operations.population import PopulationOperations
from residency.operations.reminders import ReminderOperations
from residency.operations.residence import ResidenceOperations
from residency.operations.residence_import import ResidenceImport
from residency.operations.reviews import ReviewOperations
from residency.operations.stays import StayOperations
from residency.operations.upkeep import UpkeepOperations
from residency.queries.absences import AbsenceQueries
from residency.queries.account import AccountQueries
from residency.queries.anomalies import AnomalyQueries
from residency.queries.assistance import AssistanceQueries
from residency.queries.breaches import BreachQueries
from residency.queries.cases import CaseQueries
from residency.queries.citizens import CitizenQueries
from residency.queries.data_subject_requests import DataSubjectRequestQueries
from residency.queries.duplicates import DuplicateQueries
from residency.queries.held_data import HeldDataQueries
from residency.queries.households import HouseholdQueries
from residency.queries.identity import IdentityQueries
from residency.queries.lookups import LookupQueries
from residency.queries.occupancy import OccupancyQueries
from residency.queries.persons import PersonQueries
from residency.queries.places import PlaceQueries
from residency.queries.residence import ResidenceQueries
from residency.queries.reviews import ReviewQueries
from residency.queries.search import SearchQueries
from residency.queries.statistics import StatisticsQueries
from residency.queries.stays import StayQueries
from residency.repository.cases import CaseSeal
from residency.repository.data_subject_requests import NoteSeal
from residency.servicer import Servicer
from residency.servicer.account import AccountServicer
from residency.servicer.assistance import AssistanceServicer
from residency.servicer.breaches import BreachServicer
from residency.servicer.cases import CaseServicer
from residency.servicer.citizens import CitizenServicer
from residency.servicer.data_subject_requests import DataSubjectRequestServicer, Sources
from residency.servicer.duplicates import DuplicatesServicer
from residency.servicer.lookups import LookupServicer
from residency.servicer.register import RegisterServicer
from residency.servicer.residency import ResidencyServicer
from residency.servicer.reviews import ReviewServicer
from residency.servicer.showing import Showing
from residency.servicer.stays import StaysServicer
from residency.settings import Settings
from residency.wire.statistics import csv_of, xlsx_of

PACKAGE = Path(residency.__file__).parent
MIGRATIONS = PACKAGE.parent / "migrations"
# A day longer than the stream keeps events: what it can still deliver is never forgotten. Requests are kept as long: a
# repeat comes within minutes, or days after a long outage; later the register itself shows what was entered.
KEPT = timedelta(seconds=EVENTS.max_age or 0) + timedelta(days=1)
_RESIDENCE_LAW = "Law 68/2020/QH14"
_DATABASE_AWAY = "Không kết nối được cơ sở dữ liệu / The database is away."
_NOT_WRITTEN = "{file}: không ghi được tệp / cannot be written ({why})"
_MOST_ANOMALIES = 10_000
_DECOY_REFUSED = "Không thêm được hồ sơ bẫy / The decoy was not added: {why}"
_FOUND = "{found} cặp hồ sơ nghi trùng mới / pairs of records that may be duplicates are new"
_WOULD_BE_FOUND = f"Chạy thử, không ghi gì / Dry run, nothing entered. {_FOUND}"
_NUMBERS_NOT_COMPARED = (
    "{count} hồ sơ có từ trước chỉ so theo họ tên và ngày sinh, không so theo số"
    " / {count} records from before were compared by name and birth only, not by number"
)
_KEY_MISSING = "Thiếu một khóa cũ trong ID_ENCRYPTION_OLD_KEYS / An old key is missing in ID_ENCRYPTION_OLD_KEYS."
_STILL_OLD = (
    "Còn {left} mục dưới khóa cũ: một dịch vụ vẫn niêm phong bằng khóa cũ, hãy chạy lại"
    " / {left} are under old keys yet: a service still seals under one; run again."
)


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
        accounted=True,
        clock=clock,
    )
    upkeep = UpkeepOperations(base.database, base.relay, clock)
    life.background("recount", timers.recount_when_due(upkeep))
    reminders = ReminderOperations(base.database, base.relay, clock)
    life.background("reminders", timers.remind_when_due(reminders))
    life.background("forgetting", timers.forget_hourly(upkeep, KEPT))
    particulars = ParticularsSeal(content_seal(settings))
    glass = BreakGlassOperations(
        base.database, base.relay, clock, number_seal(settings), particulars, settings.ward_code
    )
    lane = EventConsumer(
        base.broker,
        base.jetstream,
        f"{LANE}-{settings.ward_code}",
        str(EVENTS.name),
        Consumers(glass).handlers(),
        formerly=LANE,
    )
    life.background(LANE, lane.run())
    case_queries = CaseQueries(base.database, CaseSeal(content_seal(settings)))
    life.background("case-figures", timers.tell_case_figures(case_queries, clock))
    breaches = BreachOperations(
        base.database, base.relay, clock, number_seal(settings), settings.ward_code
    )
    watching = timers.watch_protection(
        breaches,
        BreachQueries(base.database),
        ReviewQueries(base.database),
        DataSubjectRequestQueries(base.database, NoteSeal(content_seal(settings))),
        clock,
    )
    life.background("protection", watching)
    life.background(
        "assistance-reviews",
        timers.tell_reviews_due(AssistanceQueries(base.database), clock),
    )
    odd = timers.tell_anomalies(AnomalyQueries(base.database), clock)
    life.background("anomalies", odd)
    keep_asking(life, base, settings)
    limits = LookupLimits(base.database, clock, number_seal(settings))
    decoys = DecoyOperations(
        base.database, base.relay, clock, number_seal(settings), settings.ward_code
    )
    # The first caller is not refused because ceilings are not known yet, unless the database is away.
    with contextlib.suppress(DatabaseUnavailableError):
        await limits.exchange()
        await decoys.refresh()
    life.background("limits", timers.watch_lookups(limits, decoys))
    identities = IdentityQueries(account_line(life, settings))
    servicers = servicers_of(base, settings, identities, glass, limits, decoys, breaches)
    services = [one.service for one in servicers]
    server = base.server(services)
    for one in servicers:
        one.add_to(server)
    return await base.serve(life, server, services)


def keep_asking(life: Lifecycle, base: Base, settings: Settings) -> None:
    """Ask the population database, if the service was told where it is; until then all questions wait."""
    if not settings.population_target:
        logger().warning("population_not_asked", needed="POPULATION_TARGET")
        return
    # No token of a caller leaves the ward: the channel passes none on.
    channel = grpc_client.channel(
        settings.population_target, settings.population_certificates, passes_on=False
    )
    life.at_stop(channel.close)
    registry = PopulationClient(channel, settings.ward_code)
    questions = PopulationOperations(
        base.database,
        base.relay,
        base.clock,
        number_seal(settings),
        CaseSeal(content_seal(settings)),
        settings.ward_code,
    )
    life.background("population", timers.ask_population_when_due(questions, registry))


def servicers_of(
    base: Base,
    settings: Settings,
    identities: IdentityQueries,
    glass: BreakGlassOperations,
    limits: LookupLimits,
    decoys: DecoyOperations,
    breaches: BreachOperations,
) -> list[Servicer]:
    """Make what answers each service of the package."""
    database, relay, clock = base.database, base.relay, base.clock
    seal, codes, nations = number_seal(settings), registration_codes(), nationalities()
    units = gazetteer(settings.ward_code)
    case_seal = CaseSeal(content_seal(settings))
    note_seal = NoteSeal(content_seal(settings))
    pseudonyms = Pseudonyms(read_key(settings.pseudonym_key.get_secret_value()))
    showing, particulars = Showing(seal, pseudonyms), ParticularsSeal(content_seal(settings))
    residences = ResidenceOperations(database, relay, clock, seal)
    subject_requests = DataSubjectRequestOperations(
        database, relay, clock, seal, note_seal, case_seal, settings.ward_code
    )
    subject_request_queries = DataSubjectRequestQueries(database, note_seal)
    return [
        AccountServicer(AccountQueries(database), seal, codes, nations, clock),
        CaseServicer(
            CaseOperations(database, relay, clock, seal, case_seal, settings.ward_code),
            CaseQueries(database, case_seal),
            limits,
            decoys,
            seal,
            codes,
            nations,
            clock,
        ),
        ResidencyServicer(
            residences,
            identities,
            OccupancyQueries(database, clock),
            PlaceQueries(database),
            limits,
            decoys,
            seal,
            codes,
            nations,
            units,
            clock,
        ),
        LookupServicer(
            LookupQueries(database),
            SearchQueries(database),
            AnomalyQueries(database),
            glass,
            limits,
            decoys,
            seal,
            pseudonyms,
            showing,
            codes,
            units,
            settings.incidents_account,
            clock,
        ),
        RegisterServicer(
            residences,
            PersonOperations(database, relay, clock, seal),
            HouseholdOperations(database, clock, seal),
            PlaceOperations(database, clock, seal),
            ResidenceQueries(database),
            PersonQueries(database),
            HouseholdQueries(database),
            PlaceQueries(database),
            limits,
            decoys,
            seal,
            pseudonyms,
            codes,
            nations,
            clock,
        ),
        ReviewServicer(
            ReviewOperations(base.database, base.clock, seal),
            ReviewQueries(base.database),
            base.clock,
        ),
        BreachServicer(breaches, BreachQueries(base.database), base.clock),
        DataSubjectRequestServicer(
            subject_requests,
            subject_request_queries,
            Sources(
                LookupQueries(database),
                ResidenceQueries(database),
                HeldDataQueries(database, seal, particulars, case_seal),
                AccountQueries(database),
                seal,
            ),
            codes,
            nations,
            clock,
        ),
        CitizenServicer(
            subject_requests,
            subject_request_queries,
            OwnGuestOperations(
                database, relay, clock, seal, particulars, case_seal, settings.ward_code
            ),
            CitizenQueries(database),
            limits,
            seal,
            codes,
            nations,
            clock,
        ),
        StaysServicer(
            StayOperations(database, relay, clock, seal, particulars),
            AbsenceOperations(database, relay, clock, seal, particulars),
            StayQueries(database, particulars),
            AbsenceQueries(database, particulars),
            limits,
            decoys,
            seal,
            showing,
            codes,
            nations,
            clock,
        ),
        DuplicatesServicer(
            DuplicateOperations(database, relay, clock, seal, particulars),
            DuplicateQueries(database),
            limits,
            decoys,
            seal,
            pseudonyms,
            showing,
            codes,
            clock,
        ),
        AssistanceServicer(
            AssistanceOperations(database, relay, clock, seal, particulars),
            AssistanceQueries(database),
            limits,
            decoys,
            seal,
            showing,
            codes,
            clock,
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
        gazetteer=gazetteer(settings.ward_code),
        ward_code=settings.ward_code,
        search=DuplicateSearch(database, utc_now),
        clock=utc_now,
        say=partial(print, file=sys.stdout, flush=True),
    )
    try:
        await importer.load(directory)
    except ImportRefusedError as error:
        raise SystemExit(f"Không nạp được dữ liệu / Nothing was loaded: {error}") from error
    except DatabaseUnavailableError as error:
        raise SystemExit(_DATABASE_AWAY) from error
    finally:
        await database.close()


async def import_residences(settings: Settings, wish: Wish, operator: str | None) -> None:
    """Enter a table of residences, telling on standard output what becomes of it."""
    database = Database.connect(settings.database_url.get_secret_value())
    relay = Relay(database, tables.outbox, Client().jetstream(), utc_now)
    command = console.record_of(
        "import-residences --dry-run" if wish.dry_run else "import-residences",
        operator,
        purpose="RESIDENCE_CASE",
        legal_basis=_RESIDENCE_LAW,
        subject="residences",
        ward_code=settings.ward_code,
        now=utc_now(),
        reference=wish.reference,
    )
    operations = ResidenceImport(database, relay, utc_now, number_seal(settings), command)
    units = gazetteer(settings.ward_code)
    table = ResidenceTable(registration_codes(), units, ward_day(utc_now()))
    try:
        await import_table(wish, table, operations)
    except TableRefusedError as error:
        raise SystemExit(str(error)) from error
    except DatabaseUnavailableError as error:
        raise SystemExit(_DATABASE_AWAY) from error
    finally:
        await database.close()


async def export_statistics(settings: Settings, file: Path, operator: str | None) -> None:
    """Write how many residents there are today, as CSV or XLSX by the file's name."""
    database = Database.connect(settings.database_url.get_secret_value())
    try:
        await console.account_for(
            database, _supervising(settings, "export-statistics", operator, "statistics")
        )
        cells, smallest = await StatisticsQueries(database).count_residents(ward_day(utc_now()))
    except DatabaseUnavailableError as error:
        raise SystemExit(_DATABASE_AWAY) from error
    finally:
        await database.close()
    _write(file, (xlsx_of if file.suffix.lower() == ".xlsx" else csv_of)(cells, smallest))
    print(f"{file}: {len(cells)} ô / cells", flush=True)  # noqa: T201 - the command speaks to people


def _supervising(
    settings: Settings, command: str, operator: str | None, subject: str
) -> AccessRecord:
    """Write down that a command was given which tells how the register, or who uses it, is doing."""
    return console.record_of(
        command,
        operator,
        purpose=audit.SUPERVISION,
        legal_basis=audit.LEGAL_BASIS,
        subject=subject,
        ward_code=settings.ward_code,
        now=utc_now(),
    )


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise SystemExit(_NOT_WRITTEN.format(file=file, why=error.strerror)) from error


async def report_anomalies(settings: Settings, days: int, operator: str | None) -> None:
    """Tell on standard output, as tab-separated lines, what was odd in so many days."""
    database = Database.connect(settings.database_url.get_secret_value())
    now = utc_now()
    try:
        await console.account_for(
            database, _supervising(settings, "audit anomalies", operator, "anomalies")
        )
        found = await AnomalyQueries(database).list_anomalies(
            now - timedelta(days=days), now, None, _MOST_ANOMALIES
        )
    except DatabaseUnavailableError as error:
        raise SystemExit(_DATABASE_AWAY) from error
    finally:
        await database.close()
    say = partial(print, sep="\t", file=sys.stdout, flush=True)
    say("since", "kind", "account", "occurrences", "threshold", "building_id")
    for one in found:
        when, where = one.since.isoformat(), one.building_id or ""
        say(when, one.kind, one.account, one.occurrences, one.threshold, where)


async def add_decoy(settings: Settings, name: str, birth_date: str, sex: str) -> None:
    """Enter a person who does not exist; told in words if a field is wrong."""
    database = Database.connect(settings.database_url.get_secret_value())
    relay = Relay(database, tables.outbox, Client().jetstream(), utc_now)
    try:
        full_name, born = FullName.parse(name), PartialDate.parse(birth_date)
        decoy = Decoy.make(full_name, born, Sex(sex), secrets.randbelow)
        decoys = DecoyOperations(
            database, relay, utc_now, number_seal(settings), settings.ward_code
        )
        await decoys.add(decoy)
    except ValueError as error:
        raise SystemExit(_DECOY_REFUSED.format(why=error)) from error
    except DatabaseUnavailableError as error:
        raise SystemExit(_DATABASE_AWAY) from error
    finally:
        await database.close()
    print("Đã thêm hồ sơ bẫy / The decoy was added.", flush=True)  # noqa: T201 - the command speaks to people


async def find_duplicates(settings: Settings, *, dry_run: bool) -> None:
    """Compare the whole register with itself, telling its progress on standard output."""
    say = partial(print, file=sys.stdout, flush=True)
    database = Database.connect(settings.database_url.get_secret_value())
    search, found = DuplicateSearch(database, utc_now), 0
    try:
        async for progress in search.count() if dry_run else search.search():
            found = progress.found
            say(f"{progress.done}/{progress.of}: {found}")
        not_compared = await search.count_without_nearness()
    except DatabaseUnavailableError as error:
        raise SystemExit(_DATABASE_AWAY) from error
    finally:
        await database.close()
    say((_WOULD_BE_FOUND if dry_run else _FOUND).format(found=found))
    if not_compared:
        say(_NUMBERS_NOT_COMPARED.format(count=not_compared))


async def rotate_keys(settings: Settings) -> None:
    """Seal anew what old keys sealed, telling its progress on standard output."""
    say = partial(print, file=sys.stdout, flush=True)
    database = Database.connect(settings.database_url.get_secret_value())
    keys = KeyOperations(database, content_seal(settings))
    try:
        left, done = await keys.count_old(), 0
        async for renewed in keys.renew_all():
            done += renewed
            say(f"{done}/{left}")
        left = await keys.count_old()
    except UnknownKeyError as error:
        raise SystemExit(_KEY_MISSING) from error
    except DatabaseUnavailableError as error:
        raise SystemExit(_DATABASE_AWAY) from error
    finally:
        await database.close()
    if left:
        raise SystemExit(_STILL_OLD.format(left=left))
    say("Mọi dữ liệu đã niêm phong bằng khóa mới / Everything is sealed under the new key.")


def number_seal(settings: Settings) -> NumberSeal:
    """Make the seal of identification numbers from the keys."""
    return NumberSeal(content_seal(settings), read_key(settings.id_index_key.get_secret_value()))


def content_seal(settings: Settings) -> Seal:
    """Make the seal of what is stored sealed."""
    return Seal(settings.encryption_keys, os.urandom)


def gazetteer(ward_code: str) -> Gazetteer:
    """Read the reference data of administrative units."""
    return Gazetteer.from_document(_reference_data("administrative_units"), ward_code)


def registration_codes() -> RegistrationCodes:
    """Read the reference data of identification numbers."""
    return RegistrationCodes.from_document(_reference_data("registration_codes"))


def nationalities() -> Nationalities:
    """Read the reference data of nationalities."""
    return Nationalities.from_document(_reference_data("nationalities"))


def _reference_data(name: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((PACKAGE / f"{name}.json").read_text("utf-8"))
    return document
