"""One device as the ward remembers it: what it burns for, what it shows while it is tested, how fast it sends."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple

from fire_safety.detection.calm import passed
from fire_safety.detection.criteria import declared_of
from fire_safety.detection.dose import dose_after
from fire_safety.detection.fold import DeviceState, begun_anew, fold, fold_all
from fire_safety.detection.judging import LimitsKey
from fire_safety.detection.limits import Limits
from fire_safety.detection.modes import Mode, why_suppressed
from fire_safety.detection.pace import is_too_fast, paid_ms
from fire_safety.detection.recent import Recent
from fire_safety.detection.standing import NONE, Transition
from fire_safety.detection.window import EMPTY, is_unremarkable
from fire_safety.domain.alarms.alarm import FIRE_KINDS, AlarmKind, Signal, Suppression
from fire_safety.domain.devices.device import Device
from fire_safety.domain.readings.columns import Stretch
from fire_safety.domain.readings.reading import Condition, Reading

_TEST = Condition.TEST.value
_NEVER = -1


class Given(NamedTuple):
    """What readings gave, why that counts for nothing, if so, and how many were looked at for it."""

    transitions: Sequence[Transition]
    why: Suppression | None
    steps: int


class Watched:
    """One device: its state, the readings it is known by, and its limits."""

    __slots__ = (
        "_tested_since_ms",
        "_trial",
        "declared",
        "heard_ms",
        "judged_by",
        "known",
        "limits",
        "modes",
        "paid_ms",
        "recent",
        "state",
        "stored_ms",
        "too_fast",
    )

    def __init__(
        self, limits: Limits, judged_by: LimitsKey, state: DeviceState, *, known: bool
    ) -> None:
        self.limits = limits
        self.judged_by = judged_by
        self.state = state
        self.known = known
        self.recent = Recent()
        # When it was heard last, and up to when that is stored, by the broker's clock.
        self.heard_ms = 0
        self.stored_ms = 0
        self.modes: Sequence[Mode] = ()
        self.too_fast = False
        self.paid_ms = 0.0
        # What it declared last, or before this memory was begun.
        self.declared = declared_of(state.standings.now)
        # What it has shown since it is suppressed, apart from what counts.
        self._trial: DeviceState | None = None
        # Since when it has said that it is tested, by the broker's clock.
        self._tested_since_ms = _NEVER

    def recall(self, device: Device, unheard_ms: int) -> None:
        """Take back what is stored of it: its clean air, and what has not left of its carbon monoxide."""
        curve = self.limits.curve
        dose = dose_after(device.gas_dose, 0.0, unheard_ms, curve) if curve else 0.0
        self.state = self.state._replace(
            clean_air=device.clean_air, live=EMPTY._replace(dose=dose)
        )

    def refill(self, readings: Iterable[Reading]) -> None:
        """Fold what was measured before this memory was begun: it had its effects, and they are known.

        What was declared is in what stands. What of carbon monoxide was taken up is known as well.
        """
        state = self.state
        for reading in readings:
            tested = reading.conditions & _TEST or self.suppressed_at(reading.received_ms)
            if self.recent.is_new(reading) and not tested:
                state, _ = fold(state, reading._replace(conditions=0), self.limits)
        dose, before = self.state.live.dose, self.state
        self.state = before._replace(live=state.live._replace(dose=dose), late=state.late)

    def tells(self, kind: AlarmKind) -> bool:
        """Tell whether what it shows is told; of a device that is not on the register only fire is."""
        return self.known or kind in FIRE_KINDS

    @property
    def is_apart(self) -> bool:
        """Tell whether what it shows is, or may be, folded apart from what counts, or left out."""
        return bool(self.modes) or self.too_fast or self._trial is not None

    def suppressed_at(self, at_ms: int) -> Suppression | None:
        """Tell why what it gives at a time counts for nothing, if so."""
        return why_suppressed(self.modes, at_ms) if self.modes else None

    def note_declared(self, last: Reading) -> None:
        """Remember what it declared; what comes late may say that more holds, and takes nothing back."""
        is_late = last.observed_ms < self.state.live.newest_ms
        self.declared = last.conditions | (self.declared if is_late else 0)

    def completed(self, reading: Reading, told: int) -> Reading:
        """Add what the device declared before to a reading that speaks of some conditions alone."""
        return reading._replace(conditions=reading.conditions | self.declared & ~told)

    def fold(self, readings: Sequence[Reading], longest_test_ms: int) -> Sequence[Given]:
        """Fold the readings of a message, oldest first; tell what they gave, and why some of it counts for nothing.

        What is suppressed is folded by itself: a test ends nothing, and begins nothing that goes on after it.
        """
        if not self.modes and not _tests(readings):
            self._tested_since_ms = _NEVER
            return (self._folded(readings, None),)
        reasons = partial(self._why, longest_test_ms=longest_test_ms)
        by_reason = groupby(readings, key=reasons)
        return [self._folded(list(some), why) for why, some in by_reason]

    def _folded(self, readings: Sequence[Reading], why: Suppression | None) -> Given:
        """Fold readings into what counts, or what is suppressed apart from that."""
        if why is None:
            self._trial = None
            self.state, transitions, steps = fold_all(self.state, readings, self.limits)
            return Given(transitions, None, steps)
        if self._trial is None:
            self._trial = DeviceState(clean_air=self.state.clean_air)
            self.state = begun_anew(self.state)
        tested = [one._replace(conditions=one.conditions & ~_TEST) for one in readings]
        self._trial, transitions, steps = fold_all(self._trial, tested, self.limits)
        return Given(transitions, why, steps)

    @property
    def is_tried(self) -> bool:
        """Tell whether what it shows is folded apart from what counts."""
        return self._trial is not None

    def resume(self, now_ms: int) -> Sequence[Transition]:
        """Have count, once it is suppressed no longer, what it declared meanwhile and has not taken back since.

        A device that speaks of what changes alone may not say so again for a day. What it measures must last anew, and
        what it declares in a test of its own is the next message's to judge.
        """
        trial = self._trial
        if trial is None or self._tested_since_ms != _NEVER:
            return ()
        self._trial = None
        declared = declared_of(trial.standings.now)
        if not declared:
            return ()
        # What stands goes on standing: only a message that counts ends it.
        standing = declared_of(self.state.standings.now)
        last = Reading(trial.live.newest_ms, now_ms, conditions=declared | standing)
        self.state, transitions = fold(self.state, last, self.limits)
        return transitions

    def _why(self, reading: Reading, longest_test_ms: int) -> Suppression | None:
        """Tell why what a reading gives counts for nothing, if so."""
        is_tested = self._is_tested(reading, longest_test_ms)
        why = self.suppressed_at(reading.received_ms)
        return Suppression.TEST if why is None and is_tested else why

    def passes(self, stretch: Stretch) -> bool:
        """Take a message in one step, if nothing happens in it and it is none of those that are seen apart."""
        if self.modes or self.too_fast:
            return False
        state = passed(self.state, stretch, self.limits)
        if state is None or not self.recent.are_new(stretch.times):
            return False
        self._trial, self._tested_since_ms = None, _NEVER
        self.state, self.declared = state, 0
        return True

    def signals(
        self,
        device_id: str,
        transitions: Sequence[Transition],
        why: Suppression | None,
        *,
        skewed: bool,
    ) -> list[Signal]:
        """Tell as signals what began and ended."""
        return [
            Signal(
                device_id=device_id,
                kind=change.kind,
                raised=change.raised,
                observed_ms=change.shown_by.observed_ms,
                received_ms=change.shown_by.received_ms,
                profile=self.limits.profile,
                value=change.value,
                threshold=change.threshold,
                clock_skewed=skewed,
                pre_alarm=change.pre_alarm,
                suppressed=why,
                shelved_until_ms=change.shelved_until_ms,
            )
            for change in transitions
            if self.tells(change.kind)
        ]

    def _is_tested(self, reading: Reading, longest_ms: int) -> bool:
        """Tell whether the device says that it is tested, and has not said so for too long to be believed."""
        if not reading.conditions & _TEST:
            self._tested_since_ms = _NEVER
            return False
        at_ms = reading.received_ms
        if self._tested_since_ms == _NEVER or at_ms < self._tested_since_ms:
            self._tested_since_ms = at_ms
        return at_ms - self._tested_since_ms < longest_ms

    def worth_folding(self, readings: Sequence[Reading]) -> Sequence[Reading]:
        """Leave out what a device that sends too fast says again and again; a limit passed is never among it."""
        state, limits, pace = self.state, self.limits, self.limits.pace
        if not self.too_fast or pace is None or state.standings.now or self._trial:
            return readings
        return [
            one
            for one in readings
            if abs(one.observed_ms - state.live.newest_ms) >= pace.cost_ms
            or not is_unremarkable(state.live, one, state.clean_air, limits)
        ]

    def count(self, readings: int, received_ms: int) -> bool:
        """Count what it sends; tell whether it has just become too fast, or is no longer."""
        pace = self.limits.pace
        if pace is None:
            return False
        was = self.too_fast
        self.paid_ms = paid_ms(self.paid_ms, readings, received_ms, pace)
        self.too_fast = is_too_fast(self.paid_ms, received_ms, pace, was=was)
        return self.too_fast is not was

    def recognise(self) -> None:
        """Have it on the register: what it declared before was not told, how fast it sends was."""
        standings = self.state.standings
        fire = {kind: one for kind, one in standings.now.items() if kind in FIRE_KINDS}
        self.state = self.state._replace(standings=NONE._replace(now=fire))
        self.known = True

    def disown(self) -> None:
        """Have it on the register no longer: whoever took it off ended all that stood, so fire is told anew."""
        self.state = self.state._replace(standings=NONE)
        self.known, self.too_fast = False, False


def _tests(readings: Iterable[Reading]) -> bool:
    """Tell whether a device says in any of its readings that it is tested."""
    declared = 0
    for one in readings:
        declared |= one.conditions
    return bool(declared & _TEST)
