"""The rules of disclosure in force."""

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
from residency.tables import disclosure_rules


async def disclosure_to(tx: Transaction, asker: Asker, way: Way, today: date) -> Disclosure:
    """Decide by the rules in force what the asker may see; raises DisclosureNotAllowedError."""
    rules = disclosure_rules.c
    key = (rules.purpose, rules.role, rules.way)
    statement = (
        select(*key, rules.fields)
        .ext(distinct_on(*key))
        .where(rules.purpose == asker.purpose, rules.effective_from <= today)
        .order_by(*key, rules.effective_from.desc())
    )
    in_force = [
        DisclosureRule(
            row.purpose, row.role, Way(row.way), frozenset(map(PersonField, row.fields))
        )
        for row in await tx.execute(statement)
    ]
    return decide(in_force, asker, way)
