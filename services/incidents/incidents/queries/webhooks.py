"""Webhooks that are told, and deliveries that were given up."""

from typing import Any

from sqlalchemy import Select, func, select

from chassis.storage.database import Database
from incidents.domain.webhooks import DeadDelivery, Webhook
from incidents.tables import webhook_deliveries, webhooks

_DEAD = webhook_deliveries.c.due_at.is_(None) & webhook_deliveries.c.delivered_at.is_(None)


class WebhookQueries:
    """Asks for webhooks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def webhooks(self) -> list[Webhook]:
        """Tell the webhooks that are told, oldest first, with their counts."""
        columns, deliveries = webhooks.c, webhook_deliveries.c
        counts = (
            func.count().filter(deliveries.due_at.is_not(None)).label("waiting"),
            func.count(deliveries.delivery_id).filter(_DEAD).label("dead"),
        )
        statement = (
            select(webhooks, *counts)
            .outerjoin(webhook_deliveries, deliveries.webhook_id == columns.webhook_id)
            .where(columns.removed_at.is_(None))
            .group_by(columns.webhook_id)
            .order_by(columns.created_at, columns.webhook_id)
        )
        async with self._database.transaction() as tx:
            return [
                Webhook(
                    row.webhook_id,
                    row.url,
                    tuple(row.events),
                    row.created_at,
                    row.created_by,
                    row.waiting,
                    row.dead,
                )
                for row in await tx.execute(statement)
            ]

    async def dead(self) -> list[DeadDelivery]:
        """Tell the deliveries that were given up, oldest first, of webhooks that are told."""
        async with self._database.transaction() as tx:
            return [DeadDelivery(*row) for row in await tx.execute(_dead())]


def _dead() -> Select[Any]:
    columns = webhook_deliveries.c
    return (
        select(
            columns.delivery_id,
            columns.event,
            webhooks.c.url,
            columns.created_at,
            columns.attempts,
            columns.failure,
        )
        .join(webhooks, webhooks.c.webhook_id == columns.webhook_id)
        .where(_DEAD, webhooks.c.removed_at.is_(None))
        .order_by(columns.created_at, columns.delivery_id)
    )
