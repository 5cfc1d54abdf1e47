"""Clocks of hosts that differ are told: they hide silence."""

from datetime import timedelta

import pytest
from nats.aio.client import Client
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis.clock import utc_now
from chassis.storage.database import Database
from fire_safety.consumers.clocks import Clocks, ClocksApartError
from fire_safety.queries.clock import ClockQueries
from tests.fire_safety.stored import WARD

pytestmark = [pytest.mark.postgres, pytest.mark.nats]


async def test_clocks_that_come_apart_are_told_once_and_until_they_agree(
    broker: Client, database: Database
) -> None:
    """Ours goes ten seconds ahead of both servers' and comes back."""
    ahead = timedelta()
    clocks = Clocks(broker, ClockQueries(database), WARD, lambda: utc_now() + ahead)
    with capture_logs() as logs:
        for name in ("broker", "database"):
            ahead = timedelta()
            await clocks.look(name)
            await clocks.check()
            ahead = timedelta(seconds=10)
            for _ in range(2):
                await clocks.look(name)
            with pytest.raises(ClocksApartError):
                await clocks.check()
            told = REGISTRY.get_sample_value("ward_clock_offset_seconds", {"server": name})
            assert told == pytest.approx(-10, abs=1)
            ahead = timedelta()
            await clocks.look(name)
            await clocks.check()

    assert [one["server"] for one in logs if one["event"] == "clocks_apart"] == [
        "broker",
        "database",
    ]
    assert "đồng bộ giờ" in logs[0]["what_to_do"]
