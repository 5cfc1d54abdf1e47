"""Escalations, taken when due."""

from chassis import metrics
from chassis.clock import Clock
from chassis.database import Database
from chassis.outbox import Relay
from incidents.repository.escalation import ladders_of, take_due
from incidents.repository.incidents import save_change


class EscalationOperations:
    """Tells the next function while nobody takes an incident on."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock

    async def escalate_next(self) -> bool:
        """Take the timer that is due the longest and tell its function; False if there is none to take now."""
        now = self._clock()
        async with self._database.transaction() as tx:
            due = await take_due(tx, now)
            if due is None:
                return False
            ladders = await ladders_of(tx, due.incident.kind, now)
            await save_change(tx, due.incident.escalate(due.timer, ladders, now))
        self._relay.wake()
        metrics.ESCALATIONS.labels(due.timer.step).inc()
        metrics.ESCALATION_DELAY_SECONDS.observe((now - due.timer.due_at).total_seconds())
        return True
