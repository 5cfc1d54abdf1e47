"""A fire that is declared beside what cannot be believed: it is heard, and nothing else of the message is."""

import math
from typing import Any

import pytest
from nats.aio.client import Client

from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from fire_safety import app
from fire_safety.decoders import chirpstack_gs524n, native, plain_json, senml_json
from fire_safety.domain.alarms.alarm import AlarmKind, AlarmState
from fire_safety.domain.readings.reading import Condition, Reading
from fuzz.expectation import DEVICE, NOW, SUBJECT
from stack.nats_server import NatsServer
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.decoding import reading_of, reason_of, written
from tests.fire_safety.field import alarm_raised, now_ms, publish
from tests.fire_safety.gs524n import event, frame
from tests.fire_safety.limits import INGESTION
from ward.fire_safety.v1 import readings_pb2 as pb

SMOKE, TEST = Condition.SMOKE_ALARM.value, Condition.TEST.value
HEAT, FAULT = Condition.HEAT_ALARM.value, Condition.FAULT.value
BURNS = Reading(NOW, NOW, conditions=SMOKE)


def message(*readings: pb.Reading) -> bytes:
    """Write a batch in the platform's own format."""
    return pb.ReadingBatch(device_id=DEVICE, readings=readings).SerializeToString()


@pytest.mark.parametrize(
    "fields",
    [
        {"time": 0},
        {"time": "1970-01-01T00:02:11Z"},
        {"time": NOW // 1000},
        {"time": NOW - 8 * 86_400_000},
        {"time": NOW + 13 * 3_600_000},
        {"temperature": 6553.5},
        {"temperature": -273.15, "optical_density": 0.2},
        {"battery": 255},
        {"sequence": -1},
    ],
)
def test_smoke_is_heard_whatever_else_a_sensor_says(fields: dict[str, Any]) -> None:
    """A clock that was never set, a thermometer that has burnt; what it measured is not kept."""
    assert reading_of(plain_json.decode, written({"smoke": True} | fields)) == BURNS


@pytest.mark.parametrize("fields", [{"time": 0}, {"temperature": 6553.5}, {"battery": 255}])
def test_without_a_fire_it_is_refused_as_before(fields: dict[str, Any]) -> None:
    """Nothing that is not believed restores what burns, or counts as a sign of life."""
    assert reason_of(plain_json.decode, written({"smoke": False, "fault": True} | fields))


def test_it_keeps_a_time_that_can_be_believed() -> None:
    """So that the message is known again when it comes twice."""
    burnt = pb.Reading(observed_at_ms=NOW - 5, temperature=math.nan, conditions=SMOKE | FAULT)

    assert reading_of(native.decode, message(burnt)) == Reading(
        NOW - 5, NOW, conditions=SMOKE | FAULT
    )


def test_of_several_readings_those_count_that_declare_fire() -> None:
    """As one; what the others say is not believed."""
    payload = message(
        pb.Reading(observed_at_ms=1000, conditions=SMOKE),
        pb.Reading(observed_at_ms=2000, conditions=HEAT, temperature=80),
        pb.Reading(observed_at_ms=3000, conditions=FAULT),
    )

    assert reading_of(native.decode, payload) == Reading(NOW, NOW, conditions=SMOKE | HEAT)


def test_a_test_stays_a_test_and_hides_no_fire() -> None:
    """Of a message that tells of both, the fire is told."""
    tested = pb.Reading(observed_at_ms=1000, conditions=SMOKE | TEST)

    assert reading_of(native.decode, message(tested)).conditions == SMOKE | TEST
    both = message(tested, pb.Reading(observed_at_ms=2000, conditions=HEAT))
    assert reading_of(native.decode, both).conditions == HEAT


def test_every_format_does_so() -> None:
    """They all check alike."""
    pack = [{"bn": f"{DEVICE}/", "n": "alarm", "vb": True}, {"n": "battery", "u": "%EL", "v": 101}]

    assert reading_of(senml_json.decode, written(pack)) == BURNS
    uplink = written(event(frame(1, battery=255), time="1970-01-01T00:00:00Z"))
    assert chirpstack_gs524n.decode(SUBJECT, uplink, NOW, INGESTION).readings == [BURNS]


@pytest.mark.postgres
@pytest.mark.nats
@pytest.mark.usefixtures("entered")
async def test_a_device_whose_clock_was_never_set_raises_its_alarm(
    make_settings: MakeSettings, nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """Through both lanes, as of now."""
    before = now_ms()
    async with Lifecycle() as life:
        await app.start(life, make_settings(nats_server.url))
        await publish(broker.jetstream(), [pb.Reading(observed_at_ms=131_000, conditions=SMOKE)])

        alarm = await alarm_raised(database)

    assert (alarm.kind, alarm.state) == (AlarmKind.SMOKE, AlarmState.ACTIVE)
    assert before <= alarm.observed_at.timestamp() * 1000 <= now_ms()
