"""Running numbers: one count for each series, kept in a row."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert

from chassis.storage.database import Transaction


async def next_number(tx: Transaction, table: Table, **series: Any) -> int:  # noqa: ANN401 - any type of key
    """Count on in a series, from 1; others who do so wait until this transaction has ended.

    The table's key says which series, its column `last` which number was taken last. A transaction that is rolled back
    leaves no gap.
    """
    counting = insert(table).values(**series, last=1)
    counting = counting.on_conflict_do_update(
        index_elements=table.primary_key, set_={"last": table.c.last + 1}
    )
    number: int = (await tx.scalars(counting.returning(table.c.last))).one()
    return number
