"""The register's devices: enough of each sort that supervision has something to show, and all of them made up."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fire_safety.domain.devices.device import PayloadFormat
from simulator.fleet.command import read_sensors
from simulator.generator.devices import FIRMWARE, NOT_TESTED, TOO_OLD, WITH_PAPERS

_AS_OF = date(2026, 7, 1)


@pytest.fixture
def devices(whole_ward: Path) -> dict[str, dict[str, Any]]:
    """Read the devices of the whole ward."""
    lines = (whole_ward / "devices.jsonl").read_text(encoding="utf-8").splitlines()
    return {one["deviceId"]: one for one in map(json.loads, lines)}


def test_devices_on_batteries_report_through_a_gateway_of_their_premises(
    devices: dict[str, dict[str, Any]],
) -> None:
    """Each gateway reports for some, measures nothing and is judged by what it declares."""
    gateways = {name for name, one in devices.items() if one["kind"] == "DEVICE_KIND_GATEWAY"}
    children = [one for one in devices.values() if "gatewayId" in one]

    assert {one["gatewayId"] for one in children} == gateways
    assert len(gateways) > 50
    assert all(devices[one["gatewayId"]]["premisesId"] == one["premisesId"] for one in children)
    assert not any("gatewayId" in devices[name] for name in gateways)
    assert {devices[name]["profileId"] for name in gateways} == {"declared"}


def test_households_that_trade_are_interlinked_with_their_neighbours(
    whole_ward: Path, devices: dict[str, dict[str, Any]]
) -> None:
    """Under groups of the register, several premises in some."""
    rows = (whole_ward / "mutual_aid_groups.csv").read_text(encoding="utf-8").splitlines()[1:]
    premises = {
        (one["mutualAidGroupId"], one["premisesId"])
        for one in devices.values()
        if "mutualAidGroupId" in one
    }

    assert {group for group, _ in premises} <= {row.split(",")[0] for row in rows}
    assert max(Counter(group for group, _ in premises).values()) > 1


def test_a_few_papers_say_that_time_is_over(devices: dict[str, dict[str, Any]]) -> None:
    """So many past their life and so many not tested for a year; none in the premises of the demo."""
    papers = {name: one for name, one in devices.items() if "installedOn" in one}
    days = [
        (date.fromisoformat(one["endOfLifeOn"]), date.fromisoformat(one["lastTestedOn"]))
        for one in papers.values()
    ]

    assert len(papers) == WITH_PAPERS
    assert not any(name.startswith("CS0001-") for name in papers)
    assert sum(end < _AS_OF for end, _ in days) == TOO_OLD
    assert sum((_AS_OF - tested).days > 365 for _, tested in days) == NOT_TESTED


def test_all_of_them_say_that_they_are_made_up(devices: dict[str, dict[str, Any]]) -> None:
    """In their firmware, as the whole dataset does in its manifest."""
    assert {one["firmware"] for one in devices.values()} == {FIRMWARE}


def test_gateways_of_the_fleet_send_signs_of_life_only(whole_ward: Path) -> None:
    """They measure nothing."""
    quiet = [one for one in read_sensors(whole_ward) if not one.measures]
    sample = quiet[0].kept(1_790_000_000.0, None)[0]  # type: ignore[arg-type] # nothing is drawn

    assert len(quiet) > 50
    assert (sample.optical_density, sample.temperature, sample.battery) == (None, None, None)


def test_one_in_fifty_detectors_is_of_another_maker_and_every_format_is_written(
    devices: dict[str, dict[str, Any]],
) -> None:
    """SenML comes over NATS and MQTT; each of them reports for itself; half of the demo's detectors are among them."""
    others = {
        name: one
        for name, one in devices.items()
        if one["payloadFormat"] != "PAYLOAD_FORMAT_NATIVE"
    }
    ways = {
        (one["payloadFormat"].removeprefix("PAYLOAD_FORMAT_"), one["protocol"])
        for one in others.values()
    }

    assert len(others) == len(devices) // 50 + 3
    assert {name for name, _ in ways} == {
        name for name in PayloadFormat if name is not PayloadFormat.NATIVE
    }
    for senml in ("SENML_JSON", "SENML_CBOR"):
        assert {way for name, way in ways if name == senml} == {"PROTOCOL_NATS", "PROTOCOL_MQTT"}
    assert not any("gatewayId" in one for one in others.values())
    assert {name for name in others if name.startswith("CS0001")} == {
        "CS0001-D02",
        "CS0001-D04",
        "CS0001-D06",
    }
