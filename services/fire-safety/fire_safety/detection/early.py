"""Fires told before their turn: what devices say is judged as soon as it is heard, ahead of the stream's order.

The stream brings a message when it is on the disk and behind all that came before it, which under load takes a while.
What is heard beside it is judged on a copy of what the device has shown so far. Nothing comes of it but the beginning
of a fire, which stands from then on as if the stream had brought it: the stream fills the windows behind it, tells it
no second time, and ends it. Whatever is not seen here, or never heard, is told in its turn.
"""

from collections.abc import Collection, Iterable, Mapping

from fire_safety.detection.criteria import FIRE_BITS
from fire_safety.detection.fold import DeviceState, fold
from fire_safety.detection.level import Level
from fire_safety.detection.standing import Standings
from fire_safety.detection.watched import Watched
from fire_safety.domain.alarms import FIRE_KINDS, AlarmKind, Signal
from fire_safety.domain.columns import Block
from fire_safety.domain.readings import Batch, Condition, Reading

# Devices followed ahead of the stream; what others say meanwhile is told in its turn.
_MANY = 10_000
_TEST = Condition.TEST.value


class Early:
    """What devices have shown that the stream has not brought yet."""

    def __init__(self, devices: Mapping[str, Watched]) -> None:
        self._devices = devices
        # Of those that have shown something: what came of it, message by message, until the stream has caught up.
        self._ahead: dict[str, DeviceState] = {}

    def in_block(self, block: Block) -> list[Signal]:
        """Judge messages that were just heard; those that plainly show nothing are not looked at any closer."""
        signals: list[Signal] = []
        for number, (device_id, conditions, density, temperature) in enumerate(block.peaks()):
            watched = self._devices.get(device_id)
            if watched and (
                conditions & FIRE_BITS
                or device_id in self._ahead
                or _reaches(density, watched.limits.smoke)
                or _reaches(temperature, watched.limits.heat)
            ):
                signals += self._judged(watched, block.batch(number))
        return signals

    def in_message(self, batch: Batch) -> list[Signal]:
        """Judge a message that was just heard."""
        watched = self._devices.get(batch.device_id)
        return self._judged(watched, batch) if watched else []

    def forget_caught_up(self) -> None:
        """Follow those no longer of which the stream has brought all that was heard."""
        for device_id, state in list(self._ahead.items()):
            watched = self._devices.get(device_id)
            if not watched or _is_behind(state, watched.state):
                del self._ahead[device_id]

    def _judged(self, watched: Watched, batch: Batch) -> list[Signal]:
        """Tell the fires that begin with a message; they stand from now on."""
        device_id = batch.device_id
        state = self._ahead.pop(device_id, watched.state)
        if _is_behind(state, watched.state):
            state = watched.state
        fresh = [
            watched.completed(one, batch.told)
            for one in batch.readings
            # Without a time of its own a reading could not be told from what the stream brings.
            if one.observed_ms > state.live.newest_ms and one.observed_ms != batch.received_ms
        ]
        if not fresh or watched.is_apart or any(one.conditions & _TEST for one in fresh):
            return []
        state, signals = _folded(watched, device_id, state, fresh, batch.received_ms)
        told = {one.kind for one in signals}
        watched.state = watched.state._replace(
            standings=_with(watched.state.standings, state.standings, told)
        )
        if len(self._ahead) < _MANY:
            self._ahead[device_id] = state
        return signals


def _folded(
    watched: Watched,
    device_id: str,
    state: DeviceState,
    readings: Iterable[Reading],
    received_ms: int,
) -> tuple[DeviceState, list[Signal]]:
    """Fold readings until a fire ends: from there on all is told in its turn."""
    signals: list[Signal] = []
    for reading in readings:
        after, transitions = fold(state, reading, watched.limits)
        fires = [one for one in transitions if one.kind in FIRE_KINDS]
        if not all(one.raised for one in fires):
            break
        state = after
        skewed = abs(received_ms - reading.observed_ms) > watched.limits.skew_ms
        signals += watched.signals(device_id, reading, fires, None, skewed=skewed)
    return state, signals


def _is_behind(state: DeviceState, brought: DeviceState) -> bool:
    return state.live.newest_ms <= brought.live.newest_ms


def _reaches(value: float | None, level: Level | None) -> bool:
    return value is not None and level is not None and value >= level.high


def _with(standings: Standings, ahead: Standings, told: Collection[AlarmKind]) -> Standings:
    """Have those kinds stand as they do ahead of the stream."""
    if not told:
        return standings
    return Standings(
        {**standings.now, **{kind: ahead.now[kind] for kind in told}},
        {**standings.raises, **{kind: ahead.raises[kind] for kind in told if kind in ahead.raises}},
    )
