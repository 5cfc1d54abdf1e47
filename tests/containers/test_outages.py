"""Networks cut, servers killed in the middle of fires: what was acknowledged is there afterwards, once."""

import asyncio
from pathlib import Path

import pytest

from tests.containers.fires import Fires
from tests.containers.platform import Platform

pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]


async def test_services_are_cut_off_from_nats(ward: Platform) -> None:
    """Sensors go on being acknowledged by NATS; the services hear of it once the network is whole again."""
    fires = await Fires.choose(ward, 1)
    await fires.begin()
    with ward.cut_off("nats"):
        await fires.burn()
        # Longer than services ping: they have noticed, and must come back by themselves.
        await asyncio.sleep(12)
    await fires.until_settled()

    fires.assert_nothing_lost_or_doubled()


async def test_postgresql_crashes(ward: Platform) -> None:
    """Nothing is stored for a while, nothing is acknowledged to the stream, and nothing is missing afterwards."""
    fires = await Fires.choose(ward, 4)
    await fires.begin()
    with ward.killed("postgres"):
        await fires.burn()
    await fires.until_settled()

    fires.assert_nothing_lost_or_doubled()


async def test_a_service_is_cut_off_from_everything(ward: Platform) -> None:
    """Fire-safety loses broker, database and callers at once, in the middle of a rise."""
    fires = await Fires.choose(ward, 7)
    await fires.begin()
    with ward.cut_off("fire-safety"):
        await fires.burn()
        await asyncio.sleep(12)
    await fires.until_settled()

    fires.assert_nothing_lost_or_doubled()


async def test_everything_is_lost_and_made_anew_from_a_backup(
    ward: Platform, scratch: Path
) -> None:
    """Volumes and keys are gone: what was acknowledged before is there again, once, and new fires are told."""
    fires = await Fires.choose(ward, 10)
    await fires.begin()
    await fires.burn()
    await asyncio.to_thread(ward.back_up, scratch / "backup")
    await fires.until_settled()
    await asyncio.to_thread(ward.lose_everything)
    await asyncio.to_thread(ward.restore, scratch / "backup")
    await fires.until_settled()

    fires.assert_nothing_lost_or_doubled()
    again = await Fires.choose(ward, 13)
    await again.begin()
    await again.burn()
    await again.until_settled()
    again.assert_nothing_lost_or_doubled()
