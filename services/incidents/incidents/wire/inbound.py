"""Events of other services, read into the domain.

What cannot be read raises InvalidMessageError: it goes to the dead letters and the lane goes on. A lacking detail is
no reason for that, since an alarm with a hole is still an alarm.
"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime

from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.broker.messages import Envelope, subject_of
from chassis.errors import InvalidMessageError
from incidents.domain.incidents.alarms import Alarm, SignalClass
from incidents.domain.places import (
    DeviceMode,
    MutualAidGroup,
    Occupancy,
    Premises,
    SupplyPoint,
)
from incidents.wire.incidents import moment
from ward.fire_safety.v1 import areas_pb2, fire_safety_pb2, modes_pb2, supply_points_pb2
from ward.residency.v1 import residency_pb2

AlarmEvent = (
    fire_safety_pb2.AlarmRaised
    | fire_safety_pb2.AlarmAcknowledged
    | fire_safety_pb2.AlarmRestored
    | fire_safety_pb2.AlarmReset
)

_ALARM_EVENTS: dict[str, type[AlarmEvent]] = {
    subject_of(kind): kind
    for kind in (
        fire_safety_pb2.AlarmRaised,
        fire_safety_pb2.AlarmAcknowledged,
        fire_safety_pb2.AlarmRestored,
        fire_safety_pb2.AlarmReset,
    )
}

_MODE_EVENTS: dict[str, type[modes_pb2.DeviceModeSet | modes_pb2.DeviceModeEnded]] = {
    subject_of(kind): kind for kind in (modes_pb2.DeviceModeSet, modes_pb2.DeviceModeEnded)
}

# What a bigint column holds.
_MAX_VERSION = 2**63 - 1


def read_alarm(envelope: Envelope) -> Alarm:
    """Read the alarm of any alarm event; one that does not say when it was raised counts from its event."""
    with _decoding():
        alarm = _ALARM_EVENTS[envelope.subject].FromString(envelope.payload).alarm
    return Alarm(
        alarm_id=_identifier(alarm.alarm_id),
        ward_code=_clean(alarm.ward_code),
        device_id=_identifier(alarm.device_id),
        device_known=alarm.device_known,
        premises_id=_clean(alarm.premises_id),
        signal_class=_signal_class(alarm.signal_class),
        kind=_kind(alarm.kind),
        zone_name=_clean(alarm.zone_name),
        floor=alarm.floor,
        raised_at=_moment(alarm.raised_at) if alarm.HasField("raised_at") else envelope.stored_at,
        restored_at=_moment(alarm.restored_at) if alarm.HasField("restored_at") else None,
        ended=alarm.state == fire_safety_pb2.ALARM_STATE_RESET,
        version=_version(alarm.version),
        payload=alarm.SerializeToString(),
    )


def read_premises(envelope: Envelope) -> Premises:
    """Read premises; they are as old as their event."""
    with _decoding():
        premises = fire_safety_pb2.PremisesChanged.FromString(envelope.payload).premises
    around = premises.surroundings
    return Premises(
        premises_id=_identifier(premises.premises_id),
        ward_code=_clean(premises.ward_code),
        version=_version(premises.version),
        as_of=envelope.stored_at,
        name=_clean(premises.name),
        address=_clean(premises.address),
        building_id=_clean(premises.building_id),
        payload=premises.SerializeToString(),
        latitude=premises.position.latitude if premises.HasField("position") else None,
        longitude=premises.position.longitude if premises.HasField("position") else None,
        adjoining_building_ids=_ids(around.adjoining_building_ids),
        adjoining_premises_ids=_ids(around.adjoining_premises_ids),
        alley=_clean(around.alley) if around.alley_exits == 1 else "",
        alley_building_ids=_ids(around.alley_building_ids) if around.alley_exits == 1 else (),
        residential_group=premises.residential_group,
    )


def read_supply_point(envelope: Envelope) -> SupplyPoint:
    """Read a hydrant, water access or fire point; it is as old as its event."""
    with _decoding():
        point = supply_points_pb2.SupplyPointChanged.FromString(envelope.payload).supply_point
    return SupplyPoint(
        supply_point_id=_identifier(point.supply_point_id),
        ward_code=_clean(point.ward_code),
        version=_version(point.version),
        as_of=envelope.stored_at,
        is_water=point.kind != supply_points_pb2.SUPPLY_POINT_KIND_FIRE_POINT,
        latitude=point.position.latitude,
        longitude=point.position.longitude,
        payload=point.SerializeToString(),
    )


def read_mutual_aid_group(envelope: Envelope) -> MutualAidGroup:
    """Read a mutual-aid group; one that was retired has no dwellings."""
    with _decoding():
        told = areas_pb2.MutualAidGroupChanged.FromString(envelope.payload)
    return MutualAidGroup(
        group_id=_identifier(told.group.group_id),
        ward_code=_clean(told.ward_code),
        version=_version(told.version),
        as_of=envelope.stored_at,
        dwelling_ids=() if told.retired else _ids(told.group.dwelling_ids),
    )


def read_device_mode(envelope: Envelope) -> DeviceMode:
    """Read a test or disablement, begun or ended."""
    with _decoding():
        mode = _MODE_EVENTS[envelope.subject].FromString(envelope.payload).mode
    return DeviceMode(
        mode_id=_identifier(mode.mode_id),
        ward_code=_clean(mode.ward_code),
        premises_id=_clean(mode.premises_id),
        ended=mode.HasField("ended_at"),
        payload=mode.SerializeToString(),
    )


def read_occupancy(envelope: Envelope) -> Occupancy:
    """Read the count of a dwelling; one without a time of counting is as old as its event."""
    with _decoding():
        counted = residency_pb2.OccupancyChanged.FromString(envelope.payload).occupancy
    dwelling = counted.dwelling
    return Occupancy(
        dwelling_id=_identifier(dwelling.dwelling_id),
        ward_code=_clean(dwelling.ward_code),
        building_id=_clean(dwelling.building_id),
        floor=dwelling.floor,
        unit=_clean(dwelling.unit),
        version=_version(counted.version),
        as_of=_moment(counted.as_of) if counted.HasField("as_of") else envelope.stored_at,
        payload=counted.SerializeToString(),
    )


@contextmanager
def _decoding() -> Generator[None]:
    try:
        yield
    except DecodeError as error:
        raise InvalidMessageError("not_protobuf") from error


def _identifier(text: str) -> str:
    if not text:
        raise InvalidMessageError("no_identifier")
    return _clean(text)


def _ids(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(_clean(text) for text in texts if text)


def _clean(text: str) -> str:
    # The one character that a message may hold and the database may not.
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _version(version: int) -> int:
    if version > _MAX_VERSION:
        raise InvalidMessageError("version_out_of_range")
    return version


def _signal_class(number: int) -> SignalClass:
    """Read the class; what it is to do with a class it does not know, a machine must not guess."""
    try:
        name = fire_safety_pb2.SignalClass.Name(number)  # type: ignore[arg-type]
        return SignalClass(name.removeprefix("SIGNAL_CLASS_"))
    except ValueError as error:
        raise InvalidMessageError("unknown_signal_class") from error


def _kind(number: int) -> str:
    """Read the kind; one that is newer than this service is kept as its number, the alarm still counts."""
    known = fire_safety_pb2.AlarmKind.values()
    if number not in known:
        return str(number)
    return fire_safety_pb2.AlarmKind.Name(number).removeprefix("ALARM_KIND_")  # type: ignore[arg-type]


def _moment(written: Timestamp) -> datetime:
    try:
        return moment(written)
    except (ValueError, OverflowError) as error:
        raise InvalidMessageError("time_out_of_range") from error
