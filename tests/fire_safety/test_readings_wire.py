"""What may be asked of readings."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import FieldInvalidError
from fire_safety.domain.devices.device import DeviceNotFoundError
from fire_safety.wire import readings as wire
from ward.fire_safety.v1 import readings_service_pb2 as pb

TODAY, TOMORROW = Timestamp(seconds=1_795_000_000), Timestamp(seconds=1_795_086_400)


def asking(**fields: object) -> pb.QueryReadingsRequest:
    """Ask for a day, but for these fields."""
    whole = {"device_id": "d", "begins_at": TODAY, "ends_at": TOMORROW}
    return pb.QueryReadingsRequest(**(whole | fields))  # type: ignore[arg-type] # of many types


def test_three_hundred_points_are_usual() -> None:
    """Where nobody says how many."""
    assert wire.chart_request(asking()).points == 300
    assert wire.chart_request(asking(max_points=1000)).points == 1000


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"begins_at": None}, "begins_at"),
        ({"ends_at": None}, "ends_at"),
        ({"begins_at": Timestamp(seconds=0)}, "begins_at"),
        ({"ends_at": Timestamp(seconds=2**62)}, "ends_at"),
        ({"max_points": 1001}, "max_points"),
        ({"max_points": 1}, "max_points"),
        ({"max_points": -1}, "max_points"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, object], wrong: str) -> None:
    """With what it may be."""
    with pytest.raises(FieldInvalidError) as refused:
        wire.chart_request(asking(**fields))

    assert refused.value.metadata == {"field": wrong}


@pytest.mark.parametrize("device_id", ["", "no such id", "a/b", "d" * 65])
def test_what_is_no_id_is_the_id_of_no_device(device_id: str) -> None:
    """Nothing is looked for."""
    with pytest.raises(DeviceNotFoundError):
        wire.chart_request(asking(device_id=device_id))
