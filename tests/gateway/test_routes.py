"""What stands around the transcoded routes."""

import json
import re

import httpx2
import pytest
from prometheus_client import REGISTRY

from gateway.clients import State
from gateway.routes.operations import overall
from gateway.schemas.bindings import bindings_of
from stack.issuer import Issuer
from tests.fixtures.servers import ISSUER_ADDRESS
from tests.gateway.conftest import Ward
from ward.incidents.v1 import reports_pb2

pytestmark = pytest.mark.http

UP, HALF, DOWN = State.SERVING, State.NOT_SERVING, State.UNREACHABLE


async def told_states(client: httpx2.AsyncClient, expected: dict[str, str]) -> httpx2.Response:
    """Ask for readiness until the services' states are these."""
    for _ in range(400):
        answer = await client.get("/readyz")
        if answer.json()["services"] == expected:
            return answer
    raise AssertionError(answer.text)


@pytest.mark.parametrize(
    ("residency", "fire_safety", "incidents", "status"),
    [
        (UP, UP, UP, "ready"),
        (DOWN, UP, UP, "degraded"),
        (HALF, HALF, HALF, "degraded"),
        (UP, DOWN, UP, "not_ready"),
        (UP, UP, DOWN, "not_ready"),
        (DOWN, DOWN, DOWN, "not_ready"),
    ],
)
def test_ready_means_that_a_duty_officer_can_act(
    residency: State, fire_safety: State, incidents: State, status: str
) -> None:
    """Incidents and fire safety must answer; residency may be away."""
    states = {"residency": residency, "fire_safety": fire_safety, "incidents": incidents}

    assert overall(states) == status


async def test_readiness_names_each_service(client: httpx2.AsyncClient, ward: Ward) -> None:
    """200 while residency is away, 503 when incidents is away too."""
    serving = {"residency": "serving", "fire_safety": "serving", "incidents": "serving"}
    ready = await told_states(client, serving)
    await ward.residency.stop()
    degraded = await told_states(client, {**serving, "residency": "unreachable"})
    await ward.incidents.stop()
    down = await told_states(
        client, {**serving, "residency": "unreachable", "incidents": "unreachable"}
    )

    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert (degraded.status_code, degraded.json()["status"]) == (200, "degraded")
    assert (down.status_code, down.json()["status"]) == (503, "not_ready")


async def test_the_process_is_alive_whatever_the_services_do(
    client: httpx2.AsyncClient, ward: Ward
) -> None:
    """A supervisor must not restart it for their sake."""
    await ward.incidents.stop()
    answer = await client.get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_requests_are_counted_by_template_and_status(client: httpx2.AsyncClient) -> None:
    """No id becomes a label, nor what anybody makes up."""
    await client.get("/v1/incidents/018f3c1e?x=1")
    await client.get("/made-up")
    await client.request("PROPFIND", "/made-up")
    answer = await client.get("/metrics")
    labels = {"route": "/v1/incidents/{incident_id}", "method": "GET", "status": "400"}

    assert REGISTRY.get_sample_value("ward_http_handling_seconds_count", labels)
    assert 'method="OTHER",route="unmatched",status="404"' in answer.text
    assert "018f3c1e" not in answer.text
    assert "made-up" not in answer.text


async def test_every_answer_has_the_security_headers(client: httpx2.AsyncClient) -> None:
    """Problems and errors too; nothing that was answered is kept."""
    for path in ("/v1/incidents/1", "/nowhere", "/readyz"):
        headers = (await client.get(path)).headers

        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


@pytest.mark.parametrize("offered", ["", "short", "a" * 65, "id with spaces", "ngày-2026"])
async def test_a_malformed_request_id_is_replaced(
    client: httpx2.AsyncClient, offered: str
) -> None:
    """A call must not fail over a log field."""
    answer = await client.get("/healthz", headers={"x-request-id": offered.encode()})

    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])


async def test_the_log_has_one_line_a_request_without_ids_and_queries(
    client: httpx2.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """The template is told, not the path."""
    await client.get("/v1/alarms/018f3c1e?premises_id=secret")
    logged = capsys.readouterr().out

    assert logged.count("http_request") == 1
    assert "/v1/alarms/{alarm_id}" in logged
    assert "018f3c1e" not in logged
    assert "secret" not in logged


async def test_the_documentation_asks_nobody_else_for_anything(address: str) -> None:
    """Each file it names is the gateway's own, and its policy allows no other."""
    async with httpx2.AsyncClient(base_url=address) as browser:
        page = await browser.get("/docs")
        named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        files = {path: await browser.get(path) for path in named}
        start = files["/docs/start.js"]
    policy = page.headers["content-security-policy"]

    assert "<title>Phường số an toàn</title>" in page.text
    assert all(path.startswith("/docs/") for path in named)
    assert {answer.status_code for answer in files.values()} == {200}
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "validatorUrl: null" in start.text


async def test_the_local_issuer_is_discovered(address: str, issuer: Issuer) -> None:
    """OpenID Connect discovery leads to its public keys."""
    async with httpx2.AsyncClient(base_url=address) as somebody:
        found = (await somebody.get("/.well-known/openid-configuration")).json()
        keys = (await somebody.get("/.well-known/jwks.json")).json()

    assert found["issuer"] == ISSUER_ADDRESS
    assert found["jwks_uri"] == f"{ISSUER_ADDRESS}/.well-known/jwks.json"
    assert keys == json.loads(issuer.jwks_file.read_text())


async def test_the_request_id_of_whoever_gives_a_tip_is_not_taken(
    client: httpx2.AsyncClient,
) -> None:
    """It may stand beside their account in the records of other calls; the address is that of the contract."""
    tip = bindings_of(
        reports_pb2.DESCRIPTOR.services_by_name["ReportsService"].methods_by_name["SubmitTip"]
    )
    offered = {"x-request-id": "aaaabbbbcccc"}
    answers = [
        await client.post(address, json={}, headers=offered)
        for address in (tip[0].template, "/v1/reports%3Atip", "/v1/reports")
    ]

    assert [answer.headers["x-request-id"] == "aaaabbbbcccc" for answer in answers] == [
        False,
        False,
        True,
    ]
