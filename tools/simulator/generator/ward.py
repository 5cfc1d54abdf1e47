"""A whole synthetic ward, grown from a seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from simulator.generator import assistance, community, devices, premises
from simulator.generator.model import (
    AssistanceNeed,
    Building,
    Dwelling,
    FirePoint,
    Household,
    MutualAidGroup,
    MutualAidMember,
    Person,
    Registration,
    WaterPoint,
)
from simulator.generator.plan import PlannedPremises, Streets, plan_premises
from simulator.generator.seeds import Seed
from simulator.generator.settlement import Settlement
from simulator.generator.surroundings import surround
from ward.fire_safety.v1 import fire_safety_pb2 as pb

RESIDENTS = 34_432
PREMISES = 251
DEVICES = 2_500
FEWEST_PREMISES = 8
DEVICES_A_PREMISES = DEVICES / PREMISES
# The demo shows rescuers whom to look for, so somebody there needs help.
DEMO_NEEDS = 6

# The day the ward's register is as of: temporary residents stay registered for a year more.
AS_OF = date(2026, 7, 1)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How large a ward is."""

    residents: int = RESIDENTS
    premises: int = PREMISES
    devices: int = DEVICES

    @classmethod
    def of(cls, residents: int, premises: int | None, devices: int | None) -> "Size":
        """Return the size with what was not said in proportion to the residents."""
        if premises is None:
            premises = max(FEWEST_PREMISES, round(residents * PREMISES / RESIDENTS))
        return cls(residents, premises, devices or round(premises * DEVICES_A_PREMISES))


@dataclass(frozen=True)
class Ward:
    """Everything the ward's services are filled with."""

    buildings: Sequence[Building]
    dwellings: Sequence[Dwelling]
    persons: Sequence[Person]
    households: Sequence[Household]
    registrations: Sequence[Registration]
    assistance_needs: Sequence[AssistanceNeed]
    premises: Sequence[pb.Premises]
    devices: Sequence[pb.Device]
    fire_points: Sequence[FirePoint]
    water_points: Sequence[WaterPoint]
    mutual_aid_groups: Sequence[MutualAidGroup]
    mutual_aid_members: Sequence[MutualAidMember]


def grow(seed: Seed, size: Size, as_of: date, progress: Progress) -> Ward:
    """Grow the ward; equal arguments give equal wards. `progress` is told what is done next."""
    streets = Streets(seed)
    planned = plan_premises(seed, size.premises, streets)
    settlement = _settle(seed, size.residents, as_of, planned, streets, progress)
    progress(f"{size.premises} cơ sở, {size.devices} đầu báo")
    counts = devices.device_counts(seed, planned, size.devices)
    places = premises.describe(seed, planned, counts, as_of)
    surround(seed, places, settlement.buildings, as_of)
    groups, members = community.mutual_aid(seed, settlement.buildings, settlement.dwellings)
    hung = devices.hang(planned, places, counts, groups)
    devices.give_papers(seed, hung, as_of)
    devices.give_makes(seed, hung)
    return Ward(
        buildings=settlement.buildings,
        dwellings=settlement.dwellings,
        persons=settlement.persons,
        households=settlement.households,
        registrations=settlement.registrations,
        assistance_needs=[*settlement.needs, *_demo_needs(settlement, planned[0], as_of)],
        premises=places,
        devices=hung,
        fire_points=community.fire_points(seed, settlement.buildings, as_of),
        water_points=community.water_points(seed, settlement.buildings, as_of),
        mutual_aid_groups=groups,
        mutual_aid_members=members,
    )


def _settle(
    seed: Seed,
    residents: int,
    as_of: date,
    planned: Sequence[PlannedPremises],
    streets: Streets,
    progress: Progress,
) -> Settlement:
    settlement = Settlement(seed, as_of, residents)
    settlement.settle_premises(planned)
    for group, people in enumerate(settlement.group_targets(residents), start=1):
        progress(f"tổ dân phố {group}: {len(settlement.persons):,} người")
        settlement.settle_group(group, people, streets)
    return settlement


def _demo_needs(
    settlement: Settlement, demo: PlannedPremises, as_of: date
) -> list[AssistanceNeed]:
    """Return needs to add so that the demo premises has people who need help."""
    flats = {d.dwelling_id for d in settlement.dwellings if d.building_id == demo.building_id}
    residents = {r.person_id for r in settlement.registrations if r.dwelling_id in flats}
    people = [person for person in settlement.persons if person.person_id in residents]
    by_age = [p.person_id for p in sorted(people, key=lambda p: (p.birth_date, p.person_id))]
    return assistance.at_least(settlement.needs, by_age, DEMO_NEEDS, as_of)
