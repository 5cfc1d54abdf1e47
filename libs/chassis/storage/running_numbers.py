"""Running numbers: one count for each series, kept in a row."""

from functools import cache
from typing import Any

from sqlalchemy import Table, UpdateBase, bindparam
from sqlalchemy.dialects.postgresql import insert

from chassis.storage.database import Transaction


async def next_number(tx: Transaction, table: Table, **series: Any) -> int:  # noqa: ANN401 - any type of key
    """Count on in a series, from 1; others who do so wait until this transaction has ended.

    The table's key says which series, its column `last` which number was taken last. A transaction that is rolled back
    leaves no gap.
    """
    number: int = (await tx.scalars(_count_on(table), series)).one()
    return number


@cache
def _count_on(table: Table) -> UpdateBase:
    series = [column.name for column in table.primary_key]
    counting = insert(table).values(last=1, **{name: bindparam(name) for name in series})
    counting = counting.on_conflict_do_update(
        index_elements=table.primary_key, set_={"last": table.c.last + 1}
    )
    return counting.returning(table.c.last)
