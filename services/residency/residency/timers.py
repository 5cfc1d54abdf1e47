"""What happens because time passes, not because somebody calls."""

import asyncio
from datetime import timedelta

from chassis.errors import DatabaseUnavailableError
from chassis.log import logger
from residency.operations.upkeep import UpkeepOperations

_POLL_S = 60.0
_FORGET_EVERY_S = 3600.0


async def recount_when_due(upkeep: UpkeepOperations) -> None:
    """Publish the dwellings whose counts change with the day, until cancelled; a failure only delays."""
    while True:
        try:
            while await upkeep.recount_due():
                pass
        except DatabaseUnavailableError:
            logger().warning("recount_delayed")
        except Exception:  # noqa: BLE001 - the edge: logged, then tried again; the service must go on answering
            logger().exception("recount_failed")
        await asyncio.sleep(_POLL_S)


async def forget_hourly(upkeep: UpkeepOperations, kept: timedelta) -> None:
    """Forget events the stream cannot deliver again, and requests as old, until cancelled; a failure only delays."""
    while True:
        try:
            await upkeep.forget_events(kept)
            await upkeep.forget_requests(kept)
        except DatabaseUnavailableError:
            logger().warning("forgetting_delayed")
        except Exception:  # noqa: BLE001 - the edge, as above
            logger().exception("forgetting_failed")
        await asyncio.sleep(_FORGET_EVERY_S)
