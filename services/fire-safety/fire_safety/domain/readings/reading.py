"""What a device observed, in the one form that every payload format is read into."""

from enum import IntFlag
from typing import NamedTuple


class NotStorableError(Exception):
    """Readings hold something that the database will never take, however often it is asked."""


class Condition(IntFlag):
    """What a device declares of itself; bits beyond these belong to newer devices and mean nothing here."""

    FAULT = 1
    LOW_BATTERY = 2
    TAMPER = 4
    TEST = 8
    SMOKE_WARNING = 16
    SMOKE_ALARM = 32
    HEAT_ALARM = 64
    CO_WARNING = 128
    CO_ALARM = 256
    INTERCONNECT = 512
    MANUAL_CALL_POINT = 1024
    PANEL_ALARM = 2048
    MUTED = 4096
    END_OF_LIFE = 8192
    CONTAMINATION = 16384
    MAINS_FAULT = 32768


class Reading(NamedTuple):
    """One observation of one device.

    Times are milliseconds since 1970: `observed_ms` by the device's clock, `received_ms` by the broker's.
    `optical_density` in m⁻¹, `temperature` in °C, `battery` in percent, `carbon_monoxide` in ppm; None is not
    measured. `sequence` is the device's own count of its readings, where it has one; a device without a clock is
    observed when it is received, and its readings are told apart by it. A tuple, since there are hundreds of
    thousands a second in a flood.
    """

    observed_ms: int
    received_ms: int
    optical_density: float | None = None
    temperature: float | None = None
    battery: float | None = None
    conditions: int = 0
    carbon_monoxide: float | None = None
    sequence: int | None = None


# Of a message that tells the whole state: what it does not declare does not hold.
EVERY_CONDITION = 2**32 - 1


class Batch(NamedTuple):
    """The readings of one message, oldest first; there is at least one.

    `told` are the bits of the conditions that the message speaks of: of the others it says neither that they hold nor
    that they do not. Where it speaks of none and measures nothing, its reading is a sign of life.
    """

    device_id: str
    received_ms: int
    readings: list[Reading]
    told: int = EVERY_CONDITION

    @property
    def is_counted(self) -> bool:
        """Tell whether the device has no clock, and its own count tells its readings apart."""
        first = self.readings[0]
        return first.sequence is not None and first.observed_ms == self.received_ms
