"""The administrators' port."""

from typing import Any

import httpx2
import pytest

from chassis.telemetry import metrics
from chassis.telemetry.admin import admin_server
from chassis.telemetry.health import Readiness

DONE, PENDING = "ward_readings_total", "ward_lane_pending_messages"


@pytest.mark.parametrize(
    ("query", "told"),
    [("", {DONE, PENDING}), (f"?name[]={DONE}", {DONE}), ("?name[]=unheard_of", set())],
)
async def test_some_metrics_alone_are_given_where_they_are_named(
    query: str, told: set[str]
) -> None:
    """All where none is, and none where there is no such."""
    metrics.READINGS.labels("recorder").inc()
    metrics.LANE_PENDING.labels("recorder").set(1)
    app: Any = admin_server("127.0.0.1:0", Readiness({})).config.app
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://admin") as client:
        written = (await client.get(f"/metrics{query}")).text

    assert {one for one in (DONE, PENDING) if f"\n{one}{{" in written} == told
