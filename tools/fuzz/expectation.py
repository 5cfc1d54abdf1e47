"""What every decoder promises of any bytes: readings within the limits, or a refusal with a known reason."""

from chassis.errors import InvalidMessageError
from fire_safety.decoders.registry import Decode
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch, Reading

NOW = 1_790_000_000_000
DEVICE = "CS0001-D01"
SUBJECT = f"ward.11002.device.{DEVICE}.up"

# Those that the first migration publishes; a test compares the two.
LIMITS = IngestionLimits(
    version=1,
    max_bytes=256 * 1024,
    max_readings=1000,
    future_s=12 * 3600,
    ancient_s=7 * 86400,
    optical_density_min=-0.02,
    optical_density_max=100,
    temperature_min=-60,
    temperature_max=1500,
    battery_min=0,
    battery_max=100,
    carbon_monoxide_min=0,
    carbon_monoxide_max=100_000,
)

# All reasons that any decoder gives: they become headers and metric labels, so there are no others.
REASONS = frozenset(
    {
        "ambiguous",
        "ancient_time",
        "bad_checksum",
        "bad_device_id",
        "bad_frame",
        "bad_name",
        "bad_time",
        "bad_unit",
        "bad_value",
        "bad_version",
        "duplicate_key",
        "empty",
        "future_time",
        "must_understand",
        "no_time",
        "not_cbor",
        "not_finite",
        "not_json",
        "not_object",
        "not_protobuf",
        "not_recognised",
        "not_senml",
        "not_uplink",
        "out_of_range",
        "too_large",
        "too_many_readings",
        "wrong_device",
    }
)


class BrokenPromiseError(Exception):
    """A decoder gave what it must not give; the text says what."""


def outcome_of(decode: Decode, payload: bytes) -> Batch | str:
    """Read a payload that came now, or tell why it is refused."""
    try:
        return decode(SUBJECT, payload, NOW, LIMITS)
    except InvalidMessageError as error:
        return error.reason


def check(outcome: Batch | str) -> None:
    """Raise BrokenPromiseError if the promise is not kept."""
    if isinstance(outcome, str):
        _insist(outcome in REASONS, outcome)
        return
    _insist(outcome.device_id == DEVICE, "device_id")
    _insist(outcome.received_ms == NOW, "received_ms")
    _insist(0 < len(outcome.readings) <= LIMITS.max_readings, "count")
    times = [one.observed_ms for one in outcome.readings]
    _insist(times == sorted(times), "order")
    for reading in outcome.readings:
        _check_reading(reading)


def _check_reading(one: Reading) -> None:
    earliest, latest = NOW - LIMITS.ancient_s * 1000, NOW + LIMITS.future_s * 1000
    _insist(isinstance(one.observed_ms, int), "observed_ms")
    _insist(earliest <= one.observed_ms <= latest, "observed_ms")
    _insist(one.received_ms == NOW, "received_ms")
    _insist(0 <= one.conditions < 2**32, "conditions")
    _insist(one.sequence is None or 0 <= one.sequence < 2**63, "sequence")
    for name in ("optical_density", "temperature", "battery", "carbon_monoxide"):
        value = getattr(one, name)
        lowest, highest = getattr(LIMITS, f"{name}_min"), getattr(LIMITS, f"{name}_max")
        _insist(value is None or (type(value) is float and lowest <= value <= highest), name)


def _insist(kept: bool, what: str) -> None:  # noqa: FBT001 - the promise itself
    if not kept:
        raise BrokenPromiseError(what)
