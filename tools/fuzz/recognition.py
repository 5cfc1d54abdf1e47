"""Recognition as one more decoder: what it reads, whichever format that was."""

from fire_safety.decoders.registry import recognise
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch


def decode(subject: str, payload: bytes, received_ms: int, limits: IngestionLimits) -> Batch:
    """Read a payload of any format; raises InvalidMessageError."""
    _, batch = recognise(subject, payload, received_ms, limits)
    return batch
