"""The main job, end to end: a sensor fires and the duty officer reads the rescue brief."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from stack.supervisor import Stack
from tests.system.officer import Officer
from tests.system.smoke import CLEAN_AIR, SMOKE, Detector

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]


async def events(officer: Officer) -> AsyncGenerator[tuple[str, dict[str, Any]]]:
    """Read the officer's stream of incidents: event name and data; first that it is open, without either."""
    async with officer.client.stream("GET", "/v1/incidents:watch", timeout=None) as stream:
        yield "", {}
        name = ""
        async for line in stream.aiter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)


async def test_a_fire_becomes_one_incident_with_a_brief(ward: Stack, officer: Officer) -> None:
    """From the first smoke to the closed case, over HTTP only, as an officer would work it."""
    place = await officer.premises(1)
    premises_id = place["premisesId"]
    first, second = (await officer.devices(premises_id))[:2]
    watched = events(officer)
    await anext(watched)

    detector = Detector(ward.installation, first)
    await detector.report(CLEAN_AIR, 3)
    await detector.report(SMOKE, 10)
    name, event = await asyncio.wait_for(anext(watched), 60)
    incident_id = event["incident"]["incidentId"]

    assert name == "IncidentOpened"
    assert event["incident"]["premisesId"] == premises_id
    assert event["incident"]["priority"] == "PRIORITY_P2"

    await Detector(ward.installation, second).report(SMOKE, 10)
    joined, event = await asyncio.wait_for(anext(watched), 60)

    assert joined == "IncidentAlarmJoined"
    assert event["incident"]["incidentId"] == incident_id
    assert event["incident"]["priority"] == "PRIORITY_P1"

    brief = (await officer.get(f"/v1/incidents/{incident_id}/brief"))["brief"]

    assert brief["premises"]["name"] == place["name"]
    assert [one["deviceId"] for one in brief["detectors"]] == [first, second]
    assert brief["people"]["registered"] == sum(one["registered"] for one in brief["dwellings"])
    assert brief["people"]["registered"] > 0
    assert brief["people"]["provenance"]["lowerBound"]
    assert brief["premises"]["hazards"]
    assert len(brief["premises"]["contacts"]) >= 3
    assert brief["notifications"][0]["recipient"] == "duty_officer"

    await officer.post(f"/v1/incidents/{incident_id}:acknowledge")
    await officer.post(f"/v1/incidents/{incident_id}:assign", assignee="Tổ dân phòng số 3")
    closed = await officer.post(
        f"/v1/incidents/{incident_id}:close", disposition="DISPOSITION_DRILL"
    )

    assert closed["incident"]["state"] == "INCIDENT_STATE_CLOSED"
    timeline = (await officer.get(f"/v1/incidents/{incident_id}"))["timeline"]
    kinds = [entry["kind"] for entry in timeline]
    assert kinds[0] == "opened"
    assert kinds[-1] == "closed"
    assert {"alarm_joined", "notified", "acknowledged", "assigned"} <= set(kinds)
    await watched.aclose()
