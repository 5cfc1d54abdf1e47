"""Tests and disablements: for whom, why, until when; ended by themselves; and what is signalled meanwhile."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from chassis.errors import FieldInvalidError, RequestIdReusedError
from chassis.rpc.grpc_errors import sentences
from chassis.storage.database import Database, Lease
from chassis.storage.outbox import Relay
from fire_safety import tables
from fire_safety.detection.modes import Mode
from fire_safety.domain.alarms.alarm import AlarmKind, Suppression
from fire_safety.domain.alarms.modes import (
    DeviceMode,
    DeviceModeAlreadyEndedError,
    DeviceModeNotFoundError,
    DeviceModeTooLongError,
    ModeFilter,
    ModePosition,
    ModeScope,
    ModeTargetNotFoundError,
    ModeWanted,
    SuppressedFilter,
)
from fire_safety.domain.devices.device import DeviceRetiredError
from fire_safety.domain.devices.registration import Entry
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.devices import DeviceOperations
from fire_safety.operations.modes import ModeOperations
from fire_safety.queries.detection import DetectionQueries
from fire_safety.queries.modes import ModeQueries
from fire_safety.repository import modes as repository
from tests.fire_safety.samples import APARTMENTS, MARKET, NOW, NOW_MS, PLACED, UNPLACED, signal
from tests.fire_safety.stored import WARD, alarms_of, note, outbox_of

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("entered")]

EVERY_MODE = ModeFilter("", "", in_force_only=False)
IN_FORCE = ModeFilter("", "", in_force_only=True)
EVERY_SIGNAL = SuppressedFilter("", "")
WANTED = ModeWanted(
    Suppression.TEST,
    ModeScope.DEVICE,
    PLACED.device_id,
    "thử định kỳ quý IV",
    NOW + timedelta(hours=1),
)
DISABLED = replace(
    WANTED,
    kind=Suppression.DISABLED,
    scope=ModeScope.PREMISES,
    target_id=APARTMENTS.premises_id,
    reason="sửa chữa hành lang",
)


class Clock:
    """A clock that stands where it is put."""

    now = NOW

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Make the clock of the service."""
    return Clock()


@pytest.fixture
def modes(database: Database, relay: Relay, clock: Clock) -> ModeOperations:
    """Make what people do with modes."""
    return ModeOperations(database, relay, clock, "11002")


@pytest.fixture
def queries(database: Database) -> ModeQueries:
    """Make what people ask of modes."""
    return ModeQueries(database)


@pytest.fixture
def detection(relay: Relay, clock: Clock) -> DetectionOperations:
    """Make what the detector does, by that clock."""
    return DetectionOperations(relay, clock, WARD)


@pytest.fixture
def register(database: Database, relay: Relay, clock: Clock) -> DeviceOperations:
    """Make what people do with the register."""
    return DeviceOperations(database, relay, clock)


async def set_mode(modes: ModeOperations, wanted: ModeWanted = WANTED) -> DeviceMode:
    """Set a mode under a request id of its own."""
    return await modes.set(wanted, f"request-{uuid4()}", b"")


async def test_a_mode_says_for_what_why_and_until_when(
    modes: ModeOperations, queries: ModeQueries, database: Database
) -> None:
    """It is listed as long as it is in force, and told."""
    mode = await set_mode(modes)

    assert (mode.kind, mode.target_id, mode.reason) == (
        Suppression.TEST,
        PLACED.device_id,
        "thử định kỳ quý IV",
    )
    assert (mode.begins_at, mode.ends_at, mode.premises_id) == (
        NOW,
        WANTED.ends_at,
        APARTMENTS.premises_id,
    )
    assert await queries.list_modes(IN_FORCE, None, 10, NOW) == [mode]
    ((name, event),) = await outbox_of(database, "DeviceMode")
    assert (name, event.mode.mode_id) == ("DeviceModeSet", str(mode.mode_id))


@pytest.mark.parametrize(
    ("scope", "target_id", "zone"),
    [
        (ModeScope.DEVICE, PLACED.device_id, ("Bếp tầng 2", 2)),
        (ModeScope.DEVICE, UNPLACED.device_id, ("", 0)),
        (ModeScope.ZONE, "z-hall", ("Hành lang tầng 1", 1)),
        (ModeScope.PREMISES, APARTMENTS.premises_id, ("", 0)),
    ],
)
async def test_a_mode_names_the_zone_and_floor(
    modes: ModeOperations,
    queries: ModeQueries,
    database: Database,
    scope: ModeScope,
    target_id: str,
    zone: tuple[str, int],
) -> None:
    """Wherever it is told: an id says nothing to who runs there."""
    wanted = replace(WANTED, scope=scope, target_id=target_id)
    mode = await set_mode(modes, wanted)
    (listed,) = await queries.list_modes(IN_FORCE, None, 10, NOW)
    ended = await modes.end(mode.mode_id, "request-1", b"a")

    assert [(one.zone_name, one.floor) for one in (mode, listed, ended)] == [zone] * 3
    told = [event.mode for _, event in await outbox_of(database, "DeviceMode")]
    assert [(one.zone_name, one.floor) for one in told] == [zone] * 2


async def test_a_mode_goes_with_its_device(
    modes: ModeOperations,
    queries: ModeQueries,
    register: DeviceOperations,
    database: Database,
) -> None:
    """It is told anew where the device hangs, and suppresses, from then on, with its zone there; and only if moved."""
    mode = await set_mode(modes)
    zone = await set_mode(modes, replace(WANTED, scope=ModeScope.ZONE, target_id="z-kitchen"))
    places = [
        ({"zone_id": "z-hall"}, (APARTMENTS.premises_id, "Hành lang tầng 1", 1)),
        ({"model": "KN-11"}, (APARTMENTS.premises_id, "Hành lang tầng 1", 1)),
        ({"premises_id": MARKET.premises_id, "zone_id": ""}, (MARKET.premises_id, "", 0)),
        ({"premises_id": "", "zone_id": ""}, ("", "", 0)),
    ]

    for number, (values, expected) in enumerate(places):
        await register.save(Entry(PLACED.device_id, values), f"request-{number}", b"")
        listed = await queries.list_modes(
            replace(IN_FORCE, target_id=PLACED.device_id), None, 10, NOW
        )
        assert [(one.premises_id, one.zone_name, one.floor) for one in listed] == [expected]

    told = [event.mode for _, event in await outbox_of(database, "DeviceModeSet")]
    assert [one.mode_id for one in told] == [
        *(str(one.mode_id) for one in (mode, zone)),
        *[str(mode.mode_id)] * 3,
    ]
    assert [(one.premises_id, one.zone_name, one.floor) for one in told[2:]] == [
        places[n][1] for n in (0, 2, 3)
    ]


async def test_a_mode_that_has_ended_stays_where_it_was(
    modes: ModeOperations, queries: ModeQueries, register: DeviceOperations
) -> None:
    """And names no zone of elsewhere."""
    mode = await set_mode(modes)
    await modes.end(mode.mode_id, "request-end", b"")
    moved = {"premises_id": "", "zone_id": "", "floor": 7}
    await register.save(Entry(PLACED.device_id, moved), "request-move", b"")

    (listed,) = await queries.list_modes(EVERY_MODE, None, 10, NOW)
    assert (listed.premises_id, listed.zone_name, listed.floor) == (APARTMENTS.premises_id, "", 0)


async def test_a_device_without_a_zone_has_a_floor(
    modes: ModeOperations, queries: ModeQueries, owner: Database
) -> None:
    """That of the place where it hangs."""
    async with owner.transaction() as tx:
        on_fourth = update(tables.devices).values(floor=4)
        await tx.execute(on_fourth.where(tables.devices.c.device_id == UNPLACED.device_id))
    mode = await set_mode(modes, replace(WANTED, target_id=UNPLACED.device_id))

    assert (mode.zone_name, mode.floor) == ("", 4)
    assert await queries.list_modes(IN_FORCE, None, 10, NOW) == [mode]


async def test_a_request_sets_one_mode_however_often_it_comes(modes: ModeOperations) -> None:
    """And another under its id is refused."""
    first = await modes.set(WANTED, "request-1", b"a")

    assert await modes.set(WANTED, "request-1", b"a") == first
    with pytest.raises(RequestIdReusedError):
        await modes.set(DISABLED, "request-1", b"b")


@pytest.mark.parametrize("scope", ModeScope)
async def test_what_is_not_on_the_register_cannot_be_set(
    modes: ModeOperations, scope: ModeScope
) -> None:
    """No device, zone or premises of that id."""
    with pytest.raises(ModeTargetNotFoundError):
        await set_mode(modes, replace(WANTED, scope=scope, target_id="nothing"))


async def test_a_retired_device_is_neither_tested_nor_disabled(
    modes: ModeOperations, database: Database
) -> None:
    """What it sends is told as of one that is on no register; and it would be shown for days as if it hung there."""
    async with database.transaction() as tx:
        await tx.execute(update(tables.devices).values(retired=True))

    for wanted in (WANTED, replace(WANTED, kind=Suppression.DISABLED)):
        with pytest.raises(DeviceRetiredError):
            await set_mode(modes, wanted)


async def test_what_is_set_for_a_device_ends_as_it_is_retired(
    modes: ModeOperations, queries: ModeQueries, database: Database, relay: Relay, clock: Clock
) -> None:
    """And is told; what was set for its premises stays for the others there."""
    mode = await set_mode(modes)
    of_premises = await set_mode(modes, DISABLED)
    clock.now = NOW + timedelta(minutes=1)

    await DeviceOperations(database, relay, clock).retire(PLACED.device_id, "", "request-9", b"")

    assert await queries.list_modes(IN_FORCE, None, 10, clock.now) == [of_premises]
    ((_, event),) = await outbox_of(database, "DeviceModeEnded")
    assert event.mode.mode_id == str(mode.mode_id)
    assert event.mode.ended_at.ToDatetime(UTC) == clock.now


async def test_what_is_being_set_while_a_device_is_retired_ends_with_it(
    queries: ModeQueries, database: Database, relay: Relay, clock: Clock
) -> None:
    """Who retires it waits for who sets it; else the mode would be in force for days."""
    devices = DeviceOperations(database, relay, clock)
    async with database.transaction() as tx:
        place = await repository.place_of_target(tx, WANTED)
        retiring = asyncio.create_task(devices.retire(PLACED.device_id, "", "request-9", b""))
        await somebody_waits(database)
        mode = DeviceMode(
            mode_id=uuid4(),
            ward_code=WARD,
            premises_id=place.premises_id,
            zone_name=place.zone_name,
            floor=place.floor,
            set_by="officer",
            begins_at=NOW,
            **vars(WANTED),
        )
        await repository.add(tx, mode, NOW)
    await retiring

    assert await queries.list_modes(IN_FORCE, None, 10, clock.now) == []


async def somebody_waits(database: Database) -> None:
    """Look until a transaction waits for a lock."""
    async with asyncio.timeout(30):
        while True:
            async with database.transaction() as tx:
                if await tx.scalar(text("select exists (select from pg_locks where not granted)")):
                    return
            await asyncio.sleep(0.05)


async def test_no_mode_lasts_longer_than_its_policy(modes: ModeOperations) -> None:
    """Four hours of test, three days of disablement; and never none."""
    four_hours, three_days = NOW + timedelta(hours=4), NOW + timedelta(days=3)
    await set_mode(modes, replace(WANTED, ends_at=four_hours))
    await set_mode(modes, replace(DISABLED, ends_at=three_days))

    with pytest.raises(DeviceModeTooLongError) as refused:
        await set_mode(modes, replace(WANTED, ends_at=four_hours + timedelta(seconds=1)))
    assert refused.value.metadata == {"longest_s": "14400"}
    with pytest.raises(DeviceModeTooLongError):
        await set_mode(modes, replace(DISABLED, ends_at=three_days + timedelta(seconds=1)))
    with pytest.raises(FieldInvalidError):
        await set_mode(modes, replace(WANTED, ends_at=NOW))


@pytest.mark.parametrize(
    ("longest_s", "vi", "en"),
    [
        (3600, "1 giờ", "1 hour"),
        (5400, "1,5 giờ", "1.5 hours"),
        (14400, "4 giờ", "4 hours"),
        (259200, "72 giờ", "72 hours"),
    ],
)
def test_how_long_a_mode_may_last_is_said_in_hours(longest_s: int, vi: str, en: str) -> None:
    """As each language writes them; programs are told seconds."""
    refusal = DeviceModeTooLongError(timedelta(seconds=longest_s))

    assert refusal.metadata == {"longest_s": str(longest_s)}
    assert sentences(refusal) == (
        f"Thời hạn thử hoặc vô hiệu hóa vượt mức cho phép: nhiều nhất {vi}.",
        f"The test or disablement would last longer than is allowed: at most {en}.",
    )


async def test_a_mode_reaches_the_devices_of_its_target(
    modes: ModeOperations, database: Database, clock: Clock
) -> None:
    """Of the zone, of the premises; of several each is told, the last to end last."""
    queries = DetectionQueries(database)
    await set_mode(modes, replace(WANTED, scope=ModeScope.ZONE, target_id="z-kitchen"))
    tested = await queries.suppressed(NOW)
    clock.now = NOW + timedelta(minutes=1)
    await set_mode(modes, DISABLED)
    later = replace(DISABLED, ends_at=NOW + timedelta(hours=3))
    await set_mode(modes, later)
    await set_mode(modes, replace(WANTED, ends_at=NOW + timedelta(hours=4)))

    hour_ms = 3_600_000
    first = Mode(Suppression.TEST, NOW_MS + hour_ms, NOW_MS)
    assert tested == {PLACED.device_id: (first,)}
    found = (await queries.suppressed(clock.now))[PLACED.device_id]
    assert [(one.why, (one.until_ms - NOW_MS) // hour_ms) for one in found] == [
        (Suppression.TEST, 1),
        (Suppression.DISABLED, 1),
        (Suppression.DISABLED, 3),
        (Suppression.TEST, 4),
    ]


async def test_a_mode_holds_from_the_millisecond_in_which_it_begins(
    modes: ModeOperations, database: Database, clock: Clock
) -> None:
    """The broker's times are cut to milliseconds: what came just behind its beginning would come before it."""
    clock.now = NOW + timedelta(microseconds=900)
    await set_mode(modes)

    (mode,) = (await DetectionQueries(database).suppressed(clock.now))[PLACED.device_id]

    assert mode.since_ms == NOW_MS


async def test_modes_end_by_themselves_once(
    modes: ModeOperations, queries: ModeQueries, database: Database, clock: Clock
) -> None:
    """They suppress nothing from that moment, noted or not; and two instances note it once."""
    mode = await set_mode(modes)
    clock.now = WANTED.ends_at - timedelta(seconds=1)
    assert not await modes.expire_next()
    clock.now = WANTED.ends_at
    suppressed = await DetectionQueries(database).suppressed(clock.now)
    listed = await queries.list_modes(IN_FORCE, None, 10, clock.now)
    ended = await asyncio.gather(*(modes.expire_next() for _ in range(4)))

    assert (suppressed, listed) == ({}, [])
    assert ended.count(True) == 1
    (kept,) = await queries.list_modes(EVERY_MODE, None, 10, clock.now)
    assert (kept.ended_at, kept.ended_by) == (mode.ends_at, "")
    names = [name for name, _ in await outbox_of(database, "DeviceMode")]
    assert names == ["DeviceModeSet", "DeviceModeEnded"]


async def test_a_person_may_end_a_mode_before_its_time(
    modes: ModeOperations, database: Database, clock: Clock
) -> None:
    """Once; a repeat of the request gets its answer."""
    mode = await set_mode(modes)
    clock.now = NOW + timedelta(minutes=5)
    ended = await modes.end(mode.mode_id, "request-1", b"a")

    assert ended.ended_at == clock.now
    assert await modes.end(mode.mode_id, "request-1", b"a") == ended
    suppressed = DetectionQueries(database).suppressed
    assert await suppressed(clock.now) == {}
    shortened = Mode(Suppression.TEST, NOW_MS + 300_000, NOW_MS)
    assert await suppressed(NOW) == {PLACED.device_id: (shortened,)}
    with pytest.raises(DeviceModeAlreadyEndedError):
        await modes.end(mode.mode_id, "request-2", b"b")
    with pytest.raises(DeviceModeNotFoundError):
        await modes.end(uuid4(), "request-3", b"c")
    assert not await modes.expire_next()


async def test_modes_are_listed_newest_first_in_pages(
    modes: ModeOperations, queries: ModeQueries, clock: Clock
) -> None:
    """By target and by premises, with what is over."""
    first = await set_mode(modes)
    clock.now = NOW + timedelta(minutes=1)
    second = await set_mode(modes, DISABLED)
    clock.now = NOW + timedelta(minutes=2)
    third = await set_mode(modes, replace(WANTED, target_id=UNPLACED.device_id))

    async def listed(chosen: ModeFilter, after: ModePosition | None = None) -> list[DeviceMode]:
        return await queries.list_modes(chosen, after, 2, clock.now)

    assert await listed(EVERY_MODE) == [third, second]
    after = ModePosition(second.begins_at, second.mode_id)
    assert await listed(EVERY_MODE, after) == [first]
    assert await listed(replace(EVERY_MODE, target_id=PLACED.device_id)) == [first]
    assert await listed(replace(EVERY_MODE, premises_id=APARTMENTS.premises_id)) == [second, first]


# ---------------------------------------------------------------- what is signalled meanwhile


async def test_what_a_tested_device_signals_is_recorded_and_dispatches_nothing(
    modes: ModeOperations,
    queries: ModeQueries,
    database: Database,
    lease: Lease,
    detection: DetectionOperations,
) -> None:
    """With its place and the mode; neither does it end what was raised before."""
    await note(detection, lease, signal(AlarmKind.HEAT))
    mode = await set_mode(modes)
    tested = [
        replace(signal(at_s=10), suppressed=Suppression.TEST, pre_alarm=True),
        replace(signal(AlarmKind.HEAT, raised=False, at_s=20), suppressed=Suppression.TEST),
    ]
    await note(detection, lease, *tested)

    ended, begun = await queries.list_signals(EVERY_SIGNAL, None, 10)
    assert (begun.kind, begun.raised, begun.pre_alarm) == (AlarmKind.SMOKE, True, True)
    assert (begun.why, begun.mode_id) == (Suppression.TEST, mode.mode_id)
    assert (begun.premises_id, begun.zone_name, begun.floor) == (
        APARTMENTS.premises_id,
        "Bếp tầng 2",
        2,
    )
    assert (begun.value, begun.threshold, begun.profile) == (0.1, 0.03, "smoke-optical/1")
    assert (begun.observed_at, ended.raised) == (NOW + timedelta(seconds=10), False)
    (alarm,) = await alarms_of(database)
    assert (alarm.kind, alarm.restored_at) == (AlarmKind.HEAT, None)
    assert [name for name, _ in await outbox_of(database, "Alarm")] == ["AlarmRaised"]


async def test_the_same_reading_again_adds_nothing(
    queries: ModeQueries, lease: Lease, detection: DetectionOperations
) -> None:
    """Of a device that says itself that it is tested, no mode is named; an unknown one has no place."""
    itself = replace(signal(), suppressed=Suppression.TEST)
    unknown = replace(itself, device_id="nobody")
    await detection.note_signals(lease, [itself, itself, unknown], None)
    await note(detection, lease, itself, unknown)

    second, first = await queries.list_signals(EVERY_SIGNAL, None, 10)
    assert (first.device_id, first.mode_id) == (PLACED.device_id, None)
    assert (second.device_id, second.premises_id, second.floor) == ("nobody", "", 0)


async def test_suppressed_signals_are_listed_in_pages(
    queries: ModeQueries, lease: Lease, detection: DetectionOperations
) -> None:
    """Newest first, by device and by premises."""
    some = [replace(signal(at_s=number), suppressed=Suppression.DISABLED) for number in range(3)]
    await note(detection, lease, *some, replace(some[0], device_id=UNPLACED.device_id))

    page = await queries.list_signals(EVERY_SIGNAL, None, 2)
    rest = await queries.list_signals(EVERY_SIGNAL, page[-1].signal_id, 9)
    assert [one.device_id for one in page] == [UNPLACED.device_id, PLACED.device_id]
    assert len(rest) == 2
    of_device = replace(EVERY_SIGNAL, device_id=UNPLACED.device_id)
    of_premises = replace(EVERY_SIGNAL, premises_id=APARTMENTS.premises_id)
    assert len(await queries.list_signals(of_device, None, 9)) == 1
    assert len(await queries.list_signals(of_premises, None, 9)) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "update suppressed_signals set why = 'TEST'",
        "delete from suppressed_signals",
        "delete from device_modes",
        "update mode_policies set longest_test_s = 1",
        "delete from storms",
        "insert into storm_policies select * from storm_policies",
    ],
)
async def test_the_service_rewrites_nothing_of_it(database: Database, statement: str) -> None:
    """Its role has no right to."""
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute(text(statement))


async def test_not_even_the_owner_forgets_a_suppressed_signal(owner: Database) -> None:
    """The table is append-only for everybody."""
    with pytest.raises(DBAPIError, match="append-only"):
        async with owner.transaction() as tx:
            await tx.execute(text("truncate suppressed_signals"))
