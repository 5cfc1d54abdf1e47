"""Running numbers of breaches and of requests of data subjects."""

from sqlalchemy.dialects.postgresql import insert

from chassis.database import Transaction
from residency.tables import running_numbers


async def next_number(tx: Transaction, series: str, ward_code: str, year: int) -> str:
    """Take the next number of a series: `11002-VP-2026-000001`; others who take one wait until this one has ended."""
    taking = insert(running_numbers).values(series=series, ward_code=ward_code, year=year, last=1)
    taking = taking.on_conflict_do_update(
        index_elements=running_numbers.primary_key,
        set_={"last": running_numbers.c.last + 1},
    )
    last = (await tx.scalars(taking.returning(running_numbers.c.last))).one()
    return f"{ward_code}-{series}-{year}-{last:06d}"
