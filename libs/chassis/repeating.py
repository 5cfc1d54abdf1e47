"""What a service does because time passes, not because somebody calls."""

import asyncio
from collections.abc import Awaitable, Callable

from chassis import context
from chassis.errors import DatabaseUnavailableError, DomainError
from chassis.telemetry.log import logger


async def keep_doing(
    name: str,
    every_s: float,
    act: Callable[[], Awaitable[object]],
    outages: tuple[type[DomainError], ...] = (DatabaseUnavailableError,),
) -> None:
    """Do something at once and then every so many seconds, until cancelled; a failure only delays.

    Each time has a request id of its own. An outage is logged as a delay, anything else in full.
    """
    while True:
        context.request_id.set(context.accept_request_id(None))
        try:
            await act()
        except outages as error:
            logger().warning(f"{name}_delayed", cause=error.reason)
        except Exception:  # noqa: BLE001 - the edge: logged, then tried again; the service must go on answering
            logger().exception(f"{name}_failed")
        await asyncio.sleep(every_s)


async def while_there_is(do_some: Callable[[], Awaitable[object]]) -> None:
    """Do some again and again until there are none left."""
    while await do_some():
        pass
