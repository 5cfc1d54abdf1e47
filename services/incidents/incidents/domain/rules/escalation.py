"""Who is told, in which order, while nobody takes an incident on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.domain.rules.priorities import Priority


class Recipient(StrEnum):
    """Whom a step tells: a function, never a person. Who holds it is asked when the step is taken."""

    DUTY_OFFICER = "duty_officer"
    DEPUTY_DUTY_OFFICER = "deputy_duty_officer"
    FIRE_OFFICER = "fire_officer"
    RESPONDER = "responder"
    WARD_EXECUTIVE = "ward_executive"
    # Everybody who is on duty, whatever for.
    EVERYONE = "everyone"
    # Of the premises where it is: those to call there, and the mutual-aid group (tổ liên gia).
    PREMISES_CONTACTS = "premises_contacts"
    INTERLINK_GROUP = "interlink_group"


@dataclass(frozen=True)
class Rung:
    """One step of a ladder: whom to tell, in the order of the policy, and how, `delay` after the step before.

    Step 0 is the first notification.
    """

    step: int
    delay: timedelta
    recipients: tuple[Recipient, ...]
    channel: str


@dataclass(frozen=True)
class Timer:
    """A step that is due at a time unless somebody takes the incident on before."""

    step: int
    due_at: datetime
    recipients: tuple[Recipient, ...]
    channel: str


@dataclass(frozen=True)
class Notification:
    """That somebody was told."""

    step: int
    recipient: Recipient
    channel: str
    sent_at: datetime


@dataclass(frozen=True)
class Ladders:
    """The ladders in force for one category of incident, by priority and step."""

    rungs: Mapping[tuple[Priority, int], Rung]

    def first(self, priority: Priority, now: datetime) -> tuple[Notification, ...]:
        """Tell whom to notify at the opening; nobody if the ladder does not begin with it."""
        rung = self.rungs.get((priority, 0))
        return () if rung is None else told(rung, now)

    def after(self, priority: Priority, step: int, now: datetime) -> Timer | None:
        """Start the timer of the step that follows; None at the top of the ladder."""
        rung = self.rungs.get((priority, step + 1))
        if rung is None:
            return None
        return Timer(rung.step, now + rung.delay, rung.recipients, rung.channel)


def told(step: Rung | Timer, now: datetime) -> tuple[Notification, ...]:
    """Say that all of a step were told."""
    return tuple(Notification(step.step, one, step.channel, now) for one in step.recipients)
