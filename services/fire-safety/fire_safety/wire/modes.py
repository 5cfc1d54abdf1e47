"""Tests and disablements, and what was signalled meanwhile."""

from collections.abc import Sequence
from uuid import UUID

from chassis.broker.messages import subject_of
from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.privacy import may_hold_id_number
from chassis.rpc import pages
from chassis.rules import Rule, one_of
from chassis.storage.idempotency import check_request_id
from fire_safety.domain.alarms.alarm import Suppression
from fire_safety.domain.alarms.modes import (
    DeviceMode,
    DeviceModeNotFoundError,
    ModeFilter,
    ModePosition,
    ModeScope,
    ModeTargetNotFoundError,
    ModeWanted,
    SuppressedFilter,
    SuppressedSignal,
)
from fire_safety.wire.fields import (
    is_identifier,
    optional_identifier,
    optional_timestamp,
    page_token_of,
    place_of_page,
    required_moment,
    timestamp,
)
from ward.fire_safety.v1 import fire_safety_pb2, modes_pb2

_KINDS = {modes_pb2.DeviceModeKind.Value(f"DEVICE_MODE_KIND_{one}"): one for one in Suppression}
_SCOPES = {modes_pb2.ModeScope.Value(f"MODE_SCOPE_{one}"): one for one in ModeScope}
# Subjects of the events that tell changes of modes.
CHANGE_SUBJECTS = [subject_of(one) for one in (modes_pb2.DeviceModeSet, modes_pb2.DeviceModeEnded)]

_REASON = range(3, 501)
_REASON_RULE = Rule(
    "3 đến 500 ký tự trên một dòng, không có số định danh",
    "3 to 500 characters on one line, no identification numbers",
)
# What a bigint surely holds.
_MAX_DIGITS = 18


# ---------------------------------------------------------------- requests


def wanted(request: modes_pb2.SetDeviceModeRequest) -> ModeWanted:
    """Read which mode is wanted; raises FieldInvalidError or ModeTargetNotFoundError."""
    check_request_id(request.request_id)
    kind, scope = _KINDS.get(request.kind), _SCOPES.get(request.scope)
    if kind is None:
        raise FieldInvalidError("kind", one_of("DEVICE_MODE_KIND_TEST, DEVICE_MODE_KIND_DISABLED"))
    if scope is None:
        raise FieldInvalidError(
            "scope", one_of("MODE_SCOPE_DEVICE, MODE_SCOPE_ZONE, MODE_SCOPE_PREMISES")
        )
    if not is_identifier(request.target_id):
        raise ModeTargetNotFoundError
    reason = request.reason.strip()
    # It can never be taken back, and leaves in events.
    if len(reason) not in _REASON or not reason.isprintable() or may_hold_id_number(reason):
        raise FieldInvalidError("reason", _REASON_RULE)
    ends_at = required_moment(request, "ends_at")
    return ModeWanted(kind, scope, request.target_id, reason, ends_at)


def ending(request: modes_pb2.EndDeviceModeRequest) -> UUID:
    """Read which mode ends; what is no id is the id of no mode."""
    check_request_id(request.request_id)
    try:
        return UUID(request.mode_id)
    except ValueError:
        raise DeviceModeNotFoundError from None


def mode_filter(request: modes_pb2.ListDeviceModesRequest) -> ModeFilter:
    """Read which modes to list."""
    return ModeFilter(
        target_id=optional_identifier("target_id", request.target_id),
        premises_id=optional_identifier("premises_id", request.premises_id),
        in_force_only=request.in_force_only,
    )


def modes_after(token: str) -> ModePosition | None:
    """Read where a page of modes begins; None for the first page."""
    key = place_of_page(token)
    return None if key is None else ModePosition(*key)


def signal_filter(request: modes_pb2.ListSuppressedSignalsRequest) -> SuppressedFilter:
    """Read which suppressed signals to list."""
    return SuppressedFilter(
        device_id=optional_identifier("device_id", request.device_id),
        premises_id=optional_identifier("premises_id", request.premises_id),
    )


def signals_after(token: str) -> int | None:
    """Read the signal after which a page begins; None for the first page."""
    key = pages.decode(token, 1)
    if key is None:
        return None
    if not (key[0].isascii() and key[0].isdigit() and len(key[0]) <= _MAX_DIGITS):
        raise PageTokenInvalidError
    return int(key[0])


# ---------------------------------------------------------------- answers and events


def mode(one: DeviceMode) -> modes_pb2.DeviceMode:
    """Write a mode."""
    return modes_pb2.DeviceMode(
        mode_id=str(one.mode_id),
        ward_code=one.ward_code,
        kind=modes_pb2.DeviceModeKind.Value(f"DEVICE_MODE_KIND_{one.kind}"),
        scope=modes_pb2.ModeScope.Value(f"MODE_SCOPE_{one.scope}"),
        target_id=one.target_id,
        premises_id=one.premises_id,
        zone_name=one.zone_name,
        floor=one.floor,
        reason=one.reason,
        set_by=one.set_by,
        begins_at=timestamp(one.begins_at),
        ends_at=timestamp(one.ends_at),
        ended_at=optional_timestamp(one.ended_at),
        ended_by=one.ended_by,
    )


def modes_page(found: Sequence[DeviceMode], size: int) -> modes_pb2.ListDeviceModesResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    shown, token = found[:size], ""
    if len(found) > size:
        token = page_token_of(shown[-1].begins_at, shown[-1].mode_id)
    return modes_pb2.ListDeviceModesResponse(
        modes=[mode(one) for one in shown], next_page_token=token
    )


def suppressed_signal(one: SuppressedSignal) -> modes_pb2.SuppressedSignal:
    """Write a suppressed signal."""
    return modes_pb2.SuppressedSignal(
        device_id=one.device_id,
        kind=fire_safety_pb2.AlarmKind.Value(f"ALARM_KIND_{one.kind}"),
        raised=one.raised,
        signal_class=fire_safety_pb2.SignalClass.Value(f"SIGNAL_CLASS_{one.why}"),
        mode_id=str(one.mode_id or ""),
        premises_id=one.premises_id,
        zone_id=one.zone_id,
        zone_name=one.zone_name,
        floor=one.floor,
        observed_at=timestamp(one.observed_at),
        received_at=timestamp(one.received_at),
        value=one.value,
        threshold=one.threshold,
        profile=one.profile,
        pre_alarm=one.pre_alarm,
    )


def signals_page(
    found: Sequence[SuppressedSignal], size: int
) -> modes_pb2.ListSuppressedSignalsResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    shown = found[:size]
    token = pages.encode(str(shown[-1].signal_id)) if len(found) > size else ""
    return modes_pb2.ListSuppressedSignalsResponse(
        signals=[suppressed_signal(one) for one in shown], next_page_token=token
    )


def mode_set(one: DeviceMode) -> modes_pb2.DeviceModeSet:
    """Write the event of devices that were put under test or disabled."""
    return modes_pb2.DeviceModeSet(mode=mode(one))


def mode_ended(one: DeviceMode) -> modes_pb2.DeviceModeEnded:
    """Write the event of a test or disablement that ended."""
    return modes_pb2.DeviceModeEnded(mode=mode(one))
