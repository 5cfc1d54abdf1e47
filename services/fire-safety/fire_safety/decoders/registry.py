"""Which decoder reads which format, and how a payload is read whose format nobody has told."""

from typing import Protocol

from chassis.errors import InvalidMessageError
from fire_safety.decoders import (
    chirpstack_gs524n,
    matter,
    native,
    plain_json,
    senml_cbor,
    senml_json,
    zigbee_ias,
)
from fire_safety.domain.devices.device import PayloadFormat
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch


class Decode(Protocol):
    """Reads a payload, or raises InvalidMessageError with a reason."""

    def __call__(
        self, subject: str, payload: bytes, received_ms: int, limits: IngestionLimits, /
    ) -> Batch:
        """Read what the broker received at `received_ms`, milliseconds since 1970, on a device's subject."""


# What says most about itself comes first. Plain JSON knows all that Zigbee's truth values say, and more.
_RECOGNISED: tuple[Decode, ...] = (
    native.decode,
    senml_cbor.decode,
    senml_json.decode,
    chirpstack_gs524n.decode,
    matter.decode,
    plain_json.decode,
    zigbee_ias.decode,
)
# Reasons that are the same in each format: there is nothing to try.
_FINAL = {"bad_device_id", "too_large"}
# Reasons that only say that a payload is of another format.
_OTHER = {
    "not_protobuf",
    "not_cbor",
    "not_json",
    "not_object",
    "not_senml",
    "not_uplink",
    "empty",
    "wrong_device",
}


def decoder_of(payload_format: PayloadFormat) -> Decode:
    """Give the decoder of a format."""
    match payload_format:
        case PayloadFormat.NATIVE:
            return native.decode
        case PayloadFormat.SENML_JSON:
            return senml_json.decode
        case PayloadFormat.SENML_CBOR:
            return senml_cbor.decode
        case PayloadFormat.CHIRPSTACK_GS524N:
            return chirpstack_gs524n.decode
        case PayloadFormat.MATTER:
            return matter.decode
        case PayloadFormat.ZIGBEE_IAS:
            return zigbee_ias.decode
        case PayloadFormat.PLAIN_JSON:
            return plain_json.decode


def read(
    decode: Decode, subject: str, payload: bytes, received_ms: int, limits: IngestionLimits
) -> Batch:
    """Read a payload with a decoder; if that one fails otherwise than by refusing, the payload is undecodable.

    A mistake of ours in a decoder must not stop the lanes: the message is kept with the dead letters.
    """
    try:
        return decode(subject, payload, received_ms, limits)
    except InvalidMessageError:
        raise
    except Exception as error:
        raise InvalidMessageError("undecodable") from error


def has_clock(decode: Decode) -> bool:
    """Tell whether what a decoder reads always has a time of the device's own, or else its own count."""
    return decode is native.decode


def recognise(
    subject: str, payload: bytes, received_ms: int, limits: IngestionLimits
) -> tuple[Decode, Batch]:
    """Read a payload of a device that is not on the register, and tell which decoder did: smoke is smoke.

    Formats are tried in a fixed order, so that a payload is read alike by both lanes and at each delivery. Raises
    InvalidMessageError with the reason of the first format that the payload seems to be of, else with not_recognised.
    """
    told = ""
    for decode in _RECOGNISED:
        try:
            batch = read(decode, subject, payload, received_ms, limits)
            # Of a device that nobody knows, a message that says nothing is of no format rather than of any.
            if batch.told:
                return decode, batch
        except InvalidMessageError as error:
            if error.reason in _FINAL:
                raise
            told = told or ("" if error.reason in _OTHER else error.reason)
    raise InvalidMessageError(told or "not_recognised")
