"""Households and who belongs to them, as an operation loads and saves them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, exists, insert, or_, select
from sqlalchemy.exc import IntegrityError

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule
from chassis.storage.database import Transaction
from residency.domain.residence.households import (
    HOUSEHOLDER,
    HouseholderExistsError,
    HouseholdMembershipExistsError,
    HouseholdNotFoundError,
    Membership,
    NotAMemberError,
)
from residency.domain.residence.registrations import HouseholdChoice, Origin, Registration, Term
from residency.repository import entries
from residency.tables import (
    household_memberships,
    household_relationships,
    households,
)
from residency.tables.bitemporal import holds_on
from residency.tables.duplicates import holder_of

NewId = Callable[[], UUID]

_CURRENT = household_memberships.c.superseded_at.is_(None)
_REFUSED: dict[str | None, Callable[[], DomainError]] = {
    "household_memberships_one": HouseholdMembershipExistsError,
    "household_memberships_one_householder": HouseholderExistsError,
    "household_memberships_relationship_to_householder_fkey": partial(
        FieldInvalidError,
        "relationship_to_householder",
        Rule("mã có trong ListHouseholdRelationships", "a code of ListHouseholdRelationships"),
    ),
}


async def codes_by_name(tx: Transaction) -> dict[str, str]:
    """Tell the code of each relationship by its Vietnamese name."""
    columns = household_relationships.c
    rows = await tx.execute(select(columns.name_vi, columns.code))
    return {row.name_vi: row.code for row in rows}


async def found_or_join(
    tx: Transaction,
    dwelling_id: UUID,
    choice: HouseholdChoice,
    term: Term,
    new_id: UUID,
    now: datetime,
) -> tuple[UUID, str | None]:
    """Tell the household that a person joins, a new one if there is none to join, and as what to its householder.

    Raises HouseholdNotFoundError if the chosen household is not one of the dwelling.
    """
    if not choice.founds:
        if joined := await _to_join(tx, dwelling_id, choice.household_id, term):
            return joined, choice.relationship
        if choice.household_id:
            raise HouseholdNotFoundError
    await add(tx, new_id, dwelling_id, now)
    return new_id, HOUSEHOLDER


async def add(tx: Transaction, household_id: UUID, dwelling_id: UUID, now: datetime) -> None:
    """Enter a household, still without members."""
    await tx.execute(
        insert(households).values(
            household_id=household_id, dwelling_id=dwelling_id, recorded_at=now
        )
    )


async def dwelling_of(tx: Transaction, household_id: UUID) -> UUID:
    """Tell where a household lives; raises HouseholdNotFoundError."""
    statement = select(households.c.dwelling_id).where(households.c.household_id == household_id)
    found: UUID | None = await tx.scalar(statement)
    if found is None:
        raise HouseholdNotFoundError
    return found


async def headed_in_dwelling(
    tx: Transaction, number_index: bytes, dwelling_id: UUID, day: date
) -> UUID | None:
    """Tell the household of a dwelling that the person who has a number heads on a day; None if there is none."""
    statement = (
        select(household_memberships.c.household_id)
        .join(households)
        .where(
            household_memberships.c.person_id == holder_of(number_index),
            household_memberships.c.relationship_to_householder == HOUSEHOLDER,
            households.c.dwelling_id == dwelling_id,
            holds_on(household_memberships, day),
        )
    )
    found: UUID | None = await tx.scalar(statement)
    return found


async def of_person(tx: Transaction, number_index: bytes, day: date) -> UUID:
    """Tell the household to which the person who has a number belongs on a day; raises NotAMemberError."""
    statement = select(household_memberships.c.household_id).where(
        household_memberships.c.person_id == holder_of(number_index),
        holds_on(household_memberships, day),
    )
    found: UUID | None = await tx.scalar(statement)
    if found is None:
        raise NotAMemberError
    return found


async def belonging(
    tx: Transaction, person_id: UUID, dwelling_id: UUID, day: date
) -> Membership | None:
    """Load the membership of a person in a household of a dwelling on a day; None if there is none."""
    columns = household_memberships.c
    statement = (
        select(household_memberships)
        .join(households)
        .where(
            columns.person_id == person_id,
            households.c.dwelling_id == dwelling_id,
            holds_on(household_memberships, day),
        )
    )
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else _membership(row)


async def join(
    tx: Transaction,
    registration: Registration,
    standing: Sequence[tuple[Term, str | None]],
    origin: Origin,
    new_id: NewId,
    now: datetime,
) -> None:
    """Have the person of a new registration belong to its household on the days on which they belong to none.

    `standing` says on which days of it as what.
    """
    taken = await terms_of(tx, registration.person_id)
    parts = [(free, as_what) for days, as_what in standing for free in days.without(taken)]
    for free, relationship in parts:
        joining = Membership(
            membership_id=new_id(),
            household_id=registration.household_id,
            person_id=registration.person_id,
            registration_id=registration.entry_id,
            relationship=relationship,
            lasts=free,
        )
        await belong(tx, joining, origin, now)


async def belong(tx: Transaction, member: Membership, origin: Origin, now: datetime) -> None:
    """Enter a membership; raises HouseholdMembershipExistsError or HouseholderExistsError."""
    await _add(tx, member, None, origin, now)


async def terms_of(tx: Transaction, person_id: UUID) -> list[Term]:
    """Tell when a person belongs to any household, in order of time."""
    of_person = household_memberships.c.person_id == person_id
    return [one.lasts for one in await _load(tx, select(household_memberships).where(of_person))]


async def superseded_at(tx: Transaction, registration_id: UUID, at: datetime) -> list[Membership]:
    """Load the memberships that came with a registration and were held until an instant, in order of time."""
    columns = household_memberships.c
    which = (columns.registration_id == registration_id) & (columns.superseded_at == at)
    statement = select(household_memberships).where(which).order_by(columns.valid_from)
    return [_membership(row) for row in await tx.execute(statement)]


async def of_registration(tx: Transaction, registration_id: UUID) -> list[Membership]:
    """Load the memberships that came with a registration, in order of time."""
    which = household_memberships.c.registration_id == registration_id
    return await _load(tx, select(household_memberships).where(which))


async def members_from(tx: Transaction, household_id: UUID, day: date) -> list[Membership]:
    """Load who belongs to a household on a day or after it, in order of time."""
    columns = household_memberships.c
    later = or_(columns.ends_on.is_(None), columns.ends_on > day)
    which = (columns.household_id == household_id) & later
    return await _load(tx, select(household_memberships).where(which))


async def leave(tx: Transaction, members: Sequence[Membership], day: date, now: datetime) -> None:
    """Record that memberships end on a day; those to come never begin."""
    for one in members:
        if day <= one.lasts.valid_from:
            await entries.supersede(tx, household_memberships, one.membership_id, now)
        elif one.lasts.valid_until is None or day < one.lasts.valid_until:
            await entries.end(tx, household_memberships, one.membership_id, day, now)


async def replace_with(
    tx: Transaction,
    wrong: Sequence[Membership],
    right: Sequence[tuple[Membership, Term]],
    origin: Origin,
    new_id: NewId,
    now: datetime,
) -> None:
    """Enter memberships with their terms in the place of wrong ones."""
    for one in wrong:
        await entries.supersede(tx, household_memberships, one.membership_id, now)
    corrected: set[UUID] = set()
    for one, term in right:
        corrects = None if one.membership_id in corrected else one.membership_id
        corrected.add(one.membership_id)
        await _add(tx, replace(one, membership_id=new_id(), lasts=term), corrects, origin, now)


async def change_from(
    tx: Transaction,
    members: Sequence[Membership],
    changed: Mapping[UUID, Membership],
    day: date,
    origin: Origin,
    new_id: NewId,
    now: datetime,
) -> None:
    """Have memberships be different from a day on; before it they stay what they were."""
    was = [one for one in members if one.membership_id in changed]
    before = [(one, Term(one.lasts.valid_from, day)) for one in was if one.lasts.valid_from < day]
    since = [
        (changed[one.membership_id], replace(one.lasts, valid_from=max(one.lasts.valid_from, day)))
        for one in was
    ]
    await replace_with(tx, was, [*before, *since], origin, new_id, now)


async def _to_join(
    tx: Transaction, dwelling_id: UUID, household_id: UUID | None, term: Term
) -> UUID | None:
    """Find the chosen household of a dwelling, or its first in which somebody lives during the term."""
    columns = household_memberships.c
    statement = select(households.c.household_id).where(households.c.dwelling_id == dwelling_id)
    if household_id:
        statement = statement.where(households.c.household_id == household_id)
    else:
        last = [] if term.valid_until is None else [columns.valid_from < term.valid_until]
        lived_in = exists().where(
            columns.household_id == households.c.household_id,
            _CURRENT,
            or_(columns.ends_on.is_(None), columns.ends_on > term.valid_from),
            *last,
        )
        statement = statement.where(lived_in)
    first = statement.order_by(households.c.recorded_at, households.c.household_id).limit(1)
    found: UUID | None = await tx.scalar(first)
    return found


async def _load(tx: Transaction, statement: Select[Any]) -> list[Membership]:
    current = statement.where(_CURRENT).order_by(household_memberships.c.valid_from)
    return [_membership(row) for row in await tx.execute(current)]


async def _add(
    tx: Transaction, member: Membership, corrects: UUID | None, origin: Origin, now: datetime
) -> None:
    entering = insert(household_memberships).values(
        membership_id=member.membership_id,
        household_id=member.household_id,
        person_id=member.person_id,
        registration_id=member.registration_id,
        relationship_to_householder=member.relationship,
        corrects=corrects,
        **entries.times(member.lasts, origin, now),
    )
    try:
        await tx.execute(entering)
    except IntegrityError as error:
        refusal = _REFUSED.get(entries.violated(error))
        if refusal is None:
            raise
        raise refusal() from error


def _membership(row: Row[Any]) -> Membership:
    return Membership(
        membership_id=row.membership_id,
        household_id=row.household_id,
        person_id=row.person_id,
        registration_id=row.registration_id,
        relationship=row.relationship_to_householder,
        lasts=Term(row.valid_from, row.ends_on),
    )
