"""Events of incidents and fire-safety in: which incidents are open, and in which building."""

from collections.abc import Mapping

from chassis.broker.consumer import Handler
from chassis.broker.messages import Envelope
from residency.operations.break_glass import BreakGlassOperations
from residency.wire import break_glass as wire

# Its name at the broker is this with the ward's code behind; earlier versions had it without.
LANE = "residency"


class Consumers:
    """The handlers of the lane, by subject."""

    def __init__(self, operations: BreakGlassOperations) -> None:
        self._operations = operations

    def handlers(self) -> Mapping[str, Handler]:
        """Give the handlers; one lane keeps what is told of an incident in order."""
        return {
            **dict.fromkeys(wire.INCIDENT_EVENTS, self._on_incident),
            wire.PREMISES_CHANGED: self._on_premises,
        }

    async def _on_incident(self, envelope: Envelope) -> None:
        incident = wire.incident(envelope)
        await self._operations.take_incident(envelope.event_id, incident)

    async def _on_premises(self, envelope: Envelope) -> None:
        place = wire.premises_place(envelope)
        await self._operations.take_premises(envelope.event_id, place)
