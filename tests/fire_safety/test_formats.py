"""The format is a property of the device: what is on the register decides how its bytes are read, in both lanes."""

import pytest
from nats.aio.client import Client
from sqlalchemy import select, update

from chassis.broker.consumer import REASON_HEADER
from chassis.broker.delivery import Delivery
from chassis.clock import utc_now
from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from fire_safety import app, tables
from fire_safety.consumers.formats import Formats
from fire_safety.consumers.received import Overheard
from fire_safety.decoders import origin
from fire_safety.detection.recent import Recent
from fire_safety.domain.alarms.alarm import AlarmKind, AlarmState, SignalClass
from fire_safety.domain.devices.device import PayloadFormat
from fire_safety.domain.readings.columns import Block
from fire_safety.domain.readings.reading import Batch, Condition
from fire_safety.operations.register import RegisterOperations
from fire_safety.queries.detection import DetectionQueries
from fuzz.expectation import NOW
from stack.nats_server import NatsServer
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.decoding import written
from tests.fire_safety.field import (
    DEVICE,
    alarm_raised,
    alarms_of,
    now_ms,
    publish_raw,
    store,
    subject_of,
    until,
    until_recorded,
)
from tests.fire_safety.gs524n import event, frame
from tests.fire_safety.limits import INGESTION
from tests.fire_safety.samples import register
from tests.fire_safety.smoking import smoking
from tests.fire_safety.test_lanes import dead_letters
from ward.fire_safety.v1 import readings_pb2 as pb

pytestmark = pytest.mark.postgres

SUBJECT = origin.subject_of("11002", DEVICE)
SENML = written([{"n": "alarm", "vb": True}])
PLAIN = written({"alarm": True})


def delivered(broker: Client, payload: bytes, place: int = 1, subject: str = SUBJECT) -> Delivery:
    """Give a message as the broker does."""
    reply = f"$JS.ACK.READINGS_11002.tests.1.{place}.1.{NOW * 10**6}.0"
    return Delivery(broker, subject.encode(), reply.encode(), b"", payload)


def batch_of(formats: Formats, payload: bytes, place: int = 1, subject: str = SUBJECT) -> Batch:
    """Read one message."""
    return formats.decode([delivered(Client(), payload, place, subject)], INGESTION).batches[0]


def reason_of(formats: Formats, payload: bytes) -> str:
    """Tell why the device's payload is refused."""
    return formats.decode([delivered(Client(), payload)], INGESTION).refused[0]


async def enter(database: Database, payload_format: PayloadFormat) -> None:
    """Enter the placed device with a format, whatever it had before."""
    await RegisterOperations(database, utc_now, "11002").enter(register())
    statement = update(tables.devices).where(tables.devices.c.device_id == DEVICE)
    async with database.transaction() as tx:
        await tx.execute(statement.values(payload_format=payload_format, changed_at=utc_now()))


async def test_a_message_that_a_decoder_fails_on_is_refused_and_the_others_are_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours, made for the test: it is one dead letter, and stops neither lane."""
    await enter(database, PayloadFormat.PLAIN_JSON)
    queries = DetectionQueries(database)
    formats = Formats(queries, "11002", utc_now)
    await formats.refresh()

    def mistaken(batch: Batch, place: int) -> Batch:
        if place == 1:
            raise ZeroDivisionError
        return batch

    monkeypatch.setattr("fire_safety.consumers.formats._told_apart", mistaken)
    messages = [delivered(Client(), PLAIN, place) for place in (1, 2)]
    decoded = formats.decode(messages, INGESTION)

    assert decoded.refused == {0: "decoder_failed"}
    assert list(decoded.batches) == [1]


async def test_messages_that_cannot_be_summed_up_are_folded_one_by_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours, made for the test: the detector would begin anew for ever."""
    formats = Formats(DetectionQueries(database), "11002", utc_now)
    batches = [
        pb.ReadingBatch(
            device_id=DEVICE, readings=[pb.Reading(observed_at_ms=NOW + n, temperature=20)]
        ).SerializeToString()
        for n in range(3)
    ]
    decoded = formats.decode([delivered(Client(), one) for one in batches], INGESTION)
    assert (len(decoded.blocks), len(decoded.batches)) == (1, 0)
    batch = Block.batch

    def mistaken(block: Block, number: int) -> Batch:
        if number == 1:
            raise IndexError
        return batch(block, number)

    monkeypatch.setattr(Block, "stretches", lambda _: iter([None]))
    monkeypatch.setattr(Block, "batch", mistaken)

    assert decoded.summed_up() == {}
    assert sorted(decoded.batches) == [0, 2]
    assert decoded.refused == {1: "decoder_failed"}


def native_batch(*readings: pb.Reading, device_id: str = DEVICE) -> bytes:
    """Write readings in the platform's own format."""
    return pb.ReadingBatch(device_id=device_id, readings=readings).SerializeToString()


@pytest.mark.parametrize("times", [1, 200], ids=["a few", "many"])
async def test_what_is_heard_beside_the_stream_is_read_alike_be_it_few_messages_or_many(
    database: Database, times: int
) -> None:
    """Of the own format alone, without numbers; what is wrong is left to the stream."""
    formats = Formats(DetectionQueries(database), "11002", utc_now)
    good = native_batch(
        *(pb.Reading(observed_at_ms=NOW + n, optical_density=0.25) for n in range(3))
    )
    others = [
        native_batch(pb.Reading(observed_at_ms=NOW, sequence=7)),
        native_batch(pb.Reading(sequence=7)),
        native_batch(),
        SENML,
        b"\xff",
    ]
    messages = [Overheard(SUBJECT.encode(), one, NOW) for one in [good, *others] * times]

    heard = formats.overheard(messages, INGESTION)

    assert bool(heard.blocks) is (times > 1)
    assert [len(one.readings) for one in heard.batches()] == [3] * times
    assert {one.optical_density for batch in heard.batches() for one in batch.readings} == {0.25}


async def test_a_device_is_read_in_its_own_format_alone(database: Database) -> None:
    """What is well-formed in another is refused; a stranger's is recognised."""
    await enter(database, PayloadFormat.SENML_JSON)
    formats = Formats(DetectionQueries(database), "11002", utc_now)
    await formats.refresh()

    assert batch_of(formats, SENML).readings
    assert reason_of(formats, PLAIN) == "not_senml"
    assert batch_of(formats, PLAIN, subject=origin.subject_of("11002", "stranger")).readings


async def test_changes_of_the_register_are_followed(database: Database) -> None:
    """With the next look at it."""
    await enter(database, PayloadFormat.SENML_JSON)
    formats = Formats(DetectionQueries(database), "11002", utc_now)
    await formats.refresh()
    await enter(database, PayloadFormat.PLAIN_JSON)
    await formats.refresh()

    assert batch_of(formats, PLAIN).readings
    assert reason_of(formats, SENML) == "not_object"


async def test_columns_are_of_those_alone_who_write_the_own_format(database: Database) -> None:
    """Strangers may; a device does from when the register says so, among others that do not."""
    stranger, reading = origin.subject_of("11002", "stranger"), pb.Reading(observed_at_ms=NOW)
    own, theirs = native_batch(reading), native_batch(reading, device_id="stranger")
    formats = Formats(DetectionQueries(database), "11002", utc_now)
    found = []
    for payload_format in (PayloadFormat.PLAIN_JSON, PayloadFormat.NATIVE):
        await enter(database, payload_format)
        await formats.refresh()
        messages = [
            delivered(Client(), own),
            delivered(Client(), theirs, 2, stranger),
        ]
        decoded = formats.decode(messages, INGESTION)
        found.append(([place for one in decoded.blocks for place in one.places], decoded.refused))

    assert found[0] == ([1], {0: "not_json"})
    assert (sorted(found[1][0]), found[1][1]) == ([0, 1], {})


async def test_a_format_of_a_newer_version_leaves_its_device_unknown(database: Database) -> None:
    """What it sends is recognised if it can be; the formats of the others are learned."""
    await enter(database, PayloadFormat.SENML_JSON)
    async with database.transaction() as tx:
        await tx.execute(update(tables.devices).values(payload_format="OF_TOMORROW"))
    formats = Formats(DetectionQueries(database), "11002", utc_now)
    await formats.refresh()

    assert batch_of(formats, PLAIN).readings


async def test_readings_of_one_millisecond_are_told_apart(database: Database) -> None:
    """A device without a clock sends what it kept at once: its smoke is not taken for the quiet before it."""
    formats = Formats(DetectionQueries(database), "11002", utc_now)
    kept = [(7, PLAIN.replace(b"true", b"false")), (8, PLAIN), (8, PLAIN)]
    batches = [batch_of(formats, payload, place) for place, payload in kept]
    recent = Recent()

    assert [recent.is_new(one.readings[0]) for one in batches] == [True, True, False]
    await store(database, batches)
    async with database.transaction() as tx:
        rows = (await tx.execute(select(tables.readings.c.conditions))).scalars().all()
    assert sorted(rows) == [0, Condition.SMOKE_ALARM]


async def test_what_has_a_time_or_a_number_of_its_own_keeps_it(database: Database) -> None:
    """Its place says nothing about it."""
    formats = Formats(DetectionQueries(database), "11002", utc_now)
    own = {"alarm": True, "time": NOW - 1}, {"alarm": True, "sequence": 5}
    batches = [batch_of(formats, written(one), 99) for one in own]

    assert [one.readings[0].sequence for one in batches] == [None, 5]


def smoke(at_ms: int) -> bytes:
    """Write half a minute of smoke as SenML."""
    pack = [{"bn": "urn:dev:mac:0024befffe804ff1/", "bt": at_ms / 1000, "bu": "1/m"}]
    return written([*pack, *({"n": "smoke", "t": -t, "v": 0.1} for t in range(0, 30, 2))])


@pytest.mark.nats
async def test_both_lanes_read_by_the_register_and_go_on_behind_a_wrong_payload(
    nats_server: NatsServer, broker: Client, database: Database, make_settings: MakeSettings
) -> None:
    """Plain JSON of a SenML device is dead-lettered once with its reason; a stranger's smoke alarms like its own."""
    await enter(database, PayloadFormat.SENML_JSON)
    stream = broker.jetstream()
    async with Lifecycle() as life:
        await app.start(life, make_settings(nats_server.url))
        await publish_raw(stream, PLAIN)
        await publish_raw(stream, smoke(now_ms()))
        for age_s in (24, 20, 16, 12, 8, 4, 0):
            plain = {"optical_density": 0.1, "time": now_ms() - age_s * 1000}
            await publish_raw(stream, written(plain), subject_of("stranger"))

        assert (await alarm_raised(database)).device_id == DEVICE
        assert not (await alarm_raised(database, "stranger")).device_known
        assert len(await until_recorded(database, 15)) == 15
        (letter,) = await dead_letters(broker, 1)

    assert (letter.headers or {})[REASON_HEADER] == "not_senml"


@pytest.mark.nats
async def test_a_strangers_smoke_alarms_in_every_format(
    nats_server: NatsServer, broker: Client, database: Database, make_settings: MakeSettings
) -> None:
    """Declared once, by devices that nobody registered; nothing goes to the dead letters."""
    stream = broker.jetstream()
    async with Lifecycle() as life:
        await app.start(life, make_settings(nats_server.url))
        for payload_format in PayloadFormat:
            device_id = f"stranger-{payload_format}"
            payload = smoking(device_id, now_ms())[payload_format]
            await publish_raw(stream, payload, subject_of(device_id))

        for payload_format in PayloadFormat:
            alarm = await alarm_raised(database, f"stranger-{payload_format}")
            assert (alarm.kind, alarm.state) == (AlarmKind.SMOKE, AlarmState.ACTIVE)
        assert (await stream.stream_info("DEAD_LETTERS")).state.messages == 0


@pytest.mark.nats
async def test_a_test_of_a_gs524n_is_recorded_and_alarms_nobody(
    nats_server: NatsServer, broker: Client, database: Database, make_settings: MakeSettings
) -> None:
    """And a muted one that was on fire has not returned to normal."""
    await enter(database, PayloadFormat.CHIRPSTACK_GS524N)
    stream = broker.jetstream()

    async def send(message: int) -> None:
        uplink = event(frame(message), deviceInfo={"devEui": DEVICE}, time=None)
        await publish_raw(stream, written(uplink))

    async with Lifecycle() as life:
        await app.start(life, make_settings(nats_server.url))
        await send(14)
        assert len(await until_recorded(database, 1)) == 1
        assert await alarms_of(database) == []
        await send(1)
        assert (await alarm_raised(database)).kind is AlarmKind.SMOKE
        await send(2)
        assert len(await until_recorded(database, 3)) == 3
        await until(lambda: alarms_of(database, signal_class=SignalClass.SUPERVISORY))
        (smoke,) = await alarms_of(database, signal_class=SignalClass.ALARM)
        assert smoke.restored_at is None
