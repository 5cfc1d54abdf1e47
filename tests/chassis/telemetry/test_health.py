"""Readiness: ready only while every part is."""

import asyncio
from contextlib import suppress

from chassis.telemetry.health import Readiness


async def told(readiness: Readiness) -> dict[str, bool]:
    """Ask all parts once."""
    asking = asyncio.create_task(readiness.run([]))
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        while not any(readiness.parts.values()):
            await asyncio.sleep(0)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    return readiness.parts


async def fine() -> None:
    """Be usable."""


async def away() -> None:
    """Be away."""
    raise OSError


async def test_a_warning_is_told_and_keeps_nobody_from_working() -> None:
    """It is among the parts, and the service is ready."""
    readiness = Readiness({"database": fine})
    readiness.warn("clocks", away)

    assert await told(readiness) == {"database": True, "clocks": False}
    assert readiness.ready


async def test_a_part_may_be_added_later() -> None:
    """It counts from then on, and is not ready before it was asked."""
    readiness = Readiness({"database": fine})
    readiness.watch("detector", away)

    assert readiness.parts == {"database": False, "detector": False}
    assert await told(readiness) == {"database": True, "detector": False}
    assert not readiness.ready
