"""Public warnings: issued, updated and cancelled, each by a message that is never changed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from chassis.clock import Clock, ward_day
from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from incidents import tables
from incidents.domain.incidents.incident import year_of
from incidents.domain.public_alerts import (
    LONGEST_RULE,
    AlertWanted,
    MessageType,
    PublicAlert,
    Sender,
    alert_number,
    check_expiry,
)
from incidents.operations.requests import claimed
from incidents.repository.incidents import lock_incident, save_change
from incidents.repository.limits import limit_in_force
from incidents.repository.public_alerts import add_alert, load_alert, next_alert_ordinal
from incidents.wire.alert_events import cancelling


class PublicAlertOperations:
    """Warns the public of a ward."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        ward_code: str,
        sender: Sender,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._ward_code = ward_code
        self._sender = sender
        self._new_id = new_id

    async def send(self, wanted: AlertWanted) -> PublicAlert:
        """Send a message; a repeat gets the first one again.

        Raises PublicAlertNotFoundError, PublicAlertEndedError, FieldInvalidError, RequestIdReusedError, and for a named
        incident IncidentNotFoundError or IncidentClosedError.
        """
        now, alert_id = self._clock(), self._new_id()
        async with self._database.transaction() as tx:
            first = await claimed(tx, wanted, str(alert_id), now)
            if first is not None:
                return await load_alert(tx, tables.public_alerts.c.alert_id == UUID(first))
            alert = await self._made(tx, wanted, alert_id, now)
            await self._note(tx, alert, now)
            await add_alert(tx, alert)
        self._relay.wake()
        return alert

    async def _made(
        self, tx: Transaction, wanted: AlertWanted, alert_id: UUID, now: datetime
    ) -> PublicAlert:
        before = None
        if wanted.replaces:
            columns = tables.public_alerts.c
            before = await load_alert(
                tx, (columns.ward_code == self._ward_code) & (columns.number == wanted.replaces)
            )
            before.require_in_force(now)
        expires_at, content = wanted.expires_at, wanted.content
        if wanted.message_type is MessageType.CANCEL and before is not None:
            expires_at, content = before.expires_at, cancelling(before.content, content)
        elif expires_at is not None:
            longest = await limit_in_force(tx, LONGEST_RULE, ward_day(now))
            check_expiry(expires_at, now, timedelta(hours=longest))
        year = year_of(now)
        return PublicAlert(
            alert_id=alert_id,
            number=alert_number(year, await next_alert_ordinal(tx, self._ward_code, year)),
            ward_code=self._ward_code,
            sender=self._sender,
            message_type=wanted.message_type,
            exercise=before.exercise if before else wanted.exercise,
            sent_at=now,
            expires_at=expires_at or now,
            first_id=before.first_id if before else alert_id,
            replaces=before.alert_id if before else None,
            incident_id=before.incident_id if before else wanted.incident_id,
            issued_by=wanted.account,
            content=content,
            references=(*before.references, before.as_reference) if before else (),
        )

    async def _note(self, tx: Transaction, alert: PublicAlert, now: datetime) -> None:
        """Tell in the timeline of the warning's incident that it was issued, updated or cancelled."""
        if alert.incident_id is None:
            return
        incident = await lock_incident(tx, alert.incident_id)
        if alert.replaces is None:
            incident.require_open()
        if incident.exercise is not alert.exercise:
            raise FieldInvalidError(
                "exercise",
                Rule(
                    "giống như vụ việc: là diễn tập hay không",
                    "as the incident is one, or is none",
                ),
            )
        change = incident.note_warning(alert.number, alert.message_type, alert.issued_by, now)
        await save_change(tx, change)
