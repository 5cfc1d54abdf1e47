"""The canary's signal goes the way of alarms: raised, stored and told, in no list, ended as it is raised."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from chassis.storage.database import Database, Lease
from fire_safety import tables
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import (
    Alarm,
    AlarmKind,
    AlarmState,
    Disposition,
    Signal,
    SignalClass,
)
from fire_safety.domain.devices.device import CANARY
from fire_safety.domain.readings.reading import Batch, Reading
from fire_safety.operations.detection import DetectionOperations
from fire_safety.queries.alarms import AlarmQueries
from fire_safety.wire import alarms as wire
from tests.fire_safety.limits import PROFILE
from tests.fire_safety.samples import NOW, NOW_MS, signal
from tests.fire_safety.stored import ALL, events_of, note, outbox_of
from tests.fire_safety.test_upkeep import upkeep

HEARD = Batch(CANARY, NOW_MS + 3, [Reading(NOW_MS, NOW_MS + 3)])
SIGNAL = Signal(CANARY, AlarmKind.SYSTEM_STATUS, True, NOW_MS, NOW_MS + 3, profile="")


async def system_status(database: Database) -> list[Alarm]:
    """List what the canary signalled, as who measures may."""
    chosen = replace(ALL, signal_class=SignalClass.SYSTEM)
    return await AlarmQueries(database).list_alarms(chosen, None, 100)


def test_each_message_of_the_canary_is_one_signal() -> None:
    """What is taken again is silent, and nobody watches for its silence."""
    ward = Ward([PROFILE], {}, NOW_MS)

    assert ward.take(HEARD) == [SIGNAL]
    assert ward.take(HEARD, silently=True) == []
    assert ward.take(HEARD._replace(device_id="CANARY-2")) == []
    assert len(ward.supervision) == 0
    assert ward.sweep(NOW_MS + 10**9) == []


@pytest.mark.postgres
@pytest.mark.usefixtures("entered")
async def test_it_is_stored_told_and_over_at_once(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Once for each reading, urgent as fire is, told by an event of its own that nobody acts on."""
    later = replace(SIGNAL, observed_ms=NOW_MS + 60_000)
    await note(detection, lease, SIGNAL, SIGNAL, later)

    first, second = await system_status(database)
    assert (first.state, first.kind) == (AlarmState.RESET, AlarmKind.SYSTEM_STATUS)
    assert (first.reset_by, first.disposition) == ("", Disposition.UNSPECIFIED)
    assert {first.observed_at, second.observed_at} == {NOW, NOW + timedelta(minutes=1)}
    told = await outbox_of(database, "SystemStatus")
    assert [name for name, _ in told] == ["SystemStatusRaised"] * 2
    assert await events_of(database) == []
    async with database.transaction() as tx:
        urgent = select(tables.outbox.c.subject).where(tables.outbox.c.urgent)
        assert len((await tx.execute(urgent)).all()) == 2


@pytest.mark.postgres
@pytest.mark.usefixtures("entered")
async def test_it_is_in_no_list_and_no_figure(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Unless its class is asked for."""
    await note(detection, lease, SIGNAL, signal())
    queries = AlarmQueries(database)

    assert [one.kind for one in await queries.list_alarms(ALL, None, 9)] == [AlarmKind.SMOKE]
    assert sum(one.open for one in (await queries.figures()).values()) == 1
    assert [name for name, _ in await events_of(database)] == ["AlarmRaised"]


@pytest.mark.postgres
@pytest.mark.usefixtures("entered")
async def test_it_is_forgotten_after_a_day(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Nothing else is."""
    await note(detection, lease, SIGNAL, signal())
    await upkeep(database, NOW + timedelta(hours=23)).forget_system_status()
    kept = await system_status(database)
    await upkeep(database, NOW + timedelta(hours=25)).forget_system_status()

    assert len(kept) == 1
    assert await system_status(database) == []
    assert len(await AlarmQueries(database).list_alarms(ALL, None, 9)) == 1


@pytest.mark.postgres
@pytest.mark.usefixtures("entered")
async def test_watchers_see_it_if_they_ask_for_it(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Of their own ward."""
    await note(detection, lease, SIGNAL)
    ((_, event),) = await outbox_of(database, "SystemStatus")
    told = ("7", "ward.fire_safety.v1.SystemStatusRaised", event.SerializeToString(), "11002")

    seen = wire.watched(*told, system_status=True)

    assert seen is not None
    assert (seen.event, seen.alarm.device_id) == ("SystemStatusRaised", CANARY)
    assert wire.watched(*told, system_status=False) is None
    assert wire.watched(*told[:3], "11003", system_status=True) is None
