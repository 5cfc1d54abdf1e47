"""The rescue brief."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    any_,
    case,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.sql.selectable import LateralFromClause

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.rescue.brief import Beside, Brief, Relation, Told
from incidents.domain.rescue.presence import DAY_FROM, NIGHT_FROM, Rule
from incidents.domain.rules.escalation import Notification, Recipient
from incidents.queries.gathering import incident_from, one_incident_with, row_of
from incidents.repository.gathering import gather

# The nearest of each that a brief tells, and how many ended alarms it looks back at for false ones.
_NEAREST_WATER, _NEAREST_FIRE_POINTS = 3, 2
_ENDED_ALARMS = 20

_incidents, _premises, _occupancies = tables.incidents.c, tables.premises.c, tables.occupancies.c


class BriefQueries:
    """Asks for briefs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def brief(self, incident_id: UUID) -> Brief:
        """Tell all that rescuers must know; raises IncidentNotFoundError."""
        return _brief_of(await row_of(self._database, incident_id, _brief()))


def _brief_of(row: Row[Any]) -> Brief:
    notified = zip(row.steps, row.recipients, row.channels, row.sent, strict=True)
    places = zip(row.place_relations, row.place_payloads, row.places_as_of, strict=True)
    homes = zip(row.home_relations, row.home_payloads, row.homes_as_of, strict=True)
    return Brief(
        incident=incident_from(row),
        premises=row.premises_payload,
        premises_as_of=row.premises_as_of,
        alarms=tuple(row.alarm_payloads),
        dwellings=tuple(row.dwelling_payloads),
        troubles=tuple(row.trouble_payloads),
        notifications=tuple(
            Notification(step, Recipient(recipient), channel, sent_at)
            for step, recipient, channel, sent_at in notified
        ),
        modes=tuple(row.mode_payloads),
        premises_beside=tuple(Beside(Relation(why), *told) for why, *told in places),
        dwellings_beside=tuple(Beside(Relation(why), *told) for why, *told in homes),
        supply_points=(
            *map(Told, row.water_payloads, row.water_as_of),
            *map(Told, row.fire_point_payloads, row.fire_points_as_of),
        ),
        ended_alarms=tuple(row.ended_payloads),
        rules=tuple(map(Rule, row.rule_names, row.rules_from, row.rule_hours)),
    )


@cache
def _brief() -> Select[Any]:
    at_premises = tables.incidents.outerjoin(
        tables.premises, _premises.premises_id == _incidents.premises_id
    )
    parts = (
        _alarms(),
        _troubles(),
        _ended_alarms(),
        _modes(),
        _dwellings(),
        _premises_beside(),
        _dwellings_beside(),
        _supply_points("water", _NEAREST_WATER, "water_payloads", "water_as_of", is_water=True),
        _supply_points(
            "fire_points",
            _NEAREST_FIRE_POINTS,
            "fire_point_payloads",
            "fire_points_as_of",
            is_water=False,
        ),
        _notifications(),
        _rules(),
    )
    return one_incident_with(*parts, source=at_premises).add_columns(
        _premises.payload.label("premises_payload"), _premises.as_of.label("premises_as_of")
    )


def _alarms() -> LateralFromClause:
    columns, members = tables.alarms.c, tables.incident_alarms.c
    source = tables.alarms.join(tables.incident_alarms, members.alarm_id == columns.alarm_id)
    belongs = members.incident_id == _incidents.incident_id
    order = [columns.raised_at, members.position]
    return gather("in_alarm", source, belongs, order, alarm_payloads=columns.payload)


def _troubles() -> LateralFromClause:
    columns = tables.alarms.c
    belongs = _at_premises(columns.premises_id) & tables.IN_TROUBLE
    order = [columns.raised_at, columns.alarm_id]
    return gather("in_trouble", tables.alarms, belongs, order, trouble_payloads=columns.payload)


def _ended_alarms() -> LateralFromClause:
    columns = tables.alarms.c
    newest = (
        select(columns.payload, columns.raised_at, columns.alarm_id)
        .where(_at_premises(columns.premises_id) & tables.ENDED_FIRE)
        .order_by(columns.raised_at.desc(), columns.alarm_id)
        .limit(_ENDED_ALARMS)
        .correlate(tables.incidents)
        .lateral("newest_ended")
    )
    order = [newest.c.raised_at.desc(), newest.c.alarm_id]
    return gather("ended_alarms", newest, literal(True), order, ended_payloads=newest.c.payload)


def _modes() -> LateralFromClause:
    columns = tables.device_modes.c
    belongs = _at_premises(columns.premises_id) & tables.NOT_ENDED
    return gather(
        "modes",
        tables.device_modes,
        belongs,
        [columns.mode_id],
        mode_payloads=columns.payload,
    )


def _at_premises(premises_id: ColumnElement[str]) -> ColumnElement[bool]:
    return (premises_id == _incidents.premises_id) & (premises_id != "")


def _dwellings() -> LateralFromClause:
    belongs = (_occupancies.building_id == _premises.building_id) & (
        _occupancies.building_id != ""
    )
    order = [_occupancies.floor, _occupancies.unit, _occupancies.dwelling_id]
    return gather(
        "dwellings", tables.occupancies, belongs, order, dwelling_payloads=_occupancies.payload
    )


def _premises_beside() -> LateralFromClause:
    """Gather other premises, each with the most pressing reason."""
    other = tables.premises.alias("other")
    lives = other.c.building_id != ""
    same_building = lives & (other.c.building_id == _premises.building_id)
    adjoins = or_(
        other.c.premises_id == any_(_premises.adjoining_premises_ids),
        lives & (other.c.building_id == any_(_premises.adjoining_building_ids)),
    )
    same_alley = (other.c.alley != "") & (other.c.alley == _premises.alley)
    relation = case(
        (same_building, Relation.SAME_BUILDING),
        (adjoins, Relation.ADJOINING),
        else_=Relation.SAME_ALLEY,
    )
    belongs = or_(same_building, adjoins, same_alley) & (
        other.c.premises_id != _premises.premises_id
    )
    return gather(
        "premises_beside",
        other,
        belongs,
        [other.c.address, other.c.premises_id],
        place_relations=relation,
        place_payloads=other.c.payload,
        places_as_of=other.c.as_of,
    )


def _dwellings_beside() -> LateralFromClause:
    """Gather dwellings of other buildings, each with the most pressing reason."""
    adjoins = _occupancies.building_id == any_(_premises.adjoining_building_ids)
    same_alley = _occupancies.building_id == any_(_premises.alley_building_ids)
    relation = case(
        (adjoins, Relation.ADJOINING),
        (same_alley, Relation.SAME_ALLEY),
        else_=Relation.MUTUAL_AID,
    )
    beside = _ids_beside()
    return gather(
        "dwellings_beside",
        tables.occupancies.join(beside, beside.c.dwelling_id == _occupancies.dwelling_id),
        _occupancies.building_id != _premises.building_id,
        [_occupancies.building_id, _occupancies.dwelling_id],
        home_relations=relation,
        home_payloads=_occupancies.payload,
        homes_as_of=_occupancies.as_of,
    )


def _ids_beside() -> LateralFromClause:
    """Select the ids first: each reason has an index, all of them together would read the whole ward."""
    near = tables.occupancies.alias("near")
    in_buildings = (
        select(near.c.dwelling_id)
        .where(
            near.c.building_id
            == any_(_premises.adjoining_building_ids.op("||")(_premises.alley_building_ids))
        )
        .correlate(tables.premises)
    )
    return union(in_buildings, _dwellings_of_groups()).lateral("beside")


def _dwellings_of_groups() -> Select[tuple[str]]:
    """Select the dwellings of the mutual-aid groups that a dwelling of the building belongs to."""
    own, groups = tables.occupancies.alias("own"), tables.mutual_aid_groups.c
    ours = (
        select(func.array_agg(own.c.dwelling_id))
        .where((own.c.building_id == _premises.building_id) & (own.c.building_id != ""))
        .correlate(tables.premises)
        .scalar_subquery()
    )
    return (
        select(func.unnest(groups.dwelling_ids).label("dwelling_id"))
        .where(groups.dwelling_ids.bool_op("&&")(ours))
        .correlate(tables.premises)
    )


def _supply_points(
    name: str, nearest: int, payloads: str, as_of: str, *, is_water: bool
) -> LateralFromClause:
    """Gather the nearest of one sort; none where nobody knows where the incident is."""
    columns = tables.supply_points.c
    latitude = func.coalesce(_incidents.latitude, _premises.latitude)
    longitude = func.coalesce(_incidents.longitude, _premises.longitude)
    north = columns.latitude - latitude
    east = (columns.longitude - longitude) * func.cos(func.radians(latitude))
    away = (north * north + east * east).label("away")
    near = (
        select(columns.supply_point_id, columns.payload, columns.as_of, away)
        .where(columns.is_water.is_(is_water), latitude.is_not(None))
        .order_by(away, columns.supply_point_id)
        .limit(nearest)
        .correlate(tables.incidents, tables.premises)
        .lateral(f"near_{name}")
    )
    order = [near.c.away, near.c.supply_point_id]
    gathered = {payloads: near.c.payload, as_of: near.c.as_of}
    return gather(name, near, literal(True), order, **gathered)


def _notifications() -> LateralFromClause:
    columns = tables.notifications.c
    return gather(
        "told",
        tables.notifications,
        columns.incident_id == _incidents.incident_id,
        [columns.sent_at, columns.step],
        steps=columns.step,
        recipients=columns.recipient,
        channels=columns.channel,
        sent=columns.sent_at,
    )


def _rules() -> LateralFromClause:
    columns = tables.legal_limits.c
    return gather(
        "rules",
        tables.legal_limits,
        columns.rule.in_((DAY_FROM, NIGHT_FROM)),
        [columns.rule, columns.effective_from],
        rule_names=columns.rule,
        rules_from=columns.effective_from,
        rule_hours=columns.value,
    )
