"""Where a message comes from, as its subject says.

A device publishes under `ward.<ward code>.device.<device id>.up`; the stream keeps that with the device's partition
behind it (chassis/broker/partitions.py).
"""

from chassis.broker.partitions import partition_of
from chassis.errors import InvalidMessageError
from fire_safety.domain.devices.device import DEVICE_ID

_DEVICE_TOKEN = 3


def subject_of(ward_code: str, device_id: str) -> str:
    """Give the subject that the messages of a device are kept under."""
    return f"ward.{ward_code}.device.{device_id}.up.{partition_of(device_id)}"


def kept_under(heard: str) -> str:
    """Give the subject under which the stream keeps what a device published under this one."""
    return f"{heard}.{partition_of(heard.split('.')[_DEVICE_TOKEN])}"


def partition_in(subject: str) -> int:
    """Read the partition of a message that the stream keeps; one stored before there were any does not say it."""
    said = subject.rpartition(".")[2]
    return int(said) if said.isdecimal() else partition_of(subject.split(".")[_DEVICE_TOKEN])


def device_of(subject: str) -> str:
    """Read the device's id; raises InvalidMessageError("bad_device_id") if it has not the form of one."""
    device_id = subject.split(".")[_DEVICE_TOKEN]
    if not DEVICE_ID.fullmatch(device_id):
        raise InvalidMessageError("bad_device_id")
    return device_id
