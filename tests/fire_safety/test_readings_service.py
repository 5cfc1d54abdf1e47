"""Charts over real gRPC: who may ask, what comes back, what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from fire_safety.domain.readings.reading import Batch, Condition, Reading
from tests.fire_safety.conftest import Service
from tests.fire_safety.field import now_ms, store
from ward.fire_safety.v1 import readings_pb2
from ward.fire_safety.v1 import readings_service_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

DEVICE = "measuring"
DAY_MS = 86_400_000


def stamp(ms: int) -> Timestamp:
    """Write a time."""
    written = Timestamp()
    written.FromMilliseconds(ms)
    return written


def asking(start_ms: int, end_ms: int, **fields: Any) -> pb.QueryReadingsRequest:
    """Ask for a span."""
    asked = {"device_id": DEVICE, "begins_at": stamp(start_ms), "ends_at": stamp(end_ms)}
    return pb.QueryReadingsRequest(**(asked | fields))


async def test_a_device_s_day(service: Service) -> None:
    """As it is, and where fewer points are wanted in buckets; what was not measured is absent."""
    now = now_ms()
    conditions = Condition.SMOKE_ALARM | Condition.MUTED | 1 << 30
    some = [
        Reading(now - DAY_MS // 2, now, optical_density=0.1, conditions=conditions),
        Reading(now - DAY_MS // 2 + 1, now, optical_density=0.3),
        Reading(now - DAY_MS // 4, now, battery=87.5, carbon_monoxide=12.5, temperature=20.1),
    ]
    await store(service.database, [Batch(DEVICE, now, some)])
    singly = await service.call("QueryReadings", asking(now - DAY_MS, now))
    few = asking(now - DAY_MS, now, max_points=2)
    bucketed = await service.call("QueryReadings", few, "administrator")

    assert singly.bucket_seconds == 0
    assert [one.time.ToMilliseconds() for one in singly.points] == [one[0] for one in some]
    first, _, last = singly.points
    assert first.received_at.ToDatetime(UTC) == datetime.fromtimestamp(now / 1000, UTC)
    assert first.optical_density.average == 0.1
    assert list(first.conditions) == [
        readings_pb2.DEVICE_CONDITION_SMOKE_ALARM,
        readings_pb2.DEVICE_CONDITION_MUTED,
    ]
    assert not first.HasField("temperature")
    assert (last.battery_min, last.carbon_monoxide.maximum) == (87.5, 12.5)

    assert bucketed.bucket_seconds >= timedelta(hours=12).total_seconds()
    assert sum(one.readings for one in bucketed.points) == 3
    of_smoke = next(one for one in bucketed.points if one.HasField("optical_density"))
    assert (of_smoke.optical_density.minimum, of_smoke.optical_density.maximum) == (0.1, 0.3)
    assert of_smoke.optical_density.average == pytest.approx(0.2)
    assert not of_smoke.HasField("received_at")


async def test_what_cannot_be_answered(service: Service) -> None:
    """Is refused with its reason."""
    reversed_span = asking(40 * 365 * DAY_MS, 39 * 365 * DAY_MS)
    of_nobody = asking(40 * 365 * DAY_MS, 41 * 365 * DAY_MS, device_id="nobody")
    for request, reason in ((reversed_span, "FIELD_INVALID"), (of_nobody, "DEVICE_NOT_FOUND")):
        assert (await service.refusal("QueryReadings", request))[1] == reason


async def test_readings_are_not_for_everybody(service: Service) -> None:
    """A residence officer has no use for them."""
    refused = await service.refusal("QueryReadings", asking(0, DAY_MS), "residence_officer")

    assert refused == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")
