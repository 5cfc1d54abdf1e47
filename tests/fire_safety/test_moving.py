"""Readings of the stream of all wards, which earlier versions kept, come to the ward's own."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, StreamSource, SubjectTransform
from nats.js.errors import NotFoundError
from sqlalchemy import insert

from chassis.broker import jetstream
from chassis.broker.partitions import PARTITIONS
from chassis.clock import utc_now
from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from fire_safety import app, tables
from fire_safety.app import commands
from stack.nats_server import NatsServer
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.field import (
    alarm_raised,
    alarms_of,
    now_ms,
    publish,
    publish_smoke,
    recorded,
    until,
    until_all_recorded,
    until_recorded,
    written,
)
from tests.fire_safety.stored import WARD
from ward.fire_safety.v1 import readings_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats, pytest.mark.usefixtures("entered")]

# As it was before each ward had its own.
_OLD = replace(
    jetstream.readings(WARD),
    name="READINGS",
    subjects=["ward.*.device.*.up"],
    subject_transform=SubjectTransform(
        src="ward.*.device.*.up",
        dest=f"ward.{{{{wildcard(1)}}}}.device.{{{{wildcard(2)}}}}.up.{{{{partition({PARTITIONS},2)}}}}",
    ),
    sources=[
        StreamSource(
            name="$MQTT_msgs",
            subject_transforms=[
                SubjectTransform(
                    src="$MQTT.msgs.ward.*.device.*.up",
                    dest="ward.{{wildcard(1)}}.device.{{wildcard(2)}}.up",
                )
            ],
        )
    ],
)


@pytest.fixture
async def old(nats_server: NatsServer, database: Database) -> Any:
    """Keep the old stream, with a message that both lanes were done with."""
    client = await jetstream.connect(nats_server.url, "tests")
    stream = client.jetstream()
    await stream.add_stream(jetstream.MQTT)
    await stream.add_stream(_OLD)
    done = await publish(stream, [written(now_ms() - 200_000)], "done")
    await until_done(stream, database, done)
    yield client
    await client.close()


async def until_done(stream: JetStreamContext, database: Database, sequence: int) -> None:
    """Leave both lanes' places where they are after so many messages."""
    name = f"fire_safety-recorder-{WARD}"
    await stream.add_consumer("READINGS", ConsumerConfig(durable_name=name))
    subscription = await stream.pull_subscribe_bind(name, "READINGS")
    for message in await subscription.fetch(sequence):
        await message.ack_sync()
    await subscription.unsubscribe()
    place = {"stream_sequence": sequence, "received_at": utc_now(), "heard_since": utc_now()}
    rows = [{"ward_code": WARD, "partition": one, **place} for one in range(PARTITIONS)]
    async with database.transaction() as tx:
        await tx.execute(insert(tables.detector_positions), rows)


async def publish_as_mqtt(stream: JetStreamContext, device_id: str, at_ms: int) -> None:
    """Store what an MQTT client published with QoS 1 as the broker does: kept, and directly."""
    payload = pb.ReadingBatch(device_id=device_id, readings=[written(at_ms)]).SerializeToString()
    headers = {"Nmqtt-Pub": "1"}
    for subject in (
        f"$MQTT.msgs.ward.{WARD}.device.{device_id}.up",
        f"ward.{WARD}.device.{device_id}.up",
    ):
        await stream.publish(subject, payload, headers=dict(headers))


async def test_what_waited_comes_in_its_order_and_what_was_done_stays(
    old: Client,
    make_settings: MakeSettings,
    nats_server: NatsServer,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Told first, then moved: each reading once, a fire among them, MQTT too; other wards' wait for their own move."""
    settings, stream, now = make_settings(nats_server.url), old.jetstream(), now_ms()
    await publish_smoke(stream)
    await publish_as_mqtt(stream, "mqtt-1", now)
    other = pb.ReadingBatch(device_id="far", readings=[written(now)]).SerializeToString()
    await stream.publish("ward.99999.device.far.up", other)
    await until(lambda: has_messages(stream, "READINGS", 5))

    await commands.move_streams(settings, migrate=False)
    assert "2 bản tin" in capsys.readouterr().out
    with pytest.raises(NotFoundError):
        await stream.stream_info("READINGS_11002")
    await commands.move_streams(settings, migrate=True)
    assert "moved: 2" in capsys.readouterr().out

    async with Lifecycle() as life:
        await app.start(life, settings)
        await publish(stream, [written(now + 1)], "later")
        await publish_as_mqtt(stream, "mqtt-2", now)
        await alarm_raised(database)
        await until_recorded(database, 1, "later")
        await until_recorded(database, 1, "mqtt-2")
        await until_all_recorded(database, stream)
    assert len(await recorded(database)) == 15
    assert len(await recorded(database, "mqtt-1")) == 1
    assert await recorded(database, "done") == []
    assert len(await alarms_of(database)) == 1
    left = await stream.stream_info("READINGS", subjects_filter=">")
    assert [one[:24] for one in left.state.subjects or ()] == ["ward.99999.device.far.up"]


async def test_a_move_that_was_stopped_goes_on_where_it_stopped(
    old: Client,
    make_settings: MakeSettings,
    nats_server: NatsServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever had come by then, each message is there once, in its order; then the old stream is gone."""
    settings, stream = make_settings(nats_server.url), old.jetstream()
    answers = [
        await stream.publish_async(f"ward.{WARD}.device.x.up", b"%d" % n) for n in range(1000)
    ]
    await asyncio.gather(*answers)
    first = asyncio.create_task(commands.move_streams(settings, migrate=True))
    while not await messages_in(stream, "READINGS_11002"):
        await asyncio.sleep(0)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    assert await messages_in(stream, "READINGS_11002") < 1000

    while "There is no old stream" not in capsys.readouterr().out:
        # What the first had sent may still be coming in: then the second is told to run again.
        with suppress(SystemExit):
            await commands.move_streams(settings, migrate=True)

    got = [(await stream.get_msg("READINGS_11002", n + 1)).data for n in range(1000)]
    assert got == [b"%d" % n for n in range(1000)]
    assert await messages_in(stream, "READINGS_11002") == 1000


async def test_nothing_is_moved_under_those_who_still_read(
    old: Client, make_settings: MakeSettings, nats_server: NatsServer
) -> None:
    """They are to be stopped first: what they are just doing would be done twice."""
    subscription = await old.jetstream().pull_subscribe_bind(
        f"fire_safety-recorder-{WARD}", "READINGS"
    )
    reading = asyncio.create_task(subscription.fetch(1, timeout=30))
    await until(lambda: is_read(old.jetstream(), f"fire_safety-recorder-{WARD}"))

    with pytest.raises(SystemExit, match=r"dừng chúng.*stop them"):
        await commands.move_streams(make_settings(nats_server.url), migrate=True)

    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading


async def test_a_broker_that_is_away_ends_the_command(make_settings: MakeSettings) -> None:
    """In a sentence: it waited for it without end."""
    with pytest.raises(SystemExit, match=r"Không kết nối được NATS.*The broker .* is away"):
        await commands.move_streams(make_settings(), migrate=False)


async def has_messages(stream: JetStreamContext, name: str, number: int) -> bool:
    """Tell whether a stream holds so many: the broker takes its time to begin with what MQTT clients sent."""
    return await messages_in(stream, name) == number


async def is_read(stream: JetStreamContext, consumer: str) -> bool:
    """Tell whether the broker knows of somebody who waits for messages of the old stream."""
    return bool((await stream.consumer_info("READINGS", consumer)).num_waiting)


async def messages_in(stream: JetStreamContext, name: str) -> int:
    """Count what a stream holds; 0 before it is there."""
    try:
        return (await stream.stream_info(name)).state.messages
    except NotFoundError:
        return 0
