"""What detectors of other makers write: the same samples, each in its own words.

A format with a time and room for many carries a whole batch in one message; the others carry one sample a message, and
Matter, which knows no time, the newest alone.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import cbor2

from simulator import wire
from simulator.fleet.sensor import FAULT, LOW_BATTERY, Sample
from ward.fire_safety.v1 import fire_safety_pb2 as pb

Samples = Sequence[Sample]

# Labels of SenML in CBOR (RFC 8428 §6).
_LABELS = {"bn": -2, "bt": -3, "n": 0, "u": 1, "v": 2, "vb": 4}
_DECLARED = {"fault": FAULT, "low_battery": LOW_BATTERY}
# A frame of the GS524N: its head, what it reports by its type, and what these types are here.
_GS524N, _SMOKE_DETECTOR, _PERIODIC, _LOW_BATTERY, _FAULT = 0x22, 0x10, 7, 4, 5
# Cluster 0x005C of endpoint 1; what is expressed there when nothing is, or the battery is low, or hardware fails.
_CLUSTER = "1/92"
_NORMAL, _EXPRESSED_BATTERY, _EXPRESSED_FAULT = 0, 3, 5


def encode(payload_format: int, device_id: str, samples: Samples) -> list[bytes]:
    """Write samples, oldest first, as the messages of a format."""
    return list(_FORMATS[payload_format](device_id, samples))


def _native(device_id: str, samples: Samples) -> Iterator[bytes]:
    yield wire.encode(device_id, samples)


def _senml_json(device_id: str, samples: Samples) -> Iterator[bytes]:
    yield json.dumps(_pack(device_id, samples)).encode()


def _senml_cbor(device_id: str, samples: Samples) -> Iterator[bytes]:
    pack = _pack(device_id, samples)
    yield cbor2.dumps([{_LABELS[key]: value for key, value in one.items()} for one in pack])


def _pack(device_id: str, samples: Samples) -> list[dict[str, Any]]:
    """Write a SenML pack: the name and time of each sample stand in its first record, for those behind it."""
    records: list[dict[str, Any]] = []
    for sample in samples:
        base = {"bn": f"{device_id}/", "bt": sample.at_ms / 1000}
        for name, unit, value in (
            ("smoke", "1/m", sample.optical_density),
            ("temperature", "Cel", sample.temperature),
            ("battery", "%EL", sample.battery),
        ):
            if value is not None:
                records.append(base | {"n": name, "u": unit, "v": value})
                base = {}
        records += [{"n": name, "vb": True} for name in _conditions(sample)]
    return records


def _plain_json(device_id: str, samples: Samples) -> Iterator[bytes]:
    for sample in samples:
        measured = {
            "optical_density": sample.optical_density,
            "temperature": sample.temperature,
            "battery": sample.battery,
        }
        said = {name: value for name, value in measured.items() if value is not None}
        yield _json({"device_id": device_id, "time": sample.at_ms, **said, **_conditions(sample)})


def _zigbee(_: str, samples: Samples) -> Iterator[bytes]:
    """Write what zigbee2mqtt publishes of an IAS zone."""
    for sample in samples:
        yield _json(
            {
                "smoke": False,
                "tamper": False,
                "battery_low": bool(sample.conditions & LOW_BATTERY),
                "trouble": bool(sample.conditions & FAULT),
                "temperature": round(sample.temperature or 0.0, 1),
                "battery": round(sample.battery or 100.0),
                "linkquality": 120,
                "last_seen": sample.at_ms,
            }
        )


def _matter(_: str, samples: Samples) -> Iterator[bytes]:
    """Write the attributes of the Smoke CO Alarm cluster as they are now."""
    low, fault = (bool(samples[-1].conditions & one) for one in (LOW_BATTERY, FAULT))
    expressed = _EXPRESSED_FAULT if fault else _EXPRESSED_BATTERY if low else _NORMAL
    values = {0: expressed, 1: 0, 3: int(low), 4: 0, 5: False, 6: fault, 7: 0}
    yield _json({f"{_CLUSTER}/{attribute}": value for attribute, value in values.items()})


def _chirpstack(device_id: str, samples: Samples) -> Iterator[bytes]:
    """Write uplinks of a LoRaWAN network server around frames of the GS524N."""
    for number, sample in enumerate(samples):
        heard = datetime.fromtimestamp(sample.at_ms / 1000, UTC)
        yield _json(
            {
                "deduplicationId": f"{device_id}-{sample.at_ms}",
                "time": heard.isoformat(timespec="milliseconds"),
                "deviceInfo": {"deviceProfileName": "GS524N", "deviceName": device_id},
                "fCnt": number,
                "fPort": 85,
                "data": base64.b64encode(_frame(sample)).decode(),
            }
        )


def _frame(sample: Sample) -> bytes:
    low, fault = sample.conditions & LOW_BATTERY, sample.conditions & FAULT
    kind = _FAULT if fault else _LOW_BATTERY if low else _PERIODIC
    battery, temperature = round(sample.battery or 100.0), round(sample.temperature or 0.0)
    head = [_GS524N, _SMOKE_DETECTOR + kind, battery, 0, temperature % 256]
    return bytes([*head, -sum(head) % 256])


def _conditions(sample: Sample) -> dict[str, bool]:
    return {name: True for name, bit in _DECLARED.items() if sample.conditions & bit}


def _json(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields).encode()


_FORMATS: dict[int, Callable[[str, Samples], Iterator[bytes]]] = {
    pb.PAYLOAD_FORMAT_NATIVE: _native,
    pb.PAYLOAD_FORMAT_SENML_JSON: _senml_json,
    pb.PAYLOAD_FORMAT_SENML_CBOR: _senml_cbor,
    pb.PAYLOAD_FORMAT_CHIRPSTACK_GS524N: _chirpstack,
    pb.PAYLOAD_FORMAT_MATTER: _matter,
    pb.PAYLOAD_FORMAT_ZIGBEE_IAS: _zigbee,
    pb.PAYLOAD_FORMAT_PLAIN_JSON: _plain_json,
}
