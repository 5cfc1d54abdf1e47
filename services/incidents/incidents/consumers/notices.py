"""This service's own events in again: each is told to the webhooks that want it."""

from collections.abc import Mapping, Sequence

from chassis.broker.consumer import HandlerOfMany
from chassis.broker.messages import Envelope
from incidents.operations.webhooks import WebhookOperations
from incidents.wire.webhooks import SUBJECTS, notice_of

# Its name at the broker is this with the ward's code behind.
NOTICE_LANE = "incidents-webhooks"


class Notices:
    """The handler of the lane."""

    def __init__(self, operations: WebhookOperations, ward_code: str) -> None:
        self._operations = operations
        self._ward_code = ward_code

    def of_many(self) -> Mapping[str, HandlerOfMany]:
        """Give the handler of what others may be told, by subject: no flood of it may hold up alarms."""
        return dict.fromkeys(SUBJECTS, self._on_events)

    async def _on_events(self, envelopes: Sequence[Envelope]) -> None:
        notices = [notice_of(envelope, self._ward_code) for envelope in envelopes]
        await self._operations.take_notices([one for one in notices if one])
