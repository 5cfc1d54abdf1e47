"""Premises, detectors and community assets of a synthetic ward."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.simulator.rows import devices, premises, rows
from ward.fire_safety.v1 import fire_safety_pb2 as pb

INHABITED = {
    pb.PREMISES_KIND_APARTMENT_BUILDING,
    pb.PREMISES_KIND_LODGING,
    pb.PREMISES_KIND_MIXED_USE_BUILDING,
    pb.PREMISES_KIND_MIXED_DWELLING,
}


@pytest.fixture(scope="module")
def places(whole_ward: Path) -> list[pb.Premises]:
    """Read the premises."""
    return premises(whole_ward)


def test_the_figures_of_the_plan_are_met(places: list[pb.Premises]) -> None:
    """251 premises, 2 hospitals, 2 wholesale markets, 19 suspensions, dozens of firms together."""
    kinds = Counter(place.kind for place in places)

    assert len(places) == 251
    assert kinds[pb.PREMISES_KIND_HOSPITAL] == 2
    assert kinds[pb.PREMISES_KIND_WHOLESALE_MARKET] == 2
    assert len(kinds) == len(pb.PremisesKind.keys()) - 1
    assert sum(place.HasField("suspension") for place in places) == 19
    assert sum("Cụm công nghiệp" in place.address for place in places) >= 24


def test_codes_and_names_are_unique(places: list[pb.Premises]) -> None:
    """A premises is told apart by code and by name."""
    assert [place.code for place in places] == [f"CS-{n:04d}" for n in range(1, 252)]
    assert len({place.name for place in places}) == 251


def test_every_premises_can_be_found_entered_and_called(places: list[pb.Premises]) -> None:
    """Each has a position in the ward, a way in, hazards, and three contacts with dead numbers."""
    for place in places:
        assert 20.86 < place.position.latitude < 20.94
        assert 106.27 < place.position.longitude < 106.35
        assert place.access.width_m > 0
        assert place.hazards
        assert len(place.contacts) >= 3
        assert all(re.fullmatch(r"0100 \d{3} \d{3}", c.phone) for c in place.contacts)


def test_where_people_live_the_register_is_linked(
    whole_ward: Path, places: list[pb.Premises]
) -> None:
    """Inhabited premises name a building of the residence register, the others none."""
    buildings = {row["building_id"]: row for row in rows(whole_ward, "buildings")}

    for place in places:
        assert bool(place.building_id) == (place.kind in INHABITED)
        if place.building_id:
            assert buildings[place.building_id]["address"] == place.address


def test_detectors_hang_in_zones_of_their_premises(
    whole_ward: Path, places: list[pb.Premises]
) -> None:
    """2,500 detectors with unique, subject-safe ids, each zone watched by one at least."""
    hung = devices(whole_ward)
    zones = {zone.zone_id: place for place in places for zone in place.zones}

    assert len(hung) == len({device.device_id for device in hung}) == 2_500
    assert {device.zone_id for device in hung} == set(zones)
    for device in hung:
        place = zones[device.zone_id]
        assert place.premises_id == device.premises_id
        assert re.fullmatch(place.code.replace("-", "") + r"-D\d\d", device.device_id)
        assert device.interval_s == (10 if device.mains_powered else 60)


@pytest.mark.parametrize("ward", ["whole_ward", "small_ward"])
def test_the_first_premises_is_made_for_the_demo(
    request: pytest.FixtureRequest, ward: str
) -> None:
    """CS-0001: six storeys of flats, people who need help, six mains detectors on five floors."""
    directory: Path = request.getfixturevalue(ward)
    place = premises(directory)[0]
    floors = {zone.zone_id: zone.floor for zone in place.zones}
    hung = [d for d in devices(directory) if d.premises_id == place.premises_id]
    homes = {
        row["dwelling_id"]
        for row in rows(directory, "dwellings")
        if row["building_id"] == place.building_id
    }
    people = {
        row["person_id"] for row in rows(directory, "registrations") if row["dwelling_id"] in homes
    }
    needs = {
        row["type"] for row in rows(directory, "assistance_needs") if row["person_id"] in people
    }

    assert (place.code, place.storeys) == ("CS-0001", 6)
    assert place.kind == pb.PREMISES_KIND_APARTMENT_BUILDING
    assert len(homes) == 20
    assert len(people) > 40
    assert "MOBILITY" in needs
    assert all(device.mains_powered for device in hung[:6])
    assert {floors[device.zone_id] for device in hung[:6]} == {1, 2, 3, 4, 5}
    assert len(hung) >= 10
    assert not place.HasField("suspension")


def test_mutual_aid_groups_are_neighbours(whole_ward: Path) -> None:
    """20 groups over all residential groups, each of 5 to 15 houses of one lane or street."""
    building = {row["building_id"]: row for row in rows(whole_ward, "buildings")}
    dwelling = {row["dwelling_id"]: row for row in rows(whole_ward, "dwellings")}
    groups = rows(whole_ward, "mutual_aid_groups")
    members = rows(whole_ward, "mutual_aid_members")
    sizes = Counter(row["group_id"] for row in members)
    lanes = {
        (
            row["group_id"],
            building[dwelling[row["dwelling_id"]]["building_id"]]["address"].split(" ", 2)[2],
        )
        for row in members
    }

    assert len(groups) == len(lanes) == 20
    assert len({row["residential_group"] for row in groups}) == 18
    assert all(5 <= size <= 15 for size in sizes.values())
    assert len(members) == len({row["dwelling_id"] for row in members})


def test_water_is_within_reach_and_says_whether_it_works(whole_ward: Path) -> None:
    """Each residential group has some; what does not work says why."""
    points = rows(whole_ward, "water_points")

    assert {int(row["residential_group"]) for row in points} == set(range(1, 19))
    assert {row["state"] for row in points} == {"IN_SERVICE", "LIMITED", "OUT_OF_SERVICE"}
    assert all((row["state"] == "IN_SERVICE") is (row["state_note"] == "") for row in points)


def test_there_are_six_fire_points(whole_ward: Path) -> None:
    """Each in another residential group, in a way too narrow for engines."""
    points = rows(whole_ward, "fire_points")

    assert len(points) == len({row["residential_group"] for row in points}) == 6
    assert all(float(row["access_width_m"]) < 3.5 for row in points)
