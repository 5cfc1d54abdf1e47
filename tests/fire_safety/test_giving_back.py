"""What a detector remembers of devices goes with its right to work on them."""

import asyncio
from dataclasses import replace
from itertools import count

import pytest
from nats.aio.client import Client

from chassis.broker.partitions import PARTITIONS, partition_of
from chassis.clock import utc_now
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from fire_safety.consumers.detector import Detector
from fire_safety.consumers.formats import Formats
from fire_safety.consumers.listening import Listening
from fire_safety.consumers.share import Share
from fire_safety.domain.devices.registration import whole
from fire_safety.domain.premises.places import KnownPlaces
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.devices import ImportOperations
from fire_safety.operations.progress import ProgressOperations
from fire_safety.queries.detection import DetectionQueries
from tests.fire_safety.field import until
from tests.fire_safety.samples import UNPLACED
from tests.fire_safety.stored import WARD

pytestmark = [pytest.mark.postgres, pytest.mark.nats, pytest.mark.usefixtures("entered")]


def one_of_each_partition() -> list[str]:
    """Make up a device for each partition."""
    found: dict[int, str] = {}
    for number in count():
        device_id = f"EACH-{number}"
        found.setdefault(partition_of(device_id), device_id)
        if len(found) == PARTITIONS:
            break
    return list(found.values())


async def test_where_devices_hang_is_forgotten_with_their_share(
    database: Database, broker: Client, relay: Relay
) -> None:
    """Of those that it goes on with it is known; of those that another took it is no longer."""
    entries = [whole(replace(UNPLACED, device_id=one)) for one in one_of_each_partition()]
    await ImportOperations(database, utc_now).enter(
        entries, dry_run=False, allowed_only=False, progress=lambda _done, _all: None
    )
    places = KnownPlaces()
    formats = Formats(DetectionQueries(database), WARD, utc_now)
    detector = Detector(
        broker,
        Listening(broker, WARD, utc_now),
        broker.jetstream(),
        database,
        WARD,
        DetectionQueries(database),
        DetectionOperations(relay, utc_now, WARD, places),
        ProgressOperations(WARD),
        formats,
        utc_now,
        utc_now,
    )

    def known() -> frozenset[int]:
        return frozenset(partition_of(one) for one in places)

    async def knows_all() -> bool:
        return len(known()) == PARTITIONS

    working = asyncio.create_task(detector.run())
    try:
        await until(knows_all)
        async with database.holder() as lease:
            other = Share(lease, WARD)

            async def has_taken_half() -> bool:
                await other.look()
                return len(other.held) == len(known()) == PARTITIONS // 2

            await until(has_taken_half)
            assert not known() & other.held
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
