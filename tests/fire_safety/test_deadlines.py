"""What the register's days say of devices is told as trouble once, and restored when the register says otherwise."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from nats.aio.client import Client
from sqlalchemy import select, update

from chassis.clock import utc_now
from chassis.storage.database import Database, Lease
from chassis.storage.outbox import Relay
from fire_safety import tables
from fire_safety.domain.alarms.alarm import AlarmKind, AlarmState
from fire_safety.operations.deadlines import DeadlineOperations
from fire_safety.operations.register import RegisterOperations
from fire_safety.queries.detection import DetectionQueries
from tests.fire_safety.samples import PLACED, register

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("entered")]

# The day before the one on which the device's life is over, one second before its midnight in the ward.
LAST_SECOND = datetime(2027, 3, 1, 16, 59, 59, tzinfo=UTC)
MIDNIGHT = datetime(2027, 3, 1, 17, 0, 0, tzinfo=UTC)


@pytest.fixture
async def lease(database: Database) -> AsyncGenerator[Lease]:
    """Hold the timer's right."""
    async with database.lease("test deadlines") as held:
        assert held
        yield held


async def know(database: Database, **days: Any) -> None:
    """Let the register say something of the placed device."""
    async with database.transaction() as tx:
        devices = tables.devices
        await tx.execute(
            update(devices).where(devices.c.device_id == PLACED.device_id).values(**days)
        )


async def settled(database: Database, lease: Lease, now: datetime) -> list[tuple[str, str]]:
    """Let the timer work at a time, as after a restart; tell all alarms there ever were, in order."""
    relay = Relay(database, tables.outbox, Client().jetstream(), utc_now)
    assert not await DeadlineOperations(relay, lambda: now, "11002").settle(lease)
    alarms = tables.alarms.c
    async with database.transaction() as tx:
        rows = await tx.execute(select(alarms.kind, alarms.state).order_by(alarms.raised_at))
        return [(row.kind, row.state) for row in rows]


async def test_the_end_of_life_is_told_once_when_its_last_day_is_over(
    database: Database, lease: Lease
) -> None:
    """By the ward's midnight; a replaced device, or a corrected day, ends it."""
    await know(database, end_of_life_on=date(2027, 3, 1))

    assert await settled(database, lease, LAST_SECOND) == []
    for _ in range(2):
        assert await settled(database, lease, MIDNIGHT) == [("END_OF_LIFE", "ACTIVE")]
    await know(database, end_of_life_on=date(2028, 3, 1))
    assert await settled(database, lease, MIDNIGHT) == [("END_OF_LIFE", "RESET")]
    await know(database, end_of_life_on=date(2027, 3, 1))
    later = MIDNIGHT.replace(hour=18)
    assert await settled(database, lease, later) == [
        ("END_OF_LIFE", "RESET"),
        ("END_OF_LIFE", "ACTIVE"),
    ]


@pytest.mark.parametrize(
    ("days", "overdue"),
    [
        ({"last_tested_on": None, "installed_on": None}, False),
        ({"last_tested_on": date(2026, 3, 1)}, True),
        ({"last_tested_on": date(2026, 3, 2)}, False),
        ({"installed_on": date(2026, 3, 1)}, True),
        ({"installed_on": date(2020, 1, 1), "last_tested_on": date(2027, 1, 1)}, False),
        ({"last_tested_on": date(2027, 1, 1), "last_test_failed": True}, True),
        ({"last_tested_on": date(2020, 1, 1), "retired": True}, False),
    ],
)
async def test_a_test_is_overdue_after_the_interval_of_the_kind(
    database: Database,
    lease: Lease,
    days: dict[str, Any],
    overdue: bool,  # noqa: FBT001 - a table
) -> None:
    """Counted from the last passed test, or from the installation; after a failed one at once."""
    await know(database, **days)

    told = await settled(database, lease, MIDNIGHT)

    assert told == ([("TEST_OVERDUE", "ACTIVE")] if overdue else [])


async def test_retirement_ends_all_trouble_of_a_device(database: Database, lease: Lease) -> None:
    """Also what was raised before detection knew of it."""
    await know(database, end_of_life_on=date(2027, 3, 1), last_tested_on=date(2020, 1, 1))
    assert len(await settled(database, lease, MIDNIGHT)) == 2
    await know(database, retired=True)

    told = await settled(database, lease, MIDNIGHT)

    assert {state for _, state in told} == {AlarmState.RESET}


async def test_detection_does_not_take_the_register_s_conditions_for_its_own(
    database: Database, lease: Lease
) -> None:
    """A device that says nothing of its age would else end them with its next reading."""
    await know(database, end_of_life_on=date(2027, 3, 1))
    await settled(database, lease, MIDNIGHT)

    assert await DetectionQueries(database).signalling() == {}


async def test_a_whole_register_is_told_in_pieces(database: Database, lease: Lease) -> None:
    """A fire alarm that comes meanwhile does not wait behind all of it."""
    old = replace(PLACED, end_of_life_on=date(2027, 3, 1))
    many = [replace(old, device_id=f"OLD-{number}") for number in range(150)]
    await RegisterOperations(database, utc_now, "11002").enter(register(*many))
    relay = Relay(database, tables.outbox, Client().jetstream(), utc_now)
    operations = DeadlineOperations(relay, lambda: MIDNIGHT, "11002")

    assert await operations.settle(lease)
    assert not await operations.settle(lease)
    async with database.transaction() as tx:
        kinds = (await tx.scalars(select(tables.alarms.c.kind))).all()
    assert kinds == [AlarmKind.END_OF_LIFE] * 150
