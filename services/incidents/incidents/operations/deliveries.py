"""Messages, taken when due, and what came of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.clock import Clock
from chassis.storage.database import Database
from chassis.telemetry import metrics
from incidents.domain.duty.contacts import ContactSeal
from incidents.domain.duty.deliveries import Attempt, Outcome, Outgoing, address_in, message_of
from incidents.domain.duty.roster import Contact, ContactChannel
from incidents.domain.lifecycle.owner_notices import About, Subject
from incidents.repository.deliveries import keep_attempt, names_of_categories, take_due
from incidents.repository.incidents import incident_of
from incidents.repository.telling import rules_in_force
from incidents.wire.contacts import phones_of

_AT_ONCE = 20


class DeliveryOperations:
    """Takes messages to send, and records what came of them.

    `console` is the address of the console, under which messages link to incidents; empty for no link.
    """

    def __init__(
        self, database: Database, clock: Clock, seal: ContactSeal, console: str = ""
    ) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._console = console.rstrip("/")
        metrics.tell_from_the_start(metrics.NOTIFICATION_ATTEMPTS, ContactChannel, Outcome)

    async def take_due(self) -> list[Outgoing]:
        """Take messages that are due for one attempt; none if none is, or others take them just now."""
        now = self._clock()
        async with self._database.transaction() as tx:
            rows = await take_due(tx, now, _AT_ONCE)
            names = await names_of_categories(tx, now) if rows else {}
            return [self._outgoing(row, names) for row in rows]

    async def keep(self, sent: Sequence[tuple[Outgoing, Outcome]]) -> None:
        """Record what came of attempts."""
        now = self._clock()
        async with self._database.transaction() as tx:
            rules = await rules_in_force(tx, now)
            for one, outcome in sent:
                await keep_attempt(tx, _attempt(one, outcome, now), rules)
        for one, outcome in sent:
            metrics.NOTIFICATION_ATTEMPTS.labels(one.channel, outcome).inc()

    def _outgoing(self, row: Any, names: dict[str, str]) -> Outgoing:  # noqa: ANN401 - a row
        channel, incident = ContactChannel(row.channel), incident_of(row, [])
        about = About(Subject(row.subject), row.told_step, row.subject_id)
        due = row.task_due_at or row.action_due_on
        category = names.get(incident.category, incident.category)
        link = f"{self._console}/incidents/{incident.incident_id}" if self._console else ""
        return Outgoing(
            delivery_id=row.delivery_id,
            attempt=row.attempt,
            channel=channel,
            address=address_in(self._contacts(row), channel),
            message=message_of(incident, category, link, about, due),
        )

    def _contacts(self, row: Any) -> Sequence[Contact]:  # noqa: ANN401 - a row
        """Tell how the addressee is reached; nothing where the premises or the contact are gone."""
        if row.account:
            return self._seal.open(row.contacts_sealed, row.account)
        phones = phones_of(row.premises_payload or b"")
        return phones[row.contact - 1 : row.contact]


def _attempt(one: Outgoing, outcome: Outcome, now: datetime) -> Attempt:
    return Attempt(one.delivery_id, one.attempt, now, outcome, one.receipt)
