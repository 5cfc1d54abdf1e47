"""Three servers of NATS, of which each is lost in turn in the middle of fires: the other two go on."""

import pytest

from tests.containers.fires import Fires
from tests.containers.platform import Platform
from tests.system.smoke import SMOKE

pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]


@pytest.mark.parametrize(("first", "node"), [(1, "nats"), (4, "nats-2"), (7, "nats-3")])
async def test_a_server_of_nats_is_lost(clustered_ward: Platform, first: int, node: str) -> None:
    """Whichever it is, the leader of the streams too: fires are told meanwhile, and it catches up."""
    fires = await Fires.choose(clustered_ward, first)
    await fires.begin()
    with clustered_ward.killed(node):
        await fires.burn()
        await fires.until_settled()
    await fires.report(SMOKE, 2)
    await fires.until_settled()

    fires.assert_nothing_lost_or_doubled()
