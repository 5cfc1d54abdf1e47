"""What every format's readings must satisfy to be believed."""

import math
from collections.abc import Sequence
from functools import reduce
from operator import or_

from chassis.errors import InvalidMessageError
from fire_safety.detection.criteria import FIRE_BITS
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch, Condition, Reading

_MS = 1000
_TEST = Condition.TEST.value
# What PostgreSQL's bigint holds.
_MAX_SEQUENCE = 2**63 - 1


def check_size(payload: bytes, limits: IngestionLimits) -> None:
    """Refuse a payload too large to be readings, before anything else looks at it."""
    if len(payload) > limits.max_bytes:
        raise InvalidMessageError("too_large")


def check_count(count: int, limits: IngestionLimits) -> None:
    """Refuse a message without readings, or with more than a device may send at once."""
    if count == 0:
        raise InvalidMessageError("empty")
    if count > limits.max_readings:
        raise InvalidMessageError("too_many_readings")


def checked(
    device_id: str, received_ms: int, readings: list[Reading], limits: IngestionLimits
) -> Batch:
    """Check times and values and put the readings into the order of the device's clock.

    Where one of them is not to be believed, of a message that declares fire that much is read, and any other is
    refused: a fire must not go unheard for a clock that was never set, or a thermometer that has burnt.
    """
    earliest = received_ms - limits.ancient_s * _MS
    latest = received_ms + limits.future_s * _MS
    fault, before = "", 0
    ordered = True
    for observed_ms, _, density, temperature, battery, _, monoxide, sequence in readings:
        if not earliest <= observed_ms <= latest:
            fault = "future_time" if observed_ms > latest else "ancient_time"
        elif (
            (
                density is not None
                and not limits.optical_density_min <= density <= limits.optical_density_max
            )
            or (
                temperature is not None
                and not limits.temperature_min <= temperature <= limits.temperature_max
            )
            or (battery is not None and not limits.battery_min <= battery <= limits.battery_max)
            or (
                monoxide is not None
                and not limits.carbon_monoxide_min <= monoxide <= limits.carbon_monoxide_max
            )
        ):
            fault = _fault_of(density, temperature, battery, monoxide)
        elif sequence is not None and not 0 <= sequence <= _MAX_SEQUENCE:
            fault = "out_of_range"
        if fault:
            readings = [_fire_alone(readings, received_ms, (earliest, latest), fault)]
            break
        ordered = ordered and observed_ms >= before
        before = observed_ms
    if not ordered:
        readings.sort(key=_observed)
    return Batch(device_id, received_ms, readings)


def _fire_alone(
    readings: Sequence[Reading], received_ms: int, believed: tuple[float, float], fault: str
) -> Reading:
    """Read of a message with a fault the fire that it declares, as of now where its time is the fault.

    Raises InvalidMessageError where it declares none. What was declared during a test is not told with a fire.
    """
    fires = [one for one in readings if one.conditions & FIRE_BITS]
    if not fires:
        raise InvalidMessageError(fault)
    fires = [one for one in fires if not one.conditions & _TEST] or fires
    observed_ms = max(one.observed_ms for one in fires)
    return Reading(
        observed_ms if believed[0] <= observed_ms <= believed[1] else received_ms,
        received_ms,
        conditions=reduce(or_, (one.conditions for one in fires)),
    )


def _fault_of(*values: float | None) -> str:
    """Tell what is wrong with values of which at least one is out of its range."""
    finite = all(value is None or math.isfinite(value) for value in values)
    return "out_of_range" if finite else "not_finite"


def _observed(reading: Reading) -> int:
    return reading.observed_ms
