"""`make bench-officer` on the small platform of these tests; how long it takes is for the benchmark to say."""

import pytest

from bench.officer import Fire, Officer
from chassis.broker import jetstream
from stack.supervisor import Stack
from tests.system import officer as signed_in

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]


async def test_a_fire_is_seen_on_the_stream_before_its_brief_is_read(
    ward: Stack, officer: signed_in.Officer
) -> None:
    """Both are counted, and nothing is taken for lost."""
    premises_id = (await officer.premises(8))["premisesId"]
    fire = Fire(premises_id, (await officer.devices(premises_id))[2])
    broker = await jetstream.connect(ward.installation.nats.url, "bench")
    try:
        seen = await Officer(officer.client).see(broker, [fire], per_second=4)
    finally:
        await broker.close()

    assert (seen.event.lost, seen.brief.lost) == (0, 0)
    assert 0 < seen.event.seconds[0] < seen.brief.seconds[0]
