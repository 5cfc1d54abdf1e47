"""Fires told before their turn: what devices say is judged as soon as it is heard, ahead of the stream's order.

The stream brings a message when it is on the disk and behind all that came before it, which under load takes a while.
What is heard beside it is judged on a copy of what the device has shown, whose windows begin empty: only what was heard
counts. Nothing comes of it but the beginning of a fire that needs no confirmation, which stands from then on as if the
stream had brought it: the stream fills the windows behind it, tells it no second time, and ends it. Whatever is not
seen here, or never heard, is told in its turn.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

from fire_safety.detection.criteria import FIRE_BITS
from fire_safety.detection.fold import DeviceState, begun_anew, fold
from fire_safety.detection.level import Level
from fire_safety.detection.standing import Standings, Transition
from fire_safety.detection.watched import Watched
from fire_safety.detection.window import is_calm
from fire_safety.domain.alarms.alarm import FIRE_KINDS, AlarmKind, Signal
from fire_safety.domain.readings.columns import Bulk
from fire_safety.domain.readings.reading import Batch, Condition, Reading

# Devices followed ahead of the stream; what others say meanwhile is told in its turn.
_MANY = 10_000
# A longer message was kept for a while: it may wait for its turn, and others on the event loop not for it.
_LONGEST = 100
_TEST = Condition.TEST.value


class _Ahead(NamedTuple):
    """What a device has come to ahead of the stream, and which fires have ended there: those are told in their turn."""

    state: DeviceState
    ended: frozenset[AlarmKind] = frozenset()


class Early:
    """What devices have shown that the stream has not brought yet; messages are heard in the order of the device."""

    def __init__(self, devices: Mapping[str, Watched]) -> None:
        self._devices = devices
        # Of those that have shown something: message by message, as long as anything is out of the ordinary.
        self._ahead: dict[str, _Ahead] = {}

    def judge(self, heard: Bulk) -> list[Signal]:
        """Tell the fires that begin with messages just heard; they stand from now on.

        Those that plainly show nothing are not looked at any closer.
        """
        signals: list[Signal] = []
        for block in heard.blocks:
            for number, peak in enumerate(block.peaks()):
                if self._stands_out(*peak):
                    signals += self._followed(block.batch(number))
        for batch in heard.others:
            if self._stands_out(batch.device_id, *_peak(batch.readings)):
                signals += self._followed(batch)
        return signals

    def forget(self) -> None:
        """Begin anew: something was not heard."""
        self._ahead.clear()

    def forget_calm(self) -> None:
        """Follow those no longer that the stream shows to be as usual, and of which it has brought all."""
        for device_id, ahead in list(self._ahead.items()):
            watched = self._devices.get(device_id)
            if not watched or (_has_caught_up(watched, ahead) and is_calm(watched.state.live)):
                del self._ahead[device_id]

    def _stands_out(
        self, device_id: str, conditions: int, density: float | None, temperature: float | None
    ) -> bool:
        """Tell by what a message declares and measures at most whether anything could begin with it."""
        watched = self._devices.get(device_id)
        return watched is not None and bool(
            conditions & FIRE_BITS
            or device_id in self._ahead
            or _reaches(density, watched.limits.smoke)
            or _reaches(temperature, watched.limits.heat)
        )

    def _followed(self, batch: Batch) -> list[Signal]:
        """Fold the readings that are new; have the fires stand that begin with them, and tell these."""
        device_id, readings = batch.device_id, batch.readings
        watched = self._devices[device_id]
        tests = any(one.conditions & _TEST for one in readings)
        if watched.is_apart or tests or len(readings) > _LONGEST:
            self._ahead.pop(device_id, None)
            return []
        ahead = self._ahead.get(device_id)
        if ahead is None:
            if len(self._ahead) >= _MANY:
                return []
            ahead = _Ahead(begun_anew(watched.state))
        elif _has_caught_up(watched, ahead):
            ahead = _Ahead(watched.state)
        state, ended = ahead
        signals: list[Signal] = []
        for reading in readings:
            if reading.observed_ms <= state.live.newest_ms or watched.recent.knows(reading):
                continue
            before = state.standings.now
            state, transitions = fold(state, reading, watched.limits)
            ended |= {one.kind for one in transitions if not one.raised}
            for begun in transitions:
                if _is_certain(begun) and begun.kind not in {*before, *ended}:
                    signals += _told(watched, device_id, begun, state.standings)
        self._ahead[device_id] = _Ahead(state, ended)
        return signals


def _peak(readings: Sequence[Reading]) -> tuple[int, float | None, float | None]:
    """Tell all that readings declare, and the greatest optical density and temperature."""
    return (
        reduce(or_, (one.conditions for one in readings)),
        max((d for one in readings if (d := one.optical_density) is not None), default=None),
        max((t for one in readings if (t := one.temperature) is not None), default=None),
    )


def _told(watched: Watched, device_id: str, begun: Transition, ahead: Standings) -> list[Signal]:
    """Have a fire stand as it does ahead of the stream, and tell it, unless it stands already."""
    kind, reading, standings = begun.kind, begun.shown_by, watched.state.standings
    if kind in standings.now:
        return []
    raises = standings.raises
    if kind in ahead.raises:
        raises = {**raises, kind: ahead.raises[kind]}
    stands = Standings({**standings.now, kind: ahead.now[kind]}, raises)
    watched.state = watched.state._replace(standings=stands)
    skewed = abs(reading.received_ms - reading.observed_ms) > watched.limits.skew_ms
    return watched.signals(device_id, [begun], None, skewed=skewed)


def _is_certain(change: Transition) -> bool:
    """Tell whether a fire begins that waits for no confirmation: how long that lasts is told by the stream's times."""
    return change.raised and not change.pre_alarm and change.kind in FIRE_KINDS


def _has_caught_up(watched: Watched, ahead: _Ahead) -> bool:
    return ahead.state.live.newest_ms <= watched.state.live.newest_ms


def _reaches(value: float | None, level: Level | None) -> bool:
    return value is not None and level is not None and value >= level.high
