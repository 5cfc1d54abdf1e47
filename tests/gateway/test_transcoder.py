"""HTTP and JSON to gRPC and back, through real servers on both sides."""

import gzip

import httpx2
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio

from chassis.rpc import grpc_client
from gateway.transcoder.requests import with_plus
from stack.issuer import Issuer
from tests.fixtures.servers import MakeToken
from tests.gateway.conftest import Ward
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2
from ward.options.v1 import access_pb2
from ward.residency.v1 import residency_pb2, residency_pb2_grpc

pytestmark = pytest.mark.http

Client = httpx2.AsyncClient


async def test_a_path_names_what_is_asked_for(client: Client, ward: Ward) -> None:
    """Percent-encoded characters are part of the id."""
    await client.get("/v1/incidents/VV%2F1%3Aa")

    assert ward.incidents.asked == [incidents_pb2.GetIncidentRequest(incident_id="VV/1:a")]


async def test_a_path_that_is_not_utf8_is_malformed(client: Client, ward: Ward) -> None:
    """400, not a guess."""
    answer = await client.get("/v1/incidents/%ff")

    assert (answer.status_code, answer.json()["reason"]) == (400, "MALFORMED_REQUEST")
    assert ward.incidents.asked == []


@pytest.mark.parametrize(
    ("verb", "path", "body", "field"),
    [
        ("GET", "/v1/incidents/%00", b"", "incident_id"),
        ("GET", "/v1/incidents?page_token=a%00b", b"", "page_token"),
        ("POST", "/v1/incidents/1:acknowledge", b'{"requestId": "a\\u0000b"}', "request_id"),
    ],
)
async def test_a_text_with_nul_is_refused_by_its_field(
    client: Client, ward: Ward, verb: str, path: str, body: bytes, field: str
) -> None:
    """400 by the service's own check, wherever over HTTP it stands."""
    headers = {"content-type": "application/json"}
    answer = await client.request(verb, path, content=body, headers=headers)
    problem = answer.json()

    assert (answer.status_code, problem["reason"]) == (400, "FIELD_INVALID")
    assert [one["field"] for one in problem["errors"]] == [field]
    assert problem["errors"][0]["description_vi"] == "không chứa ký tự NUL (U+0000)"
    assert ward.incidents.asked == []


async def test_the_answer_is_proto3_json_with_zeros(client: Client, ward: Ward) -> None:
    """Names in lowerCamelCase, enums by name, 64-bit numbers as text; absent is only what can be absent."""
    ward.incidents.answers["GetIncident"] = incidents_pb2.GetIncidentResponse(
        incident=incidents_pb2.Incident(
            incident_id="1",
            priority=incidents_pb2.PRIORITY_P1,
            opened_at=Timestamp(seconds=1),
            version=2**60,
        )
    )
    answer = await client.get("/v1/incidents/1")
    incident = answer.json()["incident"]

    assert answer.headers["content-type"] == "application/json"
    assert incident["incidentId"] == "1"
    assert incident["priority"] == "PRIORITY_P1"
    assert incident["state"] == "INCIDENT_STATE_UNSPECIFIED"
    assert incident["version"] == str(2**60)
    assert incident["openedAt"] == "1970-01-01T00:00:01Z"
    assert incident["alarmIds"] == []
    assert incident["assignee"] == ""
    assert "closedAt" not in incident


async def test_a_query_fills_the_rest_of_the_request(client: Client, ward: Ward) -> None:
    """Both spellings, enums by name, truth values in words."""
    await client.get(
        "/v1/alarms?premisesId=P&signal_class=SIGNAL_CLASS_TROUBLE&openOnly=true&pageSize=7"
    )

    assert ward.fire_safety.asked == [
        fire_safety_pb2.ListAlarmsRequest(
            premises_id="P",
            signal_class=fire_safety_pb2.SIGNAL_CLASS_TROUBLE,
            open_only=True,
            page_size=7,
        )
    ]


@pytest.mark.parametrize("plus", ["+", "%2B"])
async def test_the_plus_of_a_time_need_not_be_escaped(client: Client, plus: str) -> None:
    """So times are pasted from answers; what is refused here is another field."""
    answer = await client.get(
        f"/v1/devices/D/readings?begins_at=2026-11-28T07:30:00{plus}07:00&max_points=few"
    )

    assert answer.json()["metadata"] == {"field": "max_points"}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-28T07:30:00 07:00", "2026-11-28T07:30:00+07:00"),
        ("2026-11-28T07:30:00.25 07:00", "2026-11-28T07:30:00.25+07:00"),
        ("2026-11-28T07:30:00-07:00", "2026-11-28T07:30:00-07:00"),
        ("2026-11-28 07:30", "2026-11-28 07:30"),
        ("2026-11-28", "2026-11-28"),
        ("", ""),
    ],
)
def test_a_blank_before_an_offset_was_a_plus(text: str, moment: str) -> None:
    """One between a day and a time was not."""
    assert with_plus(text) == moment


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/v1/dwellings/d/occupancy", {"dwelling_id": "d"}),
        ("/v1/buildings/b/occupancy", {"building_id": "b"}),
    ],
)
async def test_each_binding_of_a_method_leads_to_it(
    client: Client, ward: Ward, path: str, place: dict[str, str]
) -> None:
    """The purpose stands in the query, with dots."""
    await client.get(f"{path}?purpose.purpose=PURPOSE_FIRE_RESCUE&purpose.reference=VV-2026-1")

    assert ward.residency.asked == [
        residency_pb2.GetOccupancyRequest(
            purpose=access_pb2.AccessPurpose(
                purpose=access_pb2.PURPOSE_FIRE_RESCUE, reference="VV-2026-1"
            ),
            **place,
        )
    ]


async def test_a_verb_after_a_colon_takes_path_and_body(client: Client, ward: Ward) -> None:
    """The id from the path, the rest from the body."""
    answer = await client.post(
        "/v1/alarms/a-1:reset",
        json={"requestId": "0123456789", "disposition": "DISPOSITION_NUISANCE"},
    )

    assert answer.status_code == 200
    assert ward.fire_safety.asked == [
        fire_safety_pb2.ResetAlarmRequest(
            alarm_id="a-1",
            request_id="0123456789",
            disposition=fire_safety_pb2.DISPOSITION_NUISANCE,
        )
    ]


async def test_a_nested_body_arrives_whole(client: Client, ward: Ward) -> None:
    """A calendar date is an object of its own."""
    await client.post(
        "/v1/identities:verify",
        json={
            "purpose": {"purpose": "PURPOSE_RESIDENCE_CASE", "reference": "HS.1"},
            "personalIdNumber": "999000000017",
            "fullName": "Trần Thị Thử",
            "birthDate": {"year": 1990, "month": 2, "day": 0},
        },
    )
    (asked,) = ward.residency.asked

    assert asked.full_name == "Trần Thị Thử"
    assert (asked.birth_date.year, asked.birth_date.month) == (1990, 2)
    assert asked.purpose.reference == "HS.1"


async def test_the_caller_and_the_request_id_are_passed_on(client: Client, ward: Ward) -> None:
    """The service sees who calls, and one id follows the call through both."""
    answer = await client.get("/v1/incidents/1", headers={"x-request-id": "aaaabbbbcccc"})

    assert ward.incidents.seen == [("aaaabbbbcccc", "demo-duty-officer")]
    assert answer.headers["x-request-id"] == "aaaabbbbcccc"


@pytest.mark.parametrize(
    ("authorization", "reason", "challenge"),
    [
        (None, "TOKEN_MISSING", 'Bearer realm="ward"'),
        ("Basic eDp5", "TOKEN_INVALID", 'Bearer realm="ward", error="invalid_token"'),
        ("Bearer a b", "TOKEN_INVALID", 'Bearer realm="ward", error="invalid_token"'),
        ("Bearer " + "a" * 9000, "TOKEN_INVALID", 'Bearer realm="ward", error="invalid_token"'),
    ],
)
async def test_without_a_token_no_service_is_asked(
    address: str, ward: Ward, authorization: str | None, reason: str, challenge: str
) -> None:
    """401 with a challenge (RFC 6750)."""
    headers = {"authorization": authorization} if authorization else {}
    async with httpx2.AsyncClient(base_url=address) as nobody:
        answer = await nobody.get("/v1/incidents/1", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["reason"] == reason
    assert answer.headers["www-authenticate"] == challenge
    assert ward.incidents.asked == []


async def test_an_expired_token_is_refused_by_the_service(
    address: str, make_token: MakeToken
) -> None:
    """The gateway does not judge tokens; what the service says arrives."""
    headers = {"authorization": f"Bearer {make_token('duty_officer', at=1000)}"}
    async with httpx2.AsyncClient(base_url=address) as late:
        answer = await late.get("/v1/incidents/1", headers=headers)

    assert (answer.status_code, answer.json()["reason"]) == (401, "TOKEN_EXPIRED")


async def test_a_wrong_role_is_refused_by_the_service(address: str, make_token: MakeToken) -> None:
    """403 with the reason."""
    headers = {"authorization": f"Bearer {make_token('citizen')}"}
    async with httpx2.AsyncClient(base_url=address) as citizen:
        answer = await citizen.get("/v1/incidents/1", headers=headers)

    assert (answer.status_code, answer.json()["reason"]) == (403, "ROLE_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("query", "reason", "field"),
    [
        ("x=1", "UNKNOWN_FIELD", "x"),
        ("purpose.x=1", "UNKNOWN_FIELD", "purpose.x"),
        ("page_size=1&pageSize=1", "FIELD_INVALID", "page_size"),
        ("page_size=many", "FIELD_INVALID", "page_size"),
        ("page_size=", "FIELD_INVALID", "page_size"),
        ("open_only=1", "FIELD_INVALID", "open_only"),
        ("signal_class=LOUD", "FIELD_INVALID", "signal_class"),
        ("page_size", "MALFORMED_REQUEST", None),
        ("premises_id=%ff", "MALFORMED_REQUEST", None),
        ("&".join("premises_id=a" for _ in range(65)), "MALFORMED_REQUEST", None),
    ],
)
async def test_a_bad_query_is_refused_by_name(
    client: Client, ward: Ward, query: str, reason: str, field: str | None
) -> None:
    """400; no service is asked, and no value is repeated."""
    answer = await client.get(f"/v1/alarms?{query}")
    problem = answer.json()

    assert answer.status_code == 400
    assert problem["reason"] == reason
    assert problem.get("metadata", {}).get("field") == field
    assert ward.fire_safety.asked == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "MALFORMED_REQUEST"),
        (b"{", "MALFORMED_REQUEST"),
        (b"[]", "MALFORMED_REQUEST"),
        (b'{"alarmId": "other"}', "UNKNOWN_FIELD"),
        (b'{"nmae": 1}', "UNKNOWN_FIELD"),
        (b'{"disposition": []}', "FIELD_INVALID"),
    ],
)
async def test_a_bad_body_is_refused(client: Client, ward: Ward, body: bytes, reason: str) -> None:
    """400; what the path says has no second place in the body."""
    answer = await client.post(
        "/v1/alarms/a:reset", content=body, headers={"content-type": "application/json"}
    )

    assert (answer.status_code, answer.json()["reason"]) == (400, reason)
    assert ward.fire_safety.asked == []


VERIFY = "/v1/identities:verify"
OCCUPANCY = "/v1/dwellings/d/occupancy"


@pytest.mark.parametrize(
    ("verb", "path", "body", "told", "recorded"),
    [
        ("POST", VERIFY, b"{", "MALFORMED_REQUEST", "MALFORMED_REQUEST"),
        ("POST", VERIFY, b'{"nmae": 1}', "UNKNOWN_FIELD", "UNKNOWN_FIELD"),
        ("POST", VERIFY, b'{"birthDate": 1}', "FIELD_INVALID", "MALFORMED_REQUEST"),
        ("GET", OCCUPANCY + "?x=1", b"", "UNKNOWN_FIELD", "UNKNOWN_FIELD"),
        ("GET", OCCUPANCY + "?purpose.purpose=A", b"", "FIELD_INVALID", "MALFORMED_REQUEST"),
    ],
)
async def test_an_unreadable_request_for_personal_data_is_accounted_for(
    client: Client, ward: Ward, verb: str, path: str, body: bytes, told: str, recorded: str
) -> None:
    """The service records who asked and why it was refused; it never acts on the request.

    It sees no field, so what is wrong with one is recorded as malformed.
    """
    headers = {"content-type": "application/json"}
    answer = await client.request(verb, path, content=body, headers=headers)

    assert (answer.status_code, answer.json()["reason"]) == (400, told)
    assert [(each.account, each.outcome) for each in ward.residency.log.records] == [
        ("demo-duty-officer", recorded)
    ]
    assert ward.residency.asked == []


async def test_the_field_at_fault_is_named_though_the_service_refuses(client: Client) -> None:
    """What the caller reads is the reader's own complaint."""
    answer = await client.post(VERIFY, json={"purpose": {"nmae": 1}})

    assert answer.json()["metadata"] == {"field": "purpose.nmae"}


async def test_a_missing_token_comes_before_an_unreadable_request(
    address: str, ward: Ward
) -> None:
    """401; whoever may not ask learns nothing of how to ask."""
    async with httpx2.AsyncClient(base_url=address) as nobody:
        answer = await nobody.get(OCCUPANCY + "?x=1")

    assert (answer.status_code, answer.json()["reason"]) == (401, "TOKEN_MISSING")
    assert [each.outcome for each in ward.residency.log.records] == ["TOKEN_MISSING"]


async def test_a_wrong_role_comes_before_an_unreadable_request(
    address: str, ward: Ward, make_token: MakeToken
) -> None:
    """403, and so recorded."""
    headers = {"authorization": f"Bearer {make_token('citizen')}"}
    async with httpx2.AsyncClient(base_url=address, headers=headers) as citizen:
        answer = await citizen.post(VERIFY, json={"nmae": 1})

    assert (answer.status_code, answer.json()["reason"]) == (403, "ROLE_NOT_ALLOWED")
    assert [each.outcome for each in ward.residency.log.records] == ["ROLE_NOT_ALLOWED"]


async def test_what_cannot_be_accounted_for_is_not_answered(client: Client, ward: Ward) -> None:
    """503 while the service that records is away."""
    await ward.residency.stop()
    answer = await client.post(VERIFY, json={"nmae": 1})

    assert (answer.status_code, answer.json()["reason"]) == (503, "SERVICE_UNAVAILABLE")


async def test_a_service_that_does_not_refuse_is_at_fault(client: Client, ward: Ward) -> None:
    """500; a server without the chassis's guard answers what it was asked to refuse."""
    await ward.residency.stop()
    careless = aio.server(options=[("grpc.so_reuseport", 0)])
    residency_pb2_grpc.add_ResidencyServiceServicer_to_server(Careless(), careless)
    careless.add_insecure_port(ward.residency.target)
    await careless.start()
    while (answer := await client.post(VERIFY, json={"nmae": 1})).status_code == 503:
        pass  # the gateway has yet to connect anew
    await careless.stop(0)

    assert (answer.status_code, answer.json()["reason"]) == (500, "INTERNAL")


class Careless(residency_pb2_grpc.ResidencyServiceServicer):
    """A service that answers anybody."""

    async def VerifyIdentity(self, _request: object, _context: object) -> object:
        """Answer."""
        return residency_pb2.VerifyIdentityResponse()


async def test_without_a_token_a_body_is_at_most_64_kibibytes(address: str, ward: Ward) -> None:
    """413, whether its length is declared or it comes in chunks; with a token the service judges."""
    large = b'{"requestId": "' + b"a" * 2**16 + b'"}'
    headers = {"content-type": "application/json"}

    async def chunks() -> object:
        yield large[:100]
        yield large[100:]

    async with httpx2.AsyncClient(base_url=address, headers=headers) as nobody:
        path = "/v1/alarms/a:reset"
        declared = await nobody.post(path, content=large)
        chunked = await nobody.post(path, content=chunks())
        signed = await nobody.post(path, content=large, headers={"authorization": "Bearer a"})

    assert [each.status_code for each in (declared, chunked, signed)] == [413, 413, 401]
    assert ward.fire_safety.asked == []


async def test_a_body_over_one_mebibyte_is_refused(client: Client, ward: Ward) -> None:
    """413, whether its length is declared or it comes in chunks."""
    large = b'{"requestId": "' + b"a" * 2**20 + b'"}'
    headers = {"content-type": "application/json"}

    async def chunks() -> object:
        for start in range(0, len(large), 2**16):
            yield large[start : start + 2**16]

    declared = await client.post("/v1/alarms/a:reset", content=large, headers=headers)
    chunked = await client.post("/v1/alarms/a:reset", content=chunks(), headers=headers)

    assert (declared.status_code, chunked.status_code) == (413, 413)
    assert declared.json()["type"] == "about:blank"
    assert ward.fire_safety.asked == []


async def test_a_compressed_body_is_refused_as_such(client: Client) -> None:
    """415: nothing is unfolded before anybody has signed in; `identity` says that it is none."""
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    body = gzip.compress(b'{"requestId": "request-1"}')
    answer = await client.post("/v1/alarms/a:reset", content=body, headers=headers)
    plain = await client.post(
        "/v1/alarms/a:reset",
        content=b'{"requestId": "request-1"}',
        headers={**headers, "content-encoding": "identity"},
    )

    assert answer.status_code == 415
    assert "uncompressed" in answer.json()["detail_en"]
    assert plain.status_code != 415


@pytest.mark.parametrize("media_type", ["text/plain", "application/json; charset=utf-16", ""])
async def test_a_body_must_be_json_in_utf8(client: Client, media_type: str) -> None:
    """415."""
    answer = await client.post(
        "/v1/alarms/a:reset", content=b"{}", headers={"content-type": media_type}
    )

    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"


async def test_another_verb_learns_the_right_one(client: Client) -> None:
    """405 with Allow; HEAD too, since it would be a look at data that shows nothing."""
    wrong = await client.get("/v1/alarms/a:reset")
    head = await client.head("/v1/alarms/a")

    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert (head.status_code, head.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("path", ["/v1", "/v1/alarms/", "/v1/alarms/a:b", "/v2/alarms"])
async def test_any_other_address_is_a_problem(client: Client, path: str) -> None:
    """404 in the same shape as every problem; nothing redirects."""
    answer = await client.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "Không có địa chỉ này."


async def test_a_service_that_is_away_is_unavailable(client: Client, ward: Ward) -> None:
    """503 with Retry-After; the others go on."""
    await ward.residency.stop()
    away = await client.get("/v1/buildings")
    there = await client.get("/v1/incidents")

    assert (away.status_code, away.json()["reason"]) == (503, "SERVICE_UNAVAILABLE")
    assert away.headers["retry-after"] == "1"
    assert there.status_code == 200


async def test_a_service_that_does_not_answer_in_time_is_given_up(
    client: Client, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """504; every call has a deadline."""
    monkeypatch.setattr(grpc_client, "DEADLINE_S", 0.1)
    never = ward.incidents.silence("GetIncident")
    answer = await client.get("/v1/incidents/1")
    never.set()

    assert (answer.status_code, answer.json()["reason"]) == (504, "SERVICE_UNAVAILABLE")


async def test_the_gateway_never_reads_the_issuers_keys(issuer: Issuer, ward: Ward) -> None:
    """Tokens are judged where the data is: its settings need no key set."""
    settings = ward.settings(issuer)

    assert settings.auth_jwks == ""
