"""The rules of disclosure in force."""

from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from chassis.database import Transaction
from residency.domain.disclosure import (
    Asker,
    Disclosure,
    DisclosureRule,
    PersonField,
    Way,
    decide,
)
from residency.tables import disclosure_rules, restriction_rules


async def disclosure_to(tx: Transaction, asker: Asker, way: Way, today: date) -> Disclosure:
    """Decide by the rules in force what the asker may see; raises DisclosureNotAllowedError."""
    rules = disclosure_rules.c
    key = (rules.purpose, rules.role, rules.way)
    despite = (
        select(restriction_rules.c.disclosed)
        .where(
            restriction_rules.c.purpose == asker.purpose,
            restriction_rules.c.effective_from <= today,
        )
        .order_by(restriction_rules.c.effective_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(*key, rules.fields, despite.label("despite_restriction"))
        .ext(distinct_on(*key))
        .where(rules.purpose == asker.purpose, rules.effective_from <= today)
        .order_by(*key, rules.effective_from.desc())
    )
    rows = (await tx.execute(statement)).all()
    in_force = [
        DisclosureRule(
            row.purpose, row.role, Way(row.way), frozenset(map(PersonField, row.fields))
        )
        for row in rows
    ]
    despite_restriction = any(row.despite_restriction for row in rows)
    return replace(decide(in_force, asker, way), despite_restriction=despite_restriction)
