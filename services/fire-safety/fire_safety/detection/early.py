"""Fires told before their turn: what devices say is judged as soon as it is heard, ahead of the stream's order.

The stream brings a message when it is on the disk and behind all that came before it, which under load takes a while.
What is heard beside it is judged on a copy of what the device has shown so far. Nothing comes of it but the beginning
of a fire, which stands from then on as if the stream had brought it: the stream fills the windows behind it, tells it
no second time, and ends it. Whatever is not seen here, or never heard, is told in its turn.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

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


class _Ahead(NamedTuple):
    """What a device has come to ahead of the stream, and which fires have ended there: those are told in their turn."""

    state: DeviceState
    ended: frozenset[AlarmKind] = frozenset()


class Early:
    """What devices have shown that the stream has not brought yet."""

    def __init__(self, devices: Mapping[str, Watched]) -> None:
        self._devices = devices
        # Of those that have shown something, message by message, until the stream has caught up.
        self._ahead: dict[str, _Ahead] = {}

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
        for device_id, ahead in list(self._ahead.items()):
            watched = self._devices.get(device_id)
            if not watched or _has_caught_up(watched, ahead):
                del self._ahead[device_id]

    def _judged(self, watched: Watched, batch: Batch) -> list[Signal]:
        """Tell the fires that begin with a message; they stand from now on."""
        device_id = batch.device_id
        ahead = self._ahead.pop(device_id, None)
        if ahead is None or _has_caught_up(watched, ahead):
            ahead = _Ahead(watched.state)
        fresh = [
            watched.completed(one, batch.told)
            for one in batch.readings
            # Without a time of its own a reading could not be told from what the stream brings.
            if one.observed_ms > ahead.state.live.newest_ms
            and one.observed_ms != batch.received_ms
        ]
        if not fresh or watched.is_apart or any(one.conditions & _TEST for one in fresh):
            return []
        ahead, signals = _followed(watched, device_id, ahead, fresh)
        if len(self._ahead) < _MANY:
            self._ahead[device_id] = ahead
        return signals


def _followed(
    watched: Watched, device_id: str, ahead: _Ahead, readings: Sequence[Reading]
) -> tuple[_Ahead, list[Signal]]:
    """Fold readings; have the fires stand that begin with them, and tell these."""
    state, ended = ahead
    signals: list[Signal] = []
    skewed = abs(readings[-1].received_ms - readings[-1].observed_ms) > watched.limits.skew_ms
    for reading in readings:
        state, transitions = fold(state, reading, watched.limits)
        fires = [one for one in transitions if one.kind in FIRE_KINDS and one.kind not in ended]
        ended |= {one.kind for one in fires if not one.raised}
        for begun in (one for one in fires if one.raised):
            _stand(watched, begun.kind, state.standings)
            signals += watched.signals(device_id, reading, [begun], None, skewed=skewed)
    return _Ahead(state, ended), signals


def _has_caught_up(watched: Watched, ahead: _Ahead) -> bool:
    return ahead.state.live.newest_ms <= watched.state.live.newest_ms


def _reaches(value: float | None, level: Level | None) -> bool:
    return value is not None and level is not None and value >= level.high


def _stand(watched: Watched, kind: AlarmKind, ahead: Standings) -> None:
    """Have a kind stand as it does ahead of the stream."""
    state = watched.state
    now, raises = {**state.standings.now, kind: ahead.now[kind]}, state.standings.raises
    if kind in ahead.raises:
        raises = {**raises, kind: ahead.raises[kind]}
    watched.state = state._replace(standings=Standings(now, raises))
