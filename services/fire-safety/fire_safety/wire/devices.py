"""Devices of the register."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Any

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.privacy import may_hold_id_number
from chassis.rpc import pages
from chassis.rules import DAY_AS_TEXT, KIND_OR_ALL, Rule, one_of
from chassis.storage.idempotency import check_request_id
from fire_safety.domain.devices.device import (
    DEVICE_ID,
    ChangeAction,
    Device,
    DeviceChange,
    DeviceFilter,
    DeviceKind,
    DeviceNotFoundError,
    PayloadFormat,
    Protocol,
)
from fire_safety.domain.devices.registration import Entry, Verdict, blank
from fire_safety.wire.fields import (
    DEVICE_ID_RULE,
    optional_identifier,
    optional_timestamp,
    timestamp,
)
from ward.fire_safety.v1 import devices_pb2 as devices_pb
from ward.fire_safety.v1 import fire_safety_pb2 as pb

_EVENT_DEVICES = 100
_MAX_NOTE = 500
# Control characters but for the ends of lines, and those that turn the direction of a text.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NOTE_RULE = Rule(
    f"không quá {_MAX_NOTE} ký tự, không có ký tự điều khiển, không có số định danh",
    f"at most {_MAX_NOTE} characters, no control characters, no identification numbers",
)
_MAX_POSITION = 2**63 - 1
_KINDS = {pb.DeviceKind.Value(f"DEVICE_KIND_{one}"): one for one in DeviceKind}
_PROTOCOLS = {pb.Protocol.Value(f"PROTOCOL_{one}"): one for one in Protocol}
_FORMATS = {pb.PayloadFormat.Value(f"PAYLOAD_FORMAT_{one}"): one for one in PayloadFormat}
_RETIRED: Mapping[int, bool | None] = {
    devices_pb.RETIRED_FILTER_UNSPECIFIED: False,
    devices_pb.RETIRED_FILTER_ONLY: True,
    devices_pb.RETIRED_FILTER_INCLUDED: None,
}
_TESTS: Mapping[int, ChangeAction] = {
    devices_pb.TEST_RESULT_PASSED: ChangeAction.TEST_PASSED,
    devices_pb.TEST_RESULT_FAILED: ChangeAction.TEST_FAILED,
}


# ---------------------------------------------------------------- requests


def device_id(text: str) -> str:
    """Read the id of a device; what is no id is the id of none."""
    if not DEVICE_ID.fullmatch(text):
        raise DeviceNotFoundError
    return text


def device_filter(request: devices_pb.ListWardDevicesRequest) -> DeviceFilter:
    """Read which devices to list."""
    if request.retired not in _RETIRED:
        raise FieldInvalidError(
            "retired", Rule("một bộ lọc có trong giao diện", "a filter of the contract")
        )
    if request.kind and request.kind not in _KINDS:
        raise FieldInvalidError("kind", KIND_OR_ALL)
    group_id = optional_identifier("mutual_aid_group_id", request.mutual_aid_group_id)
    return DeviceFilter(
        premises_id=optional_identifier("premises_id", request.premises_id),
        kind=_KINDS.get(request.kind),
        gateway_id=optional_identifier("gateway_id", request.gateway_id),
        mutual_aid_group_id=group_id,
        unplaced_only=request.unplaced_only,
        clock_skewed_only=request.clock_skewed_only,
        retired=_RETIRED[request.retired],
    )


def device_after(token: str) -> str:
    """Read the id after which a page of devices begins; empty for the first page."""
    (after,) = pages.decode(token, 1) or ("",)
    if "\0" in after:
        raise PageTokenInvalidError
    return after


def change_before(token: str) -> int:
    """Read the position before which a page of a history begins."""
    (before,) = pages.decode(token, 1) or (str(_MAX_POSITION),)
    if not (before.isascii() and before.isdigit() and int(before) <= _MAX_POSITION):
        raise PageTokenInvalidError
    return int(before)


def entry(request: devices_pb.SaveDeviceRequest) -> Entry:
    """Read what is saved of a device: all of it, or what the mask names."""
    check_request_id(request.request_id)
    one = request.device
    if not DEVICE_ID.fullmatch(one.device_id):
        raise FieldInvalidError(
            "device.device_id",
            DEVICE_ID_RULE,
        )
    fields = list(request.update_mask.paths) or list(_READERS)
    unknown = set(fields) - set(_READERS)
    if unknown:
        raise FieldInvalidError(
            "update_mask",
            Rule("tên các trường được phép nhập", "names of fields that can be entered"),
        )
    values = {name: _READERS[name](one) for name in fields}
    return Entry(one.device_id, values, by_hand=True)


def device_of(one: pb.Device) -> Device:
    """Read the whole entry of a device."""
    values = {name: read(one) for name, read in _READERS.items()}
    return replace(blank(one.device_id), **values)


def retirement(request: devices_pb.RetireDeviceRequest) -> tuple[str, str]:
    """Read which device is retired, and why."""
    check_request_id(request.request_id)
    return device_id(request.device_id), note(request.note)


def device_test(
    request: devices_pb.RecordDeviceTestRequest,
) -> tuple[str, date | None, ChangeAction, str]:
    """Read which device was tested, when (None is today), how it ended and what was found."""
    check_request_id(request.request_id)
    result = _TESTS.get(request.result)
    if result is None:
        raise FieldInvalidError("result", one_of("TEST_RESULT_PASSED, TEST_RESULT_FAILED"))
    tested_on = _read_day("tested_on", request.tested_on)
    return device_id(request.device_id), tested_on, result, note(request.note)


def note(text: str) -> str:
    """Read what is said of a change, for good: nobody can alter a history. Raises FieldInvalidError."""
    if len(text) > _MAX_NOTE or _UNSEEN.search(text) or may_hold_id_number(text):
        raise FieldInvalidError("note", _NOTE_RULE)
    return text.strip()


def _read_day(field: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise FieldInvalidError(field, DAY_AS_TEXT) from None


def _read_enum(field: str, number: int, known: Mapping[Any, Any], default: Any) -> Any:  # noqa: ANN401 - any of three
    if not number:
        return default
    if number not in known:
        raise FieldInvalidError(
            field,
            Rule(
                "một giá trị có trong giao diện, hoặc để trống",
                "a value of the contract, or unspecified",
            ),
        )
    return known[number]


def _identifier(field: str) -> Callable[[pb.Device], Any]:
    return lambda one: optional_identifier(f"device.{field}", getattr(one, field))


def _day_of(field: str) -> Callable[[pb.Device], Any]:
    return lambda one: _read_day(f"device.{field}", getattr(one, field))


def _enum(field: str, known: Mapping[Any, Any], default: Any) -> Callable[[pb.Device], Any]:  # noqa: ANN401 - any of three
    return lambda one: _read_enum(f"device.{field}", getattr(one, field), known, default)


_IDENTIFIERS = ("premises_id", "zone_id", "gateway_id", "mutual_aid_group_id", "profile_id")
_AS_THEY_ARE = ("model", "mains_powered", "interval_s", "firmware", "floor", "retired")
_DAYS = ("installed_on", "end_of_life_on", "last_tested_on")
# What can be entered of a device, and how it is read.
_READERS: Mapping[str, Callable[[pb.Device], Any]] = {
    **{name: _identifier(name) for name in _IDENTIFIERS},
    **{name: attrgetter(name) for name in _AS_THEY_ARE},
    **{name: _day_of(name) for name in _DAYS},
    "kind": _enum("kind", _KINDS, DeviceKind.SMOKE_HEAT),
    "protocol": _enum("protocol", _PROTOCOLS, Protocol.NATS),
    "payload_format": _enum("payload_format", _FORMATS, PayloadFormat.NATIVE),
}


# ---------------------------------------------------------------- answers and events


def device(one: Device) -> pb.Device:
    """Write a device."""
    return pb.Device(
        device_id=one.device_id,
        premises_id=one.premises_id,
        zone_id=one.zone_id,
        model=one.model,
        mains_powered=one.mains_powered,
        interval_s=one.interval_s,
        profile_id=one.profile_id,
        last_seen_at=optional_timestamp(one.last_seen_at),
        kind=pb.DeviceKind.Value(f"DEVICE_KIND_{one.kind}"),
        firmware=one.firmware,
        protocol=pb.Protocol.Value(f"PROTOCOL_{one.protocol}"),
        payload_format=pb.PayloadFormat.Value(f"PAYLOAD_FORMAT_{one.payload_format}"),
        floor=one.floor,
        gateway_id=one.gateway_id,
        mutual_aid_group_id=one.mutual_aid_group_id,
        installed_on=_day(one.installed_on),
        end_of_life_on=_day(one.end_of_life_on),
        last_tested_on=_day(one.last_tested_on),
        last_test_failed=one.last_test_failed,
        retired=one.retired,
        clock_offset_s=one.clock_offset_s,
        clock_skewed=one.clock_skewed,
    )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def devices_of_premises(found: Sequence[Device], size: int) -> pb.ListDevicesResponse:
    """Write a page of `size`; one device more than that was asked for, to see whether there is a next."""
    return pb.ListDevicesResponse(
        devices=[device(one) for one in found[:size]], next_page_token=_next_page(found, size)
    )


def devices_of_ward(found: Sequence[Device], size: int) -> devices_pb.ListWardDevicesResponse:
    """Write a page of `size`, as above."""
    return devices_pb.ListWardDevicesResponse(
        devices=[device(one) for one in found[:size]], next_page_token=_next_page(found, size)
    )


def _next_page(found: Sequence[Device], size: int) -> str:
    return pages.encode(found[size - 1].device_id) if len(found) > size else ""


def changes_page(found: Sequence[DeviceChange], size: int) -> devices_pb.ListDeviceChangesResponse:
    """Write a page of `size`, as above."""
    token = pages.encode(str(found[size - 1].position)) if len(found) > size else ""
    return devices_pb.ListDeviceChangesResponse(
        changes=[_change(one) for one in found[:size]], next_page_token=token
    )


def _change(one: DeviceChange) -> devices_pb.DeviceChange:
    return devices_pb.DeviceChange(
        changed_at=timestamp(one.changed_at),
        changed_by=one.changed_by,
        action=devices_pb.DeviceChangeAction.Value(f"DEVICE_CHANGE_ACTION_{one.action}"),
        note=one.note,
        device=device(one.device),
    )


def import_answer(
    verdicts: Sequence[Verdict], *, entered: bool
) -> devices_pb.ImportDevicesResponse:
    """Write what became of the rows of a table."""
    return devices_pb.ImportDevicesResponse(
        rows=[_imported_row(one) for one in verdicts], entered=entered
    )


def _imported_row(one: Verdict) -> devices_pb.ImportedRow:
    return devices_pb.ImportedRow(
        row=one.entry.number,
        device_id=one.entry.device_id,
        outcome=devices_pb.ImportOutcome.Value(f"IMPORT_OUTCOME_{one.outcome}"),
        faults=[
            devices_pb.RowFault(field=name, reason_vi=fault.vi, reason_en=fault.en)
            for name, fault in one.refusals
        ],
    )


def devices_changed(changed: Sequence[Device]) -> Iterator[devices_pb.DevicesChanged]:
    """Write the events of devices that were entered or changed together."""
    for start in range(0, len(changed), _EVENT_DEVICES):
        some = changed[start : start + _EVENT_DEVICES]
        yield devices_pb.DevicesChanged(devices=[device(one) for one in some])
