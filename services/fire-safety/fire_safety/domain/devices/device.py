"""Devices on the register: detectors, call points, panels, and the gateways that report for others."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chassis.errors import DomainError

DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# The ward's canary: no device, but the platform that sends as one to measure itself. Nobody can register it.
CANARY = "CANARY"


class DeviceNotFoundError(DomainError):
    """No such device is on the register."""

    reason = "DEVICE_NOT_FOUND"


class DeviceRetiredError(DomainError):
    """The device was taken down for good."""

    reason = "DEVICE_RETIRED"


class GatewayInUseError(DomainError):
    """Devices in service report through it."""

    reason = "GATEWAY_IN_USE"


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
    `gas_dose` how much carbon monoxide it has seen, of 1 that alarms. `clock_offset_s` is by how many seconds its clock
    was ahead when it was last heard, `clock_skewed` whether that is more than its profile allows. `entered_at` is when
    its entry last changed, told to detection only.
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
    # Nobody has seen it work since: its test is overdue until one is passed.
    last_test_failed: bool = False
    retired: bool = False
    gas_dose: float = 0.0
    clock_offset_s: float = 0.0
    clock_skewed: bool = False
    entered_at: datetime | None = None

    def tested(self, day: date, *, passed: bool) -> "Device":
        """Note a test; one from before the last known tells nothing new."""
        if self.last_tested_on and day < self.last_tested_on:
            return self
        last = day if passed else self.last_tested_on
        return replace(self, last_tested_on=last, last_test_failed=not passed)


# What is found of a device's life and never entered.
LIVED = frozenset(
    {
        "last_seen_at",
        "clean_air",
        "gas_dose",
        "clock_offset_s",
        "clock_skewed",
        "last_test_failed",
        "entered_at",
    }
)


@dataclass(frozen=True)
class DeviceFilter:
    """Which devices to list; empty, None and False leave all in."""

    premises_id: str = ""
    kind: DeviceKind | None = None
    gateway_id: str = ""
    mutual_aid_group_id: str = ""
    unplaced_only: bool = False
    clock_skewed_only: bool = False
    retired: bool | None = None


class ChangeAction(StrEnum):
    """What was done to a register entry."""

    REGISTERED = "REGISTERED"
    CHANGED = "CHANGED"
    RETIRED = "RETIRED"
    TEST_PASSED = "TEST_PASSED"
    TEST_FAILED = "TEST_FAILED"


@dataclass(frozen=True)
class DeviceChange:
    """One line of a device's history: who did what, when, and the entry after it; `position` grows with time."""

    position: int
    changed_at: datetime
    changed_by: str
    action: ChangeAction
    note: str
    device: Device
