"""What happens because time passes, not because somebody calls."""

import asyncio
from datetime import timedelta

from chassis.errors import DatabaseUnavailableError
from chassis.log import logger
from residency.operations import Operations

_POLL_S = 60.0
_FORGET_EVERY_S = 3600.0


async def recount_when_due(operations: Operations) -> None:
    """Publish the dwellings whose counts change with the day, until cancelled; a failure only delays."""
    while True:
        try:
            while await operations.recount_due():
                pass
        except DatabaseUnavailableError:
            logger().warning("recount_delayed")
        except Exception:  # noqa: BLE001 - the edge: logged, then tried again; the service must go on answering
            logger().exception("recount_failed")
        await asyncio.sleep(_POLL_S)


async def forget_requests_hourly(operations: Operations, kept: timedelta) -> None:
    """Forget requests that nobody repeats any more, until cancelled; a failure only delays."""
    while True:
        try:
            await operations.forget_requests(kept)
        except DatabaseUnavailableError:
            logger().warning("forgetting_delayed")
        except Exception:  # noqa: BLE001 - the edge, as above
            logger().exception("forgetting_failed")
        await asyncio.sleep(_FORGET_EVERY_S)
