"""One smoke alarm, as a device of each format signals it."""

import cbor2

from fire_safety.domain.devices.device import PayloadFormat
from fire_safety.domain.readings.reading import Condition
from tests.fire_safety.decoding import written
from tests.fire_safety.gs524n import event, frame
from ward.fire_safety.v1 import readings_pb2 as pb


def smoking(device_id: str, now_ms: int) -> dict[PayloadFormat, bytes]:
    """Write it for a device; those without a clock do not tell the time."""
    reading = pb.Reading(observed_at_ms=now_ms, conditions=Condition.SMOKE_ALARM)
    batch = pb.ReadingBatch(device_id=device_id, readings=[reading])
    uplink = event(frame(1), deviceInfo={"devEui": device_id}, time=None)
    return {
        PayloadFormat.NATIVE: batch.SerializeToString(),
        PayloadFormat.SENML_JSON: written([{"bn": "d/", "n": "alarm", "vb": True}]),
        PayloadFormat.SENML_CBOR: cbor2.dumps([{-2: "d/", 0: "alarm", 4: True}]),
        PayloadFormat.CHIRPSTACK_GS524N: written(uplink),
        PayloadFormat.MATTER: written({"SmokeState": 2, "BatteryAlert": 0}),
        PayloadFormat.ZIGBEE_IAS: written({"zonestatus": 1, "linkquality": 60}),
        PayloadFormat.PLAIN_JSON: written({"smoke": True, "temperature": 40}),
    }
