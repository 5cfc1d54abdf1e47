"""Alarms and what people do with them."""

from collections.abc import Sequence
from uuid import UUID

from google.protobuf.message import DecodeError

from chassis.broker.messages import subject_of
from chassis.errors import FieldInvalidError
from chassis.rules import STATE_OR_ALL, Rule, one_of
from chassis.storage.idempotency import check_request_id
from fire_safety.domain.alarms.alarm import (
    Alarm,
    AlarmFilter,
    AlarmKind,
    AlarmNotFoundError,
    AlarmPosition,
    AlarmState,
    Confirmation,
    Disposition,
    SignalClass,
)
from fire_safety.wire.fields import (
    optional_identifier,
    optional_timestamp,
    page_token_of,
    place_of_page,
    timestamp,
)
from ward.fire_safety.v1 import fire_safety_pb2 as pb

_DISPOSITIONS = {
    pb.Disposition.Value(f"DISPOSITION_{one}"): one
    for one in Disposition
    if one is not Disposition.UNSPECIFIED
}
_DISPOSITION_NAMES = ", ".join(map(pb.Disposition.Name, _DISPOSITIONS))
_CONFIRMATIONS = {
    one: pb.Confirmation.Value(f"CONFIRMATION_{one or 'UNSPECIFIED'}") for one in Confirmation
}
_CLASSES = {pb.SignalClass.Value(f"SIGNAL_CLASS_{one}"): one for one in SignalClass}

_STATES = {pb.AlarmState.Value(f"ALARM_STATE_{one}"): one for one in AlarmState}

_CHANGES = (
    pb.PreAlarmRaised,
    pb.AlarmRaised,
    pb.AlarmAcknowledged,
    pb.AlarmSilenced,
    pb.AlarmShelved,
    pb.AlarmRestored,
    pb.AlarmReset,
    pb.SystemStatusRaised,
)
_CHANGE_OF = {subject_of(change): change for change in _CHANGES}

# Subjects of the events that tell changes of alarms.
CHANGE_SUBJECTS = list(_CHANGE_OF)


# ---------------------------------------------------------------- requests


def alarm_id(text: str) -> UUID:
    """Read an alarm's id; what is no id is the id of no alarm."""
    try:
        return UUID(text)
    except ValueError:
        raise AlarmNotFoundError from None


def alarm_filter(request: pb.ListAlarmsRequest) -> AlarmFilter:
    """Read which alarms to list."""
    chosen, state = request.signal_class, request.state
    if chosen and chosen not in _CLASSES:
        raise FieldInvalidError(
            "signal_class",
            Rule(
                "một mức tín hiệu có trong giao diện, hoặc để trống để lấy tất cả",
                "a class of the contract, or unspecified for all",
            ),
        )
    if state and state not in _STATES:
        raise FieldInvalidError("state", STATE_OR_ALL)
    return AlarmFilter(
        premises_id=optional_identifier("premises_id", request.premises_id),
        device_id=optional_identifier("device_id", request.device_id),
        signal_class=_CLASSES.get(chosen),
        open_only=request.open_only,
        state=_STATES.get(state),
        shelved_only=request.shelved_only,
    )


def page_after(token: str) -> AlarmPosition | None:
    """Read where a page begins; None for the first page."""
    key = place_of_page(token)
    return None if key is None else AlarmPosition(*key)


def acknowledgement(request: pb.AcknowledgeAlarmRequest) -> UUID:
    """Read which alarm was seen."""
    check_request_id(request.request_id)
    return alarm_id(request.alarm_id)


def silence(request: pb.SilenceAlarmRequest) -> UUID:
    """Read which alarm is to be silent."""
    check_request_id(request.request_id)
    return alarm_id(request.alarm_id)


def reset(request: pb.ResetAlarmRequest) -> tuple[UUID, Disposition]:
    """Read which alarm ends, and what it turned out to be."""
    check_request_id(request.request_id)
    disposition = _DISPOSITIONS.get(request.disposition)
    if disposition is None:
        raise FieldInvalidError("disposition", one_of(_DISPOSITION_NAMES))
    return alarm_id(request.alarm_id), disposition


# ---------------------------------------------------------------- answers and events


def alarm(one: Alarm) -> pb.Alarm:
    """Write an alarm."""
    return pb.Alarm(
        alarm_id=str(one.alarm_id),
        ward_code=one.ward_code,
        device_id=one.device_id,
        device_known=one.device_known,
        premises_id=one.premises_id,
        zone_id=one.zone_id,
        signal_class=pb.SignalClass.Value(f"SIGNAL_CLASS_{one.signal_class}"),
        kind=pb.AlarmKind.Value(f"ALARM_KIND_{one.kind}"),
        state=pb.AlarmState.Value(f"ALARM_STATE_{one.state}"),
        observed_at=timestamp(one.observed_at),
        raised_at=timestamp(one.raised_at),
        value=one.value,
        threshold=one.threshold,
        profile=one.profile,
        restored_at=optional_timestamp(one.restored_at),
        acknowledged_at=optional_timestamp(one.acknowledged_at),
        acknowledged_by=one.acknowledged_by,
        reset_at=optional_timestamp(one.reset_at),
        reset_by=one.reset_by,
        disposition=pb.Disposition.Value(f"DISPOSITION_{one.disposition}"),
        version=one.version,
        zone_name=one.zone_name,
        floor=one.floor,
        clock_skewed=one.clock_skewed,
        confirmed_at=optional_timestamp(one.confirmed_at),
        confirmation=_CONFIRMATIONS[one.confirmation],
        confirmed_by_device_id=one.confirmed_by_device_id,
        silenced_at=optional_timestamp(one.silenced_at),
        silenced_by=one.silenced_by,
        shelved_until=optional_timestamp(one.shelved_until),
    )


def alarms_page(found: Sequence[Alarm], size: int) -> pb.ListAlarmsResponse:
    """Write a page of `size`; one alarm more than that was asked for, to see whether there is a next."""
    shown = found[:size]
    token = ""
    if len(found) > size:
        token = page_token_of(shown[-1].raised_at, shown[-1].alarm_id)
    return pb.ListAlarmsResponse(alarms=[alarm(one) for one in shown], next_page_token=token)


def raised(one: Alarm) -> pb.AlarmRaised | pb.PreAlarmRaised | pb.SystemStatusRaised:
    """Write the event of an alarm, of a pre-alarm or of the canary's signal that was raised."""
    if one.kind is AlarmKind.SYSTEM_STATUS:
        return pb.SystemStatusRaised(alarm=alarm(one))
    if one.state is AlarmState.PRE_ALARM:
        return pb.PreAlarmRaised(alarm=alarm(one))
    return alarm_raised(one)


def alarm_raised(one: Alarm) -> pb.AlarmRaised:
    """Write the event of an alarm that was raised."""
    return pb.AlarmRaised(alarm=alarm(one))


def alarm_acknowledged(one: Alarm) -> pb.AlarmAcknowledged:
    """Write the event of an alarm that a person has seen."""
    return pb.AlarmAcknowledged(alarm=alarm(one))


def alarm_silenced(one: Alarm) -> pb.AlarmSilenced:
    """Write the event of an alarm that a person silenced."""
    return pb.AlarmSilenced(alarm=alarm(one))


def alarm_shelved(one: Alarm) -> pb.AlarmShelved:
    """Write the event of an alarm that is held as raised, since its device comes and goes."""
    return pb.AlarmShelved(alarm=alarm(one))


def alarm_restored(one: Alarm) -> pb.AlarmRestored:
    """Write the event of a device that is back to normal."""
    return pb.AlarmRestored(alarm=alarm(one))


def alarm_reset(one: Alarm) -> pb.AlarmReset:
    """Write the event of an alarm that ended."""
    return pb.AlarmReset(alarm=alarm(one))


def watched(
    resume_token: str, subject: str, payload: bytes, ward_code: str, *, system_status: bool
) -> pb.WatchAlarmsResponse | None:
    """Write an event of the stream as a change that watchers of a ward see; None for what is another ward's.

    Wards may share a broker. What cannot be read is nobody's; the canary's is for who asked for it.
    """
    change = _CHANGE_OF[subject]
    if change is pb.SystemStatusRaised and not system_status:
        return None
    try:
        alarm = change.FromString(payload).alarm
    except DecodeError:
        return None
    if alarm.ward_code != ward_code:
        return None
    return pb.WatchAlarmsResponse(
        resume_token=resume_token, event=change.DESCRIPTOR.name, alarm=alarm
    )
