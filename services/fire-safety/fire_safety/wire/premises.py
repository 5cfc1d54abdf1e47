"""Premises."""

from collections.abc import Sequence
from datetime import date

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rpc import pages
from chassis.rules import GROUP_OR_ALL, KIND_OR_ALL
from fire_safety.domain.premises.premises import (
    Premises,
    PremisesKind,
    PremisesNotFoundError,
    Suspension,
)
from fire_safety.wire.fields import is_identifier
from ward.fire_safety.v1 import fire_safety_pb2 as pb

_MAX_GROUP = 2**31 - 1
_KINDS = {pb.PremisesKind.Value(f"PREMISES_KIND_{one}"): one for one in PremisesKind}


# ---------------------------------------------------------------- requests


def premises_id(text: str) -> str:
    """Read the id of premises; what is no id is the id of none."""
    if not is_identifier(text):
        raise PremisesNotFoundError
    return text


def residential_group(request: pb.ListPremisesRequest) -> int:
    """Read the residential group to list, 0 for all."""
    if request.residential_group > _MAX_GROUP:
        raise FieldInvalidError("residential_group", GROUP_OR_ALL)
    return request.residential_group


def premises_kind(request: pb.ListPremisesRequest) -> PremisesKind | None:
    """Read the kind to list, None for all."""
    if request.kind not in _KINDS:
        raise FieldInvalidError("kind", KIND_OR_ALL)
    kind = _KINDS[request.kind]
    return None if kind is PremisesKind.UNSPECIFIED else kind


def premises_after(token: str) -> tuple[str, str]:
    """Read code and id after which a page of premises begins; empty for the first page."""
    code, premises_id = pages.decode(token, 2) or ("", "")
    return _searchable(code), _searchable(premises_id)


def _searchable(text: str) -> str:
    if "\0" in text:
        raise PageTokenInvalidError
    return text


# ---------------------------------------------------------------- answers and events


def premises(one: Premises) -> pb.Premises:
    """Write premises for an answer: without contacts, whose names and phones only the accounted rescue brief tells."""
    answer = premises_in_full(one)
    answer.ClearField("contacts")
    return answer


def premises_in_full(one: Premises) -> pb.Premises:
    """Write all of the premises, for the event from which the rescue brief is made."""
    return pb.Premises(
        premises_id=one.premises_id,
        ward_code=one.ward_code,
        code=one.code,
        name=one.name,
        kind=pb.PremisesKind.Value(f"PREMISES_KIND_{one.kind}"),
        hazard_group=pb.HazardGroup.Value(f"HAZARD_GROUP_{one.hazard_group}"),
        address=one.address,
        residential_group=one.residential_group,
        building_id=one.building_id,
        storeys=one.storeys,
        position=pb.Position(**vars(one.position)) if one.position else None,
        hazards=[pb.Hazard(**vars(hazard)) for hazard in one.hazards],
        access=pb.SiteAccess(**vars(one.access)) if one.access else None,
        contacts=[pb.Contact(**vars(contact)) for contact in one.contacts],
        zones=[pb.Zone(**vars(zone)) for zone in one.zones],
        suspension=_suspension(one.suspension) if one.suspension else None,
        version=one.version,
        surroundings=pb.Surroundings(**vars(one.surroundings)) if one.surroundings else None,
        workplace=pb.Workplace(**vars(one.workplace)) if one.workplace else None,
        last_inspected_on=_day(one.last_inspected_on),
        inspection_due_on=_day(one.inspection_due_on),
    )


def premises_page(found: Sequence[Premises], size: int) -> pb.ListPremisesResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    last = found[size - 1] if len(found) > size else None
    token = pages.encode(last.code, last.premises_id) if last else ""
    return pb.ListPremisesResponse(
        premises=[premises(one) for one in found[:size]], next_page_token=token
    )


def premises_changed(one: Premises) -> pb.PremisesChanged:
    """Write the event of premises that were entered or changed."""
    return pb.PremisesChanged(premises=premises_in_full(one))


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _suspension(one: Suspension) -> pb.Suspension:
    return pb.Suspension(
        decision_number=one.decision_number,
        effective_from=one.effective_from.isoformat(),
        kind=one.kind,
    )
