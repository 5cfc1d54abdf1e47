"""The whole ward as detection remembers it: batches of readings in, signals out. No I/O and no clock of its own."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from fire_safety.detection.early import Early
from fire_safety.detection.fold import DeviceState
from fire_safety.detection.judging import UNKNOWN, Judging, LimitsKey
from fire_safety.detection.modes import Mode, why_suppressed
from fire_safety.detection.standing import (
    NONE,
    Raises,
    Standing,
    Standings,
    confirmed,
    is_held,
    over,
    unbegun,
    unended,
    waiting,
    without,
)
from fire_safety.detection.supervision import Supervision
from fire_safety.detection.watched import Watched
from fire_safety.domain.alarms.alarm import AlarmKind, Signal, Suppression
from fire_safety.domain.devices.device import CANARY, Device, DeviceKind
from fire_safety.domain.profiles.profile import Profile
from fire_safety.domain.readings.columns import Bulk, Stretch
from fire_safety.domain.readings.reading import EVERY_CONDITION, Batch

# Devices that are not on the register are remembered up to this number, so that invented names fill no memory.
_MAX_UNKNOWN = 10_000
# What is known of a device's last sign of life is stored again when it is this much older.
_STORED_EVERY_MS = 30_000
# Who fell silent since is looked for so often.
_SETTLED_EVERY_MS = 10_000
# A message in which nothing happens takes as long as so many readings that are folded one by one.
_PASSING = 5
_LOST, _TOO_FAST = AlarmKind.SUPERVISION_LOST, AlarmKind.RATE_EXCEEDED


class Seen(NamedTuple):
    """A device's last sign of life, its clean air, m⁻¹, its dose of carbon monoxide, and its clock, to be stored.

    `clock_offset_s` is by how many seconds its clock is ahead of the broker's, `clock_skewed` whether that is more than
    its profile allows.
    """

    device_id: str
    last_seen_at: datetime
    clean_air: float
    gas_dose: float
    clock_offset_s: float = 0.0
    clock_skewed: bool = False


class Ward:
    """All devices of the ward.

    `signalling` is what was raised and not restored when the memory was begun, by device and kind, `raises` when what
    had been raised lately, milliseconds since 1970: what comes and goes is held for it. From
    `heard_since_ms` to `heard_until_ms` all that was sent has been heard before; what was sent since
    `taken_again_from_ms` is taken again.
    """

    def __init__(
        self,
        profiles: Iterable[Profile],
        signalling: Mapping[str, Mapping[AlarmKind, Standing]],
        heard_since_ms: int,
        heard_until_ms: int | None = None,
        taken_again_from_ms: int | None = None,
        raises: Mapping[str, Raises] = MappingProxyType({}),
    ) -> None:
        self._judging = Judging(profiles)
        self._signalling = dict(signalling)
        self._raises = dict(raises)
        self._devices: dict[str, Watched] = {}
        self._unknown: dict[str, None] = {}
        self._unstored: dict[str, int] = {}
        self._settled_ms = 0
        self._modes: dict[str, Sequence[Mode]] = {}
        self._longest_test_ms = sys.maxsize
        # Who is back to normal and has not been told so, and who was found silent while that counts for nothing.
        self._held: set[str] = set()
        # Whose pre-alarms wait for confirmation.
        self._waiting: set[str] = set()
        self._lost_unheeded: set[str] = set()
        # Whose messages are folded apart from what counts.
        self._tried: set[str] = set()
        self._taken_again_from_ms = taken_again_from_ms
        self.supervision = Supervision(heard_since_ms, heard_until_ms or heard_since_ms)
        # What was done so far, by the time that it takes.
        self.steps = 0
        self._early = Early(self._devices)
        self.supervision.lost.update(one for one, kinds in signalling.items() if _LOST in kinds)

    def take_profiles(self, profiles: Iterable[Profile]) -> None:
        """Judge by these versions from now on: to be called with what is in force at each refresh.

        What is pending goes on under the new limits, what stands stays.
        """
        if not self._judging.take(profiles):
            return
        for device_id, watched in self._devices.items():
            watched.limits = self._judging.limits(watched.judged_by)
            if watched.known:
                self.supervision.allow(device_id, watched.limits.silence_ms)

    def suppress(self, modes: Mapping[str, Sequence[Mode]], longest_test_ms: int) -> None:
        """Suppress these devices and no others: to be called at each refresh.

        `modes` are all that are in force, or were when what is still to be taken was sent. A device that says for
        longer than `longest_test_ms` that it is tested is not believed any longer: no test lasts for ever.

        While a mode is in force, what a device gives comes out with `suppressed` set. Its alarms that stand go on
        standing: a test ends nothing. At the end of a mode, by itself at its time or because it is not among `modes`
        any longer, detection begins with empty windows, and a device that fell silent meanwhile is told as lost: a
        disabled device's faults are not annunciated, but it is watched (EN 54-2).
        """
        for device_id in self._modes.keys() | modes.keys():
            if watched := self._devices.get(device_id):
                watched.modes = modes.get(device_id, ())
        self._modes = dict(modes)
        self._longest_test_ms = longest_test_ms

    def register(self, devices: Iterable[Device], now_ms: int) -> None:
        """Learn of devices on the register, new or changed; a retired one is as if it were not on it."""
        for device in devices:
            if device.retired:
                self._disown(device.device_id)
                continue
            judged_by = (device.profile_id, device.interval_s, device.mains_powered)
            watched = self._devices.get(device.device_id)
            seen = device.last_seen_at
            # One that was never heard has been watched since it was entered, whoever began anew meanwhile.
            last = seen or device.entered_at
            heard = now_ms if last is None else min(now_ms, round(last.timestamp() * 1000))
            if watched is None:
                watched = self._remember(device.device_id, judged_by, known=True)
                watched.recall(device, now_ms - heard)
            else:
                self._recognise(device.device_id, watched, judged_by)
            allowed = watched.limits.silence_ms
            since = heard if seen is None else self._latest_sign(heard, now_ms)
            self.supervision.watch(device.device_id, allowed, since, device.gateway_id)
            if device.kind is DeviceKind.GATEWAY:
                self.supervision.relays.know(device.device_id)

    def _latest_sign(self, stored_ms: int, now_ms: int) -> int:
        """Tell when a device may have been heard last: what is stored may be that much older than the truth.

        Not after what is taken again, which will tell by itself.
        """
        latest = min(stored_ms + _STORED_EVERY_MS, now_ms)
        if self._taken_again_from_ms is not None:
            latest = min(latest, self._taken_again_from_ms)
        return max(latest, stored_ms)

    def take(self, batch: Batch, *, silently: bool = False) -> list[Signal]:
        """Fold a message's readings; tell the signals they give.

        Silently: what the message gave was settled before, and `signalling` has it; only the windows are filled.
        Readings that were folded before change nothing, and are no sign of life.
        """
        if batch.device_id == CANARY:
            return [] if silently else [_system_status(batch)]
        watched = self._devices.get(batch.device_id) or self._meet(batch.device_id)
        count = len(batch.readings)
        signals = self._counted(watched, batch, count, silently=silently)
        return signals + self._folded(watched, batch, silently=silently)

    def slower_than(self, remembered_ms: int) -> dict[str, int]:
        """Tell whose readings count as in a row over longer gaps than this, and over which, milliseconds."""
        return {
            device_id: watched.limits.gap_ms
            for device_id, watched in self._devices.items()
            if watched.limits.gap_ms > remembered_ms
        }

    def recall(self, batch: Batch) -> None:
        """Fill the windows of a device with what was measured before all that is taken."""
        self._devices[batch.device_id].refill(batch.readings)

    def pass_over(self, stretch: Stretch, *, silently: bool = False) -> list[Signal]:
        """Take a message as `take` does, in one step if nothing happens in it."""
        if stretch.device_id == CANARY:
            return self.take(stretch.batch, silently=silently)
        watched = self._devices.get(stretch.device_id) or self._meet(stretch.device_id)
        signals = self._counted(watched, stretch, stretch.readings, silently=silently)
        if watched.passes(stretch):
            self.steps += _PASSING
            return signals + self._heard(watched, stretch, silently=silently)
        return signals + self._folded(watched, stretch.batch, silently=silently)

    def overhear(self, heard: Bulk) -> list[Signal]:
        """Judge messages that were heard before the stream brings them; tell the fires that begin with them."""
        return self._early.judge(heard)

    def miss(self) -> None:
        """Note that something was not heard which the stream brings."""
        self._early.forget()

    def _folded(self, watched: Watched, batch: Batch, *, silently: bool) -> list[Signal]:
        device_id = batch.device_id
        signals: list[Signal] = []
        is_new = watched.recent.is_new
        fresh = [one for one in watched.worth_folding(batch.readings) if is_new(one)]
        if not fresh:
            return signals
        skewed = abs(batch.received_ms - fresh[-1].observed_ms) > watched.limits.skew_ms
        signals += self._heard(watched, batch, silently=silently)
        before = watched.state.standings
        if batch.told != EVERY_CONDITION:
            fresh = [watched.completed(one, batch.told) for one in fresh]
        watched.note_declared(fresh[-1])
        for transitions, why, steps in watched.fold(fresh, self._longest_test_ms):
            self.steps += steps
            if transitions and not silently:
                signals += watched.signals(device_id, transitions, why, skewed=skewed)
        (self._tried.add if watched.is_tried else self._tried.discard)(device_id)
        if silently:
            watched.state = watched.state._replace(standings=before)
        elif watched.state.standings is not before:
            self._hold(device_id, watched)
        return signals

    def sweep(self, now_ms: int) -> list[Signal]:
        """Tell who has been silent for too long, given that all sent until now was taken; and what has ended."""
        for device_id in [one for one in self._lost_unheeded if not self._why(one, now_ms)]:
            self._lost_unheeded.discard(device_id)
            self.supervision.lost.discard(device_id)
        self._early.forget_calm()
        signals = self._ended(now_ms) + self._resumed(now_ms)
        unheeded = {one for one in self._modes if self._why(one, now_ms)}
        newly_lost = self.supervision.sweep(now_ms, unheeded)
        for gateway_id in self.supervision.returned():
            signals += self._found(gateway_id, now_ms)
        for device_id in newly_lost:
            if why := self._why(device_id, now_ms):
                self._lost_unheeded.add(device_id)
            signals.append(self._own_signal(device_id, _LOST, now_ms, why, raised=True))
        signals += self._unverified(now_ms)
        self._settle_signs(now_ms)
        return signals

    def _settle_signs(self, now_ms: int) -> None:
        """Have the very last sign of life stored of devices that fell silent; while they report, some are left out."""
        if abs(now_ms - self._settled_ms) < _SETTLED_EVERY_MS:
            return
        self._settled_ms = now_ms
        for device_id, watched in self._devices.items():
            if watched.known and watched.stored_ms < watched.heard_ms <= now_ms - _STORED_EVERY_MS:
                self._note_sign(device_id, watched)

    def forget(self, signal: Signal) -> None:
        """Take back a signal that could not be stored, or began nothing: the next reading or sweep gives it again."""
        watched = self._devices.get(signal.device_id)
        if signal.kind is _LOST:
            change = self.supervision.lost.discard if signal.raised else self.supervision.lost.add
            change(signal.device_id)
        elif watched is None or signal.suppressed:
            return
        elif signal.kind is _TOO_FAST:
            watched.too_fast = not signal.raised
        else:
            taken_back = unbegun if signal.raised else unended
            standings = taken_back(watched.state.standings, signal.kind, signal.received_ms)
            watched.state = watched.state._replace(standings=standings)

    def unstored(self, limit: int) -> list[Seen]:
        """Hand out signs of life that should be stored, at most `limit` at a time."""
        chosen = [self._unstored.popitem() for _ in range(min(limit, len(self._unstored)))]
        return [self._seen(device_id, at_ms) for device_id, at_ms in chosen]

    def _seen(self, device_id: str, at_ms: int) -> Seen:
        watched = self._devices[device_id]
        clean_air, live = watched.state.clean_air, watched.state.live
        # Of the newest reading: those that were kept are meant to be old.
        offset_ms = live.newest_ms - live.received_ms
        return Seen(
            device_id,
            datetime.fromtimestamp(at_ms / 1000, UTC),
            clean_air,
            live.dose,
            offset_ms / 1000,
            abs(offset_ms) > watched.limits.skew_ms,
        )

    def _counted(
        self, watched: Watched, batch: Batch | Stretch, count: int, *, silently: bool
    ) -> list[Signal]:
        """Count how much a device sends; tell when it becomes too much, and when it no longer is.

        While that counts for nothing, or was told before, it stays as it was: it is told when it counts.
        """
        at, before = batch.received_ms, watched.too_fast
        if not watched.count(count, at):
            return []
        if silently or watched.suppressed_at(at):
            watched.too_fast = before
            return []
        return [self._own_signal(batch.device_id, _TOO_FAST, at, raised=watched.too_fast)]

    def _heard(self, watched: Watched, batch: Batch | Stretch, *, silently: bool) -> list[Signal]:
        device_id = batch.device_id
        self.supervision.hear(device_id, batch.received_ms)
        watched.heard_ms = batch.received_ms
        if watched.known and abs(watched.heard_ms - watched.stored_ms) >= _STORED_EVERY_MS:
            self._note_sign(device_id, watched)
        if silently or device_id not in self.supervision.lost:
            return []
        return self._found(device_id, batch.received_ms)

    def _note_sign(self, device_id: str, watched: Watched) -> None:
        self._unstored[device_id] = watched.stored_ms = watched.heard_ms

    def _found(self, device_id: str, at_ms: int) -> list[Signal]:
        """Tell that a lost device is heard again, itself or, if it is a gateway, through one of its devices."""
        self.supervision.lost.discard(device_id)
        why = self._why(device_id, at_ms) if device_id in self._lost_unheeded else None
        self._lost_unheeded.discard(device_id)
        return [self._own_signal(device_id, _LOST, at_ms, why, raised=False)]

    def _why(self, device_id: str, at_ms: int) -> Suppression | None:
        return why_suppressed(self._modes.get(device_id, ()), at_ms)

    def _own_signal(
        self,
        device_id: str,
        kind: AlarmKind,
        at_ms: int,
        why: Suppression | None = None,
        *,
        raised: bool,
    ) -> Signal:
        """Make a signal that comes from no reading, at the broker's time."""
        return Signal(
            device_id=device_id,
            kind=kind,
            raised=raised,
            observed_ms=at_ms,
            received_ms=at_ms,
            profile=self._profile_of(device_id),
            suppressed=why,
        )

    def _profile_of(self, device_id: str) -> str:
        """Name the profile that judges a device; of a gateway that is watched elsewhere, the default."""
        watched = self._devices.get(device_id)
        return (watched.limits if watched else self._judging.limits(UNKNOWN)).profile

    def _hold(self, device_id: str, watched: Watched) -> None:
        """Remember to look again at a device that is back to normal and not told so yet, or that waits."""
        standings = watched.state.standings
        (self._held.add if is_held(standings) else self._held.discard)(device_id)
        (self._waiting.add if waiting(standings) else self._waiting.discard)(device_id)

    def _unverified(self, now_ms: int) -> list[Signal]:
        """Tell as fire what a device showed that fell silent before it was verified: nobody is left to confirm it."""
        signals: list[Signal] = []
        silent = [one for one in self._waiting if self.supervision.is_silent(one, now_ms)]
        for device_id in silent:
            if self._why(device_id, now_ms):
                continue
            watched = self._devices[device_id]
            kinds = waiting(watched.state.standings)
            standings = confirmed(watched.state.standings, kinds)
            watched.state = watched.state._replace(standings=standings)
            self._hold(device_id, watched)
            signals += [self._own_signal(device_id, kind, now_ms, raised=True) for kind in kinds]
        return signals

    def _ended(self, now_ms: int) -> list[Signal]:
        """Tell what was back to normal and was held, and is held no longer."""
        signals = []
        for device_id in list(self._held):
            watched = self._devices[device_id]
            standings = watched.state.standings
            for kind in over(standings, now_ms, watched.limits):
                standings = without(standings, kind)
                if watched.tells(kind):
                    signals.append(self._own_signal(device_id, kind, now_ms, raised=False))
            watched.state = watched.state._replace(standings=standings)
            self._hold(device_id, watched)
        return signals

    def _resumed(self, now_ms: int) -> list[Signal]:
        """Tell what devices declared while that counted for nothing and still do, once it counts again.

        As of then: what was received before and told as suppressed would be a repeat (repository/repeats.py).
        """
        signals: list[Signal] = []
        for device_id in [one for one in self._tried if not self._why(one, now_ms)]:
            self._tried.discard(device_id)
            if watched := self._devices.get(device_id):
                begun = watched.signals(device_id, watched.resume(now_ms), None, skewed=False)
                signals += [replace(one, observed_ms=now_ms) for one in begun]
                self._hold(device_id, watched)
        return signals

    def _meet(self, device_id: str) -> Watched:
        """Remember a device that is not on the register; the one met longest ago is forgotten for it."""
        if len(self._unknown) >= _MAX_UNKNOWN:
            forgotten = next(iter(self._unknown))
            del self._unknown[forgotten]
            self._set_aside(forgotten, self._devices.pop(forgotten))
            self._held.discard(forgotten)
            self._waiting.discard(forgotten)
        self._unknown[device_id] = None
        return self._remember(device_id, UNKNOWN, known=False)

    def _set_aside(self, device_id: str, watched: Watched) -> None:
        """Remember of a device no more than what it has raised and not restored."""
        kinds = dict(watched.state.standings.now)
        if watched.too_fast:
            kinds[_TOO_FAST] = Standing(watched.stored_ms)
        if kinds:
            self._signalling[device_id] = kinds

    def _remember(self, device_id: str, judged_by: LimitsKey, *, known: bool) -> Watched:
        kinds = dict(self._signalling.pop(device_id, {}))
        kinds.pop(_LOST, None)
        too_fast = kinds.pop(_TOO_FAST, None)
        raises = self._raises.pop(device_id, {})
        state = DeviceState(standings=Standings(kinds, raises) if kinds or raises else NONE)
        watched = Watched(self._judging.limits(judged_by), judged_by, state, known=known)
        watched.too_fast = too_fast is not None
        watched.modes = self._modes.get(device_id, ())
        self._devices[device_id] = watched
        self._hold(device_id, watched)
        return watched

    def _recognise(self, device_id: str, watched: Watched, judged_by: LimitsKey) -> None:
        """Apply the register's entry."""
        watched.judged_by = judged_by
        watched.limits = self._judging.limits(judged_by)
        if not watched.known:
            watched.recognise()
            del self._unknown[device_id]

    def _disown(self, device_id: str) -> None:
        """Watch a device no longer, and take it for one that is not on the register."""
        self.supervision.unwatch(device_id)
        self._unstored.pop(device_id, None)
        watched = self._devices.get(device_id)
        if watched and watched.known:
            watched.judged_by = UNKNOWN
            watched.limits = self._judging.limits(UNKNOWN)
            watched.disown()
            self._unknown[device_id] = None


def _system_status(batch: Batch) -> Signal:
    """Tell that the canary was heard, once for each of its messages: there is nothing to judge."""
    return Signal(
        device_id=CANARY,
        kind=AlarmKind.SYSTEM_STATUS,
        raised=True,
        observed_ms=batch.readings[-1].observed_ms,
        received_ms=batch.received_ms,
        profile="",
    )
