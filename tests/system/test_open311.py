"""Open311 on the whole platform, read by a client that others wrote (georeport)."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
import requests
from georeport import GeoReport

from stack.issuer import Role
from stack.supervisor import Stack
from tests.system.officer import Officer

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120),
]

SCRIPT = "<script>alert(1)</script>"


async def told(ask: Callable[..., Any], **asked: str) -> Any:
    """Ask with the client, which waits in a thread of its own."""
    return await asyncio.to_thread(ask, **asked)


async def submit(ward: Stack, **fields: str) -> httpx2.Response:
    """Send a form as a citizen."""
    key = ward.installation.issuer.token(Role.CITIZEN, time.time())
    form = {"api_key": key, "lat": "20.91", "long": "106.31", **fields}
    async with httpx2.AsyncClient(base_url=ward.installation.gateway_address) as client:
        return await client.post("/open311/v2/requests.json", data=form)


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_a_client_that_others_wrote_reads_what_is_told(ward: Stack, form: str) -> None:
    """Services, a definition, requests and one request, in both forms; crimes are not among them."""
    client = GeoReport(f"{ward.installation.gateway_address}/open311/v2", "11002", None, form)
    sent = await submit(ward, service_code="on_scene", description="đèn đường hỏng")
    [receipt] = sent.json()
    number = receipt["service_request_id"]
    services = await told(client.get_service_list)
    definition = await told(client.get_service_definition, service_code="road_accident")
    listed = await told(client.get_service_requests, service_code="on_scene,urban_order")
    one = await told(client.get_service_request, service_request_id=number)

    assert sent.status_code == 201
    assert {service["service_code"] for service in services} == {
        "feedback",
        "on_scene",
        "petition",
        "road_accident",
        "urban_order",
    }
    assert definition["service_code"] == "road_accident"
    # The client gives a list of one in XML as the one.
    several = listed if isinstance(listed, list) else [listed]
    assert number in [request["service_request_id"] for request in several]
    assert one["service_request_id"] == number
    assert one["status"] == "open"
    assert float(one["lat"]) == 20.91
    assert one["description"] is None


async def test_a_wrong_code_a_long_span_and_a_script_do_no_harm(
    ward: Stack, officer: Officer
) -> None:
    """The standard's errors; the script is text to the officer who reads the report, and nobody else reads it."""
    client = GeoReport(f"{ward.installation.gateway_address}/open311/v2")
    wrong = await submit(ward, service_code="no_such_code", description="x")
    with pytest.raises(requests.HTTPError) as refused:
        await told(client.get_service_requests, start_date="2026-01-01", end_date="2026-04-02")
    sent = await submit(ward, service_code="on_scene", description=SCRIPT, address_string=SCRIPT)
    number = sent.json()[0]["service_request_id"]
    listed = await officer.get("/v1/reports")
    [report_id] = [one["reportId"] for one in listed["reports"] if one["number"] == number]
    whole = await officer.get(f"/v1/reports/{report_id}")
    public = await told(client.get_service_request, service_request_id=number)

    assert wrong.status_code == 404
    assert wrong.json()[0]["description"].startswith("service_code was not found")
    assert refused.value.response.status_code == 400
    assert refused.value.response.json()[0]["code"] == 400
    assert whole["description"] == SCRIPT
    assert SCRIPT not in str(public)
