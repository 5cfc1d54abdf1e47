"""Webhooks: registered, ended, and told of events, each event once for each of them."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.storage.database import Database
from chassis.telemetry import metrics
from incidents.domain.webhooks import (
    SECRET_BYTES,
    Delivery,
    Notice,
    Webhook,
    WebhookRemoval,
    WebhookSeal,
    WebhookWanted,
    tried_again_at,
)
from incidents.operations.requests import claimed
from incidents.repository.webhooks import (
    add_deliveries,
    add_webhook,
    end_webhook,
    forget_delivered,
    load_webhook,
    note_delivered,
    note_failed,
    revive_dead,
    take_deliveries,
)

_AT_ONCE = 20


class WebhookOperations:
    """Tells other systems; `random_bytes` gives so many unpredictable bytes."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        seal: WebhookSeal,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._random_bytes = random_bytes
        metrics.tell_from_the_start(metrics.WEBHOOK_DELIVERIES, ("delivered", "retry", "dead"))

    async def create(self, wanted: WebhookWanted) -> tuple[Webhook, bytes]:
        """Register a webhook; tell it and its secret. A repeat gets both again. Raises RequestIdReusedError."""
        now, webhook_id = self._clock(), uuid4()
        secret = self._random_bytes(SECRET_BYTES)
        async with self._database.transaction() as tx:
            first = await claimed(tx, wanted, str(webhook_id), now)
            if first is not None:
                webhook, sealed = await load_webhook(tx, UUID(first))
                return webhook, self._seal.open(sealed, webhook.webhook_id)
            webhook = Webhook(webhook_id, wanted.url, wanted.events, now, wanted.account)
            await add_webhook(tx, webhook, self._seal.seal(secret, webhook_id))
        return webhook, secret

    async def remove(self, asked: WebhookRemoval) -> None:
        """End a webhook; raises WebhookNotFoundError, RequestIdReusedError."""
        now = self._clock()
        async with self._database.transaction() as tx:
            first = await claimed(tx, asked, str(asked.webhook_id), now)
            if first is None:
                await end_webhook(tx, asked.webhook_id, asked.account, now)

    async def take_notices(self, notices: Sequence[Notice]) -> None:
        """Have each webhook told of the events that it wants, once of each however often it comes."""
        async with self._database.transaction() as tx:
            await add_deliveries(tx, notices, self._clock())

    async def take_due(self) -> list[Delivery]:
        """Take some deliveries whose time has come; what is not heard of again is taken anew after a minute."""
        async with self._database.transaction() as tx:
            return await take_deliveries(tx, self._clock(), _AT_ONCE, self._seal)

    async def note(self, delivery: Delivery, failure: str) -> None:
        """Note how a try ended: an empty failure is none."""
        now = self._clock()
        again_at = tried_again_at(delivery.attempts, now)
        async with self._database.transaction() as tx:
            if failure:
                await note_failed(tx, delivery, failure, again_at)
            else:
                await note_delivered(tx, delivery, now)
        outcome = "delivered" if not failure else "retry" if again_at else "dead"
        metrics.WEBHOOK_DELIVERIES.labels(outcome).inc()

    async def retry_dead(self, delivery_ids: Collection[UUID]) -> int:
        """Have deliveries that were given up tried again, all if none is named; tell how many."""
        async with self._database.transaction() as tx:
            return await revive_dead(tx, delivery_ids, self._clock())

    async def forget_delivered(self, kept: timedelta) -> int:
        """Forget deliveries that arrived so long ago; tell how many."""
        async with self._database.transaction() as tx:
            return await forget_delivered(tx, self._clock() - kept)
