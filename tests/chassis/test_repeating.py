"""What is done again and again."""

import asyncio
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from chassis import context
from chassis.errors import BrokerUnavailableError, DatabaseUnavailableError
from chassis.repeating import keep_doing, while_there_is


async def test_a_failure_only_delays_and_each_time_has_a_request_id_of_its_own() -> None:
    """An outage is told as one, anything else in full."""
    seen: list[str] = []
    ways = iter([DatabaseUnavailableError(), BrokerUnavailableError(), ValueError(), None])
    done = asyncio.Event()

    async def act() -> None:
        seen.append(context.request_id.get())
        error = next(ways)
        if error is None:
            done.set()
            await asyncio.Event().wait()
        else:
            raise error

    with capture_logs() as logs:
        task = asyncio.create_task(
            keep_doing("work", 0, act, (DatabaseUnavailableError, BrokerUnavailableError))
        )
        await asyncio.wait_for(done.wait(), 30)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    assert [one["event"] for one in logs] == ["work_delayed", "work_delayed", "work_failed"]
    assert [one.get("cause") for one in logs[:2]] == ["DATABASE_UNAVAILABLE", "BROKER_UNAVAILABLE"]
    assert len(set(seen)) == len(seen) == 4


@pytest.mark.parametrize("portions", [[], [3, 1]])
async def test_some_are_done_until_there_are_none_left(portions: list[int]) -> None:
    """However many at a time."""
    left = iter([*portions, 0])

    async def do_some() -> int:
        return next(left)

    await while_there_is(do_some)

    assert next(left, None) is None
