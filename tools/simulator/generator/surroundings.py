"""What stands around premises, who works in them, and when they are inspected."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random

from simulator.generator.model import Building
from simulator.generator.seeds import Seed
from ward.fire_safety.v1 import fire_safety_pb2 as pb

# Opening, closing, days of work and people there on each storey, at work and at other times.
_WORK: Mapping[int, tuple[str, str, range, int, int]] = {
    pb.PREMISES_KIND_MARKET: ("05:00", "18:00", range(1, 8), 60, 2),
    pb.PREMISES_KIND_WHOLESALE_MARKET: ("22:00", "06:00", range(1, 8), 80, 10),
    pb.PREMISES_KIND_INDUSTRIAL: ("07:30", "17:30", range(1, 7), 70, 3),
    pb.PREMISES_KIND_WAREHOUSE: ("07:30", "17:00", range(1, 7), 12, 1),
    pb.PREMISES_KIND_SCHOOL: ("07:00", "17:00", range(1, 6), 180, 1),
    pb.PREMISES_KIND_OFFICE: ("08:00", "17:00", range(1, 6), 25, 1),
    pb.PREMISES_KIND_KARAOKE: ("17:00", "01:00", range(1, 8), 20, 1),
    pb.PREMISES_KIND_RESTAURANT: ("09:00", "22:00", range(1, 8), 25, 0),
    pb.PREMISES_KIND_LODGING: ("06:00", "22:00", range(1, 8), 4, 2),
    pb.PREMISES_KIND_MIXED_DWELLING: ("07:00", "20:00", range(1, 8), 2, 0),
}
# Years between inspections by hazard group, as Decree 105/2025 Art. 13 has them (amended by 347/2026).
_YEARS = {pb.HAZARD_GROUP_GROUP_1: 1, pb.HAZARD_GROUP_GROUP_2: 2}
_OTHER_YEARS = 3
_OVERDUE_SHARE = 0.15


def surround(
    seed: Seed, premises: Sequence[pb.Premises], buildings: Sequence[Building], as_of: date
) -> None:
    """Complete premises with what was surveyed around them, declared and inspected."""
    rng = seed.random("surroundings")
    rows: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for building in buildings:
        rows[_street(building.address)].append((building.address, building.building_id))
    for one in premises:
        one.surroundings.CopyFrom(_surroundings(rng, one, rows[_street(one.address)]))
        _employ(rng, one)
        _inspect(rng, one, as_of)


def _surroundings(
    rng: Random, one: pb.Premises, row: Sequence[tuple[str, str]]
) -> pb.Surroundings:
    """Take the houses next to it; in a lane also everybody who leaves by the same way."""
    number = _number(one.address)
    others = [(address, building) for address, building in row if building != one.building_id]
    nearest = sorted(others, key=lambda other: (abs(_number(other[0]) - number), other[0]))[:2]
    found = pb.Surroundings(adjoining_building_ids=[building for _, building in nearest])
    street = _street(one.address)
    if street.startswith(("ngõ", "ngách", "hẻm")):
        found.alley = street
        found.alley_exits = rng.choice((1, 1, 2))
        found.alley_building_ids.extend(building for _, building in others)
    return found


def _employ(rng: Random, one: pb.Premises) -> None:
    if one.kind not in _WORK:
        return
    opens_at, closes_at, weekdays, persons, off_hours = _WORK[one.kind]
    storeys = max(1, one.storeys)
    one.workplace.CopyFrom(
        pb.Workplace(
            opens_at=opens_at,
            closes_at=closes_at,
            weekdays=weekdays,
            persons=rng.randint(persons // 2, persons * 3 // 2) * storeys,
            persons_off_hours=off_hours,
        )
    )


def _inspect(rng: Random, one: pb.Premises, as_of: date) -> None:
    interval = 365 * _YEARS.get(one.hazard_group, _OTHER_YEARS)
    overdue = rng.random() < _OVERDUE_SHARE
    ago = interval + rng.randint(5, 200) if overdue else rng.randint(5, interval - 5)
    last = as_of - timedelta(days=ago)
    one.last_inspected_on = last.isoformat()
    one.inspection_due_on = (last + timedelta(days=interval)).isoformat()


def _street(address: str) -> str:
    """Give the address without the house number, `số 5 ngõ 12, …`: neighbours share it."""
    return address.split(" ", 2)[2] if address.startswith("số ") else address


def _number(address: str) -> int:
    digits = address.split(" ")[1].strip(",") if address.startswith("số ") else ""
    return int(digits) if digits.isdigit() else 0
