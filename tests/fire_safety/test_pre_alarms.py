"""Pre-alarms in the database: told at once, confirmed once, by whoever comes first."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from chassis.clock import utc_now
from chassis.errors import DatabaseUnavailableError
from chassis.storage.database import Database, Lease, Transaction
from fire_safety import tables
from fire_safety.domain.alarms.alarm import (
    Alarm,
    AlarmKind,
    AlarmNotRestoredError,
    AlarmState,
    Confirmation,
    Disposition,
    Signal,
    SignalClass,
    Suppression,
)
from fire_safety.domain.alarms.confirmation import Confirmed
from fire_safety.domain.devices.device import DeviceKind
from fire_safety.domain.premises.places import Place
from fire_safety.operations.alarms import AlarmOperations
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.register import RegisterOperations
from fire_safety.queries.alarms import AlarmQueries
from fire_safety.queries.detection import DetectionQueries
from fire_safety.repository import confirmation, signals
from tests.fire_safety.samples import MARKET, NOW, NOW_MS, PLACED, UNPLACED, register, signal
from tests.fire_safety.stored import ALL, alarms_of, events_of, note

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("neighbourhood")]

# Beside PLACED in the kitchen; at the market, interlinked with PLACED; and a call point in the hall.
BESIDE = replace(PLACED, device_id="beside")
LINKED = replace(PLACED, device_id="linked", premises_id=MARKET.premises_id, zone_id="")
CALL_POINT = replace(
    PLACED, device_id="call-point", zone_id="z-hall", kind=DeviceKind.MANUAL_CALL_POINT
)


@pytest.fixture
async def neighbourhood(database: Database) -> None:
    """Enter devices beside each other, one of another premises interlinked with the first."""
    await RegisterOperations(database, utc_now, "11002").enter(
        register(BESIDE, LINKED, CALL_POINT)
    )
    devices = tables.devices
    interlinked = [PLACED.device_id, LINKED.device_id]
    async with database.transaction() as tx:
        await tx.execute(
            update(devices)
            .where(devices.c.device_id.in_(interlinked))
            .values(mutual_aid_group_id="g-1")
        )


def pre(device_id: str = PLACED.device_id, at_s: float = 0) -> Signal:
    """Make a signal that waits for confirmation."""
    return replace(signal(device_id=device_id, at_s=at_s), pre_alarm=True)


async def by_device(database: Database) -> dict[str, Alarm]:
    """Give the newest alarm of each device."""
    return {one.device_id: one for one in await alarms_of(database)}


async def test_a_pre_alarm_is_told_at_once_as_supervisory(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """A delay lowers the class and suppresses nothing; it is no fire alarm to anybody."""
    await note(detection, lease, pre())

    (alarm,) = await alarms_of(database)
    assert (alarm.state, alarm.signal_class) == (AlarmState.PRE_ALARM, SignalClass.SUPERVISORY)
    assert (alarm.confirmed_at, alarm.confirmation) == (None, Confirmation.NONE)
    assert [name for name, _ in await events_of(database)] == ["PreAlarmRaised"]
    kept = await DetectionQueries(database).signalling()
    assert kept[PLACED.device_id][AlarmKind.SMOKE].pre_alarm


async def test_the_same_device_confirms_itself(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """It is the same alarm, of a higher version, raised now; a further signal moves nothing."""
    await note(detection, lease, pre(), signal(at_s=20))
    (alarm,) = await alarms_of(database)
    await note(detection, lease, signal(at_s=40), pre(at_s=50))

    assert (alarm.state, alarm.version) == (AlarmState.ACTIVE, 2)
    assert alarm.confirmation is Confirmation.SAME_DEVICE
    assert alarm.confirmed_at is not None
    assert await alarms_of(database) == [alarm]
    assert [name for name, _ in await events_of(database)] == ["PreAlarmRaised", "AlarmRaised"]


async def test_a_pre_alarm_and_its_confirmation_may_come_in_one_message(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """In that order; one alarm comes of it."""
    await detection.note_signals(lease, [pre(), signal(at_s=20)], None)

    (alarm,) = await alarms_of(database)
    assert alarm.confirmation is Confirmation.SAME_DEVICE


async def test_a_pre_alarm_and_its_confirmation_in_one_message_are_stored_together(
    database: Database,
    lease: Lease,
    detection: DetectionOperations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A crash in between would leave a pre-alarm that waits anew, though what confirms it was sent."""

    async def break_off(*_: object) -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr(signals, "raise_alarms", break_off)
    with pytest.raises(DatabaseUnavailableError):
        await detection.note_signals(lease, [pre(), signal(at_s=20)], None)

    assert await alarms_of(database) == []


async def test_a_signal_without_a_pre_alarm_is_a_fire_alarm_at_once(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Confirmed by its limits, or by the person who pressed the button; trouble needs no confirmation."""
    await note(
        detection,
        lease,
        signal(),
        signal(AlarmKind.MANUAL_CALL_POINT, device_id=CALL_POINT.device_id),
        signal(AlarmKind.FAULT),
    )

    smoke, pressed, fault = await alarms_of(database)
    assert (smoke.confirmation, smoke.confirmed_at) == (Confirmation.SAME_DEVICE, smoke.raised_at)
    assert pressed.confirmation is Confirmation.MANUAL
    assert (fault.confirmation, fault.confirmed_at) == (Confirmation.NONE, None)


async def test_a_restored_pre_alarm_ends_by_itself(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """It was no fire; the next one is another."""
    await note(detection, lease, pre(), signal(raised=False, at_s=60))
    await note(detection, lease, pre(at_s=120))

    ended, again = await alarms_of(database)
    assert (ended.state, ended.reset_by, ended.confirmed_at) == (AlarmState.RESET, "", None)
    assert again.state is AlarmState.PRE_ALARM
    assert [name for name, _ in await events_of(database)] == [
        "PreAlarmRaised",
        "AlarmRestored",
        "AlarmReset",
        "PreAlarmRaised",
    ]


async def test_a_second_device_of_the_zone_confirms_both(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """In the transaction of its own signal; each names the other."""
    await note(detection, lease, pre(), pre(BESIDE.device_id, at_s=5))

    found = await by_device(database)
    for one, other in ((PLACED, BESIDE), (BESIDE, PLACED)):
        alarm = found[one.device_id]
        assert (alarm.state, alarm.confirmation) == (AlarmState.ACTIVE, Confirmation.SECOND_DEVICE)
        assert alarm.confirmed_by_device_id == other.device_id
    names = [name for name, _ in await events_of(database)]
    assert names == ["PreAlarmRaised", "PreAlarmRaised", "AlarmRaised", "AlarmRaised"]


async def test_what_is_over_confirms_nothing(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Neither a pre-alarm that ended nor a fire alarm whose device is back to normal."""
    await note(detection, lease, pre(BESIDE.device_id))
    await note(detection, lease, signal(raised=False, device_id=BESIDE.device_id, at_s=30))
    await note(detection, lease, signal(AlarmKind.HEAT, device_id=BESIDE.device_id, at_s=31))
    await note(
        detection, lease, signal(AlarmKind.HEAT, raised=False, device_id=BESIDE.device_id, at_s=40)
    )
    await note(detection, lease, pre(at_s=60))

    assert (await by_device(database))[PLACED.device_id].state is AlarmState.PRE_ALARM


async def test_trouble_and_what_is_suppressed_confirm_nothing(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Only a fire condition that counts does."""
    tested = replace(signal(device_id=BESIDE.device_id), suppressed=Suppression.TEST)
    await note(
        detection, lease, pre(), signal(AlarmKind.FAULT, device_id=BESIDE.device_id), tested
    )

    assert (await by_device(database))[PLACED.device_id].state is AlarmState.PRE_ALARM


async def test_interlinked_households_confirm_across_premises(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """The group of mutual aid is one neighbourhood of bells."""
    await note(detection, lease, pre(), signal(device_id=LINKED.device_id, at_s=5))

    alarm = (await by_device(database))[PLACED.device_id]
    assert (alarm.state, alarm.confirmed_by_device_id) == (AlarmState.ACTIVE, LINKED.device_id)


async def test_a_call_point_confirms_what_waits_in_its_premises(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """In every zone: a person has seen the fire."""
    pressed = signal(AlarmKind.MANUAL_CALL_POINT, device_id=CALL_POINT.device_id, at_s=5)
    await note(detection, lease, pre(), pressed)

    alarm = (await by_device(database))[PLACED.device_id]
    assert (alarm.state, alarm.confirmation) == (AlarmState.ACTIVE, Confirmation.MANUAL)


async def test_where_nobody_could_confirm_nothing_waits(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Devices that are unknown or not placed are as loud as without pre-alarms."""
    await note(detection, lease, pre(UNPLACED.device_id), pre("nobody"))

    assert [one.state for one in await alarms_of(database)] == [AlarmState.ACTIVE] * 2


async def test_a_pre_alarm_of_a_fire_alarm_not_yet_reset_is_that_alarm_again(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """One alarm is open per device and kind, and what burnt before is not made less of."""
    await note(detection, lease, signal(), signal(raised=False, at_s=60))
    (before,) = await alarms_of(database)
    await note(detection, lease, pre(at_s=120))

    (alarm,) = await alarms_of(database)
    assert (alarm.state, alarm.restored_at) == (AlarmState.ACTIVE, None)
    assert alarm.confirmed_at == before.confirmed_at


async def test_seen_as_pre_alarm_is_not_seen_as_fire(
    database: Database, lease: Lease, detection: DetectionOperations, people: AlarmOperations
) -> None:
    """It stays a pre-alarm, ends by itself only, and stands unseen and loud once confirmed."""
    await note(detection, lease, pre())
    (alarm,) = await alarms_of(database)
    seen = await people.acknowledge(alarm.alarm_id, "request-1", b"a")
    await people.silence(alarm.alarm_id, "request-2", b"b")
    with pytest.raises(AlarmNotRestoredError):
        await people.reset(alarm.alarm_id, Disposition.NUISANCE, "request-3", b"c")
    await note(detection, lease, signal(at_s=20))

    (confirmed,) = await alarms_of(database)
    assert (seen.state, seen.signal_class) == (AlarmState.PRE_ALARM, SignalClass.SUPERVISORY)
    assert seen.acknowledged_at is not None
    assert confirmed.state is AlarmState.ACTIVE
    assert (confirmed.acknowledged_at, confirmed.silenced_at) == (None, None)


async def test_two_first_signals_at_the_same_moment_see_each_other(
    database: Database, lease: Lease, detection: DetectionOperations, people: AlarmOperations
) -> None:
    """Whichever detectors write them, and whichever commits first."""
    for turn in range(15):
        at_s = turn * 100
        async with database.lease("another detector") as other:
            assert other
            await asyncio.gather(
                note(detection, lease, pre(at_s=at_s)),
                note(detection, other, pre(BESIDE.device_id, at_s=at_s)),
            )
        found = await by_device(database)

        assert {one.state for one in found.values()} == {AlarmState.ACTIVE}
        for device_id, alarm in found.items():
            await note(detection, lease, signal(raised=False, device_id=device_id, at_s=at_s + 50))
            request_id = f"{device_id}-{turn}"
            await people.reset(alarm.alarm_id, Disposition.NUISANCE, request_id, b"")


async def test_two_that_confirm_each_other_wait_in_no_circle(
    database: Database,
    lease: Lease,
    detection: DetectionOperations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each has changed its own alarm and then confirms the other's, which that one has just changed."""
    look = confirmation.look

    async def no_look(*_: object) -> list[Confirmed]:
        return []

    monkeypatch.setattr(confirmation, "look", no_look)
    await note(detection, lease, pre(), pre(BESIDE.device_id))
    changed = asyncio.Barrier(2)

    async def look_once_both_have_changed(
        tx: Transaction, places: Iterable[Place]
    ) -> list[Confirmed]:
        # Whoever is kept out until the first has committed does not come in time.
        with suppress(TimeoutError, asyncio.BrokenBarrierError):
            async with asyncio.timeout(0.3):
                await changed.wait()
        return await look(tx, places)

    monkeypatch.setattr(confirmation, "look", look_once_both_have_changed)
    async with database.lease("another detector") as other:
        assert other
        await asyncio.gather(
            note(detection, lease, signal(at_s=20)),
            note(detection, other, signal(device_id=BESIDE.device_id, at_s=20)),
        )

    assert {one.state for one in await alarms_of(database)} == {AlarmState.ACTIVE}
    assert [name for name, _ in await events_of(database)] == [
        *["PreAlarmRaised"] * 2,
        *["AlarmRaised"] * 2,
    ]


async def test_lists_show_a_pre_alarm_in_its_class(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """As supervisory, never as an alarm, until it is confirmed; and by state."""
    queries = AlarmQueries(database)
    await note(detection, lease, pre(), signal(AlarmKind.FAULT), signal(AlarmKind.MUTED))

    async def kinds(signal_class: SignalClass) -> list[AlarmKind]:
        chosen = replace(ALL, signal_class=signal_class)
        return sorted(one.kind for one in await queries.list_alarms(chosen, None, 10))

    assert await kinds(SignalClass.SUPERVISORY) == [AlarmKind.MUTED, AlarmKind.SMOKE]
    assert await kinds(SignalClass.ALARM) == []
    assert await kinds(SignalClass.TROUBLE) == [AlarmKind.FAULT]
    waiting = await queries.list_alarms(replace(ALL, state=AlarmState.PRE_ALARM), None, 10)
    assert [one.kind for one in waiting] == [AlarmKind.SMOKE]


async def test_muted_is_not_normal(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """It is an alarm of its own, supervisory; the fire alarm neither ends nor falls silent by it."""
    await note(detection, lease, signal(), signal(AlarmKind.MUTED, at_s=5))
    await note(detection, lease, signal(AlarmKind.MUTED, raised=False, at_s=50))

    smoke, muted = await alarms_of(database)
    assert (smoke.state, smoke.restored_at, smoke.silenced_at) == (AlarmState.ACTIVE, None, None)
    assert (muted.signal_class, muted.state) == (SignalClass.SUPERVISORY, AlarmState.RESET)


async def test_a_device_that_comes_and_goes_is_shelved_and_shown(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Until when is kept for the detector's next start; back to normal it is shelved no more."""
    queries, until_ms = DetectionQueries(database), NOW_MS + 900_000
    held = replace(signal(at_s=30), shelved_until_ms=until_ms)
    await note(detection, lease, signal(), held, held)
    shown = await AlarmQueries(database).list_alarms(replace(ALL, shelved_only=True), None, 10)
    kept = await queries.signalling()
    await note(detection, lease, signal(raised=False, at_s=990))

    (alarm,) = shown
    assert alarm.shelved_until == NOW + timedelta(seconds=900)
    assert kept[PLACED.device_id][AlarmKind.SMOKE].shelved_until_ms == until_ms
    (restored,) = await alarms_of(database)
    assert restored.shelved_until is None
    assert [name for name, _ in await events_of(database)] == [
        "AlarmRaised",
        "AlarmShelved",
        "AlarmRestored",
    ]
