"""Messages to people off the console: whom each goes to, by which channel, when it is tried again, and what it says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from incidents.domain.duty.roster import Contact, ContactChannel
from incidents.domain.incidents.incident import LOCAL, Incident
from incidents.domain.lifecycle.owner_notices import About, Subject
from incidents.domain.rules.escalation import Recipient
from incidents.domain.rules.kinds import IncidentKind

# Of what these are about, no message says where: their lists are for duty officers only.
_CONFIDENTIAL = frozenset({IncidentKind.CRIME_REPORT, IncidentKind.ANONYMOUS_TIP})
_TITLES: Mapping[Subject, str] = {
    Subject.INCIDENT: "{}",
    Subject.TASK: "Nhiệm vụ: {}",
    Subject.REVIEW_ACTION: "Việc sau rút kinh nghiệm: {}",
}
_TAKE_ON = "Chưa có người tiếp nhận. Hãy tiếp nhận trên màn hình trực ban."
# What is asked, by what it is about and whether it was told before.
_ASKED: Mapping[tuple[Subject, bool], str] = {
    (Subject.INCIDENT, False): _TAKE_ON,
    (Subject.INCIDENT, True): _TAKE_ON,
    (
        Subject.TASK,
        False,
    ): "Bạn được giao nhiệm vụ, hạn {due}. Hãy nhận hoặc từ chối trên màn hình trực ban.",
    (Subject.REVIEW_ACTION, False): "Việc của bạn sau rút kinh nghiệm sắp đến hạn: {due}.",
    (Subject.REVIEW_ACTION, True): "Việc của bạn sau rút kinh nghiệm đã quá hạn: {due}.",
}


class DeliveryState(StrEnum):
    """How far a message is. Its end is one of the last three."""

    WAITING = "WAITING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Outcome(StrEnum):
    """What came of an attempt: the gateway took the message, or did not; or there is no gateway or no address."""

    TAKEN = "TAKEN"
    REFUSED = "REFUSED"
    UNREACHABLE = "UNREACHABLE"


@dataclass(frozen=True)
class DeliveryRules:
    """How messages are tried, in one version.

    At most `tries` attempts, the second `backoff` after the first, each later one twice as long after the one before.
    The next channel is tried unless one before has confirmed within `confirm_within`. Who is reminded of an action is
    not woken: not before `remind_from` of the day, in the ward's time.
    """

    tries: int
    backoff: timedelta
    confirm_within: timedelta
    source: str
    remind_from: time

    def after(self, attempt: int, now: datetime) -> datetime | None:
        """Tell when to try again after an attempt, counted from 1; None after the last."""
        if attempt >= self.tries:
            return None
        waited: timedelta = self.backoff * 2 ** (attempt - 1)
        return now + waited

    def begins(self, subject: Subject, now: datetime) -> datetime:
        """Tell when a message about something is sent first."""
        if subject is not Subject.REVIEW_ACTION:
            return now
        return max(now, datetime.combine(now.astimezone(LOCAL), self.remind_from, LOCAL))


class Owner(StrEnum):
    """Whom a task or an action was given to: no function, so that no step of a ladder can tell them."""

    OWNER = "owner"


@dataclass(frozen=True)
class Addressee:
    """Whom a message goes to: an officer by account, or a contact of the premises by place in their list, from 1."""

    recipient: Recipient | Owner
    account: str = ""
    contact: int = 0


@dataclass(frozen=True)
class Delivery:
    """A message that goes out by one channel from `due_at` on, unless it is confirmed by another one before."""

    delivery_id: UUID
    incident_id: UUID
    about: About
    addressee: Addressee
    channel: ContactChannel
    due_at: datetime


@dataclass(frozen=True)
class Outgoing:
    """A message whose time has come, taken by one instance for one attempt.

    An empty `address` says that the channel reaches the addressee no more.
    """

    delivery_id: UUID
    attempt: int
    channel: ContactChannel
    address: str
    message: "Message"

    @property
    def receipt(self) -> str:
        """Tell the idempotency key: the same for each attempt, so that a gateway sends the message once."""
        return str(self.delivery_id)


@dataclass(frozen=True)
class Attempt:
    """What came of one attempt, counted from 1; `receipt` is the idempotency key that the gateway was given."""

    delivery_id: UUID
    attempt: int
    at: datetime
    outcome: Outcome
    receipt: str


@dataclass(frozen=True)
class Told:
    """A message with how far it is and all its attempts, in order."""

    delivery: Delivery
    state: DeliveryState
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class Message:
    """What is sent: kind, place and priority, and where to read more; no personal data."""

    title: str
    text: str


def planned(
    incident_id: UUID,
    about: About,
    addressee: Addressee,
    channels: Iterable[ContactChannel],
    now: datetime,
    rules: DeliveryRules,
) -> list[Delivery]:
    """Plan the messages to one addressee: the first channel now, each later one when those before had their time."""
    of, begins = about.subject_id or incident_id, rules.begins(about.subject, now)
    return [
        Delivery(
            delivery_id=uuid5(
                of, f"{about.step} {addressee.account} {addressee.contact} {channel}"
            ),
            incident_id=incident_id,
            about=about,
            addressee=addressee,
            channel=channel,
            due_at=begins + place * rules.confirm_within,
        )
        for place, channel in enumerate(channels)
    ]


def address_in(contacts: Sequence[Contact], channel: ContactChannel) -> str:
    """Tell where a channel reaches somebody; empty if it does not any more."""
    return next((one.address for one in contacts if one.channel is channel), "")


def message_of(
    incident: Incident, category: str, link: str, about: About, due: datetime | date | None = None
) -> Message:
    """Say what an incident is and where, and what is asked of whoever reads it; `category` in Vietnamese.

    `due` is the term of a task, or the day of an action. What is to be done is told on the console only, since people
    wrote it.
    """
    where = "" if incident.kind in _CONFIDENTIAL else ", ".join(_place(incident))
    text = [f"{category}, mức {incident.priority}, vụ việc {incident.number}."]
    if where:
        text.append(f"Nơi xảy ra: {where}.")
    text.append(_ASKED[about.subject, about.step > 0].format(due=_written(due)))
    if link:
        text.append(link)
    title = f"[{incident.priority}] {category}"
    return Message(_TITLES[about.subject].format(title), "\n".join(text))


def _written(due: datetime | date | None) -> str:
    """Write a term as people read it."""
    if isinstance(due, datetime):
        return f"{due.astimezone(LOCAL):%H:%M %d/%m/%Y}"
    return f"{due:%d/%m/%Y}" if due else ""


def _place(incident: Incident) -> list[str]:
    return [one for one in (incident.place, incident.address) if one]
