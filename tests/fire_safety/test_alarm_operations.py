"""Alarms in the database: one active per device and kind, ended as the rules say, each change with its event."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from chassis.clock import utc_now
from chassis.errors import RequestIdReusedError
from chassis.storage.database import Database, Lease
from chassis.storage.outbox import Relay
from fire_safety import tables
from fire_safety.detection.ward import Seen, Ward
from fire_safety.domain.alarms.alarm import (
    Alarm,
    AlarmAlreadyResetError,
    AlarmFigures,
    AlarmKind,
    AlarmNotFoundError,
    AlarmNotRestoredError,
    AlarmState,
    Disposition,
    SignalClass,
)
from fire_safety.domain.devices.registration import Entry
from fire_safety.domain.lanes.progress import Position, Progress, Reached
from fire_safety.operations.alarms import AlarmOperations
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.devices import DeviceOperations, ImportOperations
from fire_safety.operations.register import RegisterOperations
from fire_safety.queries.alarms import AlarmQueries
from fire_safety.queries.detection import DetectionQueries
from fire_safety.repository import alarms as repository
from tests.fire_safety.samples import APARTMENTS, NOW, NOW_MS, PLACED, UNPLACED, register, signal
from tests.fire_safety.stored import WARD, alarms_of, devices_since, events_of, note
from ward.fire_safety.v1 import fire_safety_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("entered")]

_EARLIER = NOW.replace(year=2000)


async def test_a_signal_raises_an_alarm_where_the_device_hangs(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """With premises, zone and floor; and its event in the same transaction."""
    await note(detection, lease, signal())

    (alarm,) = await alarms_of(database)
    assert (alarm.premises_id, alarm.zone_id) == (APARTMENTS.premises_id, "z-kitchen")
    assert (alarm.zone_name, alarm.floor) == ("Bếp tầng 2", 2)
    assert (alarm.kind, alarm.state, alarm.version) == (AlarmKind.SMOKE, AlarmState.ACTIVE, 1)
    assert (alarm.value, alarm.threshold, alarm.profile) == (0.1, 0.03, "smoke-optical/1")
    assert alarm.observed_at == NOW
    ((name, told),) = await events_of(database)
    assert name == "AlarmRaised"
    assert told.alarm_id == str(alarm.alarm_id)
    assert told.signal_class == pb.SIGNAL_CLASS_ALARM


_MOVES = {
    "elsewhere": update(tables.devices).values(premises_id="p-market", zone_id=None, floor=1),
    "nowhere": update(tables.devices).values(premises_id=None, zone_id=None),
    "off_the_register": update(tables.devices).values(retired=True),
    "zone_renamed": update(tables.zones).values(name="Phòng khách tầng 3", floor=3),
}


@pytest.mark.parametrize(
    ("move", "place"),
    [
        ("elsewhere", (True, "p-market", "", 1)),
        ("nowhere", (True, "", "", 0)),
        ("off_the_register", (False, "", "", 0)),
        ("zone_renamed", (True, "p-apartments", "Phòng khách tầng 3", 3)),
    ],
)
async def test_an_alarm_tells_where_its_device_hangs_by_then(
    database: Database, lease: Lease, detection: DetectionOperations, move: str, place: object
) -> None:
    """Whatever was known of it before: one that hung elsewhere when it was asked for, and one that is new there."""
    await detection.learn_places(lease, [PLACED.device_id])
    async with database.transaction() as tx:
        await tx.execute(_MOVES[move])
    await detection.note_signals(lease, [signal(), signal(AlarmKind.HEAT)], None)

    alarms = await alarms_of(database)
    told = [alarm for _, alarm in await events_of(database)]
    assert len(alarms) == len(told) == 2
    for one in (*alarms, *told):
        assert (one.device_known, one.premises_id, one.zone_name, one.floor) == place


@pytest.mark.parametrize(
    ("move", "place"),
    [
        ("elsewhere", (True, "p-market", "", 1)),
        ("nowhere", (True, "", "", 0)),
        # What was known of it is all that is known.
        ("off_the_register", (True, "p-apartments", "Bếp tầng 2", 2)),
        ("zone_renamed", (True, "p-apartments", "Phòng khách tầng 3", 3)),
    ],
)
async def test_what_signals_again_tells_where_its_device_hangs_by_then(
    database: Database, lease: Lease, detection: DetectionOperations, move: str, place: object
) -> None:
    """A detector that was put up elsewhere before anybody had reset its alarm called the brigade to its old place."""
    await note(detection, lease, signal(), signal(raised=False))
    async with database.transaction() as tx:
        await tx.execute(_MOVES[move])
    await note(detection, lease, signal(at_s=60))

    (alarm,) = await alarms_of(database)
    name, told = (await events_of(database))[-1]
    assert (name, told.version) == ("AlarmRaised", 3)
    for one in (alarm, told):
        assert (one.device_known, one.premises_id, one.zone_name, one.floor) == place


async def _put(database: Database, device_id: str, **values: object) -> None:
    await ImportOperations(database, utc_now).enter(
        [Entry(device_id, values, 2)],
        dry_run=False,
        allowed_only=False,
        progress=lambda _done, _of: None,
    )


async def test_what_burns_is_raised_where_the_register_puts_its_device(
    database: Database, lease: Lease, detection: DetectionOperations, people: AlarmOperations
) -> None:
    """Registered while it burns, or entered for the wrong house: seen where it was said to be, not where it is."""
    await note(detection, lease, signal(), signal(device_id="nobody"))
    for one in await alarms_of(database):
        await people.acknowledge(one.alarm_id, f"request-{one.device_id}", b"")
    await _put(database, PLACED.device_id, premises_id="p-market", zone_id="", floor=1)
    await _put(database, "nobody", premises_id="p-market", floor=2, interval_s=60)
    await _put(database, "nobody", model="KN-10")

    told = [one for name, one in await events_of(database) if name == "AlarmRaised"][2:]
    assert [(one.device_id, one.floor) for one in told] == [(PLACED.device_id, 1), ("nobody", 2)]
    for one in told:
        assert (one.device_known, one.premises_id, one.zone_name) == (True, "p-market", "")
        assert (one.state, one.acknowledged_by) == (pb.ALARM_STATE_ACTIVE, "")


async def test_a_pre_alarm_that_is_moved_stays_one_and_what_is_over_stays_where_it_was(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Only what signals can be elsewhere by now."""
    await note(detection, lease, replace(signal(), pre_alarm=True))
    await note(detection, lease, signal(AlarmKind.HEAT), signal(AlarmKind.HEAT, raised=False))
    await _put(database, PLACED.device_id, premises_id="p-market", zone_id="")

    smoke, heat = await alarms_of(database)
    assert (smoke.state, smoke.premises_id) == (AlarmState.PRE_ALARM, "p-market")
    assert (heat.premises_id, heat.version) == ("p-apartments", 2)
    assert (await events_of(database))[-1][0] == "PreAlarmRaised"


async def test_a_pre_alarm_waits_only_where_its_device_could_be_confirmed_by_then(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """A household that has left its group of neighbours since waits for nobody's confirmation."""
    devices = tables.devices
    alone = update(devices).where(devices.c.device_id == UNPLACED.device_id)
    async with database.transaction() as tx:
        await tx.execute(alone.values(mutual_aid_group_id="g-1"))
    await detection.learn_places(lease, [UNPLACED.device_id])
    async with database.transaction() as tx:
        await tx.execute(alone.values(mutual_aid_group_id=None))
    pre_alarm = replace(signal(device_id=UNPLACED.device_id), pre_alarm=True)
    await detection.note_signals(lease, [pre_alarm], None)

    (alarm,) = await alarms_of(database)
    assert alarm.state is AlarmState.ACTIVE


async def test_devices_without_a_place_or_a_name_alarm_as_well(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """On the register but not placed; and not on the register at all."""
    await note(detection, lease, signal(device_id=UNPLACED.device_id), signal(device_id="nobody"))

    unplaced, unknown = await alarms_of(database)
    assert (unplaced.device_known, unplaced.premises_id, unplaced.floor) == (True, "", 0)
    assert (unknown.device_known, unknown.premises_id, unknown.zone_name) == (False, "", "")


async def test_a_thousand_at_once_raise_one(
    database: Database, detection: DetectionOperations
) -> None:
    """Over eight connections at the same time, as pre-alarms and alarms mixed: the index decides."""

    async def some(worker: int) -> None:
        async with database.lease(f"detector {worker}") as held:
            assert held
            for number in range(worker, 1000, 8):
                one = replace(signal(at_s=number), pre_alarm=number % 3 == 0)
                await detection.note_signals(held, [one], None)

    await asyncio.gather(*(some(worker) for worker in range(8)))

    (alarm,) = await alarms_of(database)
    assert alarm.state is AlarmState.ACTIVE
    names = [name for name, _ in await events_of(database)]
    assert names in (["AlarmRaised"], ["PreAlarmRaised", "AlarmRaised"])


async def test_a_storm_is_stored_in_one_transaction(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """More devices than one statement carries, and both fire kinds at once."""
    storm = [
        signal(kind, device_id=f"x{number}")
        for number in range(600)
        for kind in (AlarmKind.SMOKE, AlarmKind.HEAT)
    ]
    await detection.note_signals(lease, storm, None)

    async with database.transaction() as tx:
        assert await tx.scalar(select(func.count()).select_from(tables.alarms)) == 1200


async def test_the_same_signal_again_has_no_second_effect(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Repeated after a crash, even after the alarm was restored."""
    await note(detection, lease, signal(), signal(), signal(raised=False, at_s=60), signal())

    (alarm,) = await alarms_of(database)
    assert alarm.restored_at is not None
    assert [name for name, _ in await events_of(database)] == ["AlarmRaised", "AlarmRestored"]


async def test_restore_is_a_note_and_no_end(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """A fire alarm is never closed by the machine."""
    await note(detection, lease, signal(), signal(raised=False, at_s=60))
    await note(detection, lease, signal(raised=False, at_s=70))

    (alarm,) = await alarms_of(database)
    assert alarm.state is AlarmState.ACTIVE
    assert alarm.restored_at is not None
    assert alarm.version == 2


async def test_trouble_ends_by_itself(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Restored and reset, by nobody, with both events; and may come again."""
    fault = signal(AlarmKind.FAULT)
    await note(detection, lease, fault, replace(fault, raised=False, observed_ms=1))
    await note(detection, lease, signal(AlarmKind.FAULT, at_s=99))

    ended, again = await alarms_of(database)
    assert (ended.state, ended.reset_by, ended.disposition) == (
        AlarmState.RESET,
        "",
        Disposition.UNSPECIFIED,
    )
    assert again.state is AlarmState.ACTIVE
    assert [name for name, _ in await events_of(database)] == [
        "AlarmRaised",
        "AlarmRestored",
        "AlarmReset",
        "AlarmRaised",
    ]


async def test_smoke_that_returns_before_the_reset_is_the_same_alarm_unseen(
    database: Database,
    lease: Lease,
    detection: DetectionOperations,
    people: AlarmOperations,
) -> None:
    """Nobody resets what burns: it stands as active and not restored once more, and is told again."""
    await note(detection, lease, signal())
    (alarm,) = await alarms_of(database)
    await people.acknowledge(alarm.alarm_id, "request-1", b"")
    await note(detection, lease, signal(raised=False, at_s=60), signal(at_s=120))

    (again,) = await alarms_of(database)
    assert again.alarm_id == alarm.alarm_id
    assert (again.state, again.restored_at) == (AlarmState.ACTIVE, None)
    with pytest.raises(AlarmNotRestoredError):
        await people.reset(again.alarm_id, Disposition.NUISANCE, "request-2", b"")
    name, told = (await events_of(database))[-1]
    assert (name, told.version) == ("AlarmRaised", 4)
    assert not told.HasField("restored_at")


async def test_one_message_may_raise_and_restore_and_raise(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """In that order, in one transaction."""
    await detection.note_signals(
        lease, [signal(), signal(raised=False, at_s=60), signal(at_s=120)], None
    )

    (alarm,) = await alarms_of(database)
    assert (alarm.version, alarm.restored_at) == (3, None)


async def test_a_device_that_is_put_up_again_has_its_whole_time_to_report(
    database: Database, lease: Lease, detection: DetectionOperations, relay: Relay
) -> None:
    """As a new one has: it was silent while it lay in a cupboard. What says only its model keeps its sign of life."""
    devices = DeviceOperations(database, relay, lambda: NOW)
    queries = DetectionQueries(database)
    seen = Seen(PLACED.device_id, NOW - timedelta(days=90), 0.0, 0.0)
    await detection.save_progress(lease, None, [seen], {})

    async def silent_after(*changes: dict[str, object]) -> list[int]:
        ward = Ward(await queries.profiles(NOW), {}, NOW_MS - 90 * 86_400_000, NOW_MS)
        for values in changes:
            entry = Entry(PLACED.device_id, values, by_hand=True)
            await devices.save(entry, f"request-{uuid4()}", b"")
            ward.register(await queries.devices([PLACED.device_id]), NOW_MS)
        return [s for s in range(100) if ward.sweep(NOW_MS + s * 1000)]

    assert await silent_after({"model": "KN-11"}) == [0]
    assert await silent_after({"retired": True}, {"retired": False}) == [66]


async def test_progress_and_signs_of_life_are_kept(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """The newest position of each partition, and each device's last sign of life with its clean air and dose."""
    queries = DetectionQueries(database)
    both = frozenset({3, 4})
    assert await queries.progress(WARD, both) == Progress(dict.fromkeys(both))
    await detection.note_signals(lease, [signal()], Reached(both, Position(7, NOW), NOW))
    seen = Seen(PLACED.device_id, NOW, 0.004, 0.5, clock_offset_s=-400, clock_skewed=True)
    further = Reached(frozenset({4}), Position(8, NOW), NOW)
    await detection.save_progress(lease, further, [seen], {})

    assert await queries.progress(WARD, both) == Progress(
        {3: Position(7, NOW), 4: Position(8, NOW)}, NOW
    )
    (device,) = [
        one for one in await devices_since(queries, NOW.replace(year=2000)) if one.last_seen_at
    ]
    assert (device.device_id, device.last_seen_at) == (PLACED.device_id, NOW)
    assert (device.clock_offset_s, device.clock_skewed) == (-400, True)
    assert (device.clean_air, device.gas_dose) == (pytest.approx(0.004), 0.5)
    ((kind, standing),) = (await queries.signalling())[PLACED.device_id].items()
    assert (kind, standing.measured, standing.pre_alarm) == (AlarmKind.SMOKE, True, False)


async def test_detection_waits_for_nobody_who_changes_the_register(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Signs of life of the device that is being changed are left out, those of others kept, and newest."""
    queries, devices = DetectionQueries(database), tables.devices
    both = {PLACED.device_id: NOW_MS, UNPLACED.device_id: NOW_MS}
    seen = Seen(PLACED.device_id, NOW, clean_air=0.0, gas_dose=0.0)
    changed = update(devices).where(devices.c.device_id == PLACED.device_id).values(model="KN-11")
    async with database.transaction() as tx, asyncio.timeout(10):
        await tx.execute(changed)
        await detection.save_progress(lease, None, [seen], both)
    await detection.save_progress(lease, None, [], {UNPLACED.device_id: NOW_MS - 1000})

    heard = {one.device_id: one.last_seen_at for one in await devices_since(queries, _EARLIER)}
    assert heard == {PLACED.device_id: None, UNPLACED.device_id: NOW}
    await detection.save_progress(lease, None, [], both)
    heard = {one.device_id: one.last_seen_at for one in await devices_since(queries, _EARLIER)}
    assert heard == {PLACED.device_id: NOW, UNPLACED.device_id: NOW}


# ---------------------------------------------------------------- people


async def raised(database: Database, lease: Lease, detection: DetectionOperations) -> Alarm:
    """Raise one alarm."""
    await note(detection, lease, signal())
    return (await alarms_of(database))[0]


async def test_a_second_acknowledgement_changes_nothing(
    database: Database, lease: Lease, detection: DetectionOperations, people: AlarmOperations
) -> None:
    """Neither under the same request id nor under another."""
    alarm = await raised(database, lease, detection)
    first = await people.acknowledge(alarm.alarm_id, "request-1", b"a")

    assert first.state is AlarmState.ACKNOWLEDGED
    assert await people.acknowledge(alarm.alarm_id, "request-1", b"a") == first
    assert await people.acknowledge(alarm.alarm_id, "request-2", b"b") == first
    assert [name for name, _ in await events_of(database)] == ["AlarmRaised", "AlarmAcknowledged"]


async def test_reset_needs_restore_and_happens_once(
    database: Database, lease: Lease, detection: DetectionOperations, people: AlarmOperations
) -> None:
    """Refused before, done once after; a repeat of the request gets its answer, another is refused."""
    alarm = await raised(database, lease, detection)
    with pytest.raises(AlarmNotRestoredError):
        await people.reset(alarm.alarm_id, Disposition.FIRE, "request-1", b"a")
    await note(detection, lease, signal(raised=False, at_s=60))

    ended = await people.reset(alarm.alarm_id, Disposition.FIRE, "request-1", b"a")

    assert (ended.state, ended.disposition) == (AlarmState.RESET, Disposition.FIRE)
    assert await people.reset(alarm.alarm_id, Disposition.FIRE, "request-1", b"a") == ended
    with pytest.raises(AlarmAlreadyResetError):
        await people.reset(alarm.alarm_id, Disposition.FIRE, "request-2", b"b")
    with pytest.raises(AlarmAlreadyResetError):
        await people.acknowledge(alarm.alarm_id, "request-3", b"c")
    with pytest.raises(RequestIdReusedError):
        await people.reset(alarm.alarm_id, Disposition.DRILL, "request-1", b"z")


async def test_after_reset_a_new_fire_is_a_new_alarm(
    database: Database, lease: Lease, detection: DetectionOperations, people: AlarmOperations
) -> None:
    """But the readings of the old one, delivered again, are none."""
    alarm = await raised(database, lease, detection)
    await note(detection, lease, signal(raised=False, at_s=60))
    await people.reset(alarm.alarm_id, Disposition.FIRE, "request-1", b"a")
    await note(detection, lease, signal())
    assert len(await alarms_of(database)) == 1

    await note(detection, lease, signal(at_s=120))

    assert [one.state for one in await alarms_of(database)] == [
        AlarmState.RESET,
        AlarmState.ACTIVE,
    ]


async def test_smoke_that_returns_during_a_reset_raises_an_alarm(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Whoever comes first: what burns has an active alarm."""
    alarm = await raised(database, lease, detection)
    await note(detection, lease, signal(raised=False, at_s=60))
    async with database.transaction() as tx:
        ending = await repository.load_for_change(tx, alarm.alarm_id)
        await repository.save_reset(tx, ending.reset("officer", Disposition.NUISANCE, NOW), NOW)
        returning = asyncio.create_task(note(detection, lease, signal(at_s=120)))
        # Long enough for the signal to meet the reset that is not committed yet.
        await asyncio.sleep(0.3)
    await returning

    assert sorted(one.state for one in await alarms_of(database)) == [
        AlarmState.ACTIVE,
        AlarmState.RESET,
    ]


async def test_an_alarm_that_is_not_there_cannot_be_changed(people: AlarmOperations) -> None:
    """And its request id stays free."""
    with pytest.raises(AlarmNotFoundError):
        await people.acknowledge(uuid4(), "request-1", b"a")


async def test_what_nobody_has_seen_is_counted_by_class(
    database: Database, lease: Lease, detection: DetectionOperations, people: AlarmOperations
) -> None:
    """With since when the oldest waits; what was seen no longer waits, and is open until it is reset."""
    await note(detection, lease, signal(), signal(AlarmKind.MUTED), signal(AlarmKind.FAULT))
    queries = AlarmQueries(database)
    unseen = await queries.figures()
    (smoke,) = (one for one in await alarms_of(database) if one.kind is AlarmKind.SMOKE)
    await people.acknowledge(smoke.alarm_id, "request-0001", b"")
    after = await queries.figures()

    waits = AlarmFigures(1, 1, smoke.raised_at)
    assert unseen[SignalClass.ALARM] == waits
    assert (unseen[SignalClass.SUPERVISORY].open, unseen[SignalClass.TROUBLE].open) == (1, 1)
    assert after[SignalClass.ALARM] == AlarmFigures(1, 0, None)
    assert waits.waiting_s(smoke.raised_at + timedelta(seconds=90)) == 90
    assert after[SignalClass.ALARM].waiting_s(smoke.raised_at) == 0


@pytest.mark.parametrize("way", ["register", "table"])
async def test_a_device_that_a_file_retires_signals_no_more(
    database: Database,
    lease: Lease,
    detection: DetectionOperations,
    people: AlarmOperations,
    way: str,
) -> None:
    """Nobody will hear it say that it is normal: its trouble ends, and a person can reset its fire alarm."""
    await note(detection, lease, signal(), signal(AlarmKind.FAULT), signal(device_id="elsewhere"))

    if way == "register":
        entered = replace(register(), devices=[replace(PLACED, retired=True), UNPLACED])
        await RegisterOperations(database, utc_now, WARD).enter(entered)
    else:
        await _put(database, PLACED.device_id, retired=True)

    smoke, fault, other = await alarms_of(database)
    assert (smoke.state, fault.state, other.restored_at) == (
        AlarmState.ACTIVE,
        AlarmState.RESET,
        None,
    )
    reset = await people.reset(smoke.alarm_id, Disposition.FAULT, "request-1", b"")
    assert reset.state is AlarmState.RESET
