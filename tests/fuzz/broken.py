"""A decoder that breaks its promises, for the fuzzer to find."""

from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch, Reading


def decode(_subject: str, payload: bytes, received_ms: int, _limits: IngestionLimits) -> Batch:
    """Trip over a payload that begins with two letters."""
    if payload[:1] == b"o" and payload[1:2] == b"k":
        raise KeyError(payload)
    return Batch("CS0001-D01", received_ms, [Reading(received_ms, received_ms)])


def decode_wrongly(
    _subject: str, _payload: bytes, received_ms: int, _limits: IngestionLimits
) -> Batch:
    """Believe a fire of a million degrees."""
    return Batch("CS0001-D01", received_ms, [Reading(received_ms, received_ms, 0.0, 1e6)])
