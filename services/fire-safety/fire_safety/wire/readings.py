"""Readings, as charts show them."""

from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from fire_safety.domain.devices.device import DEVICE_ID, DeviceNotFoundError
from fire_safety.domain.readings.charts import Chart, ChartPoint, ChartRequest, Measured
from fire_safety.domain.readings.reading import Condition
from fire_safety.wire.fields import optional_timestamp, recorded_moment, timestamp
from ward.fire_safety.v1 import readings_pb2
from ward.fire_safety.v1 import readings_service_pb2 as pb

# Whole buckets cover any span by two, not by one: some moment is always between them.
_MIN_POINTS = 2
_DEFAULT_POINTS = 300
_MAX_POINTS = 1000
_POINTS = Rule(
    f"từ {_MIN_POINTS} đến {_MAX_POINTS}, hoặc 0 để lấy {_DEFAULT_POINTS}",
    f"{_MIN_POINTS} to {_MAX_POINTS}, or 0 for {_DEFAULT_POINTS}",
)
_CONDITIONS = {
    one: readings_pb2.DeviceCondition.Value(f"DEVICE_CONDITION_{one.name}") for one in Condition
}


def chart_request(request: pb.QueryReadingsRequest) -> ChartRequest:
    """Read of which device and span how many points are wanted."""
    if not DEVICE_ID.fullmatch(request.device_id):
        raise DeviceNotFoundError
    points = request.max_points or _DEFAULT_POINTS
    if not _MIN_POINTS <= points <= _MAX_POINTS:
        raise FieldInvalidError("max_points", _POINTS)
    return ChartRequest(
        device_id=request.device_id,
        start=recorded_moment(request, "begins_at"),
        end=recorded_moment(request, "ends_at"),
        points=points,
    )


def chart(one: Chart) -> pb.QueryReadingsResponse:
    """Write a chart."""
    return pb.QueryReadingsResponse(
        points=[_point(point) for point in one.points],
        bucket_seconds=round(one.bucket.total_seconds()) if one.bucket else 0,
    )


def _point(one: ChartPoint) -> pb.ReadingPoint:
    return pb.ReadingPoint(
        time=timestamp(one.at),
        received_at=optional_timestamp(one.received_at),
        readings=one.readings,
        optical_density=_measured(one.optical_density),
        temperature=_measured(one.temperature),
        carbon_monoxide=_measured(one.carbon_monoxide),
        battery_min=None if one.battery_min is None else _single(one.battery_min),
        conditions=[number for bit, number in _CONDITIONS.items() if one.conditions & bit],
    )


def _measured(one: Measured | None) -> pb.MeasuredRange | None:
    if one is None:
        return None
    return pb.MeasuredRange(
        minimum=_single(one.minimum), average=_single(one.average), maximum=_single(one.maximum)
    )


def _single(value: float) -> float:
    """Cut a value to the seven digits that single precision holds: 0.1, not 0.10000000149."""
    return float(f"{value:.7g}")
