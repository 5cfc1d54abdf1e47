"""Devices on the register: detectors, call points, panels, and the gateways that report for others."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chassis.errors import DomainError

DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class DeviceNotFoundError(DomainError):
    """No such device."""

    reason = "DEVICE_NOT_FOUND"


class DeviceKind(StrEnum):
    """What a device is; the profile that judges it is chosen by this where none is named."""

    SMOKE = "SMOKE"
    HEAT = "HEAT"
    SMOKE_HEAT = "SMOKE_HEAT"
    CO = "CO"
    SMOKE_CO = "SMOKE_CO"
    MANUAL_CALL_POINT = "MANUAL_CALL_POINT"
    PANEL = "PANEL"
    # A transmitter or gateway: reports for the devices that name it as theirs, and is watched in their stead.
    GATEWAY = "GATEWAY"


class Protocol(StrEnum):
    """How a device reaches the broker."""

    NATS = "NATS"
    MQTT = "MQTT"


class PayloadFormat(StrEnum):
    """How a device writes its readings; one decoder each."""

    NATIVE = "NATIVE"
    SENML_JSON = "SENML_JSON"
    SENML_CBOR = "SENML_CBOR"
    CHIRPSTACK_GS524N = "CHIRPSTACK_GS524N"
    MATTER = "MATTER"
    ZIGBEE_IAS = "ZIGBEE_IAS"
    PLAIN_JSON = "PLAIN_JSON"


@dataclass(frozen=True)
class Device:
    """A device; texts are empty, dates None and `floor` 0 where nothing is known.

    `premises_id` and `zone_id` are empty while it is not placed, `profile_id` where its kind and premises choose the
    limits. `gateway_id` is the device that reports for it. `mutual_aid_group_id` is the group of households whose
    devices are interlinked. `clean_air` is the optical density in m⁻¹ that a detector has come to show in clean air,
    `gas_dose` how much carbon monoxide it has seen, of 1 that alarms.
    """

    device_id: str
    premises_id: str
    zone_id: str
    model: str
    mains_powered: bool
    interval_s: int
    profile_id: str
    last_seen_at: datetime | None = None
    clean_air: float = 0.0
    kind: DeviceKind = DeviceKind.SMOKE_HEAT
    firmware: str = ""
    protocol: Protocol = Protocol.NATS
    payload_format: PayloadFormat = PayloadFormat.NATIVE
    floor: int = 0
    gateway_id: str = ""
    mutual_aid_group_id: str = ""
    installed_on: date | None = None
    end_of_life_on: date | None = None
    last_tested_on: date | None = None
    retired: bool = False
    gas_dose: float = 0.0
