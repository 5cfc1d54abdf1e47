"""Running numbers of breaches and of requests of data subjects."""

from chassis.storage import running_numbers as counting
from chassis.storage.database import Transaction
from residency.tables import running_numbers


async def next_number(tx: Transaction, series: str, ward_code: str, year: int) -> str:
    """Take the next number of a series: `11002-VP-2026-000001`; others who take one wait until this one has ended."""
    last = await counting.next_number(
        tx, running_numbers, series=series, ward_code=ward_code, year=year
    )
    return f"{ward_code}-{series}-{year}-{last:06d}"
