"""The only place where the service's parts are constructed."""

import asyncio
import secrets
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from nats.aio.client import Client
from nats.errors import Error as NatsError

import fire_safety
from chassis.broker import jetstream
from chassis.broker.feed import Feed
from chassis.broker.jetstream import EVENTS
from chassis.broker.nkey import CurveKey, SigningKey
from chassis.clock import Clock, utc_now, ward_local
from chassis.errors import BrokerUnavailableError, FieldInvalidError
from chassis.lifecycle import Lifecycle
from chassis.service import Base, connect_broker, start_base
from chassis.storage import migrations
from chassis.storage.database import Database
from chassis.telemetry.log import logger
from fire_safety import tables
from fire_safety.consumers.auth_callout import AuthCallout
from fire_safety.consumers.broker_storage import BrokerStorage
from fire_safety.consumers.clocks import Clocks
from fire_safety.consumers.connections import Connections
from fire_safety.consumers.crowding import Crowding
from fire_safety.consumers.detector import Detector
from fire_safety.consumers.formats import Formats
from fire_safety.consumers.listening import Listening
from fire_safety.consumers.moving import Moving, MovingError
from fire_safety.consumers.recorder import Recorder
from fire_safety.consumers.refused import list_refused, payload_of
from fire_safety.consumers.sign_outs import SignOuts
from fire_safety.importer.devices import TableRefusedError, import_table, write_template
from fire_safety.importer.register import ImportRefusedError, read_register, told
from fire_safety.operations.alarms import AlarmOperations
from fire_safety.operations.areas import AreaOperations
from fire_safety.operations.credentials import CredentialOperations
from fire_safety.operations.deadlines import DeadlineOperations
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.devices import DeviceOperations, ImportOperations
from fire_safety.operations.modes import ModeOperations
from fire_safety.operations.progress import ProgressOperations
from fire_safety.operations.recording import RecordingOperations
from fire_safety.operations.register import RegisterOperations
from fire_safety.operations.sign_in import SignInOperations
from fire_safety.operations.storms import StormOperations
from fire_safety.operations.supply_points import SupplyPointOperations
from fire_safety.operations.upkeep import UpkeepOperations
from fire_safety.queries.alarms import AlarmQueries
from fire_safety.queries.areas import AreaQueries
from fire_safety.queries.clock import ClockQueries
from fire_safety.queries.credentials import CredentialQueries
from fire_safety.queries.detection import DetectionQueries
from fire_safety.queries.devices import DeviceQueries
from fire_safety.queries.modes import ModeQueries
from fire_safety.queries.premises import PremisesQueries
from fire_safety.queries.rates import RateQueries
from fire_safety.queries.readings import ReadingQueries
from fire_safety.queries.recording import RecordingQueries
from fire_safety.queries.sign_in import SignInQueries
from fire_safety.queries.storms import StormQueries
from fire_safety.queries.supply_points import SupplyPointQueries
from fire_safety.servicer import Servicer
from fire_safety.servicer.areas import AreasServicer
from fire_safety.servicer.credentials import CredentialsServicer
from fire_safety.servicer.devices import DevicesServicer
from fire_safety.servicer.fire_safety import FireSafetyServicer
from fire_safety.servicer.modes import ModesServicer
from fire_safety.servicer.overview import OverviewServicer
from fire_safety.servicer.readings import ReadingsServicer
from fire_safety.servicer.supply_points import SupplyPointsServicer
from fire_safety.settings import Lanes, Settings
from fire_safety.timers import (
    drop_expired,
    expire_modes,
    keep_deadlines,
    roll_up,
    tell_alarm_figures,
    watch_for_storms,
)
from fire_safety.wire.alarms import CHANGE_SUBJECTS
from fire_safety.wire.sign_in import Accounts, Answers

_SECRET_BYTES = 32
# A stream of days takes the broker a while to purge.
_MOVING_TIMEOUT_S = 60.0
# A service waits for its broker as long as it takes; whoever gives a command is told.
_BROKER_PATIENCE_S = 5.0
_NO_DEAD_LETTER = "Không có bản tin số này / There is no message of this number."
_BROKER_AWAY = "Không kết nối được NATS (NATS_URL) / The broker (NATS_URL) is away."
_ALREADY_MOVING = "Một lệnh khác đang chuyển / Another command is moving it."
MIGRATIONS = Path(fire_safety.__file__).parents[1] / "migrations"


async def serve(settings: Settings) -> None:
    """Serve until stopped."""
    async with Lifecycle() as life:
        await start(life, settings)
        await life.until_stopped()


async def start(life: Lifecycle, settings: Settings, clock: Clock = utc_now) -> int:
    """Start the service within a lifecycle; tell its gRPC port."""
    base = await start_base(
        life,
        "fire-safety",
        settings,
        outbox=tables.outbox,
        outbox_order=tables.outbox.c.urgent.desc(),
        clock=clock,
    )
    # Connections of its own: however much is asked of the service, detection does not wait for one.
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=4)
    life.at_stop(database.close)
    formats = Formats(DetectionQueries(database), settings.ward_code, clock)
    life.background("formats", formats.keep())
    clocks = Clocks(base.broker, ClockQueries(base.database), settings.ward_code, clock)
    base.readiness.warn("clocks", clocks.check)
    life.background("clocks", clocks.run())
    await _start_lanes(life, base, settings, database, formats, clocks)
    await keep_gate(life, base, settings)
    upkeep = UpkeepOperations(base.database, clock)
    life.background("roll-up", roll_up(base.database, upkeep))
    life.background("retention", drop_expired(base.database, upkeep))
    modes = ModeOperations(base.database, base.relay, clock, settings.ward_code)
    storms = StormOperations(base.database, base.relay, clock, settings.ward_code)
    life.background("modes", expire_modes(modes))
    life.background("storms", watch_for_storms(storms))
    deadlines = DeadlineOperations(base.relay, clock, settings.ward_code)
    life.background("deadlines", keep_deadlines(base.database, deadlines))
    figures = tell_alarm_figures(AlarmQueries(base.database), clock)
    life.background("figures", figures)
    servicers = servicers_of(base, modes)
    services = [one.service for one in servicers]
    server = base.server(services)
    for one in servicers:
        one.add_to(server)
    return await base.serve(life, server, services)


def servicers_of(base: Base, modes: ModeOperations) -> list[Servicer]:
    """Make what answers each service of the package."""
    return [
        FireSafetyServicer(
            AlarmOperations(base.database, base.relay, base.clock),
            AlarmQueries(base.database),
            PremisesQueries(base.database),
            Feed(base.broker, base.jetstream, EVENTS.name or "", CHANGE_SUBJECTS),
            base.settings.ward_code,
        ),
        CredentialsServicer(
            CredentialOperations(base.database, base.clock, _make_secret),
            CredentialQueries(base.database),
        ),
        DevicesServicer(
            DeviceOperations(base.database, base.relay, base.clock), DeviceQueries(base.database)
        ),
        AreasServicer(
            AreaOperations(base.database, base.relay, base.clock, base.settings.ward_code),
            AreaQueries(base.database),
        ),
        SupplyPointsServicer(
            SupplyPointOperations(base.database, base.relay, base.clock, base.settings.ward_code),
            SupplyPointQueries(base.database),
            base.settings.ward_code,
        ),
        ReadingsServicer(ReadingQueries(base.database), base.clock),
        ModesServicer(modes, ModeQueries(base.database), base.clock),
        OverviewServicer(StormQueries(base.database), RateQueries(base.database), base.clock),
    ]


async def _start_lanes(
    life: Lifecycle,
    base: Base,
    settings: Settings,
    database: Database,
    formats: Formats,
    clocks: Clocks,
) -> None:
    """Start the lanes of this process; a recorder beside a detector gives way to it."""
    lanes, must_wait = settings.lanes, lambda: False
    if lanes is not Lanes.RECORDER:
        listening = await _listening_of(life, base)
        detector = detector_of(base, database, formats, listening, clocks)
        base.readiness.watch("detector", detector.check)
        life.background("detector", detector.run())
        must_wait = lambda: detector.goes_first  # noqa: E731 - one line says it
    if lanes is not Lanes.DETECTOR:
        # Readings are on the disk when their place in the stream is: until then they would be stored again.
        bulk = Database.connect(
            settings.database_url.get_secret_value(), pool_size=3, flushes=False
        )
        life.at_stop(bulk.close)
        recorder = recorder_of(base, database, bulk, formats, must_wait)
        life.background("recorder", recorder.run())


async def _listening_of(life: Lifecycle, base: Base) -> Listening:
    settings = base.settings
    broker = await connect_broker(
        life, settings.nats_url, "listening", settings.nats_authority_file
    )
    return Listening(broker, settings.ward_code, base.clock)


def _make_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


async def keep_gate(life: Lifecycle, base: Base, settings: Settings) -> None:
    """Let devices in and out, if this process was given the keys of the gate."""
    url, signing, curve = (
        settings.nats_gatekeeper_url,
        settings.nats_signing_seed,
        settings.nats_curve_seed,
    )
    if not (url and signing and curve):
        logger().warning("gate_not_kept", needed="NATS_GATEKEEPER_URL and its keys")
        return
    broker = await connect_broker(life, url, "gatekeeper", settings.nats_authority_file)
    queries = SignInQueries(base.database)
    operations = SignInOperations(base.database, base.clock)
    accounts = Accounts(settings.nats_devices_account, settings.nats_mqtt_account)
    answers = Answers(SigningKey(signing.get_secret_value()), accounts, settings.ward_code)
    key = CurveKey(curve.get_secret_value())
    connections = Connections(broker, accounts)
    crowding = Crowding(connections, queries, operations, base.clock)
    callout = AuthCallout(
        broker,
        key,
        answers,
        queries,
        operations,
        crowding,
        base.clock,
        mqtt_tls_only=settings.mqtt_tls_only,
    )
    sign_outs = SignOuts(connections, queries, operations, base.clock)
    await callout.listen()
    life.background("auth_callout", callout.run())
    life.background("crowding", crowding.run())
    life.background("sign_outs", sign_outs.run())
    storage = BrokerStorage(broker)
    base.readiness.warn("broker_storage", storage.check)
    life.background("broker_storage", storage.run())


def detector_of(
    base: Base, database: Database, formats: Formats, listening: Listening, clocks: Clocks
) -> Detector:
    """Make the detector lane."""
    ward_code = base.settings.ward_code
    return Detector(
        client=base.broker,
        listening=listening,
        jetstream=base.jetstream,
        database=database,
        ward_code=ward_code,
        queries=DetectionQueries(database),
        operations=DetectionOperations(base.relay, base.clock, ward_code),
        places=ProgressOperations(ward_code),
        formats=formats,
        clock=base.clock,
        broker_clock=clocks.of_broker,
        replicas=base.settings.nats_replicas,
    )


def recorder_of(
    base: Base,
    database: Database,
    bulk: Database,
    formats: Formats,
    must_wait: Callable[[], bool],
) -> Recorder:
    """Make the recorder lane."""
    ward_code = base.settings.ward_code
    return Recorder(
        client=base.broker,
        jetstream=base.jetstream,
        database=database,
        ward_code=ward_code,
        queries=DetectionQueries(database),
        recorded=RecordingQueries(database),
        operations=RecordingOperations(bulk),
        places=ProgressOperations(ward_code),
        formats=formats,
        clock=base.clock,
        must_wait=must_wait,
        replicas=base.settings.nats_replicas,
    )


async def migrate(settings: Settings) -> None:
    """Bring the tables to the present version."""
    await migrations.upgrade(settings.owner_url(), MIGRATIONS)


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
            _say("Không có luồng cũ nào / There is no old stream.")
            return
        _say(f"Cần chuyển / to be moved: {waiting} bản tin / messages")
        if migrate:
            async with database.lease(f"fire_safety-moving-{settings.ward_code}") as lease:
                if lease is None:
                    raise SystemExit(_ALREADY_MOVING)
                _say(f"Đã chuyển / moved: {await moving.move(lease)}")
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
        _say(
            f"{one.number:>8}  {ward_local(one.refused_at):%Y-%m-%d %H:%M:%S%z}"
            f"  {_shown(one.device_id)}  {_shown(one.reason)}  {one.size} byte"
        )
    _say(f"{len(found)} bản tin bị từ chối / refused messages")


async def show_dead_letter(settings: Settings, number: int) -> None:
    """Write what was sent: to a terminal with what could steer it escaped, elsewhere as it came."""
    async with _broker_reached(settings) as broker:
        payload = await payload_of(broker.jetstream(), settings.ward_code, number)
    if payload is None:
        raise SystemExit(_NO_DEAD_LETTER)
    if sys.stdout.isatty():
        _say(_shown(payload.decode(errors="backslashreplace")))
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


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command speaks to people


async def import_ward(settings: Settings, directory: Path) -> None:
    """Load a register of premises, devices and the neighbourhood's means against fire."""
    database = Database.connect(settings.database_url.get_secret_value())
    try:
        register = read_register(directory)
        operations = RegisterOperations(database, utc_now, settings.ward_code)
        changed = await operations.enter(register)
    except ImportRefusedError as error:
        raise SystemExit(f"Không nạp được dữ liệu / Nothing was loaded: {error}") from error
    except FieldInvalidError as error:
        raise SystemExit(f"Không nạp được dữ liệu / Nothing was loaded: {told(error)}") from error
    finally:
        await database.close()
    _say(
        f"premises.jsonl: {len(register.premises)} cơ sở ({changed} mới hoặc thay đổi / new or changed),"
        f" {len(register.devices)} thiết bị / devices"
    )


async def import_devices(
    settings: Settings, file: Path, report: Path | None, *, dry_run: bool, allowed_only: bool
) -> None:
    """Enter a table of devices."""
    database = Database.connect(settings.database_url.get_secret_value())
    operations = ImportOperations(database, utc_now)
    try:
        await import_table(operations, file, report, dry_run=dry_run, allowed_only=allowed_only)
    except TableRefusedError as error:
        raise SystemExit(str(error)) from error
    finally:
        await database.close()


def device_template(file: Path) -> None:
    """Write the table of devices to fill in."""
    try:
        write_template(file)
    except TableRefusedError as error:
        raise SystemExit(str(error)) from error
