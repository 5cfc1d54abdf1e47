"""Waiting for what sends no event: processes, ports, other programs."""

import asyncio
from collections.abc import Callable

POLL_SECONDS = 0.05


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; look every `POLL_SECONDS`."""
    while not condition():  # noqa: ASYNC110  # nobody sets an event for us
        await asyncio.sleep(POLL_SECONDS)
