"""A small register of made-up premises, and signals of its devices."""

from dataclasses import replace
from datetime import UTC, date, datetime

from fire_safety.domain.alarms.alarm import AlarmKind, Signal
from fire_safety.domain.devices.device import Device
from fire_safety.domain.premises.premises import (
    Contact,
    Hazard,
    HazardGroup,
    MutualAidGroup,
    Position,
    Premises,
    PremisesKind,
    SiteAccess,
    Surroundings,
    Suspension,
    SuspensionKind,
    Workplace,
    Zone,
)
from fire_safety.domain.premises.supply_points import (
    SupplyPoint,
    SupplyPointKind,
    SupplyPointState,
)
from fire_safety.operations.register import Register
from tests.fire_safety.limits import BATTERY, MAINS

NOW = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)

APARTMENTS = Premises(
    premises_id="p-apartments",
    ward_code="11002",
    code="CS-0001",
    name="Chung cư Bình Minh, nhà A",
    kind=PremisesKind.APARTMENT_BUILDING,
    hazard_group=HazardGroup.GROUP_2,
    address="ngõ 12 Lê Lợi",
    residential_group=3,
    building_id="b-1",
    storeys=9,
    position=Position(20.86, 106.68),
    hazards=(Hazard("xe điện đang sạc", "tầng hầm", "40 xe"),),
    access=SiteAccess(3.5, "vào từ Lê Lợi", "cầu dao tổng tầng 1", "trụ nước đầu ngõ", 120),
    contacts=(Contact("người đứng đầu cơ sở", "Nguyễn Văn Thử", "0100 000 001"),),
    zones=(Zone("z-kitchen", "Bếp tầng 2", 2), Zone("z-hall", "Hành lang tầng 1", 1)),
    suspension=None,
    surroundings=Surroundings(("b-2",), ("p-market",), "ngõ 12 Lê Lợi", 1, ("b-3", "b-4")),
    workplace=Workplace("07:30", "17:00", (1, 2, 3, 4, 5), 12, 1),
    last_inspected_on=date(2025, 5, 4),
    inspection_due_on=date(2027, 5, 4),
)
MARKET = Premises(
    premises_id="p-market",
    ward_code="11002",
    code="CS-0002",
    name="Chợ Thử",
    kind=PremisesKind.MARKET,
    hazard_group=HazardGroup.UNSPECIFIED,
    address="1 Trần Phú",
    residential_group=4,
    building_id="",
    storeys=1,
    position=None,
    hazards=(),
    access=None,
    contacts=(),
    zones=(),
    suspension=Suspension("101/QĐ-TĐC", date(2026, 5, 4), SuspensionKind.TEMPORARY),
)
PLACED = replace(MAINS, premises_id=APARTMENTS.premises_id, zone_id="z-kitchen")
UNPLACED = BATTERY


def register(*more_devices: Device) -> Register:
    """Give two premises, a placed and an unplaced device, and what the neighbourhood has."""
    return Register(
        premises=[APARTMENTS, MARKET],
        devices=[PLACED, UNPLACED, *more_devices],
        supply_points=[
            SupplyPoint(
                "fp-1",
                SupplyPointKind.FIRE_POINT,
                3,
                "cạnh ngõ 12",
                Position(20.86, 106.68),
                "4 bình bột",
                "tổ trưởng tổ dân phố 3",
                1.8,
                date(2026, 9, 1),
                SupplyPointState.UNSPECIFIED,
                "",
                date(2026, 9, 1),
            )
        ],
        mutual_aid_groups=[MutualAidGroup("g-1", 3, "Tổ liên gia 01", frozenset({"d-1", "d-2"}))],
    )


def signal(
    kind: AlarmKind = AlarmKind.SMOKE,
    *,
    raised: bool = True,
    device_id: str = PLACED.device_id,
    at_s: float = 0,
) -> Signal:
    """Make a signal observed so many seconds after `NOW`."""
    at_ms = NOW_MS + round(at_s * 1000)
    measured = kind is AlarmKind.SMOKE and raised
    return Signal(
        device_id=device_id,
        kind=kind,
        raised=raised,
        observed_ms=at_ms,
        received_ms=at_ms,
        profile="smoke-optical/1",
        value=0.1 if measured else 0.0,
        threshold=0.03 if measured else 0.0,
    )
