"""What a device observed, in the one form that every payload format is read into."""

from enum import IntFlag
from typing import NamedTuple


class Condition(IntFlag):
    """What a device declares of itself; bits beyond these belong to newer devices and mean nothing here."""

    FAULT = 1
    LOW_BATTERY = 2
    TAMPER = 4
    TEST = 8


class Reading(NamedTuple):
    """One observation of one device.

    Times are milliseconds since 1970: `observed_ms` by the device's clock, `received_ms` by the broker's.
    `optical_density` in m⁻¹, `temperature` in °C, `battery` in percent; None is not measured. A tuple, since there
    are hundreds of thousands a second in a flood.
    """

    observed_ms: int
    received_ms: int
    optical_density: float | None = None
    temperature: float | None = None
    battery: float | None = None
    conditions: int = 0


class Batch(NamedTuple):
    """The readings of one message, oldest first; there is at least one."""

    device_id: str
    received_ms: int
    readings: list[Reading]
