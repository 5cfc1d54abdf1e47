"""What happens because a day begins, not because somebody calls."""

import asyncio

from chassis.errors import DatabaseUnavailableError
from chassis.log import logger
from residency.operations import Operations

_POLL_S = 60.0


async def recount_when_due(operations: Operations) -> None:
    """Publish the dwellings whose counts change with the day, until cancelled; an outage only delays."""
    while True:
        try:
            while await operations.recount_due():
                pass
        except DatabaseUnavailableError:
            logger().warning("recount_delayed")
        await asyncio.sleep(_POLL_S)
