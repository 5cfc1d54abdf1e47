"""Which profile judges a device, and since when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text, update
from structlog.testing import capture_logs

from chassis.clock import utc_now
from chassis.storage.database import Database, Lease
from fire_safety import tables
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import AlarmKind
from fire_safety.domain.devices.device import Device, DeviceKind
from fire_safety.domain.premises.premises import PremisesKind
from fire_safety.domain.profiles.profile import DEFAULT_PROFILE
from fire_safety.domain.readings.reading import Batch
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.register import RegisterOperations
from fire_safety.queries.detection import DetectionQueries
from fire_safety.queries.sign_in import SignInQueries
from tests.fire_safety.field import store
from tests.fire_safety.limits import INGESTION, MAINS, PROFILES
from tests.fire_safety.rooms import CLEAN, SMOKE, START_S, reading
from tests.fire_safety.samples import APARTMENTS, MARKET, register, signal
from tests.fire_safety.stored import alarms_of, devices_since

pytestmark = pytest.mark.postgres

EVER = datetime(2000, 1, 1, tzinfo=UTC)
NOW_MS = START_S * 1000


async def judged(database: Database, since: datetime = EVER) -> dict[str, str]:
    """Tell which profile judges which device."""
    devices = await devices_since(DetectionQueries(database), since)
    return {one.device_id: one.profile_id for one in devices}


async def enter(database: Database, *devices: Device, kind: PremisesKind = MARKET.kind) -> None:
    """Enter devices; those without a profile of their own are chosen one."""
    small = register(*devices)
    premises = [APARTMENTS, replace(MARKET, kind=kind)]
    await RegisterOperations(database, utc_now, "11002").enter(replace(small, premises=premises))
    async with database.transaction() as tx:
        for one in devices:
            entered = update(tables.devices).where(tables.devices.c.device_id == one.device_id)
            await tx.execute(entered.values(kind=one.kind))


async def assign(owner: Database, profile_id: str, days: float = -1, **chosen: str) -> None:
    """Assign a profile from some days from now on."""
    row = {
        "profile_id": profile_id,
        "effective_from": utc_now() + timedelta(days=days),
        "source": "a test",
    }
    async with owner.transaction() as tx:
        await tx.execute(insert(tables.profile_assignments).values(row | chosen))


def device(device_id: str, kind: DeviceKind, premises_id: str = MARKET.premises_id) -> Device:
    """Make a device that names no profile."""
    return replace(MAINS, device_id=device_id, kind=kind, premises_id=premises_id, profile_id="")


async def test_a_device_is_judged_by_its_kind(database: Database) -> None:
    """Every kind has a profile; one that a device names for itself goes before."""
    own = replace(device("own", DeviceKind.HEAT), profile_id="heat-b")
    await enter(database, own, *(device(one.lower(), one) for one in DeviceKind))

    found = await judged(database)

    assert found["own"] == "heat-b"
    assert {one: found[one.lower()] for one in DeviceKind} == {
        DeviceKind.SMOKE: "smoke-optical",
        DeviceKind.HEAT: "heat-a1r",
        DeviceKind.SMOKE_HEAT: "smoke-optical",
        DeviceKind.CO: "co-dose",
        DeviceKind.SMOKE_CO: "smoke-optical",
        DeviceKind.MANUAL_CALL_POINT: "declared",
        DeviceKind.PANEL: "declared",
        DeviceKind.GATEWAY: "declared",
    }


async def test_premises_choose_before_their_kind_and_their_kind_before_all(
    database: Database, owner: Database
) -> None:
    """In a restaurant smoke is verified; in this one, as its own assignment says."""
    await enter(database, device("d", DeviceKind.SMOKE), kind=PremisesKind.RESTAURANT)
    by_kind = await judged(database)
    await assign(owner, "smoke-verified-a", premises_id=MARKET.premises_id)
    by_premises = await judged(database)
    await assign(owner, "heat-b", device_kind="SMOKE")

    assert by_kind["d"] == "smoke-verified-b"
    assert by_premises["d"] == "smoke-verified-a"
    assert await judged(database) == by_premises


async def test_the_newest_assignment_in_force_applies(database: Database, owner: Database) -> None:
    """One that comes into force later does not yet."""
    await enter(database, device("d", DeviceKind.HEAT))
    await assign(owner, "heat-b", days=-1, device_kind="HEAT")
    await assign(owner, "heat-a2", days=1, device_kind="HEAT")

    assert (await judged(database))["d"] == "heat-b"


async def test_an_assignment_that_came_into_force_is_learned_like_a_change(
    database: Database, owner: Database
) -> None:
    """Though nobody touched the device."""
    await enter(database, device("d", DeviceKind.HEAT))
    since = utc_now() + timedelta(seconds=0.001)
    assert await judged(database, since) == {}

    await assign(owner, "heat-b", days=0.01 / 86400, device_kind="HEAT")
    async with owner.transaction() as tx:
        await tx.execute(text("select pg_sleep(0.05)"))

    assert (await judged(database, since))["d"] == "heat-b"


async def test_a_version_that_cannot_be_read_is_left_out(
    database: Database, owner: Database
) -> None:
    """Detection goes on with the one before it, and tells it once, however often it asks."""
    row = {
        "profile_id": "declared",
        "version": 2,
        "effective_from": EVER,
        "source": "a mistake",
        "limits": {"rhythm": {}},
    }
    async with owner.transaction() as tx:
        await tx.execute(insert(tables.detection_profiles).values(row))

    queries = DetectionQueries(database)
    with capture_logs() as logs:
        names = {one.name for one in await queries.profiles(utc_now())}
        await queries.profiles(utc_now())

    assert [one["event"] for one in logs] == ["profile_refused"]
    assert "declared/1" in names
    assert "declared/2" not in names


async def test_before_the_first_day_of_all_the_first_versions_are_in_force(
    database: Database,
) -> None:
    """A clock that a power cut set back by decades leaves nothing without limits."""
    queries, long_ago = DetectionQueries(database), datetime(1970, 1, 1, tzinfo=UTC)

    assert DEFAULT_PROFILE in {one.profile_id for one in await queries.profiles(long_ago)}
    assert await queries.ingestion_limits(long_ago) == INGESTION
    assert await SignInQueries(database).policy(long_ago)


async def test_what_a_slow_device_showed_before_a_restart_counts(database: Database) -> None:
    """The stream of some minutes fills no window of a device that reports every ten; what is stored does.

    Of others, and of what the stream brings again, nothing is taken from there.
    """
    slow = replace(MAINS, device_id="slow", interval_s=600)
    before = [reading(t, SMOKE if t == 2400 else CLEAN) for t in range(0, 2500, 600)]
    again = reading(2990, SMOKE, received=3000)
    for device_id in ("slow", MAINS.device_id):
        await store(
            database, [Batch(device_id, one.received_ms, [one]) for one in (*before, again)]
        )
    ward = Ward(PROFILES, {}, NOW_MS)
    ward.register([slow, MAINS], NOW_MS)

    asked = ward.slower_than(180_000)
    until = datetime.fromtimestamp(NOW_MS / 1000 + 2990, UTC)
    (batch,) = await DetectionQueries(database).stored_readings(asked, until)
    ward.recall(batch)

    assert asked == {"slow": 1_500_000}
    assert [one.observed_ms - NOW_MS for one in batch.readings] == [1_800_000, 2_400_000]
    (signal,) = ward.take(Batch("slow", again.received_ms, [again]))
    assert (signal.kind, signal.raised) == (AlarmKind.SMOKE, True)


async def test_gateways_are_told_with_when_they_were_heard_and_whether_they_are_lost(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """By whichever detector; one that was never heard is not told."""
    gateways = [device(f"GW-{n}", DeviceKind.GATEWAY) for n in range(3)]
    await enter(database, *gateways)
    await detection.save_progress(lease, None, [], {"GW-0": 1000, "GW-1": 2000})
    lost = signal(AlarmKind.SUPERVISION_LOST, device_id="GW-1")
    await detection.note_signals(lease, [lost], None)

    found = await DetectionQueries(database).gateways()

    assert sorted(found) == [("GW-0", 1000, False), ("GW-1", 2000, True)]
    await detection.note_signals(lease, [replace(lost, raised=False)], None)
    assert not any(one.is_lost for one in await DetectionQueries(database).gateways())


async def test_what_was_raised_lately_is_known_of_each_device(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Each time that trouble came and went is an alarm of its own."""
    began = utc_now()
    for n in range(3):
        fault = signal(AlarmKind.FAULT, at_s=n)
        await detection.note_signals(lease, [fault, replace(fault, raised=False)], None)

    found = await DetectionQueries(database).raised_since(began)
    ((device_id, raises),) = found.items()

    assert device_id == signal().device_id
    assert len(raises[AlarmKind.FAULT]) == 3
    assert sorted(raises[AlarmKind.FAULT]) == list(raises[AlarmKind.FAULT])
    assert await DetectionQueries(database).raised_since(utc_now()) == {}


async def test_an_alarm_that_signals_again_was_raised_again(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """It stays one alarm until a person resets it; each beginning counts, another reading of the same fire does not."""
    queries, began = DetectionQueries(database), utc_now()
    for n in range(3):
        smoke = signal(at_s=60 * n)
        for one in (smoke, smoke, replace(smoke, raised=False)):
            await detection.note_signals(lease, [one], None)
    first = (await alarms_of(database))[0].raised_at

    ((_, raises),) = (await queries.raised_since(began)).items()
    lately = await queries.raised_since(first + timedelta(microseconds=1))

    assert len(raises[AlarmKind.SMOKE]) == 3
    assert sorted(raises[AlarmKind.SMOKE]) == list(raises[AlarmKind.SMOKE])
    assert len(lately[signal().device_id][AlarmKind.SMOKE]) == 2
