"""A broker that stores nothing any more is told: it answers all the same."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from nats.errors import Error as NatsError
from structlog.testing import capture_logs

from chassis.broker import jetstream
from fire_safety.consumers.broker_storage import BrokerStorage, BrokerStoresNothingError
from stack.nats_configuration import GATEKEEPER
from stack.nats_server import NatsServer

pytestmark = pytest.mark.nats


@pytest.fixture
def server(scratch: Path) -> Iterator[NatsServer]:
    """Run a server of this test alone."""
    server = NatsServer(scratch)
    server.start()
    yield server
    server.stop()


async def is_fine(storage: BrokerStorage) -> bool:
    """Tell whether the broker is known to store."""
    try:
        await storage.check()
    except BrokerStoresNothingError:
        return False
    return True


async def test_a_broker_that_could_not_write_is_told_once_until_it_was_started_anew(
    server: NatsServer,
) -> None:
    """Also while there is room again: the server goes on refusing."""
    services = await jetstream.connect(server.url, "tests")
    gatekeeper = await jetstream.connect(server.url_for(GATEKEEPER), "gatekeeper")
    stream = services.jetstream()
    await stream.add_stream(name="FULL", subjects=["full"])
    storage = BrokerStorage(gatekeeper)
    with capture_logs() as logs:
        await storage.look()
        await storage.check()
        unlimited = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (2**16, unlimited[1]))
        with pytest.raises((TimeoutError, NatsError)):
            while True:
                await stream.publish("full", b"x" * 2**15, timeout=1)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, unlimited)
        for _ in range(2):
            await storage.look()
        with pytest.raises(BrokerStoresNothingError):
            await storage.check()
        server.stop()
        server.start()
        while not await is_fine(storage):
            await storage.look()
    await gatekeeper.close()
    await services.close()

    told = [one["event"] for one in logs if one["event"].startswith("broker_stores")]
    assert told == ["broker_stores_nothing", "broker_stores_again"]
