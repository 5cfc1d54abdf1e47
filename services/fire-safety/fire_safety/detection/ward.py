"""The whole ward as detection remembers it: batches of readings in, signals out. No I/O and no clock of its own."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from fire_safety.detection.fold import DeviceState, Transition, fold
from fire_safety.detection.limits import Limits, limits_of
from fire_safety.detection.recent import Recent
from fire_safety.detection.supervision import Supervision
from fire_safety.domain.alarms import FIRE_KINDS, AlarmKind, Signal
from fire_safety.domain.devices import Device
from fire_safety.domain.limits import DEFAULT_PROFILE, Profile
from fire_safety.domain.readings import Batch, Reading

# Devices that are not on the register are remembered up to this number, so that invented names fill no memory.
_MAX_UNKNOWN = 10_000
# What is known of a device's last sign of life is stored again when it is this much older.
_STORED_EVERY_MS = 30_000

NOTHING: frozenset[AlarmKind] = frozenset()


class Seen(NamedTuple):
    """A device's last sign of life and its clean air, m⁻¹, to be stored."""

    device_id: str
    last_seen_at: datetime
    clean_air: float


class _Watched:
    """One device: its state, the readings it is known by, and its limits."""

    __slots__ = ("known", "limits", "recent", "state", "stored_ms")

    def __init__(self, limits: Limits, state: DeviceState, *, known: bool) -> None:
        self.limits = limits
        self.state = state
        self.known = known
        self.recent = Recent()
        self.stored_ms = 0


class Ward:
    """All devices of the ward.

    `signalling` are the kinds that were raised and not restored when the memory was begun, by device.
    """

    def __init__(
        self,
        profiles: Iterable[Profile],
        signalling: dict[str, frozenset[AlarmKind]],
        now_ms: int,
    ) -> None:
        self._profiles = {profile.profile_id: profile for profile in profiles}
        self._signalling = signalling
        self._devices: dict[str, _Watched] = {}
        self._unknown: dict[str, None] = {}
        self._unstored: dict[str, int] = {}
        self._limits: dict[tuple[str, int, bool], Limits] = {}
        self._unknown_limits = limits_of(self._profiles[DEFAULT_PROFILE], None)
        self.supervision = Supervision(now_ms)
        lost = AlarmKind.SUPERVISION_LOST
        self.supervision.lost.update(one for one, kinds in signalling.items() if lost in kinds)

    def register(self, devices: Iterable[Device], now_ms: int) -> None:
        """Learn of devices on the register, new or changed."""
        for device in devices:
            limits = self._limits_of(device)
            watched = self._devices.get(device.device_id)
            if watched is None:
                self._remember(device.device_id, limits, device.clean_air, known=True)
            else:
                self._recognise(device.device_id, watched, limits)
            seen = device.last_seen_at
            heard = now_ms if seen is None else min(now_ms, round(seen.timestamp() * 1000))
            self.supervision.watch(device.device_id, limits.silence_ms, heard)

    def take(self, batch: Batch, *, silently: bool = False) -> list[Signal]:
        """Fold a message's readings; tell the signals they give.

        Silently: what the message gave was settled before, and `signalling` has it; only the windows are filled.
        Readings that were folded before change nothing, and are no sign of life.
        """
        device_id = batch.device_id
        watched = self._devices.get(device_id) or self._meet(device_id)
        fresh = [one for one in batch.readings if watched.recent.is_new(one.observed_ms)]
        if not fresh:
            return []
        skewed = abs(batch.received_ms - fresh[-1].observed_ms) > watched.limits.skew_ms
        signals = self._heard(watched, batch, silently=silently)
        state, limits = watched.state, watched.limits
        for reading in fresh:
            before = state.signalling
            state, transitions = fold(state, reading, limits)
            if transitions and silently:
                state = state._replace(signalling=before)
            elif transitions:
                signals += _signals(watched, device_id, reading, transitions, skewed=skewed)
        watched.state = state
        return signals

    def sweep(self, now_ms: int) -> list[Signal]:
        """Tell which devices have been silent for too long, given that all sent until now was taken."""
        return [
            self._supervision_signal(device_id, now_ms, raised=True)
            for device_id in self.supervision.sweep(now_ms)
        ]

    def forget(self, signal: Signal) -> None:
        """Take back a signal that could not be stored: the next reading or sweep gives it again."""
        if signal.kind is AlarmKind.SUPERVISION_LOST:
            change = self.supervision.lost.discard if signal.raised else self.supervision.lost.add
            change(signal.device_id)
            return
        watched = self._devices.get(signal.device_id)
        if watched is None:
            return
        kinds = watched.state.signalling
        kinds = kinds - {signal.kind} if signal.raised else kinds | {signal.kind}
        watched.state = watched.state._replace(signalling=kinds)

    def unstored(self, limit: int) -> list[Seen]:
        """Hand out signs of life that should be stored, at most `limit` at a time."""
        chosen = [self._unstored.popitem() for _ in range(min(limit, len(self._unstored)))]
        return [
            Seen(one, datetime.fromtimestamp(ms / 1000, UTC), self._devices[one].state.clean_air)
            for one, ms in chosen
        ]

    def _heard(self, watched: _Watched, batch: Batch, *, silently: bool) -> list[Signal]:
        device_id = batch.device_id
        self.supervision.hear(device_id, batch.received_ms)
        if watched.known and abs(batch.received_ms - watched.stored_ms) >= _STORED_EVERY_MS:
            watched.stored_ms = batch.received_ms
            self._unstored[device_id] = batch.received_ms
        if silently or device_id not in self.supervision.lost:
            return []
        self.supervision.lost.discard(device_id)
        return [self._supervision_signal(device_id, batch.received_ms, raised=False)]

    def _supervision_signal(self, device_id: str, at_ms: int, *, raised: bool) -> Signal:
        return Signal(
            device_id=device_id,
            kind=AlarmKind.SUPERVISION_LOST,
            raised=raised,
            observed_ms=at_ms,
            received_ms=at_ms,
            profile=self._devices[device_id].limits.profile,
        )

    def _meet(self, device_id: str) -> _Watched:
        """Remember a device that is not on the register; the one met longest ago is forgotten for it."""
        if len(self._unknown) >= _MAX_UNKNOWN:
            forgotten = next(iter(self._unknown))
            del self._unknown[forgotten], self._devices[forgotten]
        self._unknown[device_id] = None
        return self._remember(device_id, self._unknown_limits, 0.0, known=False)

    def _remember(
        self, device_id: str, limits: Limits, clean_air: float, *, known: bool
    ) -> _Watched:
        signalling = self._signalling.pop(device_id, NOTHING) - {AlarmKind.SUPERVISION_LOST}
        state = DeviceState(signalling=signalling, clean_air=clean_air)
        watched = self._devices[device_id] = _Watched(limits, state, known=known)
        return watched

    def _recognise(self, device_id: str, watched: _Watched, limits: Limits) -> None:
        """Apply the register's entry; what a device declared before it was on the register was not told."""
        watched.limits = limits
        if not watched.known:
            watched.known = True
            del self._unknown[device_id]
            fire = watched.state.signalling & FIRE_KINDS
            watched.state = watched.state._replace(signalling=fire)

    def _limits_of(self, device: Device) -> Limits:
        """Find the limits of a device; one whose profile is unknown has the default's: never none."""
        profile = self._profiles.get(device.profile_id) or self._profiles[DEFAULT_PROFILE]
        key = (profile.profile_id, device.interval_s, device.mains_powered)
        if key not in self._limits:
            self._limits[key] = limits_of(profile, device)
        return self._limits[key]


def _signals(
    watched: _Watched,
    device_id: str,
    reading: Reading,
    transitions: Sequence[Transition],
    *,
    skewed: bool,
) -> list[Signal]:
    """Tell transitions as signals; of a device that is not on the register only fire is told."""
    return [
        Signal(
            device_id=device_id,
            kind=change.kind,
            raised=change.raised,
            observed_ms=reading.observed_ms,
            received_ms=reading.received_ms,
            profile=watched.limits.profile,
            value=change.value,
            threshold=change.threshold,
            clock_skewed=skewed,
        )
        for change in transitions
        if watched.known or change.kind in FIRE_KINDS
    ]
