"""Answers and events as they are written."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from chassis.rpc import pages
from residency.domain.persons.verification import FieldMatch, IdentityWarning, Verification
from residency.domain.places.buildings import Building, Dwelling, LegalBasis, Position
from residency.domain.residence.occupancy import Assistance, Counts, Occupancy
from residency.wire import fields
from ward.residency.v1 import residency_pb2 as pb

_MATCHES = {one: pb.FieldMatch.Value(f"FIELD_MATCH_{one}") for one in FieldMatch}
_WARNINGS = {one: pb.IdentityWarning.Value(f"IDENTITY_WARNING_{one}") for one in IdentityWarning}

Verified = TypeVar("Verified", pb.VerifyIdentityResponse, pb.VerifiedIdentity)


def verification(
    message: Callable[..., Verified], answer: Verification, access_record_id: UUID
) -> Verified:
    """Write yes or no per field; `message` makes the message, where it belongs, of what it holds."""
    return message(
        personal_id_number=_MATCHES[answer.number],
        full_name=_MATCHES[answer.full_name],
        birth_date=_MATCHES[answer.birth_date],
        access_record_id=str(access_record_id),
        warnings=[_WARNINGS[warning] for warning in answer.warnings],
    )


def occupancies(
    found: Sequence[Occupancy], access_record_id: UUID, *, of_now: bool
) -> pb.GetOccupancyResponse:
    """Write the counts of dwellings; those of another time than now have no version."""
    counted = [_occupancy(one if of_now else replace(one, version=0)) for one in found]
    return pb.GetOccupancyResponse(dwellings=counted, access_record_id=str(access_record_id))


def buildings_page(found: Sequence[Building], size: int, of_list: str) -> pb.ListBuildingsResponse:
    """Write a page of `size`; one building more than that was asked for, to see whether there is a next."""
    token = pages.encode(of_list, str(found[size - 1].building_id)) if len(found) > size else ""
    return pb.ListBuildingsResponse(
        buildings=[_building(one) for one in found[:size]], next_page_token=token
    )


def dwellings_page(found: Sequence[Dwelling], size: int, of_list: str) -> pb.ListDwellingsResponse:
    """Write a page of `size`; one dwelling more than that was asked for, to see whether there is a next."""
    token = pages.encode(of_list, str(found[size - 1].dwelling_id)) if len(found) > size else ""
    return pb.ListDwellingsResponse(
        dwellings=[dwelling(one) for one in found[:size]], next_page_token=token
    )


def occupancy_changed(occupancy: Occupancy) -> pb.OccupancyChanged:
    """Write the event of a dwelling's new counts."""
    return pb.OccupancyChanged(occupancy=_occupancy(occupancy))


def dwelling(written: Dwelling) -> pb.Dwelling:
    """Write a dwelling with its building's address."""
    building = written.building
    return pb.Dwelling(
        dwelling_id=str(written.dwelling_id),
        building_id=str(building.building_id),
        ward_code=building.ward_code,
        residential_group=building.residential_group,
        address=building.address,
        floor=written.floor,
        unit=written.unit,
        legal_basis=legal_basis(written.legal_basis),
    )


def legal_basis(basis: LegalBasis | None) -> pb.LegalBasis.ValueType:
    """Write by what right people live in a dwelling."""
    if basis is None:
        return pb.LEGAL_BASIS_UNSPECIFIED
    return pb.LegalBasis.Value(f"LEGAL_BASIS_{basis}")


def _occupancy(occupancy: Occupancy) -> pb.DwellingOccupancy:
    counts = occupancy.counts
    return pb.DwellingOccupancy(
        dwelling=dwelling(occupancy.dwelling),
        registered=counts.registered,
        age_bands=pb.AgeBands(**vars(counts.age_bands)),
        assistance=_assistance(counts),
        as_of=fields.timestamp(occupancy.as_of),
        version=occupancy.version,
        absent=counts.absent,
        lodging=counts.lodging,
        foreign=counts.foreign,
        standing=counts.standing,
        present=counts.present,
        lower_bound=occupancy.lower_bound,
    )


def _assistance(counts: Counts) -> list[pb.AssistanceCount]:
    return [
        pb.AssistanceCount(type=assistance_type(need), count=count)
        for need, count in counts.assistance.items()
    ]


def assistance_type(need: Assistance) -> pb.AssistanceType.ValueType:
    """Write a type of assistance."""
    return pb.AssistanceType.Value(f"ASSISTANCE_TYPE_{need}")


def _building(building: Building) -> pb.Building:
    return pb.Building(
        building_id=str(building.building_id),
        ward_code=building.ward_code,
        residential_group=building.residential_group,
        address=building.address,
        storeys=building.storeys,
        position=position(building.position),
    )


def position(where: Position | None) -> pb.Position | None:
    """Write where a building is."""
    return None if where is None else pb.Position(**vars(where))
