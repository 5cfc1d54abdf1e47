"""Planned premises in full: zones, hazards, access, contacts, suspensions."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from simulator.generator.hazards import Danger
from simulator.generator.kinds import Kind
from simulator.generator.model import WARD_CODE
from simulator.generator.names import full_name, surname
from simulator.generator.numbers import phone
from simulator.generator.places import position_in
from simulator.generator.plan import PlannedPremises
from simulator.generator.seeds import Seed
from ward.fire_safety.v1 import fire_safety_pb2 as pb

DEMO_NAME = "Chung cư Bình Minh, nhà A"
WORDS = (
    "An Phú", "Bình Minh", "Cẩm Tú", "Đại Phát", "Đông Á", "Gia Hưng", "Hải An", "Hòa Bình",
    "Hoàng Long", "Hồng Phát", "Hưng Thịnh", "Khánh An", "Kim Cương", "Lộc Xuân", "Minh Khang",
    "Nam Cường", "Ngọc Lan", "Phú Gia", "Phúc Lộc", "Quang Vinh", "Sao Mai", "Sông Xanh",
    "Tân Tiến", "Thái Bình Dương", "Thành Công", "Thiên Ân", "Thịnh Vượng", "Trường Sinh",
    "Việt Hưng", "Xuân Mai",
)  # fmt: skip
GROUPS = (
    pb.HAZARD_GROUP_GROUP_1,
    pb.HAZARD_GROUP_GROUP_2,
    pb.HAZARD_GROUP_ANNEX_I_ONLY,
)
SUSPENDED_SHARE = 19 / 251
SUSPENSION_KINDS = ("TEMPORARY", "TEMPORARY", "FULL", "SANCTION")
SIDES = ("bên trái", "bên phải", "phía trước", "phía sau")
WATERS = (
    "trụ nước chữa cháy đầu ngõ", "trụ nước chữa cháy vỉa hè đối diện", "hồ điều hòa khu đô thị",
    "bể nước ngầm của cơ sở", "mương thủy lợi, có bến lấy nước",
)  # fmt: skip
ADULT_BORN = (1965, 1995)


def describe(
    seed: Seed, planned: Sequence[PlannedPremises], devices: Sequence[int], as_of: date
) -> list[pb.Premises]:
    """Return the planned premises in full; `devices` is how many detectors hang in each."""
    rng = seed.random("premises")
    names = _names(rng, planned)
    suspended = _suspended(rng, len(planned))
    return [
        _premises(seed, rng, one, name, count, as_of, is_suspended=one.number in suspended)
        for one, name, count in zip(planned, names, devices, strict=True)
    ]


def zone_names(kind: Kind, storeys: int) -> list[tuple[str, int]]:
    """Return name and floor of the zones, in the order in which detectors are hung."""
    floors = range(2, storeys + 1)
    return [
        *((f"{area} tầng 1", 1) for area in kind.ground),
        *((f"{area} tầng {floor}", floor) for area in kind.upper for floor in floors),
        *((f"{area} tầng 1", 1) for area in kind.extra),
    ]


def _premises(
    seed: Seed,
    rng: Random,
    planned: PlannedPremises,
    name: str,
    devices: int,
    as_of: date,
    *,
    is_suspended: bool,
) -> pb.Premises:
    kind = planned.kind
    place = position_in(rng, planned.group)
    zones = zone_names(kind, planned.storeys)[:devices]
    return pb.Premises(
        premises_id=seed.uuid("premises", planned.number),
        ward_code=WARD_CODE,
        code=f"CS-{planned.number:04d}",
        name=name,
        kind=kind.kind,
        hazard_group=rng.choices(GROUPS, kind.hazard_groups)[0],
        address=planned.address,
        residential_group=planned.group,
        building_id=planned.building_id,
        storeys=planned.storeys,
        position=pb.Position(latitude=place.latitude, longitude=place.longitude),
        hazards=_hazards(rng, kind, every=planned.number == 1),
        access=_access(rng, planned),
        contacts=[_contact(rng, function) for function in kind.contacts],
        zones=[
            pb.Zone(
                zone_id=seed.uuid("zone", f"{planned.number}/{i}"), name=zone_name, floor=floor
            )
            for i, (zone_name, floor) in enumerate(zones)
        ],
        suspension=_suspension(rng, planned.number, as_of) if is_suspended else None,
        version=1,
    )


def _names(rng: Random, planned: Sequence[PlannedPremises]) -> Iterator[str]:
    """Yield a name for each premises; a second bearer of a name gets a number."""
    borne: dict[str, int] = {}
    for premises in planned:
        name = rng.choice(premises.kind.names).format(w=rng.choice(WORDS))
        name = DEMO_NAME if premises.number == 1 else name
        borne[name] = borne.get(name, 0) + 1
        yield name if borne[name] == 1 else f"{name} {borne[name]}"


def _suspended(rng: Random, count: int) -> frozenset[int]:
    """Return the numbers of suspended premises: 19 of 251, never the demo's."""
    return frozenset(rng.sample(range(2, count + 1), round(count * SUSPENDED_SHARE)))


def _suspension(rng: Random, number: int, as_of: date) -> pb.Suspension:
    since = as_of - timedelta(days=rng.randint(20, 900))
    return pb.Suspension(
        decision_number=f"{number + 100}/QĐ-TĐC",
        effective_from=since.isoformat(),
        kind=rng.choice(SUSPENSION_KINDS),
    )


def _hazards(rng: Random, kind: Kind, *, every: bool) -> list[pb.Hazard]:
    count = len(kind.hazards) if every else rng.randint(1, min(3, len(kind.hazards)))
    return [_hazard(rng, danger) for danger in rng.sample(kind.hazards, count)]


def _hazard(rng: Random, danger: Danger) -> pb.Hazard:
    amount = rng.randint(danger.least, danger.most)
    return pb.Hazard(
        description=danger.what,
        location=danger.where,
        quantity=danger.how_much.format(n=amount),
    )


def _access(rng: Random, planned: PlannedPremises) -> pb.SiteAccess:
    narrow = "ngõ" in planned.address or "ngách" in planned.address
    width = rng.choice((2.5, 3.5, 4.0)) if narrow else rng.choice((5.5, 7.0, 10.5))
    gate, stairs = rng.sample(SIDES, 2)
    breaker, valve = rng.sample(SIDES, 2)
    _, _, way = planned.address.rpartition(", ")
    return pb.SiteAccess(
        width_m=width,
        approach=f"từ {way}; cổng chính {gate}, thang bộ {stairs}",
        shut_offs=f"cầu dao tổng tầng 1, {breaker}; van gas {valve}",
        water_source=rng.choice(WATERS),
        water_distance_m=rng.randrange(20, 400, 10),
    )


def _contact(rng: Random, function: str) -> pb.Contact:
    sex = rng.choice("MMF")
    name = full_name(rng, surname(rng), sex, rng.randint(*ADULT_BORN))
    return pb.Contact(function=function, name=name, phone=phone(rng))
