"""Where things are: roads, lanes and house numbers of each residential group, and positions.

Roads and urban areas are those of the ward; houses, lanes and positions are invented.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from simulator.generator.seeds import chance

# About the middle of Thạch Khôi, Hải Phòng, WGS 84 degrees; the ward spans some 4.5 km each way.
CENTRE = (20.9030, 106.3080)
GRID_COLUMNS = 6
CELL_DEGREES = 0.0070
CELL_SPREAD = 0.0030

STREETS = (
    "đường Võ Nguyên Giáp", "đường Võ Văn Kiệt", "đường Vành đai 1", "Quốc lộ 37", "Quốc lộ 38",
)  # fmt: skip
URBAN_AREAS = (
    "khu đô thị Tân Phú Hưng", "khu đô thị Phú Quý Goldenland", "khu đô thị Thạch Khôi",
    "khu đô thị phía Nam thành phố Hải Dương", "khu đô thị Đảo Ngọc",
    "khu đô thị phía Đông Võ Nguyên Giáp",
)  # fmt: skip
CLUSTER = "Cụm công nghiệp Thạch Khôi - Gia Xuyên"
CLUSTER_GROUP = 15


@dataclass(frozen=True, slots=True)
class Position:
    """WGS 84 degrees, five decimals: about a metre."""

    latitude: float
    longitude: float


def position_in(rng: Random, group: int) -> Position:
    """Return a place within the group's part of the ward; groups lie in three rows of six."""
    row, column = divmod(group - 1, GRID_COLUMNS)
    north = CENTRE[0] + (1 - row) * CELL_DEGREES
    east = CENTRE[1] + (column - (GRID_COLUMNS - 1) / 2) * CELL_DEGREES
    return Position(
        round(north + rng.uniform(-CELL_SPREAD, CELL_SPREAD), 5),
        round(east + rng.uniform(-CELL_SPREAD, CELL_SPREAD), 5),
    )


def house_addresses(rng: Random, group: int) -> Iterator[str]:
    """Walk the group's houses without end: lane by lane, so that neighbours follow each other."""
    street = STREETS[group % len(STREETS)]
    area = URBAN_AREAS[group % len(URBAN_AREAS)]
    # Groups on one street are apart by their share of its house and lane numbers.
    block = (group - 1) // len(STREETS)
    yield from (f"số {2 * n + 101 + 200 * block}, {street}" for n in range(rng.randint(30, 60)))
    for road in range(1, rng.randint(2, 5)):
        yield from (f"số {n}, đường N{10 * block + road}, {area}" for n in range(1, 26))
    lane = 0
    while True:
        lane += 1
        yield from _lane(rng, f"{2 * lane + 100 * block + lane % 2}", street)


def _lane(rng: Random, number: str, street: str) -> Iterator[str]:
    """Walk one lane (ngõ) with its branches (ngách) and their branches (hẻm)."""
    yield from (f"số {n} ngõ {number}, {street}" for n in range(1, rng.randint(12, 32)))
    for branch in range(rng.choice((0, 0, 1, 2, 3))):
        alley = f"{number}/{2 * branch + 3}"
        yield from (f"số {n} ngách {alley}, {street}" for n in range(1, rng.randint(5, 14)))
        if chance(rng, 0.3):
            yield from (f"số {n} hẻm {alley}/2, {street}" for n in range(1, rng.randint(4, 8)))
