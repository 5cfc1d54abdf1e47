"""This service's own events in again: each is told to the webhooks that want it."""

from collections.abc import Mapping

from chassis.broker.consumer import Handler
from chassis.broker.messages import Envelope
from incidents.operations.webhooks import WebhookOperations
from incidents.wire.webhooks import SUBJECTS, notice_of

# Its name at the broker is this with the ward's code behind.
NOTICE_LANE = "incidents-webhooks"


class Notices:
    """The handlers of the lane, by subject."""

    def __init__(self, operations: WebhookOperations, ward_code: str) -> None:
        self._operations = operations
        self._ward_code = ward_code

    def handlers(self) -> Mapping[str, Handler]:
        """Give the handlers of what others may be told."""
        return dict.fromkeys(SUBJECTS, self._on_event)

    async def _on_event(self, envelope: Envelope) -> None:
        notice = notice_of(envelope, self._ward_code)
        if notice is not None:
            await self._operations.take_notice(envelope.event_id, notice)
