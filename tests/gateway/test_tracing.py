"""A request of a browser and the call behind it are one trace, which says nothing of whom it is about."""

import httpx2
import pytest

from tests.fixtures.collector import Collector

pytestmark = pytest.mark.http

ID_NUMBER = "999000000017"


async def test_a_request_and_its_call_are_one_trace(
    collector: Collector, client: httpx2.AsyncClient
) -> None:
    """Route and method are told; query, headers and answer are not."""
    response = await client.get(
        "/v1/incidents", params={"premisesId": ID_NUMBER}, headers={"user-agent": ID_NUMBER}
    )
    spans = await collector.spans()

    http = spans["GET /v1/incidents"]
    call = spans["ward.incidents.v1.IncidentsService/ListIncidents"]
    assert call.trace_id == http.trace_id
    assert call.parent_span_id == http.span_id
    assert not http.parent_span_id
    told = {one.key: one.value for one in http.attributes}
    assert told["http.response.status_code"].int_value == response.status_code
    assert ID_NUMBER not in collector.text
    assert "Bearer" not in collector.text
