"""Whether what was written by calls is accounted for in the transactions that wrote it."""

from sqlalchemy import text

from chassis.storage.database import Database

# A request is claimed in the transaction of what it changes; rows of one transaction have one `xmin`. Breaches and
# reviews hold nothing of residents, and have histories of their own that are never changed.
_UNACCOUNTED = text("""
    select request_id from requests
    where account <> ''
      and resource_id not in (select breach_id::text from breaches)
      and resource_id not in (select review_id::text from break_glass_decisions)
      and not exists (select from access_records where access_records.xmin = requests.xmin)
""")


async def unaccounted(database: Database) -> list[str]:
    """Tell the requests of callers that changed something without an access record in the same transaction."""
    async with database.transaction() as tx:
        return list((await tx.scalars(_UNACCOUNTED)).all())
