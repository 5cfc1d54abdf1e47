"""What a reading and the window behind it show of each kind of condition, and whether it has ended.

What a device declares and what it measures of the same kind are one condition: either shows it, and it has ended
only when neither does.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fire_safety.detection.level import Level, Run, alarms, restored
from fire_safety.detection.limits import Limits
from fire_safety.detection.standing import Standing
from fire_safety.detection.window import Window, rise_limit
from fire_safety.domain.alarms.alarm import FIRE_KINDS, AlarmKind
from fire_safety.domain.readings.reading import Condition, Reading

# Plain values: an enum's own operators cost more than what they say.
_FIRE_DECLARED = tuple(
    (kind, bit.value)
    for kind, bit in (
        (AlarmKind.SMOKE, Condition.SMOKE_ALARM),
        (AlarmKind.HEAT, Condition.HEAT_ALARM),
        (AlarmKind.CO, Condition.CO_ALARM),
        (AlarmKind.INTERCONNECT, Condition.INTERCONNECT),
        (AlarmKind.MANUAL_CALL_POINT, Condition.MANUAL_CALL_POINT),
        (AlarmKind.PANEL, Condition.PANEL_ALARM),
    )
)
_WARNED = (
    (AlarmKind.SMOKE, Condition.SMOKE_WARNING.value),
    (AlarmKind.CO, Condition.CO_WARNING.value),
)
_TROUBLE_DECLARED = tuple(
    (kind, bit.value)
    for kind, bit in (
        (AlarmKind.FAULT, Condition.FAULT),
        (AlarmKind.LOW_BATTERY, Condition.LOW_BATTERY),
        (AlarmKind.TAMPER, Condition.TAMPER),
        (AlarmKind.MUTED, Condition.MUTED),
        (AlarmKind.CONTAMINATION, Condition.CONTAMINATION),
        (AlarmKind.END_OF_LIFE, Condition.END_OF_LIFE),
        (AlarmKind.MAINS_FAULT, Condition.MAINS_FAULT),
    )
)
# Those that tell of fire.
FIRE_BITS = sum(bit for _, bit in (*_FIRE_DECLARED, *_WARNED))
_MUTED = Condition.MUTED.value
# What readings tell of; other kinds that may stand are somebody else's.
JUDGED = frozenset(kind for kind, _ in (*_FIRE_DECLARED, *_TROUBLE_DECLARED))

_BITS = dict((*_FIRE_DECLARED, *_TROUBLE_DECLARED))
_WARNING_BITS = dict(_WARNED)


class Sign(NamedTuple):
    """A condition is shown, with the measured value and the limit it passed; 0 where it is declared.

    What is not `certain` makes a pre-alarm first.
    """

    kind: AlarmKind
    certain: bool
    value: float = 0.0
    threshold: float = 0.0


def bits_of(kind: AlarmKind) -> int:
    """Give the bits by which devices declare a condition, or warn of it; 0 where they do not."""
    return _BITS.get(kind, 0) | _WARNING_BITS.get(kind, 0)


def fire_signs(
    window: Window, reading: Reading, clean_air: float, limits: Limits
) -> Iterator[Sign]:
    """Tell which fire conditions are shown by the newest reading, the surest sign of a kind first."""
    conditions = reading.conditions
    for kind, bit in _FIRE_DECLARED:
        if conditions & bit:
            yield Sign(kind, certain=True)
    yield from measured_signs(window, reading, clean_air, limits)
    for kind, bit in _WARNED:
        if conditions & bit:
            yield Sign(kind, certain=False)


def measured_signs(
    window: Window, reading: Reading, clean_air: float, limits: Limits
) -> Iterator[Sign]:
    """Tell which fire conditions are measured, up to a reading that the window ends with."""
    now, verify_ms = window.newest_ms, limits.verify_ms
    density, temperature, ppm = (
        reading.optical_density,
        reading.temperature,
        reading.carbon_monoxide,
    )
    if density is not None and limits.smoke and alarms(window.smoke, now, limits.smoke):
        certain = _outlasts(window.smoke, now, limits.smoke, verify_ms)
        yield Sign(AlarmKind.SMOKE, certain, density, limits.smoke.high + clean_air)
    if temperature is not None and limits.heat and alarms(window.heat, now, limits.heat):
        certain = _outlasts(window.heat, now, limits.heat, verify_ms)
        yield Sign(AlarmKind.HEAT, certain, temperature, limits.heat.high)
    elif temperature is not None and limits.rise and alarms(window.rise, now, limits.rise):
        certain = _outlasts(window.rise, now, limits.rise, verify_ms)
        yield Sign(AlarmKind.HEAT, certain, temperature, rise_limit(window, limits.rise))
    # A dose is long verified when it is reached.
    if ppm is not None and limits.gas and window.dose >= 1 and alarms(window.gas, now, limits.gas):
        yield Sign(AlarmKind.CO, certain=True, value=ppm, threshold=limits.gas.high)


def trouble_signs(reading: Reading, limits: Limits) -> Iterator[Sign]:
    """Tell which other conditions the newest reading shows."""
    for kind, bit in _TROUBLE_DECLARED:
        if reading.conditions & bit:
            yield Sign(kind, certain=True)
    battery, low = reading.battery, limits.battery_low
    if battery is not None and battery < low:
        yield Sign(AlarmKind.LOW_BATTERY, certain=True, value=battery, threshold=low)


def declared_of(standings: Mapping[AlarmKind, Standing]) -> int:
    """Give the bits by which a device declared what stands; what it measured it did not declare."""
    return sum(
        (_WARNING_BITS if standing.pre_alarm else _BITS).get(kind, 0)
        for kind, standing in standings.items()
        if not standing.measured
    )


def shows_fire(window: Window, limits: Limits) -> bool:
    """Tell whether the newest reading declares fire, or its values are above a limit for long enough to alarm."""
    now = window.newest_ms
    return (
        bool(window.conditions & FIRE_BITS)
        or _alarms(window.smoke, now, limits.smoke)
        or _alarms(window.heat, now, limits.heat)
        or _alarms(window.rise, now, limits.rise)
        or (window.dose >= 1 and _alarms(window.gas, now, limits.gas))
    )


def has_ended(
    kind: AlarmKind, standing: Standing, window: Window, reading: Reading, limits: Limits
) -> bool:
    """Tell whether a condition that the newest reading does not show is back to normal.

    Muted is not normal: a device that was silenced by hand may hide what goes on.
    """
    if kind in FIRE_KINDS and reading.conditions & _MUTED:
        return False
    now = window.newest_ms
    match kind:
        case AlarmKind.SMOKE:
            return _settled(window.smoke, now, limits.smoke, standing)
        case AlarmKind.HEAT:
            cool = _settled(window.heat, now, limits.heat, standing)
            return cool and _settled(window.rise, now, limits.rise, standing)
        case AlarmKind.CO:
            return _settled(window.gas, now, limits.gas, standing)
        case AlarmKind.LOW_BATTERY:
            return _is_charged(reading.battery, limits, standing)
        case _:
            return True


def _outlasts(run: Run, now_ms: int, level: Level, verify_ms: int) -> bool:
    return now_ms - run.since_ms >= level.hold_ms + verify_ms if verify_ms else True


def _alarms(run: Run, now_ms: int, level: Level | None) -> bool:
    return level is not None and alarms(run, now_ms, level)


def _settled(run: Run, now_ms: int, level: Level | None, standing: Standing) -> bool:
    """Tell whether nothing measured keeps a condition up; what was never measured does not."""
    if level is None:
        return True
    if not run.readings:
        return not standing.measured
    return restored(run, now_ms, level)


def _is_charged(battery: float | None, limits: Limits, standing: Standing) -> bool:
    if battery is None:
        return not standing.measured
    return battery >= limits.battery_restore
