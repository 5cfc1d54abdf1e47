"""Detection zones and mutual-aid groups."""

import unicodedata
from collections.abc import Iterable, Sequence

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.privacy import may_hold_id_number
from chassis.rpc import pages
from chassis.rules import GROUP_OR_ALL, Rule, at_most, between, one_line
from chassis.storage.idempotency import check_request_id
from fire_safety.domain.devices.registration import FLOORS, MAX_TEXT
from fire_safety.domain.premises.areas import (
    Area,
    AreaChange,
    DetectionZone,
    InterlinkedGroup,
    Members,
    MutualAidGroupNotFoundError,
    ZoneNotFoundError,
)
from fire_safety.wire.devices import device_id, note
from fire_safety.wire.fields import is_identifier, timestamp
from fire_safety.wire.premises import premises_id
from ward.fire_safety.v1 import areas_pb2 as pb

_NOT_BEING_ADDED = Rule("không gồm mã nào đang được thêm vào", "none that is to be added")

_LENGTH = one_line(1, MAX_TEXT)
_NAME_RULE = Rule(
    f"{_LENGTH.vi}, không có số định danh", f"{_LENGTH.en}, no identification numbers"
)
_MAX_MEMBERS = 500
_MAX_GROUP = 2**31 - 1


# ---------------------------------------------------------------- requests


def wanted_zone(request: pb.CreateZoneRequest) -> tuple[DetectionZone, str]:
    """Read which zone is wanted, without its id, and why."""
    check_request_id(request.request_id)
    if request.floor not in FLOORS:
        raise FieldInvalidError("floor", between(FLOORS.start, FLOORS.stop - 1))
    zone = DetectionZone(
        zone_id="",
        premises_id=premises_id(request.premises_id),
        name=_name(request.name),
        floor=request.floor,
        device_ids=tuple(_devices("device_ids", request.device_ids)),
    )
    return zone, note(request.note)


def wanted_group(request: pb.CreateMutualAidGroupRequest) -> tuple[InterlinkedGroup, str]:
    """Read which group is wanted, without its id, and why."""
    check_request_id(request.request_id)
    if not 0 < request.residential_group <= _MAX_GROUP:
        raise FieldInvalidError(
            "residential_group", Rule("số thứ tự của tổ, từ 1", "the number of a group, from 1")
        )
    group = InterlinkedGroup(
        group_id="",
        residential_group=request.residential_group,
        name=_name(request.name),
        dwelling_ids=tuple(_dwellings("dwelling_ids", request.dwelling_ids)),
        device_ids=tuple(_devices("device_ids", request.device_ids)),
    )
    return group, note(request.note)


def zone_members(request: pb.ChangeZoneDevicesRequest) -> tuple[str, Members, str]:
    """Read which zone changes, how, and why."""
    check_request_id(request.request_id)
    members = Members(
        add_device_ids=_devices("add_device_ids", request.add_device_ids),
        remove_device_ids=_devices("remove_device_ids", request.remove_device_ids),
    )
    return zone_id(request.zone_id), _consistent(members), note(request.note)


def group_members(request: pb.ChangeMutualAidGroupRequest) -> tuple[str, Members, str]:
    """Read which group changes, how, and why."""
    check_request_id(request.request_id)
    members = Members(
        add_device_ids=_devices("add_device_ids", request.add_device_ids),
        remove_device_ids=_devices("remove_device_ids", request.remove_device_ids),
        add_dwelling_ids=_dwellings("add_dwelling_ids", request.add_dwelling_ids),
        remove_dwelling_ids=_dwellings("remove_dwelling_ids", request.remove_dwelling_ids),
    )
    return group_id(request.group_id), _consistent(members), note(request.note)


def zone_retirement(request: pb.RetireZoneRequest) -> tuple[str, str]:
    """Read which zone is retired, and why."""
    check_request_id(request.request_id)
    return zone_id(request.zone_id), note(request.note)


def group_retirement(request: pb.RetireMutualAidGroupRequest) -> tuple[str, str]:
    """Read which group is retired, and why."""
    check_request_id(request.request_id)
    return group_id(request.group_id), note(request.note)


def zone_id(text: str) -> str:
    """Read the id of a zone; what is no id is the id of none."""
    if not is_identifier(text):
        raise ZoneNotFoundError
    return text


def group_id(text: str) -> str:
    """Read the id of a group; what is no id is the id of none."""
    if not is_identifier(text):
        raise MutualAidGroupNotFoundError
    return text


def residential_group(request: pb.ListMutualAidGroupsRequest) -> int:
    """Read the residential group to list, 0 for all."""
    if request.residential_group > _MAX_GROUP:
        raise FieldInvalidError("residential_group", GROUP_OR_ALL)
    return request.residential_group


def area_after(token: str) -> str:
    """Read the id after which a page of areas begins; empty for the first page."""
    (last,) = pages.decode(token, 1) or [""]
    if last and not is_identifier(last):
        raise PageTokenInvalidError
    return last


def _name(text: str) -> str:
    """Read a name, which leaves in events and stays in a history that nobody can alter."""
    name = unicodedata.normalize("NFC", text).strip()
    if not 0 < len(name) <= MAX_TEXT or not name.isprintable() or may_hold_id_number(name):
        raise FieldInvalidError("name", _NAME_RULE)
    return name


def _devices(field: str, texts: Sequence[str]) -> frozenset[str]:
    return frozenset(map(device_id, _few(field, texts)))


def _dwellings(field: str, texts: Sequence[str]) -> frozenset[str]:
    if not all(map(is_identifier, _few(field, texts))):
        raise FieldInvalidError(field, Rule("mã của các căn hộ", "ids of dwellings"))
    return frozenset(texts)


def _few(field: str, texts: Sequence[str]) -> Sequence[str]:
    if len(texts) > _MAX_MEMBERS:
        raise FieldInvalidError(field, at_most(_MAX_MEMBERS))
    return texts


def _consistent(members: Members) -> Members:
    if members.add_device_ids & members.remove_device_ids:
        raise FieldInvalidError(
            "remove_device_ids",
            _NOT_BEING_ADDED,
        )
    if members.add_dwelling_ids & members.remove_dwelling_ids:
        raise FieldInvalidError(
            "remove_dwelling_ids",
            _NOT_BEING_ADDED,
        )
    return members


# ---------------------------------------------------------------- answers


def zone(one: Area) -> pb.DetectionZone:
    """Write a zone."""
    return pb.DetectionZone(**vars(one))


def group(one: Area) -> pb.MutualAidGroup:
    """Write a group."""
    return pb.MutualAidGroup(**vars(one))


def group_changed(
    ward_code: str, one: InterlinkedGroup, version: int, *, retired: bool
) -> pb.MutualAidGroupChanged:
    """Write the event of a group that was entered, changed or taken off the register."""
    return pb.MutualAidGroupChanged(
        group=group(one), ward_code=ward_code, retired=retired, version=version
    )


def zones_page(found: Sequence[DetectionZone], size: int) -> pb.ListZonesResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    token = _token((one.zone_id for one in found), size)
    return pb.ListZonesResponse(zones=map(zone, found[:size]), next_page_token=token)


def groups_page(found: Sequence[InterlinkedGroup], size: int) -> pb.ListMutualAidGroupsResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    token = _token((one.group_id for one in found), size)
    return pb.ListMutualAidGroupsResponse(groups=map(group, found[:size]), next_page_token=token)


def zone_changes(found: Sequence[AreaChange], size: int) -> pb.ListZoneChangesResponse:
    """Write a page of a zone's history."""
    return pb.ListZoneChangesResponse(
        changes=[
            pb.ZoneChange(
                changed_at=timestamp(one.changed_at),
                changed_by=one.changed_by,
                action=pb.AreaChangeAction.Value(f"AREA_CHANGE_ACTION_{one.action}"),
                note=one.note,
                zone=zone(one.area),
            )
            for one in found[:size]
        ],
        next_page_token=_token((str(one.position) for one in found), size),
    )


def group_changes(found: Sequence[AreaChange], size: int) -> pb.ListMutualAidGroupChangesResponse:
    """Write a page of a group's history."""
    return pb.ListMutualAidGroupChangesResponse(
        changes=[
            pb.MutualAidGroupChange(
                changed_at=timestamp(one.changed_at),
                changed_by=one.changed_by,
                action=pb.AreaChangeAction.Value(f"AREA_CHANGE_ACTION_{one.action}"),
                note=one.note,
                group=group(one.area),
            )
            for one in found[:size]
        ],
        next_page_token=_token((str(one.position) for one in found), size),
    )


def _token(keys: Iterable[str], size: int) -> str:
    listed = list(keys)
    return pages.encode(listed[size - 1]) if len(listed) > size else ""
