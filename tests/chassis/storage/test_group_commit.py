"""What waits together is written together, and nobody gets another's answer."""

import asyncio
from collections.abc import Sequence
from itertools import chain

import pytest

from chassis.errors import DatabaseUnavailableError
from chassis.storage.group_commit import GroupCommit


class Writer:
    """Writes batches when it is let, and answers each number with its double."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.free = asyncio.Event()
        self.free.set()
        self.under_way = 0
        self.away = False

    async def write(self, items: Sequence[int]) -> Sequence[int]:
        """Write a batch; negative numbers cannot be written."""
        self.under_way += 1
        assert self.under_way == 1
        self.batches.append(list(items))
        try:
            await self.free.wait()
            if self.away:
                raise DatabaseUnavailableError
            if min(items) < 0:
                raise ValueError("negative")
        finally:
            self.under_way -= 1
        return [2 * item for item in items]


async def test_alone_nobody_waits_and_together_all_go_in_one_batch() -> None:
    """While one batch is under way the next one gathers; each caller has its own answer."""
    writer = Writer()
    commits = GroupCommit(writer.write)
    writer.free.clear()
    first = commits.add(0)
    while not writer.batches:
        await asyncio.sleep(0)
    others = [commits.add(number) for number in range(1, 50)]
    await asyncio.sleep(0)
    writer.free.set()

    assert await asyncio.gather(first, *others) == [[2 * number] for number in range(50)]
    assert writer.batches == [[0], list(range(1, 50))]


async def test_batches_are_bounded() -> None:
    """However many wait."""
    writer = Writer()
    commits = GroupCommit(writer.write)
    answers = await asyncio.gather(*(commits.add(number) for number in range(600)))

    assert answers == [[2 * number] for number in range(600)]
    assert max(map(len, writer.batches)) <= 256


async def test_what_is_added_together_stays_together() -> None:
    """In one batch, of which each caller has its own answers, in order; even if that is larger than others."""
    writer = Writer()
    commits = GroupCommit(writer.write)
    one, many, last = await asyncio.gather(
        commits.add(1, 2, 3), commits.add(*range(300)), commits.add(4)
    )

    assert (one, many, last) == ([2, 4, 6], [2 * number for number in range(300)], [8])
    assert writer.batches == [[1, 2, 3], list(range(300)), [4]]


async def test_one_that_cannot_be_written_takes_no_other_with_it() -> None:
    """The batch is written one by one then; only the culprit fails."""
    writer = Writer()
    commits = GroupCommit(writer.write)
    answers = await asyncio.gather(
        *(commits.add(number) for number in (1, -1, 2)), return_exceptions=True
    )

    assert (answers[0], answers[2]) == ([2], [4])
    assert isinstance(answers[1], ValueError)


async def test_an_outage_is_told_to_all_and_the_next_ones_are_written() -> None:
    """Nobody is left waiting, and nothing is tried again on its own."""
    writer = Writer()
    commits = GroupCommit(writer.write)
    writer.away = True
    failed = await asyncio.gather(
        *(commits.add(number) for number in range(3)), return_exceptions=True
    )
    writer.away = False

    assert all(isinstance(one, DatabaseUnavailableError) for one in failed)
    assert len(writer.batches) == 1
    assert await commits.add(7) == [14]


async def test_who_leaves_leaves_the_item_behind() -> None:
    """It is written all the same, and the others have their answers."""
    writer = Writer()
    commits = GroupCommit(writer.write)
    writer.free.clear()
    leaving = commits.add(1)
    staying = commits.add(2)
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    writer.free.set()

    assert await staying == [4]
    assert sorted(chain.from_iterable(writer.batches)) == [1, 2]
