"""Webhooks and their deliveries: stored, taken when due, and ended."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.webhooks import (
    TAKEN_FOR,
    Delivery,
    Notice,
    Webhook,
    WebhookNotFoundError,
    WebhookSeal,
)


async def add_webhook(tx: Transaction, webhook: Webhook, sealed: bytes) -> None:
    """Store a webhook with its sealed secret."""
    await tx.execute(
        insert(tables.webhooks).values(
            webhook_id=webhook.webhook_id,
            url=webhook.url,
            events=list(webhook.events),
            secret_sealed=sealed,
            created_at=webhook.created_at,
            created_by=webhook.created_by,
        )
    )


async def load_webhook(tx: Transaction, webhook_id: UUID) -> tuple[Webhook, bytes]:
    """Load a webhook and its sealed secret; raises WebhookNotFoundError."""
    columns = tables.webhooks.c
    found = await tx.execute(select(tables.webhooks).where(columns.webhook_id == webhook_id))
    row = found.one_or_none()
    if row is None:
        raise WebhookNotFoundError
    webhook = Webhook(row.webhook_id, row.url, tuple(row.events), row.created_at, row.created_by)
    return webhook, row.secret_sealed


async def end_webhook(tx: Transaction, webhook_id: UUID, account: str, now: datetime) -> None:
    """End a webhook and all that waits for it; raises WebhookNotFoundError."""
    columns, deliveries = tables.webhooks.c, tables.webhook_deliveries.c
    ended = (
        update(tables.webhooks)
        .where(columns.webhook_id == webhook_id, columns.removed_at.is_(None))
        .values(removed_at=now, removed_by=account)
    )
    if not (await tx.execute(ended)).rowcount:
        raise WebhookNotFoundError
    await tx.execute(
        update(tables.webhook_deliveries)
        .where(deliveries.webhook_id == webhook_id, tables.WAITING)
        .values(due_at=None, failure="removed")
    )


async def add_deliveries(tx: Transaction, notices: Sequence[Notice], now: datetime) -> None:
    """Have notices told to each webhook that wants them.

    None is removed before they are stored: its removal would not see them, and they would be sent all the same.
    """
    columns = tables.webhooks.c
    webhooks = await tx.execute(
        select(columns.webhook_id, columns.events)
        .where(columns.removed_at.is_(None))
        .order_by(columns.webhook_id)
        .with_for_update(read=True)
    )
    rows = [
        {"webhook_id": webhook_id, **vars(notice)}
        for webhook_id, events in webhooks
        for notice in notices
        if not events or notice.event in events
    ]
    if rows:
        added = upsert(tables.webhook_deliveries).values(
            delivery_id=func.gen_random_uuid(), created_at=now, due_at=now, attempts=0, failure=""
        )
        await tx.execute(added.on_conflict_do_nothing(), rows)


async def take_deliveries(
    tx: Transaction, now: datetime, limit: int, seal: WebhookSeal
) -> list[Delivery]:
    """Take deliveries that are due, those that wait the longest first; whoever else asks gets others meanwhile."""
    columns, webhooks = tables.webhook_deliveries.c, tables.webhooks.c
    due = (
        select(columns.delivery_id)
        .where(tables.WAITING, columns.due_at <= now)
        .order_by(columns.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = (
        update(tables.webhook_deliveries)
        .where(
            columns.delivery_id == due.c.delivery_id,
            webhooks.webhook_id == columns.webhook_id,
        )
        .values(due_at=now + TAKEN_FOR, attempts=columns.attempts + 1)
        .returning(
            columns.delivery_id,
            columns.webhook_id,
            columns.content,
            columns.attempts,
            webhooks.url,
            webhooks.secret_sealed,
        )
    )
    return [
        Delivery(
            delivery_id=row.delivery_id,
            url=row.url,
            secret=seal.open(row.secret_sealed, row.webhook_id),
            content=row.content,
            attempts=row.attempts,
        )
        for row in await tx.execute(taken)
    ]


async def note_delivered(tx: Transaction, delivery: Delivery, now: datetime) -> None:
    """Note that a delivery arrived."""
    columns = tables.webhook_deliveries.c
    await tx.execute(
        update(tables.webhook_deliveries)
        .where(columns.delivery_id == delivery.delivery_id)
        .values(due_at=None, delivered_at=now, failure="")
    )


async def note_failed(
    tx: Transaction, delivery: Delivery, failure: str, again_at: datetime | None
) -> None:
    """Note why a try failed, and when the next one is; none gives it up, and what was ended meanwhile stays ended."""
    columns = tables.webhook_deliveries.c
    await tx.execute(
        update(tables.webhook_deliveries)
        .where(columns.delivery_id == delivery.delivery_id, tables.WAITING)
        .values(due_at=again_at, failure=failure)
    )


async def revive_dead(tx: Transaction, delivery_ids: Collection[UUID], now: datetime) -> int:
    """Have deliveries that were given up, of webhooks that are told, begin anew; all if none is named."""
    columns, webhooks = tables.webhook_deliveries.c, tables.webhooks.c
    told = select(webhooks.webhook_id).where(webhooks.removed_at.is_(None))
    revived = update(tables.webhook_deliveries).where(
        columns.due_at.is_(None), columns.delivered_at.is_(None), columns.webhook_id.in_(told)
    )
    if delivery_ids:
        revived = revived.where(columns.delivery_id.in_(delivery_ids))
    return (await tx.execute(revived.values(due_at=now, attempts=0))).rowcount


async def forget_delivered(tx: Transaction, before: datetime) -> int:
    """Forget deliveries that arrived before; tell how many."""
    columns = tables.webhook_deliveries.c
    forgotten = delete(tables.webhook_deliveries).where(columns.delivered_at < before)
    return (await tx.execute(forgotten)).rowcount
