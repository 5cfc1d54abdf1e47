"""A detector that is asked to end while it reads: it ends, for nobody would store what it finds."""

import asyncio
from typing import Any

import pytest

from chassis.clock import utc_now
from fire_safety.consumers.detector import Detector


class Deaf:
    """A reader within which a cancellation is lost, as it is within `asyncio.wait_for` before Python 3.12."""

    async def take(self, wait_s: float) -> list[Any]:
        """Give nothing, and lose the cancellation."""
        try:
            await asyncio.sleep(wait_s)
        except asyncio.CancelledError:
            return []
        return []


class Watching:
    """A watch over devices that is given nothing while anybody stores what it finds."""

    async def take(self, messages: list[Any]) -> None:
        """Be given messages."""
        raise AssertionError(messages)


async def test_a_lost_cancellation_ends_detection_all_the_same() -> None:
    """Whoever stores beside has failed, and asks once only."""
    unused: Any = None
    detector = Detector(
        unused, unused, unused, unused, "11002", unused, unused, unused, unused, utc_now, utc_now
    )
    reader: Any = Deaf()
    watch: Any = Watching()

    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise RuntimeError("no")

    async with asyncio.timeout(30):
        with pytest.raises(ExceptionGroup) as failed:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail())
                await detector._follow(reader, watch, unused)  # noqa: SLF001 - the rest of it is a whole service

    assert [type(one) for one in failed.value.exceptions] == [RuntimeError]
