"""The brief of the largest building, with residency away and with it there, on screen and on paper."""

from typing import Any

import pytest

from stack.issuer import Role
from stack.supervisor import Stack
from tests.system.officer import Officer
from tests.system.smoke import SMOKE, Detector

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]

REASON = "Khói dày ở tầng hai, cần gọi từng người"
RESCUE = {"purpose.purpose": "PURPOSE_FIRE_RESCUE", "purpose.reference": "VV-2026-000001"}


async def largest(officer: Officer) -> dict[str, Any]:
    """Find the premises in whose building most people are registered."""
    listed = (await officer.get("/v1/premises", pageSize="500"))["premises"]

    async def people(place: dict[str, Any]) -> int:
        address = f"/v1/buildings/{place['buildingId']}/occupancy"
        told = await officer.get(address, **RESCUE)
        return sum(dwelling["registered"] for dwelling in told.get("dwellings", ()))

    counted = [(await people(one), one) for one in listed if one["buildingId"]]
    found: dict[str, Any] = max(counted, key=lambda one: one[0])[1]
    return found


async def test_without_residency_there_is_the_brief_and_no_name_and_with_it_both(
    ward: Stack, officer: Officer
) -> None:
    """Marked stale, refused with the reason; then broken once, announced, reviewed, and over with the incident."""
    place = await largest(officer)
    premises_id = place["premisesId"]
    device = (await officer.devices(premises_id))[2]
    await ward.hold_down("residency")
    await Detector(ward.installation, device).report(SMOKE, 10)
    (incident,) = await officer.until(lambda: officer.open_incidents(premises_id))
    address = f"/v1/incidents/{incident['incidentId']}"

    async def stale() -> Any:
        brief = (await officer.get(f"{address}/brief"))["brief"]
        return brief if brief["people"]["provenance"]["stale"] else None

    brief = await officer.until(stale)
    refused = await officer.refused(f"{address}:discloseOccupants", reason=REASON)
    printed = await officer.client.get(f"{address}/brief.pdf")
    same = await officer.client.get(
        f"{address}/brief.pdf", headers={"if-none-match": printed.headers["etag"]}
    )
    await ward.let_go("residency")

    assert brief["people"]["registered"] > 0
    assert not brief["premisesProvenance"]["stale"]
    assert brief["supplyPoints"]
    assert brief["presence"]["numbers"][-1]["kind"] == "PRESENCE_KIND_TOTAL"
    assert refused["reason"] == "SERVICE_UNAVAILABLE"
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF-")
    assert (same.status_code, same.content) == (304, b"")

    async def fresh() -> Any:
        told = (await officer.get(f"{address}/brief"))["brief"]
        return not told["people"]["provenance"]["stale"]

    await officer.until(fresh)
    answer = await officer.post(f"{address}:discloseOccupants", reason=REASON)
    again = await officer.post(f"{address}:discloseOccupants", reason=REASON)
    people = [person for one in answer["dwellings"] for person in one["people"]]

    assert len(people) == brief["people"]["registered"]
    assert len({tag["tag"] for tag in answer["rollCallTags"]}) >= len(people)
    assert again["reviewId"] == answer["reviewId"]

    async def announced() -> Any:
        timeline = (await officer.get(address))["timeline"]
        return [entry for entry in timeline if entry["kind"] == "glass_broken"]

    entries = await officer.until(announced)
    await officer.post(f"{address}:acknowledge")
    await officer.post(f"{address}:close", disposition="DISPOSITION_DRILL")
    over = await officer.refused(f"{address}:discloseOccupants", reason=REASON)
    async with Officer(ward.installation, Role.DATA_PROTECTION_OFFICER) as reviewer:
        queue = (await reviewer.get("/v1/break-glass-reviews"))["reviews"]
        await reviewer.post(
            f"/v1/break-glass-reviews/{answer['reviewId']}:decide",
            verdict="REVIEW_VERDICT_JUSTIFIED",
            reason="Có cháy thật",
        )

    assert [entry["actor"] for entry in entries] == ["demo-duty-officer"]
    assert over["reason"] == "INCIDENT_CLOSED"
    assert answer["reviewId"] in {review["reviewId"] for review in queue}
