"""What a device has raised and not restored: from pre-alarm to alarm, held while it comes and goes, and its end.

Times are milliseconds since 1970 by the broker's clock: a device's own may be set at any moment.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from fire_safety.detection.limits import Limits
from fire_safety.domain.alarms.alarm import AlarmKind
from fire_safety.domain.readings.reading import Reading

_NEVER = -1


class Standing(NamedTuple):
    """A condition that was raised and not restored.

    A pre-alarm waits for confirmation. `measured`: raised by what the device measures, so that only what it measures
    can end it. Shelved: held as raised until then, because it comes and goes. `normal_since_ms` is since when the
    device has been back to normal while the end is held back; -1 while it is not. `observed_ms` is when the device
    showed it, by its own clock; -1 where that is not known.
    """

    since_ms: int
    pre_alarm: bool = False
    measured: bool = False
    shelved_until_ms: int = 0
    normal_since_ms: int = _NEVER
    observed_ms: int = _NEVER


class Transition(NamedTuple):
    """A condition began (`raised`) or ended, with the measured value and the limit it passed; 0 where unmeasured.

    Raised again without `pre_alarm` it is what a pre-alarm became. `shown_by` is the reading that shows it: not always
    the one that was folded (detection/late.py).
    """

    kind: AlarmKind
    raised: bool
    shown_by: Reading
    value: float = 0.0
    threshold: float = 0.0
    pre_alarm: bool = False
    shelved_until_ms: int = 0


# When each kind was raised lately, milliseconds since 1970, oldest first.
Raises = Mapping[AlarmKind, tuple[int, ...]]


class Standings(NamedTuple):
    """All that a device has raised and not restored, and when each kind was raised lately."""

    now: Mapping[AlarmKind, Standing]
    raises: Raises


NONE = Standings({}, {})


def begin(standings: Standings, found: Transition, limits: Limits) -> tuple[Standings, Transition]:
    """Raise a condition that does not stand; one that was raised too often lately is shelved with it."""
    kind, at_ms = found.kind, found.shown_by.received_ms
    raises = standings.raises
    if limits.flapping:
        since = at_ms - limits.flapping.window_ms
        lately = (*(one for one in raises.get(kind, ()) if one > since), at_ms)
        raises = {**raises, kind: lately[-limits.flapping.raises - 1 :]}
        if len(lately) > limits.flapping.raises:
            found = found._replace(shelved_until_ms=at_ms + limits.flapping.shelve_ms)
    standing = Standing(
        since_ms=at_ms,
        pre_alarm=found.pre_alarm,
        measured=found.threshold != 0,
        shelved_until_ms=found.shelved_until_ms,
        observed_ms=found.shown_by.observed_ms,
    )
    return Standings({**standings.now, kind: standing}, raises), found


def confirm(standings: Standings, found: Transition) -> Standings:
    """Make a pre-alarm the alarm itself."""
    standing = standings.now[found.kind]
    measured = standing.measured or found.threshold != 0
    return replaced(standings, found.kind, standing._replace(pre_alarm=False, measured=measured))


def replaced(standings: Standings, kind: AlarmKind, standing: Standing) -> Standings:
    """Change what stands of a kind."""
    return standings._replace(now={**standings.now, kind: standing})


def without(standings: Standings, kind: AlarmKind) -> Standings:
    """Leave a kind out."""
    return standings._replace(now={one: had for one, had in standings.now.items() if one != kind})


def unbegun(standings: Standings, kind: AlarmKind, at_ms: int) -> Standings:
    """Take back what was raised at a time, unless it began anew since; it was never raised then."""
    standing = standings.now.get(kind)
    if standing is None or standing.since_ms > at_ms:
        return standings
    raises = tuple(one for one in standings.raises.get(kind, ()) if one != at_ms)
    return without(standings, kind)._replace(raises={**standings.raises, kind: raises})


def unended(standings: Standings, kind: AlarmKind, at_ms: int) -> Standings:
    """Have something stand whose end at a time was not told, unless it began anew since."""
    if kind in standings.now:
        return standings
    return replaced(standings, kind, Standing(at_ms))


def unsettled(standings: Standings) -> Standings:
    """Have nothing be back to normal: it must be seen anew."""
    now = {kind: one._replace(normal_since_ms=_NEVER) for kind, one in standings.now.items()}
    return standings._replace(now=now)


def is_before(reading: Reading, standing: Standing) -> bool:
    """Tell whether a reading says how things were before a condition was shown.

    It was kept, the condition was told early, or it is read again.
    """
    return reading.observed_ms < standing.observed_ms


def by_another_clock(standings: Standings) -> Standings:
    """Have everything stand that was shown by a clock which was set back since: whatever it shows now is later."""
    now = {kind: one._replace(observed_ms=_NEVER) for kind, one in standings.now.items()}
    return standings._replace(now=now)


def is_due(standing: Standing, now_ms: int, limits: Limits) -> bool:
    """Tell whether a condition that is back to normal may be told so."""
    if standing.normal_since_ms < 0 or now_ms < standing.shelved_until_ms:
        return False
    return not standing.pre_alarm or now_ms - standing.normal_since_ms >= limits.cancel_after_ms


def over(standings: Standings, now_ms: int, limits: Limits) -> Iterator[AlarmKind]:
    """Tell what has ended and was held back until now."""
    for kind, standing in standings.now.items():
        if is_due(standing, now_ms, limits):
            yield kind


def waiting(standings: Standings) -> list[AlarmKind]:
    """Tell which pre-alarms are shown still, and not confirmed yet."""
    return [
        kind for kind, one in standings.now.items() if one.pre_alarm and one.normal_since_ms < 0
    ]


def confirmed(standings: Standings, kinds: Iterable[AlarmKind]) -> Standings:
    """Make pre-alarms of these kinds alarms, though nothing new is shown."""
    for kind in kinds:
        standings = replaced(standings, kind, standings.now[kind]._replace(pre_alarm=False))
    return standings


def is_held(standings: Standings) -> bool:
    """Tell whether anything is back to normal that has not been told so."""
    return any(one.normal_since_ms >= 0 for one in standings.now.values())
