"""How long an incident took, from nothing but its own timeline: no merge, split or reopening of another moves it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.domain.lifecycle.timeline import EntryKind, TimelineEntry

_ENDS = frozenset(
    {
        EntryKind.RESOLVED,
        EntryKind.CLOSED,
        EntryKind.TRANSFERRED,
        EntryKind.FALSE_ALARM,
        EntryKind.MERGED,
    }
)
_PAUSE_ENDS = _ENDS | {EntryKind.RESUMED}
_BEGINNINGS = frozenset({EntryKind.OPENED, EntryKind.REOPENED, EntryKind.SEPARATED})
TASKS = frozenset({EntryKind.ASSIGNED, EntryKind.DISPATCHED})


@dataclass(frozen=True)
class Durations:
    """From the opening until each thing first happened; None where it has not.

    `end` is until the present end, None while it is open. `open` is the time it was open, without what lay between an
    end and its reopening; `paused` is how much of that its clocks stood still.
    """

    acknowledge: timedelta | None
    assign: timedelta | None
    arrive: timedelta | None
    control: timedelta | None
    end: timedelta | None
    open: timedelta
    paused: timedelta


def durations(timeline: Sequence[TimelineEntry], now: datetime) -> Durations:
    """Count the durations of a timeline that begins with its opening."""
    opened_at = timeline[0].at

    def until(kinds: Iterable[EntryKind]) -> timedelta | None:
        return next((one.at - opened_at for one in timeline if one.kind in kinds), None)

    spans = open_spans(timeline)
    last_end = spans[-1][1]
    return Durations(
        acknowledge=until({EntryKind.ACKNOWLEDGED}),
        assign=until(TASKS),
        arrive=until({EntryKind.ON_SCENE}),
        control=until({EntryKind.CONTROLLED}),
        end=None if last_end is None else last_end - opened_at,
        open=sum(((end or now) - begin for begin, end in spans), timedelta()),
        paused=_paused(timeline, now),
    )


def open_spans(timeline: Iterable[TimelineEntry]) -> list[tuple[datetime, datetime | None]]:
    """Tell from when to when it was open; the last span has no end while it is.

    What is closed after it was resolved, or transferred once more, ended when it first did.
    """
    spans: list[tuple[datetime, datetime | None]] = []
    for entry in timeline:
        is_open = bool(spans) and spans[-1][1] is None
        if entry.kind in _BEGINNINGS and not is_open:
            spans.append((entry.at, None))
        elif entry.kind in _ENDS and is_open:
            spans[-1] = (spans[-1][0], entry.at)
    return spans


def _paused(timeline: Iterable[TimelineEntry], now: datetime) -> timedelta:
    """Add up its pauses, each until the clocks ran on or it ended."""
    since, total = None, timedelta()
    for entry in timeline:
        if entry.kind is EntryKind.PAUSED:
            since = entry.at
        elif since is not None and entry.kind in _PAUSE_ENDS:
            total, since = total + (entry.at - since), None
    return total if since is None else total + (now - since)
