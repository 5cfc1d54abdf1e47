"""The platform's own format: a protobuf `ward.fire_safety.v1.ReadingBatch`.

A device without a clock sends its own count in place of the time, and its reading is observed when the broker receives
it. That holds for a message of one reading only: of several, nobody could tell how long each lasted.
"""

from google.protobuf.message import DecodeError

from chassis.errors import InvalidMessageError
from fire_safety.decoders.checks import check_count, check_size, checked
from fire_safety.decoders.origin import device_of
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch, Reading
from ward.fire_safety.v1 import readings_pb2 as pb


def decode(subject: str, payload: bytes, received_ms: int, limits: IngestionLimits) -> Batch:
    """Read a batch that the broker received at `received_ms` (milliseconds since 1970).

    Raises InvalidMessageError with one of: bad_device_id, too_large, not_protobuf, empty, too_many_readings,
    wrong_device, no_time, future_time, ancient_time, not_finite, out_of_range.
    """
    device_id = device_of(subject)
    check_size(payload, limits)
    try:
        batch = pb.ReadingBatch.FromString(payload)
    except DecodeError as error:
        raise InvalidMessageError("not_protobuf") from error
    check_count(len(batch.readings), limits)
    if batch.device_id != device_id:
        raise InvalidMessageError("wrong_device")
    is_alone = len(batch.readings) == 1
    readings = [_reading(one, received_ms, is_alone=is_alone) for one in batch.readings]
    return checked(device_id, received_ms, readings, limits)


def _reading(reading: pb.Reading, received_ms: int, *, is_alone: bool) -> Reading:
    """Read one observation. An absent field reads as zero: only then is it worth asking whether it is there."""
    has = reading.HasField
    observed_ms, density = reading.observed_at_ms, reading.optical_density
    temperature, battery = reading.temperature, reading.battery
    carbon_monoxide, sequence = reading.carbon_monoxide, reading.sequence
    if not observed_ms and not has("observed_at_ms"):
        if not is_alone or not has("sequence"):
            raise InvalidMessageError("no_time")
        observed_ms = received_ms
    return Reading(
        observed_ms,
        received_ms,
        density if density or has("optical_density") else None,
        temperature if temperature or has("temperature") else None,
        battery if battery or has("battery") else None,
        reading.conditions,
        carbon_monoxide if carbon_monoxide or has("carbon_monoxide") else None,
        sequence if sequence or has("sequence") else None,
    )
