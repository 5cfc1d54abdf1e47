"""What bad input gets: the right refusal in words, an account of it, and no harm."""

import asyncio
import json
import time
from typing import Any
from uuid import uuid4

import asyncpg
import nats
import pytest

from stack.issuer import Role
from stack.nats_configuration import SIMULATOR, SIMULATOR_INBOX
from stack.supervisor import Stack
from tests.system.officer import Officer
from tests.system.smoke import SMOKE, Detector
from ward.fire_safety.v1 import readings_pb2 as pb

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120),
]

PURPOSE = {"purpose": "PURPOSE_RESIDENCE_CASE", "reference": "HS-2026-1"}
DECLARED = {"personalIdNumber": "999099000001", "fullName": "Người Thử Nghiệm", "purpose": PURPOSE}
SHORT = {**DECLARED, "personalIdNumber": "99909900000"}

# In the form of the platform's own names, and nobody's.
UNKNOWN = "00000000-0000-4000-8000-000000000000"

MALFORMED = b'{"fullName": '

REFUSALS: list[tuple[str, dict[str, str], dict[str, Any] | bytes, int, str]] = [
    ("duty_officer", {"authorization": ""}, DECLARED, 401, "TOKEN_MISSING"),
    ("duty_officer", {"authorization": "Bearer x.y.z"}, DECLARED, 401, "TOKEN_INVALID"),
    ("duty_officer", {"authorization": "Basic eDp5"}, DECLARED, 401, "TOKEN_INVALID"),
    ("group_head", {}, DECLARED, 403, "ROLE_NOT_ALLOWED"),
    ("duty_officer", {}, {**DECLARED, "purpose": {}}, 400, "PURPOSE_REQUIRED"),
    ("duty_officer", {}, SHORT, 400, "PERSONAL_ID_INVALID"),
    ("duty_officer", {}, {**DECLARED, "nmae": "x"}, 400, "UNKNOWN_FIELD"),
    ("duty_officer", {}, MALFORMED, 400, "MALFORMED_REQUEST"),
    ("duty_officer", {"authorization": ""}, MALFORMED, 401, "TOKEN_MISSING"),
    ("group_head", {}, MALFORMED, 403, "ROLE_NOT_ALLOWED"),
]


async def access_outcomes(ward: Stack, request_id: str) -> list[str]:
    """Read what residency has recorded of a request."""
    address = ward.installation.postgres.url("residency", "residency_app")
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch(
            "select outcome from access_records where request_id = $1", request_id
        )
        return [row["outcome"] for row in rows]
    finally:
        await connection.close()


@pytest.mark.parametrize(("role", "headers", "body", "status", "reason"), REFUSALS)
async def test_a_refused_look_at_personal_data_is_told_and_recorded(
    ward: Stack,
    role: str,
    headers: dict[str, str],
    body: dict[str, Any] | bytes,
    status: int,
    reason: str,
) -> None:
    """Status, reason and a Vietnamese sentence; one access record with the same reason."""
    request_id = str(uuid4())
    async with Officer(ward.installation, Role(role)) as caller:
        answer = await caller.client.post(
            "/v1/identities:verify",
            content=body if isinstance(body, bytes) else json.dumps(body),
            headers={"content-type": "application/json", "x-request-id": request_id, **headers},
        )
    problem = answer.json()

    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["reason"]) == (status, reason)
    assert problem["detail"] == problem["detail_vi"]
    assert await access_outcomes(ward, request_id) == [reason]


async def test_an_answered_look_is_recorded(ward: Stack, officer: Officer) -> None:
    """An unknown number answers in the shape of a known one."""
    request_id = str(uuid4())
    answer = await officer.client.post(
        "/v1/identities:verify", json=DECLARED, headers={"x-request-id": request_id}
    )

    assert answer.status_code == 200
    assert answer.json()["personalIdNumber"] == "FIELD_MATCH_NO"
    assert answer.json()["accessRecordId"]
    assert await access_outcomes(ward, request_id) == ["OK"]


@pytest.mark.parametrize("path", ["premises", "alarms", "incidents"])
@pytest.mark.parametrize("name", ["no-such-thing", UNKNOWN])
async def test_what_is_not_there_is_not_found(officer: Officer, path: str, name: str) -> None:
    """Malformed or unknown, the answer is the same and tells nothing more."""
    answer = await officer.client.get(f"/v1/{path}/{name}")

    assert answer.status_code == 404
    assert answer.json()["reason"].endswith("_NOT_FOUND")


async def test_hostile_readings_are_set_aside_and_the_lane_goes_on(
    ward: Stack, officer: Officer
) -> None:
    """Noise of one mebibyte, another's name, NaN, a wrong clock: dead letters; then a real alarm, at once."""
    premises_id = (await officer.premises(8))["premisesId"]
    device, other = (await officer.devices(premises_id))[:2]
    now_ms = int(time.time() * 1000)

    def batch(device_id: str, **reading: float) -> bytes:
        told = pb.Reading(**{"observed_at_ms": now_ms, "optical_density": 0.2, **reading})  # type: ignore[arg-type]
        return pb.ReadingBatch(device_id=device_id, readings=[told]).SerializeToString()

    hostile = [
        b"\xff" * 2**20,
        b"\xff not a batch",
        b"",
        batch(other),
        batch(device, optical_density=float("nan")),
        batch(device, observed_at_ms=now_ms + 86_400_000),
        batch(device, observed_at_ms=1),
    ]
    services = await nats.connect(ward.installation.nats.url)
    dead_before = (await services.jetstream().stream_info("DEAD_LETTERS")).state.messages
    client = await nats.connect(
        ward.installation.nats.url_for(SIMULATOR), inbox_prefix=SIMULATOR_INBOX
    )
    for payload in hostile:
        await client.jetstream().publish(f"ward.11002.device.{device}.up", payload)
    await client.close()
    await Detector(ward.installation, device).report(SMOKE, 10)
    (alarm,) = await officer.until(lambda: officer.open_alarms(device))
    async with asyncio.timeout(30):
        while True:
            state = (await services.jetstream().stream_info("DEAD_LETTERS")).state
            if state.messages - dead_before >= len(hostile):
                break
            await asyncio.sleep(0.1)
    reasons = {
        ((await services.jetstream().get_msg("DEAD_LETTERS", seq)).headers or {})[
            "Ward-Dead-Reason"
        ]
        for seq in range(state.last_seq - len(hostile) + 1, state.last_seq + 1)
    }
    await services.close()

    assert alarm["kind"] == "ALARM_KIND_SMOKE"
    assert state.messages - dead_before == len(hostile)
    assert {
        "too_large",
        "not_protobuf",
        "wrong_device",
        "not_finite",
        "future_time",
        "ancient_time",
    } <= reasons
