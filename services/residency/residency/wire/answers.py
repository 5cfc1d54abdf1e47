"""Answers and events as they are written."""

from collections.abc import Sequence
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from chassis import pages
from residency.domain.occupancy import Assistance, Counts, Occupancy
from residency.domain.places import Building, Dwelling
from residency.domain.verification import FieldMatch, Verification
from ward.residency.v1 import residency_pb2 as pb


def verification(answer: Verification, access_record_id: UUID) -> pb.VerifyIdentityResponse:
    """Write yes or no per field."""
    return pb.VerifyIdentityResponse(
        personal_id_number=_match(answer.number),
        full_name=_match(answer.full_name),
        birth_date=_match(answer.birth_date),
        access_record_id=str(access_record_id),
        warnings=[
            pb.IdentityWarning.Value(f"IDENTITY_WARNING_{warning}") for warning in answer.warnings
        ],
    )


def occupancies(found: Sequence[Occupancy], access_record_id: UUID) -> pb.GetOccupancyResponse:
    """Write the counts of dwellings."""
    return pb.GetOccupancyResponse(
        dwellings=[_occupancy(one) for one in found], access_record_id=str(access_record_id)
    )


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


def _match(answer: FieldMatch) -> pb.FieldMatch.ValueType:
    return pb.FieldMatch.Value(f"FIELD_MATCH_{answer}")


def _occupancy(occupancy: Occupancy) -> pb.DwellingOccupancy:
    as_of = Timestamp()
    as_of.FromDatetime(occupancy.as_of)
    return pb.DwellingOccupancy(
        dwelling=dwelling(occupancy.dwelling),
        registered=occupancy.counts.registered,
        age_bands=pb.AgeBands(**vars(occupancy.counts.age_bands)),
        assistance=_assistance(occupancy.counts),
        as_of=as_of,
        version=occupancy.version,
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
    )


def dwelling(dwelling: Dwelling) -> pb.Dwelling:
    """Write a dwelling."""
    building = dwelling.building
    return pb.Dwelling(
        dwelling_id=str(dwelling.dwelling_id),
        building_id=str(building.building_id),
        ward_code=building.ward_code,
        residential_group=building.residential_group,
        address=building.address,
        floor=dwelling.floor,
        unit=dwelling.unit,
    )
