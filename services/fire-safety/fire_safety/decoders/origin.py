"""Where a message comes from, as its subject says: `ward.<ward code>.device.<device id>.up`."""

from chassis.errors import InvalidMessageError
from fire_safety.domain.devices import DEVICE_ID

_DEVICE_TOKEN = 3


def subject_of_ward(ward_code: str) -> str:
    """Give the subject filter of all devices of a ward."""
    return f"ward.{ward_code}.device.*.up"


def subject_of(ward_code: str, device_id: str) -> str:
    """Give the subject that a device publishes under."""
    return f"ward.{ward_code}.device.{device_id}.up"


def device_of(subject: str) -> str:
    """Read the device's id; raises InvalidMessageError("bad_device_id") if it has not the form of one."""
    device_id = subject.split(".")[_DEVICE_TOKEN]
    if not DEVICE_ID.fullmatch(device_id):
        raise InvalidMessageError("bad_device_id")
    return device_id
