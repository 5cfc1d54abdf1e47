"""Lines of the register's files: one protobuf-JSON message each."""

import re
from datetime import date
from typing import TypeVar

from google.protobuf import json_format

from chassis.errors import FieldInvalidError, MalformedRequestError
from chassis.rules import DAY_AS_TEXT, DEGREES, Rule
from fire_safety.domain.devices.device import DEVICE_ID, Device
from fire_safety.domain.devices.registration import MAX_INTERVAL_S
from fire_safety.domain.premises.premises import (
    Contact,
    Hazard,
    HazardGroup,
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
from fire_safety.wire.bounds import check_message
from fire_safety.wire.devices import device_of
from fire_safety.wire.fields import DEVICE_ID_RULE, is_identifier
from ward.fire_safety.v1 import fire_safety_pb2 as pb

_AN_ID = Rule("một mã định danh", "an id")

Written = TypeVar("Written", pb.Premises, pb.Device)

_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_WEEKDAYS = frozenset(range(1, 8))
_KINDS = {pb.PremisesKind.Value(f"PREMISES_KIND_{one}"): one for one in PremisesKind}
_GROUPS = {pb.HazardGroup.Value(f"HAZARD_GROUP_{one}"): one for one in HazardGroup}


def premises_of_line(line: str) -> Premises:
    """Read premises; raises FieldInvalidError, or MalformedRequestError if the line is not a message."""
    one = _parsed(line, pb.Premises())
    _require("premises_id", is_identifier(one.premises_id), _AN_ID)
    _require("code", bool(one.code), Rule("giá trị không trống", "not empty"))
    _require(
        "kind",
        one.kind in _KINDS,
        Rule("một loại có trong hợp đồng giao tiếp", "a kind of the contract"),
    )
    _require(
        "hazard_group",
        one.hazard_group in _GROUPS,
        Rule("một nhóm có trong hợp đồng giao tiếp", "a group of the contract"),
    )
    for zone in one.zones:
        _require("zones.zone_id", is_identifier(zone.zone_id), _AN_ID)
    return Premises(
        premises_id=one.premises_id,
        ward_code=one.ward_code,
        code=one.code,
        name=one.name,
        kind=_KINDS[one.kind],
        hazard_group=_GROUPS[one.hazard_group],
        address=one.address,
        residential_group=one.residential_group,
        building_id=one.building_id,
        storeys=one.storeys,
        position=(
            position_of(one.position.latitude, one.position.longitude)
            if one.HasField("position")
            else None
        ),
        hazards=tuple(Hazard(h.description, h.location, h.quantity) for h in one.hazards),
        access=_read_access(one.access) if one.HasField("access") else None,
        contacts=tuple(Contact(c.function, c.name, c.phone) for c in one.contacts),
        zones=tuple(Zone(z.zone_id, z.name, z.floor) for z in one.zones),
        suspension=_read_suspension(one.suspension) if one.HasField("suspension") else None,
        surroundings=_read_surroundings(one) if one.HasField("surroundings") else None,
        workplace=_read_workplace(one.workplace) if one.HasField("workplace") else None,
        last_inspected_on=_read_day("last_inspected_on", one.last_inspected_on),
        inspection_due_on=_read_day("inspection_due_on", one.inspection_due_on),
    )


def device_of_line(line: str) -> Device:
    """Read a device; raises FieldInvalidError, or MalformedRequestError if the line is not a message."""
    one = _parsed(line, pb.Device())
    known = DEVICE_ID.fullmatch(one.device_id) is not None
    _require(
        "device_id",
        known,
        DEVICE_ID_RULE,
    )
    _require(
        "interval_s",
        0 < one.interval_s <= MAX_INTERVAL_S,
        Rule("từ 1 giây đến 7 ngày", "1 second to 7 days"),
    )
    return device_of(one)


def _parsed(line: str, into: Written) -> Written:
    try:
        json_format.Parse(line, into)
    except json_format.ParseError as error:
        raise MalformedRequestError from error
    check_message(into)
    return into


def position_of(latitude: float, longitude: float) -> Position:
    """Read a position; raises FieldInvalidError where none is on earth."""
    on_earth = abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 - degrees
    _require("position", on_earth, DEGREES)
    return Position(latitude, longitude)


def _read_access(one: pb.SiteAccess) -> SiteAccess:
    return SiteAccess(
        width_m=one.width_m,
        approach=one.approach,
        shut_offs=one.shut_offs,
        water_source=one.water_source,
        water_distance_m=one.water_distance_m,
    )


def _read_surroundings(premises: pb.Premises) -> Surroundings:
    one = premises.surroundings
    ids = [*one.adjoining_building_ids, *one.adjoining_premises_ids, *one.alley_building_ids]
    _require(
        "surroundings",
        all(map(is_identifier, ids)),
        Rule("mã của tòa nhà và cơ sở", "ids of buildings and premises"),
    )
    return Surroundings(
        adjoining_building_ids=tuple(one.adjoining_building_ids),
        adjoining_premises_ids=tuple(one.adjoining_premises_ids),
        alley=one.alley,
        alley_exits=one.alley_exits,
        alley_building_ids=tuple(one.alley_building_ids),
    )


def _read_workplace(one: pb.Workplace) -> Workplace:
    hours = _HOUR.fullmatch(one.opens_at) and _HOUR.fullmatch(one.closes_at)
    _require("workplace", bool(hours), Rule("giờ như 07:30", "hours like 07:30"))
    _require(
        "workplace.weekdays",
        set(one.weekdays) <= _WEEKDAYS,
        Rule("các ngày trong tuần, 1 đến 7", "days of the week, 1 to 7"),
    )
    return Workplace(
        opens_at=one.opens_at,
        closes_at=one.closes_at,
        weekdays=tuple(sorted(set(one.weekdays))),
        persons=one.persons,
        persons_off_hours=one.persons_off_hours,
    )


def _read_day(field: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise FieldInvalidError(field, DAY_AS_TEXT) from None


def _read_suspension(one: pb.Suspension) -> Suspension:
    try:
        since, kind = date.fromisoformat(one.effective_from), SuspensionKind(one.kind)
    except ValueError:
        raise FieldInvalidError(
            "suspension",
            Rule("ngày theo ISO 8601 và một hình thức", "an ISO 8601 date and a kind"),
        ) from None
    return Suspension(one.decision_number, since, kind)


def _require(field: str, holds: bool, rule: Rule) -> None:  # noqa: FBT001 - the condition itself
    if not holds:
        raise FieldInvalidError(field, rule)
