"""SenML in CBOR (RFC 8428 §6); what a pack says about a detector is read in `senml`."""

from chassis.errors import InvalidMessageError
from fire_safety.decoders import cbor
from fire_safety.decoders.checks import check_size
from fire_safety.decoders.origin import device_of
from fire_safety.decoders.senml import batch_of
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch

LABELS = {
    -6: "bs",
    -5: "bv",
    -4: "bu",
    -3: "bt",
    -2: "bn",
    -1: "bver",
    0: "n",
    1: "u",
    2: "v",
    3: "vs",
    4: "vb",
    5: "s",
    6: "t",
    7: "ut",
    8: "vd",
}


def decode(subject: str, payload: bytes, received_ms: int, limits: IngestionLimits) -> Batch:
    """Read a pack that the broker received at `received_ms` (milliseconds since 1970).

    Raises InvalidMessageError with the reasons of SenML in JSON, not_cbor in place of not_json.
    """
    device_id = device_of(subject)
    check_size(payload, limits)
    return batch_of(device_id, labelled(cbor.read(payload)), received_ms, limits)


def labelled(pack: object) -> object:
    """Give the records of a pack their texts for labels; other numbers are no labels and say nothing."""
    return [_labelled(record) for record in pack] if isinstance(pack, list) else pack


def _labelled(record: object) -> object:
    if not isinstance(record, dict):
        return record
    labels = [LABELS.get(key, "") if isinstance(key, int) else key for key in record]
    if len(set(labels) - {""}) != len(labels) - labels.count(""):
        raise InvalidMessageError("duplicate_key")
    return dict(zip(labels, record.values(), strict=True))
