"""Folding: one reading after the other into the state of one device, giving what began or ended with it.

Two windows, because devices' clocks cannot be trusted. Readings newer than all before belong to the *live* window.
Older ones are kept readings, stragglers, or come from a clock that was set back; they are judged in a *late* window
of their own, so that they can raise an alarm at once and disturb nothing: old clean air never restores what burns
now. When only late readings have come for a while, the clock was set back, and the late window becomes the live one.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fire_safety.detection.level import Side, alarms, restored
from fire_safety.detection.limits import Limits
from fire_safety.detection.window import EMPTY, Window, is_calm, look, shows_fire
from fire_safety.domain.alarms import AlarmKind
from fire_safety.domain.readings import Condition, Reading

_DECLARED = (
    (AlarmKind.FAULT, Condition.FAULT.value),
    (AlarmKind.LOW_BATTERY, Condition.LOW_BATTERY.value),
    (AlarmKind.TAMPER, Condition.TAMPER.value),
)
_TEST = Condition.TEST.value
_SMOKE, _HEAT, _BELOW = AlarmKind.SMOKE, AlarmKind.HEAT, Side.BELOW


class DeviceState(NamedTuple):
    """What is remembered of one device.

    `signalling` are the kinds raised and not restored since. `clean_air` is the optical density, m⁻¹, that the device
    has come to show in clean air.
    """

    live: Window = EMPTY
    late: Window = EMPTY
    signalling: frozenset[AlarmKind] = frozenset()
    clean_air: float = 0.0


class Transition(NamedTuple):
    """A condition began (`raised`) or ended, with the measured value and the limit it passed; 0 where unmeasured."""

    kind: AlarmKind
    raised: bool
    value: float = 0.0
    threshold: float = 0.0


def fold(
    state: DeviceState, reading: Reading, limits: Limits
) -> tuple[DeviceState, Sequence[Transition]]:
    """Fold a reading that was not folded before."""
    live, late, is_live = _placed(state, reading, limits)
    clean_air = _clean_air(state, live, reading, limits) if is_live else state.clean_air
    signalling = state.signalling
    # Nothing is above a limit, declared, or waiting for its end: so it is nearly always.
    if not signalling and not reading.conditions and is_calm(live if is_live else late):
        return DeviceState(live, late, signalling, clean_air), ()
    transitions = tuple(_judged(state, live, late, reading, limits, is_live=is_live))
    for change in transitions:
        signalling = signalling | {change.kind} if change.raised else signalling - {change.kind}
    return DeviceState(live, late, signalling, clean_air), transitions


def _placed(state: DeviceState, reading: Reading, limits: Limits) -> tuple[Window, Window, bool]:
    """Add the reading to the window it belongs to; tell both, and whether it is the live one."""
    live, late = state.live, state.late
    if reading.observed_ms > live.newest_ms:
        return look(live, reading, state.clean_air, limits), late, True
    behind = late if reading.observed_ms > late.newest_ms else EMPTY
    behind = look(behind, reading, state.clean_air, limits)
    if reading.received_ms - live.received_ms > limits.settle_ms:
        return behind, EMPTY, True
    return live, behind, False


def _judged(
    state: DeviceState,
    live: Window,
    late: Window,
    reading: Reading,
    limits: Limits,
    *,
    is_live: bool,
) -> Iterator[Transition]:
    """Give what begins and what ends with a reading; a device under test begins and ends nothing."""
    if reading.conditions & _TEST:
        return
    yield from _fire_begun(state, live if is_live else late, reading, limits)
    if is_live:
        yield from _declared(state, reading)
        if not _is_lately_on_fire(late, reading, limits):
            yield from _fire_ended(state, live, limits)


def _fire_begun(
    state: DeviceState, window: Window, reading: Reading, limits: Limits
) -> Iterator[Transition]:
    density, temperature, now = reading.optical_density, reading.temperature, window.newest_ms
    smokes = density is not None and alarms(window.smoke, now, limits.smoke)
    if smokes and _SMOKE not in state.signalling:
        threshold = limits.smoke.high + state.clean_air
        yield Transition(_SMOKE, raised=True, value=density or 0.0, threshold=threshold)
    if temperature is None or _HEAT in state.signalling:
        return
    if alarms(window.heat, now, limits.heat):
        yield Transition(_HEAT, raised=True, value=temperature, threshold=limits.heat.high)
    elif alarms(window.rise, now, limits.rise):
        yield Transition(_HEAT, raised=True, value=temperature, threshold=window.rise_limit)


def _fire_ended(state: DeviceState, live: Window, limits: Limits) -> Iterator[Transition]:
    now = live.newest_ms
    if _SMOKE in state.signalling and restored(live.smoke, now, limits.smoke):
        yield Transition(_SMOKE, raised=False)
    cool = restored(live.heat, now, limits.heat) and restored(live.rise, now, limits.rise)
    if _HEAT in state.signalling and cool:
        yield Transition(_HEAT, raised=False)


def _is_lately_on_fire(late: Window, reading: Reading, limits: Limits) -> bool:
    lately = reading.received_ms - late.received_ms <= limits.settle_ms
    return lately and shows_fire(late, limits)


def _declared(state: DeviceState, reading: Reading) -> Iterator[Transition]:
    for kind, bit in _DECLARED:
        declared = bool(reading.conditions & bit)
        if declared is not (kind in state.signalling):
            yield Transition(kind, raised=declared)


def _clean_air(state: DeviceState, live: Window, reading: Reading, limits: Limits) -> float:
    """Follow dust and ageing: down at once, up slowly and never far, and not at all while anything rises.

    A slow fire is thus never learned as clean air: at most `clean_air_max` is, over hours.
    """
    density = reading.optical_density
    if density is None or live.smoke.side is not _BELOW or _SMOKE in state.signalling:
        return state.clean_air
    if density <= state.clean_air:
        return max(density, 0.0)
    before = state.live.newest_ms
    elapsed = min(max(live.newest_ms - before, 0), limits.gap_ms) if before >= 0 else 0
    risen = state.clean_air + elapsed * limits.clean_air_rise_per_ms
    return min(risen, density, limits.clean_air_max)
