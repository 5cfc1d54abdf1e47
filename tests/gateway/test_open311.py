"""Open311 as the gateway writes and reads it, and what it does with what is wrong."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.lifecycle import Lifecycle
from chassis.rpc.tokens import TokenVerifier
from chassis.rules import Rule
from gateway import app
from gateway.routes.open311.documents import Document
from gateway.routes.open311.refusals import refusal_of
from stack.issuer import WARD_CODE, Issuer
from tests.fixtures.servers import ISSUER_ADDRESS, MakeToken
from tests.gateway.conftest import Ward
from tests.gateway.scripted import ScriptedService
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import reports_pb2
from ward.incidents.v1 import service_requests_pb2 as pb

FORM = {"service_code": "on_scene", "lat": "20.9", "long": "106.3", "description": "nắp cống vỡ"}
SERVICE = pb.PublicService(
    service_code="road_accident",
    name_vi="Tai nạn <giao thông>",
    description="a & b",
    keywords=["tai nạn", "giao thông"],
    group="Giao thông",
    attributes=[
        pb.ServiceAttribute(
            code="vehicles", is_number=True, required=True, description="Số phương tiện"
        )
    ],
)


@pytest.fixture
async def incidents(issuer: Issuer) -> AsyncGenerator[ScriptedService]:
    """Start a scripted service of requests."""
    verifier = TokenVerifier(
        ISSUER_ADDRESS, "safe-digital-ward", issuer.jwks_url, ward_code=WARD_CODE
    )
    service = ScriptedService(pb.DESCRIPTOR.services_by_name["ServiceRequestsService"], verifier)
    await service.start()
    service.answers["ListPublicServices"] = pb.ListPublicServicesResponse(services=[SERVICE])
    yield service
    await service.stop()


@pytest.fixture
async def client(
    ward: Ward, incidents: ScriptedService, issuer: Issuer, make_token: MakeToken, tmp_path: Path
) -> AsyncGenerator[httpx2.AsyncClient]:
    """Start the gateway with a token of its own; call it without any."""
    token_file = tmp_path / "gateway.token"
    token_file.write_text(make_token("service"))
    settings = ward.settings(issuer).model_copy(
        update={"incidents_target": incidents.target, "service_token_file": token_file}
    )
    async with Lifecycle() as life:
        port = await app.start(life, settings)
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/open311/v2", timeout=10
        ) as made:
            yield made


def request(number: str) -> pb.ServiceRequest:
    """Make a request that was taken in at two in the morning of the ward."""
    told = pb.ServiceRequest(
        number=number,
        status=pb.SERVICE_REQUEST_STATUS_OPEN,
        service_code="on_scene",
        service_name="Phản ánh hiện trường",
        position=fire_safety_pb2.Position(latitude=20.9123, longitude=106.3123),
    )
    told.requested_at.FromDatetime(datetime(2026, 1, 5, 19, 14, 5, 600_000, tzinfo=UTC))
    told.updated_at.CopyFrom(told.requested_at)
    return told


@pytest.mark.http
async def test_services_are_told_to_everybody_in_both_forms(client: httpx2.AsyncClient) -> None:
    """With what the standard names, escaped in XML; a definition has the questions in order."""
    as_json = (await client.get("/services.json")).json()
    as_xml = ET.fromstring((await client.get("/services.xml")).content)  # noqa: S314 - our own
    definition = (await client.get("/services/road_accident.json")).json()
    xml_definition = ET.fromstring(  # noqa: S314 - our own
        (await client.get("/services/road_accident.xml?jurisdiction_id=11002")).content
    )

    assert as_json == [
        {
            "service_code": "road_accident",
            "service_name": "Tai nạn <giao thông>",
            "description": "a & b",
            "metadata": True,
            "type": "realtime",
            "keywords": "tai nạn,giao thông",
            "group": "Giao thông",
        }
    ]
    assert as_xml.tag == "services"
    assert as_xml.findtext("service/service_name") == "Tai nạn <giao thông>"
    assert as_xml.findtext("service/metadata") == "true"
    assert definition["attributes"][0]["datatype"] == "number"
    assert xml_definition.findtext("attributes/attribute/code") == "vehicles"
    assert xml_definition.findtext("attributes/attribute/order") == "1"


@pytest.mark.http
async def test_a_list_that_breaks_off_is_to_be_asked_for_again(
    client: httpx2.AsyncClient, incidents: ScriptedService
) -> None:
    """Where another version answers the second page, which knows no such token: the caller sent none."""
    first = pb.ListServiceRequestsResponse(requests=[request("TIN-1")], next_page_token="p")

    async def answer(asked: Any) -> pb.ListServiceRequestsResponse:
        if asked.page_token:
            raise PageTokenInvalidError
        return first

    incidents.answers["ListServiceRequests"] = answer
    told = await client.get("/requests.json")

    assert told.status_code == 503
    assert "ask again" in told.json()[0]["description"]
    assert "hỏi lại" in told.json()[0]["description"]


@pytest.mark.http
async def test_requests_are_asked_for_as_filtered_and_told_in_the_wards_time(
    client: httpx2.AsyncClient, incidents: ScriptedService
) -> None:
    """Page by page up to a thousand; what people wrote is null."""
    pages = {
        "": pb.ListServiceRequestsResponse(requests=[request("TIN-1")], next_page_token="p"),
        "p": pb.ListServiceRequestsResponse(requests=[request("TIN-2")]),
    }

    async def answer(asked: Any) -> pb.ListServiceRequestsResponse:
        return pages[asked.page_token]

    incidents.answers["ListServiceRequests"] = answer
    query = "?service_code=on_scene,feedback&start_date=2026-01-01T07:00:00+07:00&status=open"
    told = (await client.get(f"/requests.json{query}")).json()
    asked = incidents.asked[0]

    assert [one["service_request_id"] for one in told] == ["TIN-1", "TIN-2"]
    assert told[0]["requested_datetime"] == "2026-01-06T02:14:05+07:00"
    assert (told[0]["lat"], told[0]["long"]) == (20.9123, 106.3123)
    assert told[0]["description"] is told[0]["address"] is told[0]["expected_datetime"] is None
    assert list(asked.service_codes) == ["on_scene", "feedback"]
    assert asked.start.ToDatetime(UTC) == datetime(2026, 1, 1, tzinfo=UTC)
    assert asked.status == pb.SERVICE_REQUEST_STATUS_OPEN
    assert not asked.HasField("end")


@pytest.mark.http
async def test_a_request_is_taken_in_for_the_account_of_its_key(
    client: httpx2.AsyncClient, incidents: ScriptedService, make_token: MakeToken
) -> None:
    """Names, attributes and position find their places; the answer is the standard's, with the notice."""
    incidents.answers["SubmitServiceRequest"] = pb.SubmitServiceRequestResponse(
        receipt=reports_pb2.ReportReceipt(number="TIN-1", advice="Đã nhận tin.")
    )
    form = {
        **FORM,
        "api_key": make_token("citizen"),
        "first_name": "Định",
        "last_name": "Người Giả",
        "attribute[vehicles]": "2",
        "jurisdiction_id": "11002",
    }
    answer = await client.post(
        "/requests.json", data=form, headers={"x-request-id": "once-only-0001"}
    )
    [asked] = incidents.asked

    assert answer.status_code == 201
    assert answer.json() == [
        {"service_request_id": "TIN-1", "service_notice": "Đã nhận tin.", "account_id": None}
    ]
    assert incidents.seen == [("once-only-0001", "demo-citizen")]
    assert asked.request_id == "once-only-0001"
    assert asked.reporter.full_name == "Người Giả Định"
    assert asked.answers == [pb.ServiceAnswer(code="vehicles", value="2")]
    assert asked.position.latitude == 20.9


WRONG: list[tuple[str, str, Any, int]] = [
    ("GET", "/services/no_such_code", None, 404),
    ("GET", "/services?jurisdiction_id=elsewhere", None, 404),
    ("GET", "/requests/TIN-0", None, 404),
    ("GET", "/tokens/TIN-0", None, 404),
    ("GET", "/requests/%00", None, 400),
    ("GET", "/requests?service_code=%00", None, 400),
    ("GET", "/requests?status=half", None, 400),
    ("GET", "/requests?start_date=yesterday", None, 400),
    ("POST", "/requests", FORM, 403),
    ("POST", "/requests", {**FORM, "api_key": "x.y.z"}, 403),
    ("POST", "/requests", {**FORM, "service_code": ""}, 400),
    ("POST", "/requests", {**FORM, "nmae": "x"}, 400),
    ("POST", "/requests", {**FORM, "lat": "north"}, 400),
    ("POST", "/requests", {**FORM, "jurisdiction_id": "elsewhere"}, 404),
    ("POST", "/requests?api_key=seen-by-proxies", FORM, 403),
]


@pytest.mark.http
async def test_what_is_wrong_gets_the_standards_errors(client: httpx2.AsyncClient) -> None:
    """As a list of code and description, in the form that was asked for, and nothing that was sent is repeated."""
    for verb, path, form, code in WRONG:
        base, _, query = path.partition("?")
        as_json = await client.request(verb, f"{base}.json?{query}", data=form)
        as_xml = await client.request(verb, f"{base}.xml?{query}", data=form)
        root = ET.fromstring(as_xml.content)  # noqa: S314 - our own

        assert (as_json.status_code, as_xml.status_code) == (code, code), path
        assert {one["code"] for one in as_json.json()} == {code}
        assert (root.tag, root.findtext("error/code")) == ("errors", str(code))
        assert "elsewhere" not in as_json.text + as_xml.text
    not_a_form = await client.post("/requests.json", json=FORM)
    other_form = await client.get("/services.yaml")

    assert "application/x-www-form-urlencoded" in not_a_form.json()[0]["description"]
    assert (not_a_form.status_code, other_form.status_code) == (400, 404)


@pytest.mark.parametrize(
    ("field", "parameter"),
    [
        ("start", "start_date"),
        ("address", "address_string"),
        ("answers.vehicles", "attribute[vehicles]"),
        ("road_accident.vehicles", "attribute[vehicles]"),
        ("answers", "attribute"),
        ("answers[1].value", "attribute"),
        ("numbers[0]", "service_request_id"),
        ("description", "description"),
    ],
)
def test_what_is_wrong_is_named_as_the_standard_names_it(field: str, parameter: str) -> None:
    """Not as the ward's own interface does, which who sent it does not know."""
    document = refusal_of(FieldInvalidError(field, Rule("quy tắc", "a rule")))
    said = [one["description"] for one in json.loads(bytes(document.answer("json").body))]

    assert said == [
        f"The field '{parameter}' is not valid. / Trường «{parameter}» không hợp lệ.",
        f"{parameter}: a rule / quy tắc",
    ]


@pytest.mark.http
async def test_without_a_token_of_its_own_the_gateway_tells_nothing(
    ward: Ward, address: str
) -> None:
    """Nobody is asked in anybody's name."""
    async with httpx2.AsyncClient() as stranger:
        answer = await stranger.get(f"{address}/open311/v2/services.json")

    assert answer.status_code == 503
    assert answer.json()[0]["code"] == 503
    assert ward.incidents.asked == []


@settings(max_examples=40)
@given(
    text=st.text(
        st.characters(
            codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"
        )
    )
)
def test_text_is_the_same_in_both_forms(text: str) -> None:
    """Whatever a script or a quote may be to a browser, a reader of XML or JSON gets it as it was."""
    document = Document("errors", [{"code": 400, "description": text}])
    as_json = json.loads(bytes(document.answer("json").body))
    as_xml = ET.fromstring(bytes(document.answer("xml").body))  # noqa: S314 - our own

    assert as_json[0]["description"] == text
    assert (as_xml.findtext("error/description") or "") == text
