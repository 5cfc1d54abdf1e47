"""Lookups over HTTP: what a role may see, how guessing ends, and that nobody breaks the glass alone."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from stack.issuer import Role
from stack.supervisor import Stack
from tests.system.officer import Officer
from tests.system.smoke import SMOKE, Detector

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120),
]

REQUEST = {"purpose": "PURPOSE_DATA_SUBJECT_REQUEST", "reference": "YC-2026-1"}


async def test_who_guesses_numbers_learns_nothing_and_is_stopped(
    ward: Stack, officer: Officer
) -> None:
    """No person, the same answer each time, then 429 with the time to wait; no number in any of it."""
    await residency_is_back(officer)
    async with Officer(ward.installation, Role.DATA_PROTECTION_OFFICER) as guesser:
        answers = [
            await guesser.client.post(
                "/v1/persons:lookup",
                json={"purpose": REQUEST, "personalIdNumber": f"999170{serial:06d}"},
            )
            for serial in range(0, 42, 2)
        ]
    refused = answers[-1]

    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert {tuple(sorted(answer.json())) for answer in answers[:-1]} == {
        ("accessRecordId", "withheld")
    }
    assert (refused.status_code, refused.json()["reason"]) == (429, "LIMIT_REACHED")
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert all("999170" not in answer.text for answer in answers)


async def residency_is_back(officer: Officer) -> None:
    """Wait until the part that a test before may have held down answers."""
    await officer.get("/v1/buildings")


async def test_an_officer_alone_gets_no_names(ward: Stack, officer: Officer) -> None:
    """Breaking the glass goes through the incidents service; the attempt is accounted for."""
    await residency_is_back(officer)
    request_id = str(uuid4())
    answer = await officer.client.post(
        "/v1/persons:discloseOccupants",
        json={
            "purpose": {"purpose": "PURPOSE_FIRE_RESCUE", "reference": "VV-2026-000001"},
            "incidentId": str(uuid4()),
            "requestId": str(uuid4()),
            "reason": "Khói dày ở tầng hai, cần gọi từng người",
        },
        headers={"x-request-id": request_id},
    )
    address = ward.installation.postgres.url("residency", "residency_app")
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    outcomes = await connection.fetch(
        "select outcome from access_records where request_id = $1", request_id
    )
    await connection.close()

    assert answer.status_code == 403
    assert answer.json()["reason"] == "BREAK_GLASS_NOT_THROUGH_INCIDENTS"
    assert [row["outcome"] for row in outcomes] == ["BREAK_GLASS_NOT_THROUGH_INCIDENTS"]


async def test_in_a_fire_the_officer_gets_the_names_from_the_incident(
    ward: Stack, officer: Officer
) -> None:
    """Of as many as the brief counts, with the year of birth only; the timeline and the review queue tell of it."""
    # Many people live in the building of the first premises; another test may have left an incident there.
    premises_id = (await officer.premises(1))["premisesId"]
    device = (await officer.devices(premises_id))[3]
    await Detector(ward.installation, device).report(SMOKE, 10)
    incident = (await officer.until(lambda: officer.open_incidents(premises_id)))[0]
    incident_id = incident["incidentId"]
    brief = (await officer.get(f"/v1/incidents/{incident_id}/brief"))["brief"]
    answer = await officer.post(
        f"/v1/incidents/{incident_id}:discloseOccupants",
        reason="Khói dày ở tầng hai, cần gọi từng người",
    )

    async def noted() -> Any:
        timeline = (await officer.get(f"/v1/incidents/{incident_id}"))["timeline"]
        return [entry for entry in timeline if entry["kind"] == "glass_broken"]

    entries = await officer.until(noted)
    async with Officer(ward.installation, Role.DATA_PROTECTION_OFFICER) as reviewer:
        review = f"/v1/break-glass-reviews/{answer['reviewId']}"
        await reviewer.post(
            f"{review}:decide", verdict="REVIEW_VERDICT_JUSTIFIED", reason="Có cháy thật"
        )
        decided = (await reviewer.get(review))["review"]
    await officer.post(f"/v1/incidents/{incident_id}:acknowledge")
    await officer.post(f"/v1/incidents/{incident_id}:close", disposition="DISPOSITION_DRILL")
    assert [entry["actor"] for entry in entries] == ["demo-duty-officer"]
    assert decided["incidentId"] == incident_id
    assert "pending" not in decided or not decided["pending"]
    people = [person for one in answer["dwellings"] for person in one["people"]]

    assert len(people) == brief["people"]["registered"] > 0
    assert all(person["fullName"] for person in people)
    assert all(person["birthDate"]["year"] > 1900 for person in people)
    assert not any(person["birthDate"]["month"] for person in people)
    assert "PERSON_FIELD_MASKED_NUMBER" in answer["withheld"]
