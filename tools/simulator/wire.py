"""Samples as the platform reads them: subject, message and identity of a batch."""

from collections.abc import Sequence

from simulator.fleet.sensor import Sample
from ward.fire_safety.v1 import readings_pb2 as pb

DEDUPLICATION_HEADER = "Nats-Msg-Id"


def subject(ward_code: str, device_id: str) -> str:
    """Return the subject on which a device sends."""
    return f"ward.{ward_code}.device.{device_id}.up"


def message_id(device_id: str, samples: Sequence[Sample]) -> str:
    """Return the identity of a batch: sent again, it is the same message."""
    return f"{device_id}-{samples[0].at_ms}-{samples[-1].at_ms}"


def encode(device_id: str, samples: Sequence[Sample]) -> bytes:
    """Return the batch as bytes, samples oldest first."""
    readings = [_reading(sample) for sample in samples]
    return pb.ReadingBatch(device_id=device_id, readings=readings).SerializeToString()


def _reading(sample: Sample) -> pb.Reading:
    return pb.Reading(
        observed_at_ms=sample.at_ms,
        optical_density=sample.optical_density,
        temperature=sample.temperature,
        battery=sample.battery,
        conditions=sample.conditions,
    )
