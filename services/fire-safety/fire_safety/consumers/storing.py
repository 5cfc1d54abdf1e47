"""Groups of readings on their way into the database.

While a group is being stored, the next one gathers and may be stored beside it: this process decodes while the database
writes, and the more comes, the larger the groups become. The place in the stream is entered behind those that are
stored without a gap, now and then: after a crash the messages behind it are stored again, and change nothing.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from chassis.broker.consumer import DEAD_LETTER, DONE, RETRY, dead_letter, tell_from_the_start
from chassis.broker.delivery import Delivery
from chassis.errors import DatabaseUnavailableError
from chassis.storage.database import Lease
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.consumers.formats import Decoded
from fire_safety.domain.readings.columns import Bulk
from fire_safety.domain.readings.reading import Batch, NotStorableError
from fire_safety.operations.progress import ProgressOperations
from fire_safety.operations.recording import RecordingOperations

_RETRY_S = 0.5
# After an error that is no outage; it is told in full each time.
_FAILED_S = 5.0
# Readings in one COPY: enough to pay for its round trips and to have several of a device, few enough to be done in some
# 50 ms. Bytes bound the memory.
_GROUP = 20_000
_GROUP_BYTES = 4 * 2**20
_GROUPS_AT_ONCE = 2
_SAVE_S = 0.25
# Who does not hear from the database for so long has lost the right to record, or is about to.
_ANSWER_S = 5.0
# What the headers of a dead letter need besides the message itself.
_HEADER_ROOM = 4096
_NOT_STORED = "not_stored"
# What these messages are counted under: their own subjects name devices, which no label does.
_SUBJECT = "readings"


@dataclass
class _Group:
    """Messages whose readings are stored together.

    What is done is noted, so that a failure in the middle does it no second time.
    """

    parts: list[tuple[Sequence[Delivery], Decoded]] = field(default_factory=list)
    # What could not be read or stored, and why, until it is among the dead letters.
    refused: dict[int, tuple[Delivery, str]] = field(default_factory=dict)
    readings: int = 0
    messages: int = 0
    size: int = 0
    last: int = 0
    is_recorded: bool = False
    is_stored: bool = False

    @property
    def is_full(self) -> bool:
        """Tell whether it should not grow further."""
        return max(self.readings, self.messages) >= _GROUP or self.size >= _GROUP_BYTES

    def add(self, messages: Sequence[Delivery], decoded: Decoded, last: int) -> None:
        """Add messages and what was read from them; the last of them has that number in the stream."""
        self.parts.append((messages, decoded))
        self.readings += len(decoded.bulk)
        for at, reason in decoded.refused.items():
            self.refuse(messages[at], reason)
        # A part without messages, of copies only, fills memory too.
        self.messages += len(messages) or 1
        self.size += sum([len(one.data) for one in messages])
        self.last = last

    @property
    def bulk(self) -> Bulk:
        """Give all that can be stored."""
        parts = [decoded.bulk for _, decoded in self.parts]
        return Bulk(
            [block for part in parts for block in part.blocks],
            [batch for part in parts for batch in part.others],
        )

    def refuse(self, message: Delivery, reason: str) -> None:
        """Note that a message belongs to the dead letters."""
        self.refused[message.sequence] = message, reason

    def one_by_one(self) -> Iterator[tuple[Delivery, Batch]]:
        """Give each message that could be read, and what it says."""
        for messages, decoded in self.parts:
            yield from ((messages[at], batch) for at, batch in decoded.batches.items())
            for block in decoded.blocks:
                for at, batch in zip(block.places, block.batches(), strict=True):
                    yield messages[at], batch


class Storing:
    """The groups that are being stored and the one that gathers.

    When the block ends, what is being stored is given up: it comes again and changes nothing. It ends with
    DatabaseUnavailableError or TimeoutError when the lease is lost.
    """

    def __init__(
        self,
        operations: RecordingOperations,
        places: ProgressOperations,
        lease: Lease,
        jetstream: JetStreamContext,
        client: Client,
        name: str,
    ) -> None:
        self._operations = operations
        self._places = places
        self._lease = lease
        self._jetstream = jetstream
        self._client = client
        self._name = name
        self._tasks = asyncio.TaskGroup()
        self._free = asyncio.Semaphore(_GROUPS_AT_ONCE)
        self._group = _Group()
        self._under_way: deque[_Group] = deque()
        self._more_waits = False
        self._stored = 0
        tell_from_the_start(name, _SUBJECT)

    async def __aenter__(self) -> Self:
        """Begin with nothing."""
        await self._tasks.__aenter__()
        self._tasks.create_task(self._keep_place())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give up what is under way."""
        await self._tasks.__aexit__(kind, error, trace)

    async def add(self, messages: Sequence[Delivery], decoded: Decoded, last: int) -> None:
        """Add to the group that gathers; if that fills it, wait until it can be stored."""
        self._group.add(messages, decoded, last)
        if self._group.is_full:
            await self._free.acquire()
            self._begin()

    async def begin_if_free(self, *, more_waits: bool) -> None:
        """Store what has gathered, unless enough is being stored already: then it goes on gathering until that is.

        Also while more waits to be read and something is being stored: a whole group is soon together.
        """
        self._more_waits = more_waits
        await self._go_on()

    async def _go_on(self) -> None:
        if self._more_waits and self._under_way:
            return
        if self._group.parts and not self._free.locked():
            await self._free.acquire()
            self._begin()

    def _begin(self) -> None:
        group, self._group = self._group, _Group()
        self._under_way.append(group)
        self._tasks.create_task(self._store(group))

    async def _store(self, group: _Group) -> None:
        """Store a group; database or broker being away only delays."""
        with metrics.MESSAGE_SECONDS.labels(self._name, _SUBJECT).time():
            await self._store_until_done(group)
        self._count(DONE, group.messages)
        while self._under_way and self._under_way[0].is_stored:
            self._stored = self._under_way.popleft().last
        self._free.release()
        # What gathered meanwhile waits for nobody: nothing else may come for long.
        await self._go_on()

    async def _store_until_done(self, group: _Group) -> None:
        while not group.is_stored:
            try:
                await self._store_once(group)
            except (DatabaseUnavailableError, NatsError, OSError, TimeoutError) as error:
                logger().warning("recorder_delayed", cause=type(error).__name__)
                self._count(RETRY, group.messages)
                await asyncio.sleep(_RETRY_S)
            except Exception:  # noqa: BLE001 - a server that refuses, a mistake of ours: nothing may be left out
                logger().exception("readings_failed", messages=group.messages)
                self._count(RETRY, group.messages)
                await asyncio.sleep(_FAILED_S)

    def _count(self, outcome: str, messages: int) -> None:
        metrics.MESSAGES.labels(self._name, _SUBJECT, outcome).inc(messages)

    async def _store_once(self, group: _Group) -> None:
        """Record first: the dead letters' stream may be full or away, and holds up no readings."""
        if group.readings and not group.is_recorded:
            await self._record(group)
        group.is_recorded = True
        while group.refused:
            sequence, (message, reason) = next(iter(group.refused.items()))
            await self._refuse(message, reason)
            del group.refused[sequence]
        group.is_stored = True

    async def _record(self, group: _Group) -> None:
        """Store all readings at once; if something is wrong with one, each message's by themselves."""
        try:
            await self._operations.record(group.bulk)
        except NotStorableError:
            logger().exception("readings_failed", messages=group.messages)
            for message, batch in group.one_by_one():
                await self._record_alone(group, message, batch)

    async def _record_alone(self, group: _Group, message: Delivery, batch: Batch) -> None:
        try:
            await self._operations.record(Bulk((), (batch,)))
        except NotStorableError:
            logger().exception("message_failed", sequence=message.sequence)
            group.refuse(message, _NOT_STORED)

    async def _refuse(self, message: Delivery, reason: str) -> None:
        """Send a message to the dead letters; one that leaves no room for their headers is cut to fit."""
        room = self._client.max_payload - _HEADER_ROOM
        headers = sum(len(key) + len(value.encode()) + 4 for key, value in message.headers.items())
        if len(message.data) + headers > room:
            message = message.cut(room)
        await dead_letter(self._jetstream, self._name, message, reason)
        self._count(DEAD_LETTER, 1)

    async def _keep_place(self) -> None:
        """Enter how far everything is stored, and see that the lease still holds."""
        entered = 0
        while True:
            await asyncio.sleep(_SAVE_S)
            stored = self._stored
            try:
                async with asyncio.timeout(_ANSWER_S):
                    if stored == entered:
                        await self._lease.touch()
                    else:
                        await self._places.save_recorded(self._lease, stored)
                entered = stored
            except (DatabaseUnavailableError, TimeoutError):
                raise
            except Exception:  # noqa: BLE001 - what is stored stays stored: its place is entered later
                logger().exception("place_failed")
                await asyncio.sleep(_FAILED_S)
