"""Both lanes on real servers: readings in, alarms and records out, whatever is sent twice, late, wrong or hostile."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, DiscardPolicy
from prometheus_client import REGISTRY
from sqlalchemy import insert

from chassis.broker.consumer import REASON_HEADER
from chassis.broker.jetstream import DEAD_LETTERS, ensure_streams
from chassis.clock import utc_now
from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from fire_safety import app, tables
from fire_safety.consumers import recorder
from fire_safety.domain.alarms.alarm import AlarmKind, AlarmState, Suppression
from fire_safety.domain.alarms.modes import ModeScope, SuppressedFilter, SuppressedSignal
from fire_safety.domain.readings.reading import Condition
from fire_safety.operations.register import Register
from fire_safety.queries.modes import ModeQueries
from stack.nats_server import NatsServer
from tests.chassis.broker.test_hostile_messages import HOSTILE, send_as_device
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.field import (
    DEVICE,
    alarm_ended,
    alarm_raised,
    alarm_restored,
    alarms_of,
    now_ms,
    publish,
    publish_raw,
    publish_smoke,
    subject_of,
    until,
    until_all_recorded,
    until_detected,
    until_recorded,
    written,
)
from ward.fire_safety.v1 import fire_safety_pb2 as pb
from ward.fire_safety.v1 import readings_pb2

pytestmark = [pytest.mark.postgres, pytest.mark.nats, pytest.mark.usefixtures("entered")]


_RECORDER = "fire_safety-recorder-11002"


@pytest.fixture
async def running(
    entered: Register,  # noqa: ARG001 - the register that the service finds
    make_settings: MakeSettings,
    nats_server: NatsServer,
) -> AsyncGenerator[None]:
    """Run the whole service."""
    async with Lifecycle() as life:
        await app.start(life, make_settings(nats_server.url))
        yield


@asynccontextmanager
async def service(settings: MakeSettings, nats_server: NatsServer) -> AsyncGenerator[None]:
    """Run the whole service within a block."""
    async with Lifecycle() as life:
        await app.start(life, settings(nats_server.url))
        yield


def counted(name: str, **labels: str) -> float:
    """Read a counter of this process."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def dead_letters(broker: Client, count: int) -> list[Msg]:
    """Wait for so many dead letters."""
    stream = broker.jetstream()
    await stream.add_consumer("DEAD_LETTERS", ConsumerConfig(durable_name="test"))
    subscription = await stream.pull_subscribe_bind("test", "DEAD_LETTERS")
    found: list[Msg] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found += await subscription.fetch(count - len(found), timeout=20)
    return found


@pytest.mark.usefixtures("running")
async def test_smoke_becomes_a_durable_alarm_and_an_event(
    broker: Client, database: Database
) -> None:
    """From the field to the database and on to the stream of events."""
    events = await broker.jetstream().subscribe("ward.fire_safety.v1.AlarmRaised")

    await publish_smoke(broker.jetstream())

    alarm = await alarm_raised(database)
    assert (alarm.kind, alarm.state, alarm.device_known) == (
        AlarmKind.SMOKE,
        AlarmState.ACTIVE,
        True,
    )
    event = await events.next_msg(timeout=30)
    assert pb.AlarmRaised.FromString(event.data).alarm.alarm_id == str(alarm.alarm_id)
    assert len(await until_recorded(database, 15)) == 15


@pytest.mark.usefixtures("running")
async def test_smoke_is_told_before_the_stream_has_it(broker: Client, database: Database) -> None:
    """Even if the stream never has it, since the broker refused it; what it has later ends it."""
    await until_detected(database, await publish(broker.jetstream(), [written(now_ms() - 60_000)]))
    begin = now_ms()
    smoke = [written(begin + 1000 * n, 0.1) for n in range(-30, 0, 2)]
    payload = readings_pb2.ReadingBatch(device_id=DEVICE, readings=smoke).SerializeToString()
    expecting = {"Nats-Expected-Last-Sequence": "999999"}

    await broker.publish(subject_of(DEVICE), payload, headers=expecting)

    alarm = await alarm_raised(database)
    assert (alarm.kind, alarm.state) == (AlarmKind.SMOKE, AlarmState.ACTIVE)
    air = [written(begin + 1000 * n) for n in range(0, 60, 2)]
    await publish(broker.jetstream(), air)
    assert (await alarm_restored(database)).alarm_id == alarm.alarm_id
    assert len(await until_recorded(database, 31)) == 31


@pytest.mark.usefixtures("running")
async def test_clear_air_restores_smoke_and_ends_trouble(
    broker: Client, database: Database
) -> None:
    """Restored is a note on a fire alarm; trouble ends by itself."""
    stream, now = broker.jetstream(), now_ms()
    fault = int(Condition.FAULT)
    await publish(stream, [written(now - 200_000, 0.1, conditions=fault)])
    await publish(stream, [written(now - 190_000, 0.1)])
    await publish(stream, [written(now - t * 1000) for t in range(150, 90, -10)])

    smoke = await alarm_restored(database)
    assert smoke.state is AlarmState.ACTIVE
    trouble = await alarm_ended(database)
    assert (trouble.kind, trouble.reset_by) == (AlarmKind.FAULT, "")


@pytest.mark.usefixtures("running")
async def test_duplicates_are_stored_once_and_raise_once(
    broker: Client, database: Database
) -> None:
    """The same message again, single readings again, and old ones behind newer."""
    before = counted("ward_readings_duplicate_total")
    stream, now = broker.jetstream(), now_ms()
    smoke = [written(now - t * 1000, 0.1) for t in range(60, 0, -2)]
    for _ in range(3):
        await publish(stream, smoke)
    for one in reversed(smoke):
        await publish(stream, [one])
    await publish(stream, [written(now)])

    assert len(await until_recorded(database, 31)) == 31
    await alarm_raised(database)
    assert len(await alarms_of(database)) == 1

    async def all_were_told() -> bool:
        return counted("ward_readings_duplicate_total") - before >= 60

    assert await until(all_were_told)


@pytest.mark.usefixtures("running")
async def test_a_stranger_with_smoke_alarms_louder(broker: Client, database: Database) -> None:
    """Not on the register: raised with what is known, and its readings are kept."""
    await publish_smoke(broker.jetstream(), "stranger")

    alarm = await alarm_raised(database, "stranger")
    assert (alarm.device_known, alarm.premises_id) == (False, "")
    assert await until_recorded(database, 15, "stranger")


@pytest.mark.usefixtures("running")
async def test_what_cannot_be_read_is_dead_lettered_once_and_the_lanes_go_on(
    broker: Client, database: Database
) -> None:
    """One message for each reason, each whole; and behind them a fire."""
    stream, now = broker.jetstream(), now_ms()
    good = written(now)
    batches = {
        "empty": [],
        "too_many_readings": [good] * 1001,
        "no_time": [readings_pb2.Reading(temperature=1)],
        "future_time": [written(now + 13 * 3600_000)],
        "ancient_time": [written(now - 8 * 86400_000)],
        "not_finite": [written(now, float("nan"))],
        "out_of_range": [written(now, 0.0, 2000)],
    }
    for readings in batches.values():
        await publish(stream, readings)
    await publish_raw(
        stream, readings_pb2.ReadingBatch(device_id="x", readings=[good]).SerializeToString()
    )
    await publish_raw(stream, b"\xff\xff\xff")
    await publish_raw(stream, bytes(2**20))
    await publish_raw(stream, b"", "ward.11002.device.\N{SNOWMAN}.up")
    await publish_smoke(stream)

    letters = await dead_letters(broker, 11)
    reasons = sorted((one.headers or {})[REASON_HEADER] for one in letters)
    expected = [*batches, "wrong_device", "not_protobuf", "too_large", "bad_device_id"]
    assert reasons == sorted(expected)
    assert max(len(one.data) for one in letters) == 2**20
    assert counted(
        "ward_dead_letters_total", consumer="fire_safety-recorder-11002", reason="too_large"
    )
    await alarm_raised(database)
    assert (await stream.stream_info("DEAD_LETTERS")).state.messages == 11


@pytest.mark.usefixtures("running")
async def test_dead_letters_that_find_no_room_hold_up_no_readings_and_come_once(
    broker: Client, database: Database
) -> None:
    """Their stream is full after the first: what can be read is stored, and the second comes when there is room."""
    stream = broker.jetstream()
    # So short that a letter sent twice would be there twice.
    brief = replace(DEAD_LETTERS, duplicate_window=0.1)
    await stream.update_stream(replace(brief, max_msgs=1, discard=DiscardPolicy.NEW))
    for payload in (b"\xff", b"\xff\xff"):
        await publish_raw(stream, payload)
    await publish(stream, [written(now_ms())])

    await until_recorded(database, 1)
    # Until it was tried again: the recorder waits half a second.
    dead = {"consumer": _RECORDER, "subject": "readings", "outcome": "dead_letter"}
    before = counted("ward_messages_total", **dead)
    await asyncio.sleep(1)
    await stream.update_stream(replace(brief, max_msgs=-1))

    async def both_came() -> bool:
        return counted("ward_messages_total", **dead) > before

    assert await until(both_came)
    await until_all_recorded(database, stream)
    letters = await dead_letters(broker, 2)
    assert [one.data for one in letters] == [b"\xff", b"\xff\xff"]
    assert (await stream.stream_info("DEAD_LETTERS")).state.messages == 2


@pytest.mark.usefixtures("running")
async def test_hostile_bytes_on_the_wire_stop_nothing(
    nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """Headers and subjects that are not text, and a payload as large as the broker takes."""
    noise = b"PUB ward.11002.device.x.up %d\r\n%s\r\n" % (2**21, bytes(2**21))
    await send_as_device(nats_server, *HOSTILE, noise)
    await publish_smoke(broker.jetstream())

    await alarm_raised(database)
    letters = await dead_letters(broker, len(HOSTILE) + 1)
    assert {(one.headers or {})[REASON_HEADER] for one in letters} == {
        "not_recognised",
        "bad_device_id",
        "too_large",
    }
    assert broker.stats["reconnects"] == 0


async def test_a_restart_in_the_middle_of_a_rise_loses_nothing(
    make_settings: MakeSettings, nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """One reading of smoke before the end, one after the beginning: together they alarm."""
    stream, now = broker.jetstream(), now_ms()
    async with service(make_settings, nats_server):
        await publish(stream, [written(now - 10_000, 0.1)])
        await until_recorded(database, 1)
    async with service(make_settings, nats_server):
        await publish(stream, [written(now, 0.1)])

        alarm = await alarm_raised(database)

    assert alarm.observed_at.timestamp() == pytest.approx(now / 1000)


async def test_what_comes_while_nobody_listens_is_heard_afterwards(
    make_settings: MakeSettings, nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """A whole fire while the service is down; and nothing is raised again by further restarts."""
    async with service(make_settings, nats_server):
        await publish(broker.jetstream(), [written(now_ms() - 60_000)])
        await until_recorded(database, 1)
    await publish_smoke(broker.jetstream())
    for _ in range(3):
        async with service(make_settings, nats_server):
            await until_recorded(database, 16)
            await alarm_raised(database)

    assert len(await alarms_of(database)) == 1


async def test_of_two_services_one_detects_and_the_other_takes_over(
    make_settings: MakeSettings, nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """Each alarm once while both run, and still when the first is gone."""
    stream = broker.jetstream()
    async with AsyncExitStack() as first:
        await first.enter_async_context(service(make_settings, nats_server))
        async with service(make_settings, nats_server):
            await publish_smoke(stream, "one")
            await alarm_raised(database, "one")
            await first.aclose()
            await publish_smoke(stream, "two")
            await alarm_raised(database, "two")

    assert len(await alarms_of(database)) == 2


async def test_other_wards_are_not_ours(
    make_settings: MakeSettings, nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """Wards may share a broker; each has a stream of its own."""
    stream = broker.jetstream()
    await ensure_streams(stream, "99999")
    payload = readings_pb2.ReadingBatch(device_id=DEVICE, readings=[written(now_ms())])
    await publish_raw(stream, payload.SerializeToString(), f"ward.99999.device.{DEVICE}.up")
    async with service(make_settings, nats_server):
        await publish(stream, [written(now_ms())])

        rows = await until_recorded(database, 1)

    assert len(rows) == 1
    assert (await stream.stream_info("READINGS_99999")).state.messages == 1


@pytest.mark.usefixtures("running")
async def test_the_recorder_s_place_is_the_end_of_the_stream_at_last(
    broker: Client, database: Database
) -> None:
    """Stored or dead-lettered: whoever records next begins behind everything."""
    stream = broker.jetstream()
    for n in range(200):
        await publish(stream, [written(now_ms() - n)], f"x{n}")
    await publish_raw(stream, b"\xff")

    await until_all_recorded(database, stream)

    assert await until_recorded(database, 1, "x199")
    assert await dead_letters(broker, 1)


@pytest.mark.usefixtures("running")
async def test_the_recorder_follows_its_limits(
    broker: Client, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that comes into force leaves out what it does not allow, without a restart."""
    monkeypatch.setattr(recorder, "_REFRESH", timedelta())
    narrow = {
        "version": 2,
        "effective_from": utc_now(),
        "source": "a test",
        "readings_per_s": 0.001,
        "burst_readings": 1,
    }
    async with owner.transaction() as tx:
        await tx.execute(insert(tables.recording_limits), narrow)
    stream, before = broker.jetstream(), counted("ward_readings_surplus_total")

    async def left_out() -> bool:
        await publish(stream, [written(now_ms())])
        return counted("ward_readings_surplus_total") > before

    await until(left_out)


async def test_a_mode_that_ended_while_nobody_detected_suppressed_what_was_sent(
    make_settings: MakeSettings, nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """A device was tested while the service was away: that is recorded when it is back, and dispatches nothing."""
    stream = broker.jetstream()
    async with service(make_settings, nats_server):
        await publish(stream, [written(now_ms())])
        await until_recorded(database, 1)
    began = utc_now()
    await publish_smoke(stream)
    mode = {
        "mode_id": uuid4(),
        "ward_code": "11002",
        "kind": Suppression.TEST,
        "scope": ModeScope.DEVICE,
        "target_id": DEVICE,
        "premises_id": "",
        "reason": "thử định kỳ",
        "set_by": "officer-1",
        "begins_at": began,
        "ends_at": began + timedelta(hours=1),
        "ended_at": utc_now() + timedelta(milliseconds=1),
        "ended_by": "officer-1",
    }
    async with database.transaction() as tx:
        await tx.execute(insert(tables.device_modes), mode)

    async def recorded() -> list[SuppressedSignal]:
        return await ModeQueries(database).list_signals(SuppressedFilter(DEVICE, ""), None, 10)

    async with service(make_settings, nats_server):
        (signal,) = await until(recorded)

    assert (signal.kind, signal.why, signal.mode_id) == (
        AlarmKind.SMOKE,
        Suppression.TEST,
        mode["mode_id"],
    )
    assert await alarms_of(database) == []
