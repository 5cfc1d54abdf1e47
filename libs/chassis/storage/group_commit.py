"""Group commit: what waits at the same time is written together, in one statement and one commit.

A commit costs a write to the disk, whether it holds one row or a hundred. One batch is under way at a time, and the
next one gathers meanwhile. Alone, nobody waits: the window opens only behind a batch of several. It closes as soon as
as many have come, or so many that the commit is paid for, when nobody has come for a moment, and in any case soon.
Those who were answered together ask again one after the other, and on a machine that is busy with them a batch that
does not wait for them is small; one that waited for all of many would leave the database idle while they are answered.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Generic, TypeVar

from chassis.errors import DomainError

_LARGEST = 256
_ENOUGH = 32
_WINDOW_S = 0.010
_LULL_S = 0.002

Item = TypeVar("Item")
Answer = TypeVar("Answer")
# What was added together, and its answers to come.
_Added = tuple[Sequence[Item], asyncio.Future[list[Answer]]]


class GroupCommit(Generic[Item, Answer]):
    """Gathers items and has them written in batches; each caller gets the answers to its items, or the error.

    `write` takes the items of a batch, in order of their arrival, and gives as many answers.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]]) -> None:
        self._write = write
        self._waiting: deque[_Added[Item, Answer]] = deque()
        self._items = 0
        self._writing: asyncio.Task[None] | None = None
        self._expected = 0
        self._enough = asyncio.Event()

    def add(self, *items: Item) -> "asyncio.Future[list[Answer]]":
        """Have items written together, of which there is one at least, and tell their answers in order.

        Who leaves before the answers leaves the items behind, to be written all the same.
        """
        loop = asyncio.get_running_loop()
        answers: asyncio.Future[list[Answer]] = loop.create_future()
        self._waiting.append((items, answers))
        self._items += len(items)
        if self._items >= self._expected:
            self._enough.set()
        if self._writing is None:
            self._writing = loop.create_task(self._write_all())
        return answers

    async def _write_all(self) -> None:
        written = 0
        try:
            while self._waiting:
                if written > 1:
                    await self._gather(min(written + self._items, _ENOUGH))
                batch, written = self._take()
                await self._write_batch(batch)
        finally:
            self._writing = None

    def _take(self) -> tuple[list[_Added[Item, Answer]], int]:
        """Take those who waited longest, and tell how many items they have: what was added together stays together."""
        batch: list[_Added[Item, Answer]] = []
        size = 0
        while self._waiting and (not size or size + len(self._waiting[0][0]) <= _LARGEST):
            batch.append(self._waiting.popleft())
            size += len(batch[-1][0])
        self._items -= size
        return batch, size

    async def _gather(self, expected: int) -> None:
        """Wait for those who were just answered to join those who wait, as long as they are coming."""
        loop = asyncio.get_running_loop()
        end, come = loop.time() + _WINDOW_S, -1
        self._expected = expected
        self._enough.clear()
        while come < self._items < expected and loop.time() < end:
            come = self._items
            with suppress(TimeoutError):
                async with asyncio.timeout(_LULL_S):
                    await self._enough.wait()

    async def _write_batch(self, batch: Sequence[_Added[Item, Answer]]) -> None:
        try:
            told = await self._write([*chain.from_iterable(items for items, _ in batch)])
        except Exception as error:  # noqa: BLE001 - it is told to whoever asked
            if len(batch) > 1 and not isinstance(error, DomainError):
                # What cannot be written must not take others' with it.
                for one in batch:
                    await self._write_batch([one])
                return
            for _, answers in batch:
                if not answers.done():
                    answers.set_exception(error)
            return
        rest = iter(told)
        for items, answers in batch:
            own = [*islice(rest, len(items))]
            if not answers.done():
                answers.set_result(own)
