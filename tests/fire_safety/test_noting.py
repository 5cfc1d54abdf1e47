"""What detection found on its way into the database: together, fires first, and the place with the last of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import select

from chassis.errors import DatabaseUnavailableError
from chassis.storage.database import Database, Lease, Transaction
from fire_safety import tables
from fire_safety.consumers.noting import Noting, Signs
from fire_safety.detection.ward import Seen
from fire_safety.domain.alarms.alarm import Alarm, AlarmKind, AlarmState, Signal
from fire_safety.domain.alarms.confirmation import Confirmed
from fire_safety.domain.lanes.progress import Position, Reached
from fire_safety.domain.premises.places import Place
from fire_safety.operations.detection import DetectionOperations
from fire_safety.queries.detection import DetectionQueries
from fire_safety.repository import confirmation
from fire_safety.repository.places import Places
from tests.fire_safety.samples import NOW, signal
from tests.fire_safety.stored import alarms_of, outbox_of

pytestmark = pytest.mark.postgres

REACHED = Reached(frozenset({3}), Position(7, NOW), NOW)


@asynccontextmanager
async def kept(
    lease: Lease,
    operations: DetectionOperations,
    reached: Callable[[], Reached] = lambda: REACHED,
    forget: Callable[[Signal], None] = lambda _: None,
) -> AsyncIterator[Noting]:
    """Store what is added during the block, and all of it at its end."""
    noting = Noting(lease, operations, reached, lambda: Signs([], {}), forget)
    task = asyncio.create_task(noting.keep())
    yield noting
    async with asyncio.timeout(20):
        await noting.all_done()
    task.cancel()


async def test_a_fire_overtakes_the_trouble_of_a_thousand_devices(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Into the database, and out of it: its event waits behind none of theirs."""
    trouble = [signal(AlarmKind.FAULT, device_id=f"x{number}") for number in range(1000)]
    async with kept(lease, detection) as noting:
        noting.add(trouble)
        noting.add([signal(AlarmKind.SMOKE)])

    first, *others = await outbox_of(database, "AlarmRaised")
    assert first[1].alarm.device_id != "x0"
    assert len(others) == 1000
    async with database.transaction() as tx:
        waiting = select(tables.outbox.c.urgent).order_by(tables.outbox.c.urgent.desc())
        assert list(await tx.scalars(waiting)) == [True, *[False] * 1000]


async def test_the_place_is_entered_with_the_last_signal(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """Of many transactions none but the last says how far detection has come."""
    asked: list[int] = []

    def reached() -> Reached:
        asked.append(noting.waiting)
        return REACHED

    async with kept(lease, detection, reached) as noting:
        noting.add([signal(device_id=f"x{number}") for number in range(1100)])

    assert asked == [0]
    progress = await DetectionQueries(database).progress("11002", REACHED.partitions)
    assert progress.settled == REACHED.position.stream_sequence


class Listed(DetectionOperations):
    """Lists what would be stored; `meanwhile` is called with each transaction of signals."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._meanwhile = meanwhile
        self.stored: list[tuple[int, Reached | None]] = []

    async def note_signals(
        self, lease: Lease, signals: Sequence[Signal], reached: Reached | None
    ) -> list[Signal]:
        """List signals."""
        del lease
        self.stored.append((len(signals), reached))
        self._meanwhile()
        return []

    async def save_progress(
        self,
        lease: Lease,
        reached: Reached | None,
        seen: Sequence[Seen],
        gateways: Mapping[str, int],
    ) -> None:
        """List signs of life as no signals."""
        del lease
        assert seen or gateways
        self.stored.append((0, reached))


async def test_what_ends_and_begins_again_is_stored_with_its_place(lease: Lease) -> None:
    """After a crash in between, the end given again would end what began behind it."""
    others = [signal(AlarmKind.FAULT, device_id=f"x{number}") for number in range(1200)]
    more = [signal(AlarmKind.FAULT, at_s=9)]

    def begin_again() -> None:
        noting.add(more)
        more.clear()

    listed = Listed(begin_again)
    async with kept(lease, listed) as noting:
        noting.add([signal(AlarmKind.FAULT, raised=False), *others])

    assert listed.stored == [(500, None), (702, REACHED)]


async def test_what_begins_and_ends_is_stored_with_its_place(lease: Lease) -> None:
    """After a crash in between it would begin and end a second time."""
    others = [signal(AlarmKind.FAULT, device_id=f"x{number}") for number in range(1200)]
    more = [signal(AlarmKind.FAULT, raised=False, at_s=9)]

    def end() -> None:
        noting.add(more)
        more.clear()

    listed = Listed(end)
    async with kept(lease, listed) as noting:
        noting.add([signal(AlarmKind.FAULT), *others])

    assert listed.stored == [(500, None), (702, REACHED)]


# No text of PostgreSQL holds it: whatever else is wrong with a signal, this one is refused.
REFUSED = replace(signal(AlarmKind.TAMPER), profile="\0")
IN_ONE_MESSAGE = [signal(AlarmKind.FAULT), signal(AlarmKind.FAULT, raised=False, at_s=9), REFUSED]


async def test_a_signal_that_is_refused_holds_up_no_other_and_is_given_again(
    database: Database, lease: Lease, detection: DetectionOperations
) -> None:
    """The others are stored together with their place."""
    forgotten: list[Signal] = []
    async with kept(lease, detection, forget=forgotten.append) as noting:
        noting.add(IN_ONE_MESSAGE)

    assert forgotten == [REFUSED]
    assert [one.state for one in await alarms_of(database)] == [AlarmState.RESET]
    progress = await DetectionQueries(database).progress("11002", REACHED.partitions)
    assert progress.settled == REACHED.position.stream_sequence


async def test_a_crash_among_signals_stored_one_by_one_loses_and_doubles_nothing(
    database: Database,
    lease: Lease,
    detection: DetectionOperations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What had begun and ended before it is given again with the rest, and begins and ends once."""
    apply = DetectionOperations._apply  # noqa: SLF001 - the crash is in the midst of it

    async def apply_until_the_crash(
        self: DetectionOperations,
        tx: Transaction,
        signals: Sequence[Signal],
        places: Places,
        spent: list[Signal],
    ) -> list[Alarm]:
        if signals == [REFUSED]:
            raise DatabaseUnavailableError
        return await apply(self, tx, signals, places, spent)

    with monkeypatch.context() as crash:
        crash.setattr(DetectionOperations, "_apply", apply_until_the_crash)
        noting = Noting(lease, detection, lambda: REACHED, lambda: Signs([], {}), lambda _: None)
        noting.add(IN_ONE_MESSAGE)
        with pytest.raises(DatabaseUnavailableError):
            await noting.keep()
    async with kept(lease, detection) as after:
        after.add(IN_ONE_MESSAGE)

    assert [one.state for one in await alarms_of(database)] == [AlarmState.RESET]
    assert [name for name, _ in await outbox_of(database, "Alarm")] == [
        "AlarmRaised",
        "AlarmRestored",
        "AlarmReset",
    ]


async def test_signs_of_life_are_stored_while_signals_keep_coming(lease: Lease) -> None:
    """Others hear of gateways by them, and would tell these as lost."""
    more = [signal(AlarmKind.FAULT, device_id=f"x{number}") for number in range(5)]

    def give_another() -> None:
        noting.save()
        noting.add([more.pop()] if more else [])

    listed = Listed(give_another)
    noting = Noting(lease, listed, lambda: REACHED, lambda: Signs([], {"g-1": 1}), lambda _: None)
    task = asyncio.create_task(noting.keep())
    noting.add([signal(AlarmKind.FAULT)])
    async with asyncio.timeout(20):
        await noting.all_done()
    task.cancel()

    assert [count for count, _ in listed.stored] == [1, 0] * 6


async def test_what_is_stored_is_not_stored_again_if_confirming_fails(
    database: Database,
    lease: Lease,
    detection: DetectionOperations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The end would end what began behind it, which the same reading does not begin a second time."""
    look, looks = confirmation.look, iter([False, False, True])

    async def look_or_fail(tx: Transaction, places: Iterable[Place]) -> list[Confirmed]:
        if next(looks, False):
            raise RuntimeError("no")
        return await look(tx, places)

    monkeypatch.setattr(confirmation, "look", look_or_fail)
    async with kept(lease, detection) as noting:
        noting.add([signal(AlarmKind.FAULT)])
        await noting.all_done()
        noting.add([signal(AlarmKind.FAULT, raised=False), signal(AlarmKind.FAULT, at_s=9)])

    assert [one.state for one in await alarms_of(database)] == [
        AlarmState.RESET,
        AlarmState.ACTIVE,
    ]
