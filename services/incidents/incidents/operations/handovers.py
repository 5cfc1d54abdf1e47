"""Handing incidents over: offered, and followed until the centre says that it is over."""

from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.errors import FieldInvalidError, ServiceUnavailableError
from chassis.rules import Rule
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from incidents.domain.incidents.incident import Incident
from incidents.domain.lifecycle.handovers import (
    CentreAnswer,
    Handover,
    HandoverState,
    HandoverWanted,
)
from incidents.operations.requests import claimed
from incidents.repository.handovers import (
    add_handover,
    load_handover,
    save_handover,
    take_handovers,
)
from incidents.repository.incidents import lock_incident, save_change

_AT_ONCE = 20


class HandoverOperations:
    """Offers incidents to the centre, if the ward has one."""

    def __init__(
        self, database: Database, relay: Relay, clock: Clock, *, has_centre: bool
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._has_centre = has_centre

    async def offer(self, wanted: HandoverWanted) -> Handover:
        """Store an offer, which is sent from now on; a repeat gets the first one again.

        Raises IncidentNotFoundError, IncidentClosedError, HandoverPendingError, RequestIdReusedError,
        FieldInvalidError for an exercise, or ServiceUnavailableError where there is no centre.
        """
        if not self._has_centre:
            raise ServiceUnavailableError
        now, handover_id = self._clock(), uuid4()
        async with self._database.transaction() as tx:
            first = await claimed(tx, wanted, str(handover_id), now)
            if first is not None:
                return await load_handover(tx, UUID(first))
            incident = await lock_incident(tx, wanted.incident_id)
            incident.require_open()
            if incident.exercise:
                raise FieldInvalidError(
                    "incident_id",
                    Rule(
                        "diễn tập không được báo ra bên ngoài",
                        "nobody outside is told of an exercise",
                    ),
                )
            handover = Handover(
                handover_id=handover_id,
                incident_id=wanted.incident_id,
                state=HandoverState.OFFERING,
                summary=wanted.summary,
                offered_by=wanted.account,
                offered_at=now,
                changed_at=now,
                due_at=now,
            )
            await add_handover(tx, handover)
            await save_change(tx, incident.note_handover(handover, wanted.account, now))
        self._relay.wake()
        return handover

    async def take_due(self) -> list[Handover]:
        """Take some offers of which the centre is to be asked now."""
        async with self._database.transaction() as tx:
            return await take_handovers(tx, self._clock(), _AT_ONCE)

    async def incident_of(self, handover: Handover) -> Incident:
        """Tell what is offered, as it is now."""
        async with self._database.transaction() as tx:
            return await lock_incident(tx, handover.incident_id)

    async def hear(
        self, handover_id: UUID, incident_id: UUID, answer: CentreAnswer | None
    ) -> None:
        """Take what the centre answered, None for nothing that can be believed; what is new stands in the timeline."""
        now = self._clock()
        async with self._database.transaction() as tx:
            incident = await lock_incident(tx, incident_id)
            before = await load_handover(tx, handover_id)
            after = before.heard(answer, now)
            await save_handover(tx, after)
            if after.state is not before.state:
                await save_change(tx, incident.note_handover(after, "", now))
        self._relay.wake()
