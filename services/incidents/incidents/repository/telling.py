"""The messages that a change plans: to whoever the roster says now, to the contacts of the premises, and to owners."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.duty.deliveries import (
    Addressee,
    Delivery,
    DeliveryRules,
    DeliveryState,
    Owner,
    planned,
)
from incidents.domain.duty.roster import ContactChannel, Roster
from incidents.domain.incidents.incident import Change
from incidents.domain.lifecycle.owner_notices import About, Subject
from incidents.domain.rules.escalation import Recipient
from incidents.repository.duty import roster_between
from incidents.wire.contacts import phones_of

_RULES_IN_FORCE = (
    select(tables.delivery_policies)
    .where(tables.delivery_policies.c.effective_from <= bindparam("now"))
    .order_by(tables.delivery_policies.c.effective_from.desc())
    .limit(1)
)


async def plan_deliveries(tx: Transaction, changes: Sequence[Change]) -> None:
    """Plan the messages to all that changes made at one time notify; an exercise reaches nobody."""
    telling = [
        change
        for change in changes
        if (change.notifications or change.owner_notices) and not change.incident.exercise
    ]
    if not telling:
        return
    now = telling[0].at
    roster = await roster_between(tx, now, now + timedelta.resolution)
    owners = {notice.account for change in telling for notice in change.owner_notices}
    channels = await _channels_of(tx, owners | {one.account for one in roster.at(now)})
    phones = await _phones_at(tx, telling)
    rules = await rules_in_force(tx, now)
    rows = [
        _row(delivery, now)
        for change in telling
        for about, addressee, ways in _addressees(change, roster, channels, phones)
        for delivery in planned(change.incident.incident_id, about, addressee, ways, now, rules)
    ]
    if rows:
        await tx.execute(upsert(tables.deliveries).on_conflict_do_nothing(), rows)


async def rules_in_force(tx: Transaction, now: datetime) -> DeliveryRules:
    """Load the rules of trying: the newest version that is effective."""
    row = (await tx.execute(_RULES_IN_FORCE, {"now": now})).one()
    backoff, within = timedelta(seconds=row.backoff_s), timedelta(seconds=row.confirm_within_s)
    remind_from = time(*divmod(row.remind_from_min, 60))
    return DeliveryRules(row.tries, backoff, within, row.source, remind_from)


def _addressees(
    change: Change,
    roster: Roster,
    channels: dict[str, list[ContactChannel]],
    phones: dict[str, int],
) -> Iterable[tuple[About, Addressee, list[ContactChannel]]]:
    """Tell of what a change tells whom, each with the channels in their order."""
    for notice in change.owner_notices:
        owner = Addressee(Owner.OWNER, notice.account)
        yield notice.about, owner, channels.get(notice.account, [])
    if not change.notifications:
        return
    step = About(Subject.INCIDENT, change.notifications[0].step)
    recipients = [one.recipient for one in change.notifications]
    for recipient, accounts in roster.reached(recipients, change.at).items():
        for account in accounts:
            yield step, Addressee(recipient, account), channels.get(account, [])
    if Recipient.PREMISES_CONTACTS in recipients:
        for contact in range(1, phones.get(change.incident.premises_id, 0) + 1):
            someone = Addressee(Recipient.PREMISES_CONTACTS, contact=contact)
            yield step, someone, [ContactChannel.SMS]


async def _channels_of(tx: Transaction, accounts: set[str]) -> dict[str, list[ContactChannel]]:
    columns = tables.officers.c
    if not accounts:
        return {}
    found = await tx.execute(
        select(columns.account, columns.channels).where(columns.account.in_(accounts))
    )
    return {row.account: [ContactChannel(one) for one in row.channels] for row in found}


async def _phones_at(tx: Transaction, changes: Iterable[Change]) -> dict[str, int]:
    """Count the contacts that can be reached of the premises at which somebody is told."""
    columns = tables.premises.c
    wanted = {
        change.incident.premises_id
        for change in changes
        if Recipient.PREMISES_CONTACTS in [one.recipient for one in change.notifications]
    }
    if not wanted - {""}:
        return {}
    found = await tx.execute(
        select(columns.premises_id, columns.payload).where(columns.premises_id.in_(wanted))
    )
    return {row.premises_id: len(phones_of(row.payload)) for row in found}


def _row(delivery: Delivery, now: datetime) -> dict[str, Any]:
    columns = {**vars(delivery), **vars(delivery.about), **vars(delivery.addressee)}
    del columns["about"], columns["addressee"]
    return {**columns, "planned_at": now, "attempts": 0, "state": DeliveryState.WAITING}
