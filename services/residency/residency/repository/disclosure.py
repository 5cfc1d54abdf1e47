"""The rules of disclosure in force."""

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Text, bindparam, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from chassis.storage.database import Transaction
from residency.domain.lookups.disclosure import (
    Asker,
    Disclosure,
    DisclosureRule,
    PersonField,
    Way,
    decide,
)
from residency.repository.lookups import restricted_persons
from residency.tables import disclosure_rules, restriction_rules


async def disclosure_to(tx: Transaction, asker: Asker, way: Way, today: date) -> Disclosure:
    """Decide by the rules in force what the asker may see; raises DisclosureNotAllowedError."""
    values = {"purpose": asker.purpose, "today": today}
    rows = (await tx.execute(_in_force(), values)).all()
    in_force = [
        DisclosureRule(
            row.purpose, row.role, Way(row.way), frozenset(map(PersonField, row.fields))
        )
        for row in rows
    ]
    despite_restriction = any(row.despite_restriction for row in rows)
    return replace(decide(in_force, asker, way), despite_restriction=despite_restriction)


async def require_shown(
    tx: Transaction, disclosure: Disclosure, person: ColumnElement[UUID]
) -> None:
    """Refuse to tell anything of a record whose person is restricted, unless it is shown all the same.

    Raises DisclosureNotAllowedError.
    """
    restricted = await tx.scalar(select(person.in_(restricted_persons())))
    disclosure.require_shown(restricted=bool(restricted))


def shown_only(
    disclosure: Disclosure, person: ColumnElement[UUID] | ColumnElement[UUID | None]
) -> ColumnElement[bool]:
    """Say in SQL, of a list: nobody who is restricted, unless they are shown all the same; NULL is nobody's record."""
    if disclosure.despite_restriction:
        return true()
    return or_(person.is_(None), person.not_in(restricted_persons()))


@cache
def _in_force() -> Select[Any]:
    """Select the latest rule of each role and way for a purpose; made once, since it is needed for each look."""
    rules, despite = disclosure_rules.c, restriction_rules.c
    purpose, today = bindparam("purpose", type_=Text), bindparam("today", type_=Date)
    disclosed = (
        select(despite.disclosed)
        .where(despite.purpose == purpose, despite.effective_from <= today)
        .order_by(despite.effective_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    key = (rules.purpose, rules.role, rules.way)
    return (
        select(*key, rules.fields, disclosed.label("despite_restriction"))
        .ext(distinct_on(*key))
        .where(rules.purpose == purpose, rules.effective_from <= today)
        .order_by(*key, rules.effective_from.desc())
    )
