"""Commands beside `serve`: each does one thing with the database and tells who gave it what came of it."""

import secrets
from datetime import timedelta
from pathlib import Path

from nats.aio.client import Client

from chassis.account import audit, console
from chassis.account.access_chain import AccessRecord
from chassis.clock import utc_now, ward_day
from chassis.command_line import say
from chassis.sealing import UnknownKeyError
from chassis.sheet_files import TableRefusedError
from chassis.storage import migrations
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from residency import tables
from residency.app.parts import content_seal, number_seal, refuse_wrong_keys
from residency.app.reference import MIGRATIONS, gazetteer, registration_codes
from residency.domain.lookups.decoys import Decoy
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.importer.files import ImportRefusedError
from residency.importer.importing import Importer
from residency.importer.residence_table import ResidenceTable
from residency.importer.residences import Wish, import_table
from residency.operations.decoys import DecoyOperations
from residency.operations.duplicates import DuplicateSearch
from residency.operations.keys import KeyOperations
from residency.operations.residence_import import ResidenceImport
from residency.queries.anomalies import AnomalyQueries
from residency.queries.statistics import StatisticsQueries
from residency.settings import Settings
from residency.wire.statistics import csv_of, xlsx_of

_RESIDENCE_LAW = "Law 68/2020/QH14"
_STATISTICS = {".csv": csv_of, ".xlsx": xlsx_of}
_NO_TABLE = "Tên tệp phải kết thúc bằng .csv hoặc .xlsx / Name a .csv or .xlsx file"
_NOT_WRITTEN = "{file}: không ghi được tệp / cannot be written ({why})"
_MOST_ANOMALIES = 10_000
_DECOY_REFUSED = "Không thêm được hồ sơ bẫy / The decoy was not added: {why}"
_NO_NAME = "--name chỉ gồm chữ cái và dấu cách / holds letters and spaces only"
_NO_BIRTH = (
    "--birth-date là năm, năm-tháng hoặc năm-tháng-ngày có trong lịch, từ năm 1900"
    " / is a YYYY, YYYY-MM or YYYY-MM-DD of the calendar, in 1900 or later"
)
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


def _connected(settings: Settings) -> Database:
    """Connect to the database for one command."""
    return Database.connect(settings.database_url.get_secret_value())


async def migrate(settings: Settings) -> None:
    """Bring the tables to the present version."""
    await migrations.upgrade(settings.owner_url(), MIGRATIONS)


async def import_ward(settings: Settings, directory: Path, operator: str | None) -> None:
    """Load a synthetic ward, telling its progress on standard output."""
    command = console.record_of(
        "import",
        operator,
        purpose="RESIDENCE_CASE",
        legal_basis=_RESIDENCE_LAW,
        subject="register",
        ward_code=settings.ward_code,
        now=utc_now(),
    )
    async with _connected(settings) as database:
        await refuse_wrong_keys(database, number_seal(settings))
        importer = Importer(
            database=database,
            seal=number_seal(settings),
            codes=registration_codes(),
            gazetteer=gazetteer(settings.ward_code),
            ward_code=settings.ward_code,
            search=DuplicateSearch(database, utc_now),
            clock=utc_now,
            command=command,
            say=say,
        )
        try:
            await importer.load(directory)
        except ImportRefusedError as error:
            raise SystemExit(f"Không nạp được dữ liệu / Nothing was loaded: {error}") from error


async def import_residences(settings: Settings, wish: Wish, operator: str | None) -> None:
    """Enter a table of residences, telling on standard output what becomes of it."""
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
    units = gazetteer(settings.ward_code)
    table = ResidenceTable(registration_codes(), units, ward_day(utc_now()))
    async with _connected(settings) as database:
        await refuse_wrong_keys(database, number_seal(settings))
        operations = ResidenceImport(
            database, _unheard(database), utc_now, number_seal(settings), command
        )
        try:
            await import_table(wish, table, operations)
        except TableRefusedError as error:
            raise SystemExit(str(error)) from error


async def export_statistics(settings: Settings, file: Path, operator: str | None) -> None:
    """Write how many residents there are today, as CSV or XLSX by the file's name; another name is refused."""
    if (write := _STATISTICS.get(file.suffix.lower())) is None:
        raise SystemExit(_NO_TABLE)
    command = _supervising(settings, "export-statistics", operator, "statistics")
    async with _connected(settings) as database:
        await console.account_for(database, command)
        cells, smallest = await StatisticsQueries(database).count_residents(ward_day(utc_now()))
    _write(file, write(cells, smallest))
    say(f"{file}: {len(cells)} ô / cells")


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
    now = utc_now()
    command = _supervising(settings, "audit anomalies", operator, "anomalies")
    async with _connected(settings) as database:
        await console.account_for(database, command)
        found = await AnomalyQueries(database).list_anomalies(
            now - timedelta(days=days), now, None, _MOST_ANOMALIES
        )
    say("since\tkind\taccount\toccurrences\tthreshold\tbuilding_id")
    for one in found:
        when, where = one.since.isoformat(), one.building_id or ""
        say(f"{when}\t{one.kind}\t{one.account}\t{one.occurrences}\t{one.threshold}\t{where}")


async def add_decoy(settings: Settings, name: str, birth_date: str, sex: str) -> None:
    """Enter a person who does not exist; told in words if a field is wrong."""
    try:
        full_name = FullName.parse(name)
    except ValueError as error:
        raise SystemExit(_DECOY_REFUSED.format(why=_NO_NAME)) from error
    try:
        decoy = Decoy.make(full_name, PartialDate.parse(birth_date), Sex(sex), secrets.randbelow)
    except ValueError as error:
        raise SystemExit(_DECOY_REFUSED.format(why=_NO_BIRTH)) from error
    async with _connected(settings) as database:
        await refuse_wrong_keys(database, number_seal(settings))
        decoys = DecoyOperations(
            database, _unheard(database), utc_now, number_seal(settings), settings.ward_code
        )
        await decoys.add(decoy)
    say("Đã thêm hồ sơ bẫy / The decoy was added.")


async def find_duplicates(settings: Settings, *, dry_run: bool) -> None:
    """Compare the whole register with itself, telling its progress on standard output."""
    found = 0
    async with _connected(settings) as database:
        search = DuplicateSearch(database, utc_now)
        async for progress in search.count() if dry_run else search.search():
            found = progress.found
            say(f"{progress.done}/{progress.of}: {found}")
        not_compared = await search.count_without_nearness()
    say((_WOULD_BE_FOUND if dry_run else _FOUND).format(found=found))
    if not_compared:
        say(_NUMBERS_NOT_COMPARED.format(count=not_compared))


async def rotate_keys(settings: Settings) -> None:
    """Seal anew what old keys sealed, telling its progress on standard output."""
    async with _connected(settings) as database:
        keys = KeyOperations(database, content_seal(settings))
        try:
            left, done = await keys.count_old(), 0
            async for renewed in keys.renew_all():
                done += renewed
                say(f"{done}/{left}")
            left = await keys.count_old()
        except UnknownKeyError as error:
            raise SystemExit(_KEY_MISSING) from error
    if left:
        raise SystemExit(_STILL_OLD.format(left=left))
    say("Mọi dữ liệu đã niêm phong bằng khóa mới / Everything is sealed under the new key.")


def _unheard(database: Database) -> Relay:
    """Make what a command adds events by; the service that runs publishes them."""
    return Relay(database, tables.outbox, Client().jetstream(), utc_now)
