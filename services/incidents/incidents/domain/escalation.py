"""Who is told, in which order, while nobody takes an incident on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.domain.priorities import Priority


@dataclass(frozen=True)
class Rung:
    """One step of a ladder: whom to tell (a function, not a person) and how, `delay` after the step before.

    Step 0 is the first notification.
    """

    step: int
    delay: timedelta
    recipient: str
    channel: str


@dataclass(frozen=True)
class Timer:
    """A step that is due at a time unless somebody takes the incident on before."""

    step: int
    due_at: datetime
    recipient: str
    channel: str


@dataclass(frozen=True)
class Notification:
    """That somebody was told."""

    step: int
    recipient: str
    channel: str
    sent_at: datetime


@dataclass(frozen=True)
class Ladders:
    """The ladders in force for one kind of incident, by priority and step."""

    rungs: Mapping[tuple[Priority, int], Rung]

    def first(self, priority: Priority, now: datetime) -> Notification | None:
        """Tell whom to notify at the opening; None if the ladder does not begin with it."""
        rung = self.rungs.get((priority, 0))
        return None if rung is None else Notification(0, rung.recipient, rung.channel, now)

    def after(self, priority: Priority, step: int, now: datetime) -> Timer | None:
        """Start the timer of the step that follows; None at the top of the ladder."""
        rung = self.rungs.get((priority, step + 1))
        if rung is None:
            return None
        return Timer(rung.step, now + rung.delay, rung.recipient, rung.channel)
