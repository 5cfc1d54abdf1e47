"""A residence case over HTTP, as a citizen and two officers work it while the population database is away."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from chassis.clock import utc_now, ward_day
from simulator.population.fault_file import FaultFile
from simulator.population.server import Fault
from stack.issuer import Role
from stack.supervisor import Stack
from tests.system.officer import Officer

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]

NUMBER = "999190900001"
CASES = "/v1/residence-cases"
PURPOSE = {"purpose.purpose": "PURPOSE_RESIDENCE_CASE"}


def day(value: date) -> dict[str, int]:
    """Write a day."""
    return {"year": value.year, "month": value.month, "day": value.day}


def declaration(dwelling_id: str, today: date) -> dict[str, Any]:
    """Declare temporary residence for a year."""
    return {
        "declarant": {
            "personalIdNumber": NUMBER,
            "fullName": "Phạm Thị Giả Định",
            "birthDate": {"year": 1990, "month": 5, "day": 17},
            "sex": "SEX_FEMALE",
        },
        "requestedContent": "Đăng ký tạm trú một năm",
        "signatories": ["SIGNATORY_DECLARANT", "SIGNATORY_DWELLING_OWNER"],
        "temporaryResidence": {
            "dwellingId": dwelling_id,
            "validFrom": day(today),
            "validUntil": day(today + timedelta(days=365)),
        },
    }


async def registered(officer: Officer, dwelling_id: str) -> int:
    """Count who is registered in a dwelling."""
    answer = await officer.get(
        f"/v1/dwellings/{dwelling_id}/occupancy",
        **PURPOSE,
        **{"purpose.reference": "KT-2026-1"},
    )
    return int(answer["dwellings"][0].get("registered", 0))


async def test_a_temporary_residence_goes_from_draft_to_the_register(ward: Stack) -> None:
    """The database is away, and then knows nobody of that number: a person decides, and one more lives there."""
    place = ward.installation
    fault = FaultFile(place.population_fault)
    async with (
        Officer(place, Role.CITIZEN) as citizen,
        Officer(place, Role.RESIDENCE_OFFICER) as officer,
        Officer(place, Role.RESIDENCE_OFFICER, account="second-officer") as second,
    ):
        building = (await officer.get("/v1/buildings"))["buildings"][0]["buildingId"]
        dwellings = await officer.get(f"/v1/buildings/{building}/dwellings")
        dwelling_id = dwellings["dwellings"][0]["dwellingId"]
        before = await registered(officer, dwelling_id)
        fault.write(Fault.DOWN)
        draft = await citizen.post(
            CASES, declaration=declaration(dwelling_id, ward_day(utc_now()))
        )
        path = f"{CASES}/{draft['case']['caseNumber']}"
        await citizen.post(f"{path}:submit")
        accepted = await officer.post(f"{path}:accept")
        await officer.post(f"{path}:verify")
        identity = {"ground": "REFUSAL_GROUND_IDENTITY_NOT_CONFIRMED", "reason": "Không xác minh"}
        refused = await officer.refused(f"{path}:refuse", **identity)
        fault.write(Fault.NONE)

        async def answered() -> Any:
            query = {**PURPOSE, "purpose.reference": draft["case"]["caseNumber"]}
            # Nobody may look more often than once a second for long.
            await asyncio.sleep(1)
            case = (await officer.get(path, **query))["case"]
            return case if case["identityCheck"] != "IDENTITY_CHECK_PENDING" else None

        doubtful = await officer.until(answered)
        alone = await officer.refused(f"{path}:approve", finding="Đã xem thẻ căn cước bản gốc")
        approved = await second.post(f"{path}:approve", finding="Đã xem thẻ căn cước bản gốc")
        after = await registered(officer, dwelling_id)
        recorded = await officer.get(CASES, state="CASE_STATE_RECORDED", pageSize="500")

    assert accepted["notice"]["form"] == "NOTICE_FORM_CT04"
    assert "Ngày hẹn trả kết quả" in accepted["notice"]["text"]
    assert refused["reason"] == "IDENTITY_CHECK_PENDING"
    assert doubtful["identityCheck"] == "IDENTITY_CHECK_NOT_FOUND"
    assert doubtful["state"] == "CASE_STATE_VERIFYING"
    assert alone["reason"] == "SECOND_PERSON_REQUIRED"
    assert approved["case"]["state"] == "CASE_STATE_RECORDED"
    assert draft["case"]["caseNumber"] in {one["caseNumber"] for one in recorded["cases"]}
    assert after == before + 1
    assert NUMBER not in str([draft, accepted, refused, doubtful, alone, approved])
