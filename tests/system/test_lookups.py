"""Lookups over HTTP: what a role may see, how guessing ends, and that nobody breaks the glass alone."""

from uuid import uuid4

import asyncpg
import pytest

from stack.issuer import Role
from stack.supervisor import Stack
from tests.system.officer import Officer

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120),
]

REQUEST = {"purpose": "PURPOSE_DATA_SUBJECT_REQUEST", "reference": "YC-2026-1"}


async def test_who_guesses_numbers_learns_nothing_and_is_stopped(ward: Stack) -> None:
    """No person, the same answer each time, then 429 with the time to wait; no number in any of it."""
    async with Officer(ward.installation, Role.DATA_PROTECTION_OFFICER) as officer:
        answers = [
            await officer.client.post(
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


async def test_an_officer_alone_gets_no_names(ward: Stack, officer: Officer) -> None:
    """Breaking the glass goes through the incidents service; the attempt is accounted for."""
    request_id = str(uuid4())
    answer = await officer.client.post(
        f"/v1/incidents/{uuid4()}:discloseOccupants",
        json={
            "purpose": {"purpose": "PURPOSE_FIRE_RESCUE", "reference": "VV-2026-000001"},
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
