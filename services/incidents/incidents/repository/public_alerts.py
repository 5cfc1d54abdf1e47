"""Messages of public warnings: stored with their event, and loaded with all that they refer to."""

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.storage import outbox
from chassis.storage.database import Transaction
from chassis.storage.running_numbers import next_number
from incidents import tables
from incidents.domain.public_alerts import (
    AlertReference,
    MessageType,
    PublicAlert,
    PublicAlertEndedError,
    PublicAlertNotFoundError,
    Sender,
)
from incidents.wire.alert_events import issued_message

_NONE: ColumnElement[Any] = literal_column("'{}'")


async def next_alert_ordinal(tx: Transaction, ward_code: str, year: int) -> int:
    """Count the messages of a ward's year; others who count wait until this transaction has ended."""
    return await next_number(tx, tables.alert_numbers, ward_code=ward_code, year=year)


async def add_alert(tx: Transaction, alert: PublicAlert) -> None:
    """Store a message, which leaves with the transaction; raises PublicAlertEndedError if another replaced the same."""
    columns = dict(vars(alert))
    del columns["references"]
    sender = columns.pop("sender")
    added = (
        upsert(tables.public_alerts)
        .values(**columns, sender=sender.identifier, sender_name=sender.name)
        .on_conflict_do_nothing(constraint="alert_is_replaced_once")
    )
    if not (await tx.execute(added)).rowcount:
        raise PublicAlertEndedError
    await outbox.add(tx, tables.outbox, alert.sent_at, issued_message(alert))


async def load_alert(tx: Transaction, condition: ColumnElement[bool]) -> PublicAlert:
    """Load the message that a condition names; raises PublicAlertNotFoundError."""
    wanted = select(tables.public_alerts).where(condition)
    row = (await tx.execute(whole_alerts(wanted))).one_or_none()
    if row is None:
        raise PublicAlertNotFoundError
    return alert_of(row)


def whole_alerts(wanted: Select[Any]) -> Select[Any]:
    """Complete some messages with those they refer to, newest first."""
    page, before = wanted.subquery("page"), tables.public_alerts.alias("before").c
    references = (
        select(
            *(
                func.coalesce(
                    func.array_agg(column).aggregate_order_by(before.sent_at, before.number),
                    _NONE,
                ).label(f"before_{column.name}")
                for column in (before.sender, before.number, before.sent_at)
            )
        )
        .where(before.first_id == page.c.first_id, before.number < page.c.number)
        .lateral("gathered")
    )
    return (
        select(page, *references.c)
        .select_from(page.join(references, true()))
        .order_by(page.c.sent_at.desc(), page.c.alert_id.desc())
    )


def alert_of(row: Row[Any]) -> PublicAlert:
    """Read a message."""
    before = zip(row.before_sender, row.before_number, row.before_sent_at, strict=True)
    return PublicAlert(
        alert_id=row.alert_id,
        number=row.number,
        ward_code=row.ward_code,
        sender=Sender(row.sender, row.sender_name),
        message_type=MessageType(row.message_type),
        exercise=row.exercise,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        first_id=row.first_id,
        replaces=row.replaces,
        incident_id=row.incident_id,
        issued_by=row.issued_by,
        content=row.content,
        references=tuple(AlertReference(*one) for one in before),
    )
