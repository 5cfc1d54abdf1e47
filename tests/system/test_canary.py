"""The canary measures the whole path, from a sensor's message to an officer's stream, and notifies nobody."""

import asyncio

import pytest

from bench.scrape import Scrape
from chassis.clock import utc_now
from stack.supervisor import Stack
from tests.system.officer import Officer

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="session")]


async def test_the_canary_is_seen_and_nobody_is_told(ward: Stack, officer: Officer) -> None:
    """Its rounds are counted and timed; no list of alarms, no incident and no figure has it."""
    port = ward.installation.admin_port("canary")

    async def seen() -> Scrape | None:
        scrape = await asyncio.to_thread(Scrape.of, port)
        return scrape if scrape.value("ward_canary_rounds_total", outcome="seen") else None

    scrape: Scrape = await officer.until(seen)

    rounds = scrape.value("ward_canary_rounds_total", outcome="seen")
    assert scrape.value("ward_canary_seconds_count") == rounds
    assert 0 < scrape.value("ward_canary_seconds_sum") < 30 * rounds
    ends = scrape.value("ward_certificate_expires_timestamp_seconds", use="broker")
    assert ends > utc_now().timestamp()
    alarms = (await officer.get("/v1/alarms", deviceId="CANARY"))["alarms"]
    told = await officer.get("/v1/alarms", deviceId="CANARY", signalClass="SIGNAL_CLASS_SYSTEM")
    incidents = (await officer.get("/v1/incidents", pageSize="500"))["incidents"]
    assert alarms == []
    assert len(told["alarms"]) >= rounds
    assert all(one["state"] == "ALARM_STATE_RESET" for one in told["alarms"])
    assert not [one for one in incidents if "CANARY" in str(one)]
