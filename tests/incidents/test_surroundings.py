"""What the brief tells beside the premises: neighbours at risk, water, devices that are off, false alarms."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from incidents.wire import inbound
from incidents.wire.brief import brief_message
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    StoppedClock,
    alarm,
    envelope,
    occupancy,
    premises,
    raise_alarm,
    stamp,
)
from ward.fire_safety.v1 import areas_pb2, modes_pb2, supply_points_pb2
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as pb

pytestmark = pytest.mark.postgres

AROUND = fire.Surroundings(
    adjoining_building_ids=["building-2"],
    adjoining_premises_ids=["workshop"],
    alley="ngõ 12",
    alley_exits=1,
    alley_building_ids=["building-1", "building-2", "building-3"],
)
WORK = fire.Workplace(
    opens_at="22:00", closes_at="05:00", weekdays=[1, 2], persons=30, persons_off_hours=1
)
HERE = fire.Position(latitude=20.9, longitude=106.3)
HYDRANT = supply_points_pb2.SUPPLY_POINT_KIND_HYDRANT


async def take_group(operations: Operations, *, version: int = 1, retired: bool = False) -> None:
    """Tell of a mutual-aid group of a dwelling here and one elsewhere."""
    group = areas_pb2.MutualAidGroup(group_id="g-1", dwelling_ids=["d-201", "d-far"])
    event = areas_pb2.MutualAidGroupChanged(
        group=group, ward_code="11002", version=version, retired=retired
    )
    read = inbound.read_mutual_aid_group(envelope(event))
    await operations.take_mutual_aid_group(uuid4(), read)


async def take_supply_point(operations: Operations, name: str, north: float, **more: Any) -> None:
    """Tell of a hydrant so many thousandths of a degree north of the premises, 111 m each."""
    fields: dict[str, Any] = {"kind": HYDRANT, "version": 1, **more}
    point = supply_points_pb2.SupplyPoint(
        supply_point_id=name,
        ward_code="11002",
        position=fire.Position(latitude=HERE.latitude + north / 1000, longitude=HERE.longitude),
        **fields,
    )
    event = supply_points_pb2.SupplyPointChanged(supply_point=point)
    await operations.take_supply_point(uuid4(), inbound.read_supply_point(envelope(event)))


async def take_mode(operations: Operations, mode_id: str, *, ended: bool = False) -> None:
    """Tell of a disablement of the devices of a zone of the premises, for an hour."""
    mode = modes_pb2.DeviceMode(
        mode_id=mode_id,
        ward_code="11002",
        premises_id="premises-1",
        zone_name="Bếp",
        floor=2,
        ends_at=stamp(NIGHT + timedelta(hours=1)),
        ended_at=stamp(NIGHT) if ended else None,
    )
    event = modes_pb2.DeviceModeEnded(mode=mode) if ended else modes_pb2.DeviceModeSet(mode=mode)
    await operations.take_device_mode(uuid4(), inbound.read_device_mode(envelope(event)))


async def brief_of(
    queries: Queries, incident_id: object, clock: StoppedClock, *silent: str
) -> pb.RescueBrief:
    """Read the brief of an incident as the service answers it."""
    brief = await queries.brief(incident_id)  # type: ignore[arg-type]
    return brief_message(brief, clock(), frozenset(silent))


async def settle(operations: Operations) -> None:
    """Tell of premises in an alley, of those beside, and of who lives where."""
    places: dict[str, dict[str, Any]] = {
        "premises-1": {"surroundings": AROUND, "position": HERE, "workplace": WORK},
        "workshop": {"building_id": "", "address": "số 3", "name": "Xưởng Thử", "workplace": WORK},
        "shop": {"building_id": "building-3", "address": "số 7", "surroundings": AROUND},
        "flat-office": {"building_id": "building-1", "address": "số 1"},
        "elsewhere": {"building_id": "building-9", "address": "số 99"},
    }
    for premises_id, fields in places.items():
        await operations.take_premises(uuid4(), premises(premises_id, code=premises_id, **fields))
    homes = [
        ("d-101", "building-1", 1, 2),
        ("d-201", "building-1", 2, 3),
        ("d-301", "building-1", 3, 4),
        ("d-beside", "building-2", 1, 5),
        ("d-alley", "building-3", 1, 6),
        ("d-far", "building-5", 1, 7),
        ("d-none", "building-6", 1, 8),
    ]
    for dwelling_id, building, floor, people in homes:
        told = occupancy(dwelling_id, building_id=building, floor=floor, registered=people)
        await operations.take_occupancy(uuid4(), told)
    await take_group(operations)


async def test_neighbours_at_risk_are_told_once_each_the_most_pressing_first(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Above the fire, in the building, adjoining, on the same way out, in the mutual-aid group; nobody else."""
    await settle(operations)
    incident = await raise_alarm(operations, queries, floor=2)
    brief = await brief_of(queries, incident.incident_id, clock)
    told = [
        (
            pb.NeighbourRelation.Name(one.relation).removeprefix("NEIGHBOUR_RELATION_"),
            one.premises_id or one.building_id,
            one.people.present,
            one.working,
        )
        for one in brief.neighbours
    ]

    assert told == [
        ("ABOVE", "flat-office", 4, 0),
        ("ADJOINING", "building-2", 5, 0),
        ("ADJOINING", "workshop", 0, 30),
        ("SAME_ALLEY", "shop", 6, 0),
        ("MUTUAL_AID", "building-5", 7, 0),
    ]
    assert {number.kind: number.count for number in brief.presence.numbers}[
        pb.PRESENCE_KIND_TOTAL
    ] == 9 + 30
    assert brief.presence.period == pb.PRESENCE_PERIOD_NIGHT


async def test_a_group_that_was_retired_helps_nobody(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Also if older news of it comes later; and an alley with two ways out traps nobody."""
    await settle(operations)
    await take_group(operations, version=3, retired=True)
    await take_group(operations, version=2)
    open_alley = fire.Surroundings(
        alley="ngõ 12", alley_exits=2, alley_building_ids=["building-3"]
    )
    await operations.take_premises(uuid4(), premises(version=2, surroundings=open_alley))
    incident = await raise_alarm(operations, queries, floor=0)
    brief = await brief_of(queries, incident.incident_id, clock)

    assert [one.relation for one in brief.neighbours] == [pb.NEIGHBOUR_RELATION_SAME_BUILDING]


async def test_the_nearest_water_is_told_with_its_state(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Three of water and two fire points, by distance in metres, the newest state of each."""
    await operations.take_premises(uuid4(), premises(position=HERE))
    for number, north in enumerate((4, 1, -2, 9)):
        await take_supply_point(operations, f"h-{number}", north)
    fire_point = supply_points_pb2.SUPPLY_POINT_KIND_FIRE_POINT
    await take_supply_point(operations, "f-0", 3, kind=fire_point)
    broken = supply_points_pb2.SUPPLY_POINT_STATE_OUT_OF_SERVICE
    await take_supply_point(operations, "h-1", 1, version=2, state=broken)
    await take_supply_point(operations, "h-1", 1)
    incident = await raise_alarm(operations, queries)
    brief = await brief_of(queries, incident.incident_id, clock)
    told = [(one.supply_point.supply_point_id, one.distance_m) for one in brief.supply_points]

    assert told == [("h-1", 111), ("h-2", 222), ("h-0", 445), ("f-0", 334)]
    assert brief.supply_points[0].supply_point.state == broken


async def test_devices_that_are_off_are_told_until_they_are_on_again(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """An end that overtakes its beginning ends it; one whose time is over has ended."""
    await take_mode(operations, "overtaken", ended=True)
    await take_mode(operations, "overtaken")
    await take_mode(operations, "in-force")
    incident = await raise_alarm(operations, queries)
    brief = await brief_of(queries, incident.incident_id, clock)
    clock.advance(3600)
    later = await brief_of(queries, incident.incident_id, clock)

    assert [(mode.mode_id, mode.zone_name, mode.floor) for mode in brief.device_modes] == [
        ("in-force", "Bếp", 2)
    ]
    assert list(later.device_modes) == []


async def test_the_last_false_alarms_of_the_premises_are_told(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Newest first; a fire, a test and what another place had are none."""
    ended = [
        ("old", fire.DISPOSITION_NUISANCE, 9, {}),
        ("new", fire.DISPOSITION_FAULT, 2, {}),
        ("fire", fire.DISPOSITION_FIRE, 3, {}),
        ("test", fire.DISPOSITION_TEST, 1, {}),
        ("other", fire.DISPOSITION_NUISANCE, 1, {"premises_id": "premises-2"}),
    ]
    for name, disposition, days, more in ended:
        told = alarm(
            name,
            device_id=name,
            state=fire.ALARM_STATE_RESET,
            disposition=disposition,
            raised_at=stamp(NIGHT - timedelta(days=days)),
            **more,
        )
        await operations.take_changed_alarm(uuid4(), told)
    incident = await raise_alarm(operations, queries)
    brief = await brief_of(queries, incident.incident_id, clock)

    assert [one.device_id for one in brief.false_alarms] == ["new", "old"]


async def test_an_inspection_is_overdue_from_the_day_after(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """By the ward's calendar; premises that say nothing are not accused."""
    for version, (due, overdue) in enumerate(
        [("2026-01-06", False), ("2026-01-05", True), ("", False)], start=1
    ):
        told = premises(version=version, inspection_due_on=due)
        await operations.take_premises(uuid4(), told)
        incident = await raise_alarm(operations, queries)
        brief = await brief_of(queries, incident.incident_id, clock)

        assert brief.inspection_overdue is overdue


async def test_the_fingerprint_changes_with_what_is_told_and_not_with_time(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """A copy of a minute ago is the newest unless something was told; a silent source is news."""
    await settle(operations)
    incident = await raise_alarm(operations, queries)
    first = await brief_of(queries, incident.incident_id, clock)
    clock.advance(60)
    later = await brief_of(queries, incident.incident_id, clock)
    silent = await brief_of(queries, incident.incident_id, clock, "residency")
    await operations.take_occupancy(uuid4(), occupancy("d-101", registered=9, version=2))
    counted = await brief_of(queries, incident.incident_id, clock)

    assert first.fingerprint == later.fingerprint
    assert len({first.fingerprint, silent.fingerprint, counted.fingerprint}) == 3
    assert silent.people.provenance.stale
    assert not silent.premises_provenance.stale
    assert not first.people.provenance.stale
