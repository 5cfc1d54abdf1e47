"""The partition computed here is the one that the broker writes."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nats.aio.client import Client

from chassis.broker.partitions import PARTITIONS, partition_of

device_ids = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@pytest.mark.nats
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=st.lists(device_ids, min_size=20, max_size=50))
async def test_the_broker_stores_each_device_under_the_same_partition(
    broker: Client, some: list[str]
) -> None:
    """Whatever the device is called."""
    stream = broker.jetstream()
    stored = await asyncio.gather(
        *(stream.publish(f"ward.11002.device.{one}.up", b"") for one in some)
    )

    for device_id, acknowledged in zip(some, stored, strict=True):
        message = await stream.get_msg("READINGS_11002", acknowledged.seq)
        expected = f"ward.11002.device.{device_id}.up.{partition_of(device_id)}"
        assert message.subject == expected


def test_devices_spread_evenly() -> None:
    """No partition has a quarter more or less than its part of a ward's devices."""
    counts = [0] * PARTITIONS
    for number in range(12_000):
        counts[partition_of(f"CS{number // 10:04d}-D{number % 10:02d}")] += 1

    assert min(counts) > 750
    assert max(counts) < 1250
