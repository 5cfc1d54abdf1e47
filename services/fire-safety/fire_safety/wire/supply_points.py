"""Supply points."""

from collections.abc import Sequence

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.privacy import may_hold_id_number
from chassis.rpc import pages
from chassis.rules import GROUP_OR_ALL, KIND_OR_ALL, Rule
from chassis.storage.idempotency import check_request_id
from fire_safety.domain.premises.supply_points import (
    SupplyPoint,
    SupplyPointKind,
    SupplyPointNotFoundError,
    SupplyPointState,
)
from fire_safety.wire.fields import is_identifier
from ward.fire_safety.v1 import fire_safety_pb2
from ward.fire_safety.v1 import supply_points_pb2 as pb

_MAX_GROUP = 2**31 - 1
_MAX_NOTE = 200
_KINDS = {pb.SupplyPointKind.Value(f"SUPPLY_POINT_KIND_{one}"): one for one in SupplyPointKind}
_STATES = {pb.SupplyPointState.Value(f"SUPPLY_POINT_STATE_{one}"): one for one in SupplyPointState}


def listed(request: pb.ListSupplyPointsRequest) -> tuple[int, SupplyPointKind | None]:
    """Read which supply points to list: residential group, 0 for all, and kind, None for all."""
    if request.residential_group > _MAX_GROUP:
        raise FieldInvalidError("residential_group", GROUP_OR_ALL)
    if request.kind and request.kind not in _KINDS:
        raise FieldInvalidError("kind", KIND_OR_ALL)
    return request.residential_group, _KINDS.get(request.kind)


def found_state(request: pb.SetSupplyPointStateRequest) -> tuple[str, SupplyPointState, str]:
    """Read which supply point was found in which state, and what is wrong."""
    check_request_id(request.request_id)
    if not is_identifier(request.supply_point_id):
        raise SupplyPointNotFoundError
    state = _STATES.get(request.state, SupplyPointState.UNSPECIFIED)
    if state is SupplyPointState.UNSPECIFIED:
        raise FieldInvalidError(
            "state",
            Rule(
                "một trạng thái có trong giao diện; bắt buộc", "a state of the contract; required"
            ),
        )
    note = request.note.strip()
    fits = len(note) <= _MAX_NOTE and note.isprintable() and not may_hold_id_number(note)
    if not fits or (not note and state is not SupplyPointState.IN_SERVICE):
        raise FieldInvalidError(
            "note",
            Rule(
                f"hỏng hóc gì, không quá {_MAX_NOTE} ký tự trên một dòng, không có số định danh",
                f"what is wrong, at most {_MAX_NOTE} characters on one line, no id numbers",
            ),
        )
    return request.supply_point_id, state, note


def page_after(token: str) -> str:
    """Read the id after which a page begins; empty for the first page."""
    (last,) = pages.decode(token, 1) or [""]
    if last and not is_identifier(last):
        raise PageTokenInvalidError
    return last


def supply_points_page(
    ward_code: str, found: Sequence[SupplyPoint], size: int
) -> pb.ListSupplyPointsResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    token = pages.encode(found[size - 1].supply_point_id) if len(found) > size else ""
    return pb.ListSupplyPointsResponse(
        supply_points=[supply_point(ward_code, one) for one in found[:size]],
        next_page_token=token,
    )


def supply_point(ward_code: str, one: SupplyPoint) -> pb.SupplyPoint:
    """Write a supply point."""
    return pb.SupplyPoint(
        supply_point_id=one.supply_point_id,
        ward_code=ward_code,
        kind=pb.SupplyPointKind.Value(f"SUPPLY_POINT_KIND_{one.kind}"),
        residential_group=one.residential_group,
        address=one.address,
        position=fire_safety_pb2.Position(**vars(one.position)),
        equipment=one.equipment,
        custodian_function=one.custodian_function,
        access_width_m=one.access_width_m,
        last_inspected_on=one.last_inspected_on.isoformat(),
        state=pb.SupplyPointState.Value(f"SUPPLY_POINT_STATE_{one.state}"),
        state_note=one.state_note,
        state_as_of=one.state_as_of.isoformat(),
        version=one.version,
    )


def supply_point_changed(ward_code: str, one: SupplyPoint) -> pb.SupplyPointChanged:
    """Write the event of a supply point that was entered or changed."""
    return pb.SupplyPointChanged(supply_point=supply_point(ward_code, one))
