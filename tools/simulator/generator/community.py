"""What the neighbourhood has against fire: water, public fire points and mutual-aid groups."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from random import Random

from simulator.generator.model import (
    RESIDENTIAL_GROUPS,
    Building,
    Dwelling,
    FirePoint,
    MutualAidGroup,
    MutualAidMember,
    WaterPoint,
)
from simulator.generator.places import position_in
from simulator.generator.seeds import Seed, chance

FIRE_POINTS = 6
WATER_POINTS = 72
WATER_ACCESS_SHARE = 0.15
WATER_STATES = (
    *(("IN_SERVICE", ""),) * 8,
    ("LIMITED", "áp lực nước yếu"),
    ("OUT_OF_SERVICE", "mất van, không lấy được nước"),
)
MUTUAL_AID_GROUPS = 20
# Five to fifteen adjacent houses.
FEWEST_HOUSES, MOST_HOUSES = 5, 15
EQUIPMENT = "{n} bình bột MFZ4; 2 bình CO2; 2 xà beng; 1 búa; 1 kìm cộng lực; 10 mặt nạ"


def fire_points(seed: Seed, buildings: Sequence[Building], as_of: date) -> list[FirePoint]:
    """Place the fire points in alleys of different groups, where engines cannot come."""
    rng = seed.random("fire-points")
    alleys = [b for b in buildings if "ngách" in b.address or "ngõ" in b.address]
    groups = rng.sample(range(1, RESIDENTIAL_GROUPS + 1), FIRE_POINTS)
    points = []
    for number, group in enumerate(sorted(groups), start=1):
        here = [b for b in alleys if b.residential_group == group] or buildings
        place = position_in(rng, group)
        points.append(
            FirePoint(
                fire_point_id=seed.uuid("fire-point", number),
                residential_group=group,
                address=f"cạnh {rng.choice(here).address}",
                latitude=place.latitude,
                longitude=place.longitude,
                equipment=EQUIPMENT.format(n=rng.randint(4, 10)),
                custodian_function=f"tổ trưởng tổ dân phố {group}",
                access_width_m=rng.choice((1.5, 1.8, 2.0, 2.5)),
                last_inspected_on=as_of - timedelta(days=rng.randint(10, 170)),
            )
        )
    return points


def water_points(seed: Seed, buildings: Sequence[Building], as_of: date) -> list[WaterPoint]:
    """Place hydrants along the ways of each group and a few places to draw water; some do not work."""
    rng = seed.random("water-points")
    points = []
    for number in range(1, WATER_POINTS + 1):
        group = (number - 1) % RESIDENTIAL_GROUPS + 1
        here = [b for b in buildings if b.residential_group == group] or buildings
        place = position_in(rng, group)
        drawn = chance(rng, WATER_ACCESS_SHARE)
        state, note = rng.choice(WATER_STATES)
        points.append(
            WaterPoint(
                water_point_id=seed.uuid("water-point", number),
                kind="WATER_ACCESS" if drawn else "HYDRANT",
                residential_group=group,
                address=f"đối diện {rng.choice(here).address}",
                latitude=place.latitude,
                longitude=place.longitude,
                equipment="bến lấy nước, 1 họng hút" if drawn else "trụ DN100, 2 họng D65",
                custodian_function="đơn vị cấp nước",
                access_width_m=rng.choice((3.5, 5.5, 7.0)),
                last_inspected_on=as_of - timedelta(days=rng.randint(10, 300)),
                state=state,
                state_note=note,
            )
        )
    return points


def mutual_aid(
    seed: Seed, buildings: Sequence[Building], dwellings: Sequence[Dwelling]
) -> tuple[list[MutualAidGroup], list[MutualAidMember]]:
    """Form groups of adjacent houses, first one in each residential group; none where few live."""
    rng = seed.random("mutual-aid")
    rows = {g: _rows(g, buildings, dwellings) for g in range(1, RESIDENTIAL_GROUPS + 1)}
    groups: list[MutualAidGroup] = []
    members: list[MutualAidMember] = []
    for number in range(1, MUTUAL_AID_GROUPS + 1):
        group = (number - 1) % RESIDENTIAL_GROUPS + 1
        if not rows[group]:
            continue
        houses = _adjacent(rng, rows[group].pop(rng.randrange(len(rows[group]))))
        group_id = seed.uuid("mutual-aid-group", number)
        name = f"Tổ liên gia an toàn PCCC số {number:02d}"
        groups.append(MutualAidGroup(group_id, group, name))
        members += (MutualAidMember(group_id, dwelling_id) for dwelling_id in houses)
    return groups, members


def _rows(
    group: int, buildings: Sequence[Building], dwellings: Sequence[Dwelling]
) -> list[list[str]]:
    """Return the houses of a group by lane, as dwelling ids side by side, where enough stand."""
    single = {d.building_id: d.dwelling_id for d in dwellings if not d.unit and d.floor == 1}
    homes = [b for b in buildings if b.residential_group == group and b.building_id in single]
    rows = ([single[b.building_id] for b in row] for _, row in groupby(homes, _street))
    return [row for row in rows if len(row) >= FEWEST_HOUSES]


def _street(building: Building) -> str:
    """Return the address without the house number: neighbours share it."""
    return building.address.split(" ", 2)[2] if " " in building.address else building.address


def _adjacent(rng: Random, row: Sequence[str]) -> Sequence[str]:
    """Return some houses of a row that stand side by side."""
    count = rng.randint(FEWEST_HOUSES, min(MOST_HOUSES, len(row)))
    start = rng.randint(0, len(row) - count)
    return row[start : start + count]
