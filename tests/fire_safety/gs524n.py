"""What ChirpStack publishes of a Milesight GS524N."""

import base64
from typing import Any

from fuzz.expectation import DEVICE

EUI = "24e124785d132013"
VENDORS_VECTOR = bytes.fromhex("221E64001C40")


def frame(message: int, battery: int = 95, temperature: int = 28, sensor: int = 1) -> bytes:
    """Write the six bytes of a frame."""
    head = [0x22, sensor * 16 + message, battery, 3, temperature % 256]
    return bytes([*head, -sum(head) % 256])


def event(payload: bytes = VENDORS_VECTOR, **changes: Any) -> dict[str, Any]:
    """Write an uplink as ChirpStack v4 does; None takes a field out."""
    fields = {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "time": "2026-09-21T14:13:17.123456789+00:00",
        "deviceInfo": {
            "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
            "tenantName": "ChirpStack",
            "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
            "deviceProfileName": "GS524N",
            "deviceName": "smoke-hall-2",
            "devEui": EUI,
            "tags": {"device_id": DEVICE},
        },
        "devAddr": "00189440",
        "adr": True,
        "dr": 1,
        "fCnt": 4,
        "fPort": 85,
        "confirmed": False,
        "data": base64.b64encode(payload).decode(),
        "object": {"battery": 100},
        "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -36, "snr": 10.5}],
        "txInfo": {"frequency": 923200000},
    }
    return {key: value for key, value in (fields | changes).items() if value is not None}


def other_event(**fields: Any) -> dict[str, Any]:
    """Write an event that is no uplink, with what all events have; None takes a field out."""
    common = {key: event()[key] for key in ("deduplicationId", "time", "deviceInfo")}
    return {key: value for key, value in (common | fields).items() if value is not None}
