"""Escalations, taken when due."""

from datetime import datetime

from chassis.clock import Clock
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from incidents.domain.incidents.incident import Change
from incidents.domain.rules.escalation import Ladders
from incidents.domain.rules.kinds import IncidentKind
from incidents.repository.escalation import Due, ladders_of, take_due
from incidents.repository.incidents import save_changes

# How many timers one transaction takes: when thousands are due at once, the round trips are shared, and the first of
# them are told within a fraction of a second all the same.
_AT_ONCE = 200


class EscalationOperations:
    """Tells the next functions while nobody takes an incident on."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock

    async def escalate_due(self) -> int:
        """Take the timers that are due the longest and tell their functions; tell how many, 0 if none can be taken."""
        now = self._clock()
        async with self._database.transaction() as tx:
            taken = await take_due(tx, now, _AT_ONCE)
            if taken:
                await save_changes(tx, await _escalated(tx, taken, now))
        if taken:
            self._relay.wake()
        for due in taken:
            metrics.ESCALATIONS.labels(due.timer.step).inc()
            metrics.ESCALATION_DELAY_SECONDS.observe((now - due.timer.due_at).total_seconds())
        return len(taken)


async def _escalated(tx: Transaction, taken: list[Due], now: datetime) -> list[Change]:
    """Decide what each timer changes, by the ladders in force now."""
    ladders: dict[tuple[IncidentKind, str], Ladders] = {}
    changes = []
    for due in taken:
        key = (due.incident.kind, due.incident.category)
        if key not in ladders:
            ladders[key] = await ladders_of(tx, *key, now)
        changes.append(due.incident.escalate(due.timer, ladders[key], now))
    return changes
