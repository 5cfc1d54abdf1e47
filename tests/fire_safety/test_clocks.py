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


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
async def test_the_brokers_time_is_known_however_this_hosts_clock_is_set(
    broker: Client, database: Database, jump: timedelta
) -> None:
    """Before the broker is asked again, too; as long as it never was, this host's clock is what there is."""
    ahead = timedelta()
    clocks = Clocks(broker, ClockQueries(database), WARD, lambda: utc_now() + ahead)
    before = clocks.of_broker()
    await clocks.look("broker")
    ahead = jump
    unasked = clocks.of_broker()
    await clocks.look("broker")

    for told in (before, unasked, clocks.of_broker()):
        assert abs(utc_now() - told) < timedelta(minutes=1)


async def test_the_brokers_time_goes_on_between_two_looks(
    broker: Client, database: Database
) -> None:
    """By a clock that nobody sets."""
    passed_s = 0.0
    clocks = Clocks(broker, ClockQueries(database), WARD, utc_now, lambda: passed_s)
    await clocks.look("broker")
    begun = clocks.of_broker()
    passed_s = 90.5

    assert clocks.of_broker() - begun == timedelta(seconds=90.5)
