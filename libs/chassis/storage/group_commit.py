"""Group commit: what waits at the same time is written together, in one statement and one commit.

A commit costs a write to the disk, whether it holds one row or a hundred. One batch is under way at a time, and the
next one gathers meanwhile. Alone, nobody waits: the window opens only behind a batch of several. It closes as soon as
as many have come, when nobody has come for a moment, and in any case soon: those who were answered together ask again
one after the other, and on a machine that is busy with them a batch that does not wait for them is small.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from chassis.errors import DomainError

_LARGEST = 256
_WINDOW_S = 0.010
_LULL_S = 0.002

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class GroupCommit(Generic[Item, Answer]):
    """Gathers items and has them written in batches; each caller gets the answer to its item, or the error.

    `write` takes the items of a batch, in order of their arrival, and gives as many answers.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]]) -> None:
        self._write = write
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._expected = 0
        self._enough = asyncio.Event()

    def add(self, item: Item) -> "asyncio.Future[Answer]":
        """Have an item written; who leaves before the answer leaves the item behind, to be written all the same."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((item, answer))
        if len(self._waiting) >= self._expected:
            self._enough.set()
        if self._writing is None:
            self._writing = loop.create_task(self._write_all())
        return answer

    async def _write_all(self) -> None:
        written = 0
        try:
            while self._waiting:
                if written > 1:
                    await self._gather(written + len(self._waiting))
                batch, self._waiting = self._waiting[:_LARGEST], self._waiting[_LARGEST:]
                written = len(batch)
                await self._write_batch(batch)
        finally:
            self._writing = None

    async def _gather(self, expected: int) -> None:
        """Wait for those who were just answered to join those who wait, as long as they are coming."""
        loop = asyncio.get_running_loop()
        end, come = loop.time() + _WINDOW_S, -1
        self._expected = expected
        self._enough.clear()
        while come < len(self._waiting) < expected and loop.time() < end:
            come = len(self._waiting)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LULL_S):
                    await self._enough.wait()

    async def _write_batch(self, batch: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._write([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is told to whoever asked
            if len(batch) > 1 and not isinstance(error, DomainError):
                # One item that cannot be written must not take the others with it.
                for one in batch:
                    await self._write_batch([one])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), told in zip(batch, answers, strict=True):
            if not answer.done():
                answer.set_result(told)
