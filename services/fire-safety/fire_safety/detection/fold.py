"""Folding: one reading after the other into the state of one device, giving what began or ended with it.

Devices' clocks cannot be trusted. Readings newer than all before belong to the *live* window. Older ones are kept
readings, stragglers, or come from a clock that was set back; they are judged by themselves, in the order of their own
times (detection/late.py), so that they can raise an alarm at once and disturb nothing: old clean air never restores
what burns now. Once they show that the clock was set back (detection/behind.py), what they showed becomes the live
window.
"""

from collections.abc import Sequence
from typing import NamedTuple

from fire_safety.detection.behind import Behind, followed, was_set_back
from fire_safety.detection.criteria import (
    JUDGED,
    Sign,
    fire_signs,
    has_ended,
    trouble_signs,
)
from fire_safety.detection.late import NONE_LATE, Late, placed
from fire_safety.detection.level import Side
from fire_safety.detection.limits import Limits
from fire_safety.detection.standing import (
    NONE,
    Standings,
    Transition,
    begin,
    by_another_clock,
    confirm,
    is_before,
    is_due,
    replaced,
    unsettled,
    without,
)
from fire_safety.detection.window import EMPTY, Window, cleared, is_calm, look
from fire_safety.domain.alarms.alarm import FIRE_KINDS, AlarmKind
from fire_safety.domain.readings.reading import Reading

_SMOKE, _BELOW = AlarmKind.SMOKE, Side.BELOW
_NEVER = -1


class DeviceState(NamedTuple):
    """What is remembered of one device.

    `standings` is what was raised and not restored. `clean_air` is the optical density, m⁻¹, that the device has come
    to show in clean air. `behind` is how its clock has been behind what it had shown; None while it is not.
    """

    live: Window = EMPTY
    late: Late = NONE_LATE
    standings: Standings = NONE
    clean_air: float = 0.0
    behind: Behind | None = None


class Folded(NamedTuple):
    """The state behind some readings, what began and ended with them, and how many were looked at for it."""

    state: DeviceState
    transitions: Sequence[Transition]
    steps: int


def fold_all(state: DeviceState, readings: Sequence[Reading], limits: Limits) -> Folded:
    """Fold the readings of one message, oldest first, that were not folded before: the late ones together.

    So what is shown by two of them and not by one between is no fire, as of a live device.
    """
    told: list[Transition] = []
    steps = 0
    while late := _late_together(state, readings, limits):
        state, transitions, looked = _fold_late(state, readings[:late], limits)
        readings = readings[late:]
        told += transitions
        steps += looked
    for reading in readings:
        state, transitions = fold(state, reading, limits)
        if transitions:
            told += transitions
    return Folded(state, told, steps + len(readings))


def fold(
    state: DeviceState, reading: Reading, limits: Limits
) -> tuple[DeviceState, Sequence[Transition]]:
    """Fold a reading that was not folded before."""
    # Of one time are readings of a device without a clock, in their order: another's second one is known as a repeat.
    if reading.observed_ms < state.live.newest_ms:
        state, transitions, _ = _fold_late(state, (reading,), limits)
        return state, transitions
    live = look(state.live, reading, state.clean_air, limits)
    standings, behind = state.standings, None
    if standings.now and _is_behind_any(reading, standings):
        behind = followed(state.behind, reading, limits)
        if was_set_back(behind, limits):
            standings, behind = by_another_clock(standings), None
    clean_air = _clean_air(state, live, reading, limits)
    return _judged(
        DeviceState(live, state.late, standings, clean_air, behind),
        reading,
        state.clean_air,
        limits,
    )


def _judged(
    state: DeviceState,
    reading: Reading,
    clean_air: float,
    limits: Limits,
    revealed: Sequence[tuple[Reading, Sign]] = (),
) -> tuple[DeviceState, Sequence[Transition]]:
    """Tell what begins and ends with the newest live reading, and with others that show more since it came."""
    live, late, standings, learned, behind = state
    battery = reading.battery
    # Nothing is above a limit, declared, or waiting for its end: so it is nearly always.
    if (
        not standings.now
        and not reading.conditions
        and not revealed
        and is_calm(live)
        and (battery is None or battery >= limits.battery_low)
    ):
        return state, ()
    told: list[Transition] = []
    signs = [*fire_signs(live, reading, clean_air, limits), *trouble_signs(reading, limits)]
    for one, sign in (*((reading, sign) for sign in signs), *revealed):
        standings = _shown(standings, sign, one, limits, told)
    if standings.now:
        burns = _is_lately_on_fire(late, reading, limits)
        standings = _unshown(standings, signs, live, reading, limits, told, burns=burns)
        if any(not one.raised and one.kind in FIRE_KINDS for one in told):
            # What is told of a fire that is over must not begin another one.
            late = NONE_LATE
    return DeviceState(live, late, standings, learned, behind), told


def _late_together(state: DeviceState, readings: Sequence[Reading], limits: Limits) -> int:
    """Tell how many of a message are late and folded together: that which shows a clock set back is by itself."""
    newest_ms, behind = state.live.newest_ms, state.behind
    # So it is nearly always.
    if not readings or readings[0].observed_ms >= newest_ms:
        return 0
    for n, reading in enumerate(readings):
        if reading.observed_ms >= newest_ms:
            return n
        behind = followed(behind, reading, limits)
        if was_set_back(behind, limits):
            return n or 1
    return len(readings)


def _fold_late(state: DeviceState, readings: Sequence[Reading], limits: Limits) -> Folded:
    """Fold late readings, as many as are folded together."""
    clean_air, behind = state.clean_air, state.behind
    late, windows, revealed, looked = placed(state.late, readings, clean_air, limits)
    for reading in readings:
        behind = followed(behind, reading, limits)
    if behind and was_set_back(behind, limits):
        live, (reading,) = windows[0], readings
        begun = DeviceState(
            live,
            NONE_LATE,
            by_another_clock(state.standings),
            _clean_air(state, live, reading, limits),
        )
        return Folded(*_judged(begun, reading, clean_air, limits, revealed), looked)
    standings, told = state.standings, list[Transition]()
    for reading, window in zip(readings, windows, strict=True):
        for sign in fire_signs(window, reading, clean_air, limits):
            standings = _shown(standings, sign, reading, limits, told)
    for reading, sign in revealed:
        standings = _shown(standings, sign, reading, limits, told)
    state = state._replace(late=late, standings=standings, behind=behind)
    return Folded(state, told, looked)


def begun_anew(state: DeviceState) -> DeviceState:
    """Leave behind what the windows showed: what is pending must last anew, what stands stays."""
    return state._replace(
        live=cleared(state.live),
        late=NONE_LATE,
        standings=unsettled(state.standings),
        behind=None,
    )


def _is_behind_any(reading: Reading, standings: Standings) -> bool:
    """Tell whether a reading is from before a condition was shown and came after: not if all that is read again."""
    return any(
        is_before(reading, one) and reading.received_ms > one.since_ms
        for one in standings.now.values()
    )


def _shown(
    standings: Standings, sign: Sign, reading: Reading, limits: Limits, told: list[Transition]
) -> Standings:
    """Raise what is shown and does not stand, or confirm the pre-alarm that does; tell it."""
    standing = standings.now.get(sign.kind)
    found = Transition(
        sign.kind, raised=True, shown_by=reading, value=sign.value, threshold=sign.threshold
    )
    if standing is None:
        found = found._replace(pre_alarm=not sign.certain)
        standings, found = begin(standings, found, limits)
        told.append(found)
        return standings
    measured = sign.threshold != 0
    lasted = measured and reading.received_ms - standing.since_ms >= limits.verify_ms
    if standing.pre_alarm and (sign.certain or lasted):
        told.append(found)
        return confirm(standings, found)
    if measured and not standing.measured:
        return replaced(standings, sign.kind, standing._replace(measured=True))
    return standings


def _unshown(
    standings: Standings,
    signs: Sequence[Sign],
    live: Window,
    reading: Reading,
    limits: Limits,
    told: list[Transition],
    *,
    burns: bool,
) -> Standings:
    """End what is back to normal, at once or, where its end is held back, later; tell it."""
    shown = {sign.kind for sign in signs}
    for kind, standing in standings.now.items():
        if kind not in JUDGED or is_before(reading, standing):
            continue
        is_normal = (
            kind not in shown
            and not (burns and kind in FIRE_KINDS)
            and has_ended(kind, standing, live, reading, limits)
        )
        normal_since = standing.normal_since_ms
        if is_normal and normal_since < 0:
            normal_since = reading.received_ms
        elif not is_normal:
            normal_since = _NEVER
        now = standing._replace(normal_since_ms=normal_since)
        if is_due(now, reading.received_ms, limits):
            told.append(Transition(kind, raised=False, shown_by=reading))
            standings = without(standings, kind)
        elif now != standing:
            standings = replaced(standings, kind, now)
    return standings


def _is_lately_on_fire(late: Late, reading: Reading, limits: Limits) -> bool:
    return reading.received_ms - late.received_ms <= limits.settle_ms and late.shows_fire(limits)


def _clean_air(state: DeviceState, live: Window, reading: Reading, limits: Limits) -> float:
    """Follow dust and ageing: down at once, up slowly and never far, and not at all while anything rises.

    A slow fire is thus never learned as clean air: at most `clean_air_max` is, over hours.
    """
    density = reading.optical_density
    if density is None or live.smoke.side is not _BELOW or _SMOKE in state.standings.now:
        return state.clean_air
    if density <= state.clean_air:
        return max(density, 0.0)
    before = state.live.newest_ms
    elapsed = min(max(live.newest_ms - before, 0), limits.gap_ms) if before >= 0 else 0
    risen = state.clean_air + elapsed * limits.clean_air_rise_per_ms
    return min(risen, density, limits.clean_air_max)
