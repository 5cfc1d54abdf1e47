"""SenML in JSON (RFC 8428 §5); what a pack says about a detector is read in `senml`."""

from fire_safety.decoders import json_text
from fire_safety.decoders.checks import check_size
from fire_safety.decoders.origin import device_of
from fire_safety.decoders.senml import batch_of
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch


def decode(subject: str, payload: bytes, received_ms: int, limits: IngestionLimits) -> Batch:
    """Read a pack that the broker received at `received_ms` (milliseconds since 1970).

    Raises InvalidMessageError with one of: bad_device_id, too_large, not_json, duplicate_key, not_senml, empty,
    too_many_readings, must_understand, bad_version, bad_name, bad_unit, bad_value, ambiguous, wrong_device,
    future_time, ancient_time, not_finite, out_of_range.
    """
    device_id = device_of(subject)
    check_size(payload, limits)
    return batch_of(device_id, json_text.read(payload), received_ms, limits)
