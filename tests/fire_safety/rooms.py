"""What a detector reads in a made-up room, in few words."""

from collections.abc import Iterable

from fire_safety.detection.fold import DeviceState, fold
from fire_safety.detection.limits import Limits
from fire_safety.domain.alarms.alarm import AlarmKind
from fire_safety.domain.readings.reading import Reading
from tests.fire_safety.limits import limits_for

LIMITS = limits_for()
START_S = 1_700_000_000

CLEAN = 0.002
SMOKE = 0.1
ROOM = 25.0


def reading(
    at: float,
    density: float | None = CLEAN,
    temperature: float | None = ROOM,
    conditions: int = 0,
    *,
    received: float | None = None,
) -> Reading:
    """Observe at a time in seconds since the story began; received at once unless said otherwise."""
    return Reading(
        observed_ms=round((START_S + at) * 1000),
        received_ms=round((START_S + (at if received is None else received)) * 1000),
        optical_density=density,
        temperature=temperature,
        conditions=conditions,
    )


def tell(
    readings: Iterable[Reading], state: DeviceState | None = None, limits: Limits = LIMITS
) -> list[tuple[float, AlarmKind, bool]]:
    """Fold readings; tell the changes as (seconds by device clock, kind, raised)."""
    return follow(readings, state, limits)[1]


def follow(
    readings: Iterable[Reading], state: DeviceState | None = None, limits: Limits = LIMITS
) -> tuple[DeviceState, list[tuple[float, AlarmKind, bool]]]:
    """Fold readings; give the state as well."""
    state = state or DeviceState()
    told = []
    for one in readings:
        state, transitions = fold(state, one, limits)
        at = (one.observed_ms - START_S * 1000) / 1000
        told += [(at, change.kind, change.raised) for change in transitions]
    return state, told
