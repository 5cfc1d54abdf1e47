"""Where the fuzzer begins: one or a few good payloads of each format, and the words that they are made of."""

import base64
import json
import re

from fire_safety.domain.devices.device import PayloadFormat
from fuzz.expectation import DEVICE, NOW
from ward.fire_safety.v1 import readings_pb2 as pb

# The vendor's vector, a smoke alarm, normal, removed.
_FRAMES = ("221e64001c40", "221164001c4d", "22176200184d", "221a5f001e47")
_SENML = [
    {"bn": "urn:dev:mac:0024befffe804ff1/", "bt": NOW / 1000, "bver": 10},
    {"n": "temp", "u": "Cel", "v": 28.5},
    {"n": "smoke", "u": "/", "v": 0.021, "t": -5},
    {"n": "co", "u": "ppm", "v": 12},
    {"n": "battery", "u": "%EL", "v": 87, "s": 1, "ut": 60},
    {"n": "alarm", "vb": True},
    {"n": "label", "vs": "x"},
    {"n": "nfc-reader", "vd": "aGkg"},
]
# [{-2: "d/", -3: 1790000000, 0: "temp", 1: "Cel", 2: 28.5_2},
#  {0: "smoke", 1: "/", 2: 4([-3, 21])}, {0: "alarm", 4: true}]
_SENML_CBOR = (
    "83a52162642f221a6ab13b80006474656d70016343656c02f94f20"
    "a30065736d6f6b6501612f02c4822215a20065616c61726d04f5"
)
_MATTER = [
    {"ExpressedState": 1, "SmokeState": 2, "COState": 0, "BatteryAlert": 1, "DeviceMuted": 1},
    {"1/92/1": 1, "0x05": True, "HardwareFaultAlert": False, "0x0A": 3, "ExpiryDate": 800000000},
    {"BatteryAlert": 1, "1/47/12": 200},
]
_ZIGBEE = [
    {"smoke": True, "tamper": False, "battery_low": True, "battery": 78.5, "last_seen": NOW},
    {"zonestatus": 33, "zonetype": 40, "temperature": 24.25, "linkquality": None},
    {"carbon_monoxide": True, "test": True, "last_seen": "2026-09-21T14:13:17+07:00"},
    {"battery": 90, "tamper": False, "linkquality": 40},
]
_PLAIN = [
    {"optical_density": 0.1, "temperature": 30.5, "co": 12, "battery": 87, "sequence": 7},
    {"smoke": True, "time": "2026-09-21T14:13:17Z", "device_id": DEVICE, "smoke_db_per_m": 0.5},
]


def seeds_of(payload_format: PayloadFormat) -> list[bytes]:
    """Give good payloads of a format."""
    match payload_format:
        case PayloadFormat.NATIVE:
            return [_native()]
        case PayloadFormat.SENML_JSON:
            return [json.dumps(_SENML).encode()]
        case PayloadFormat.SENML_CBOR:
            return [bytes.fromhex(_SENML_CBOR)]
        case PayloadFormat.CHIRPSTACK_GS524N:
            return [json.dumps(_uplink(bytes.fromhex(one))).encode() for one in _FRAMES]
        case PayloadFormat.MATTER:
            return [json.dumps(one).encode() for one in _MATTER]
        case PayloadFormat.ZIGBEE_IAS:
            return [json.dumps(one).encode() for one in _ZIGBEE]
        case PayloadFormat.PLAIN_JSON:
            return [json.dumps(one).encode() for one in _PLAIN]


def words_of(seeds: list[bytes]) -> set[str]:
    """Give the words that payloads are made of: a mutation then changes meaning and not only spelling."""
    return {word.decode() for seed in seeds for word in re.findall(rb"[\w.:/+-]{2,40}", seed)}


def _native() -> bytes:
    readings = [
        pb.Reading(
            observed_at_ms=NOW - 1000 * n,
            optical_density=0.1,
            temperature=30,
            battery=87,
            conditions=5,
            carbon_monoxide=12,
            sequence=n,
        )
        for n in range(3)
    ]
    return pb.ReadingBatch(device_id=DEVICE, readings=readings).SerializeToString()


def _uplink(frame: bytes) -> dict[str, object]:
    return {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "time": "2026-09-21T14:13:17.123456789+00:00",
        "deviceInfo": {"devEui": "24e124785d132013", "tags": {"device_id": DEVICE}},
        "fCnt": 4,
        "fPort": 85,
        "data": base64.b64encode(frame).decode(),
    }
