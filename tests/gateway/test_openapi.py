"""The description made from the contracts."""

import json
from typing import Any

import httpx2
import pytest

from chassis.rpc.grpc_errors import reasons
from gateway import openapi
from gateway.openapi.errors import declared_reasons
from gateway.schemas.contracts import read_contracts

CONTRACTS = read_contracts(
    frozenset({"ward.residency.v1", "ward.fire_safety.v1", "ward.incidents.v1"})
)
DOCUMENT = openapi.document(CONTRACTS)


def operation(path: str, verb: str = "get") -> dict[str, Any]:
    """Find one operation."""
    found: dict[str, Any] = DOCUMENT["paths"][path][verb]
    return found


def references(value: object) -> set[str]:
    """Gather every reference."""
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*(references(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(references(part) for part in value))
    return set()


def test_it_describes_every_binding_of_every_method() -> None:
    """Nothing is written by hand, so nothing is missing; operation ids are unique."""
    described = {
        (verb, path): found["operationId"]
        for path, verbs in DOCUMENT["paths"].items()
        for verb, found in verbs.items()
    }
    bound = {
        (binding.verb.lower(), binding.template)
        for method in CONTRACTS.methods
        for binding in method.bindings
    }

    assert set(described) == bound
    assert len(set(described.values())) == len(described)


def test_every_reference_leads_somewhere() -> None:
    """All of them to components."""
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}

    assert references(DOCUMENT) <= schemas


def test_an_operation_says_what_the_contract_says() -> None:
    """Sentence, reasons, roles and purpose."""
    found = operation("/v1/identities:verify", "post")

    assert found["summary"] == "Tells for each field whether it agrees with the register."
    assert "verification is preferred over" in found["description"]
    assert (
        "**Vai trò / Roles**: `duty_officer`, `residence_officer`, `service`"
        in found["description"]
    )
    assert found["x-ward-access"] == {
        "roles": ["duty_officer", "residence_officer", "service"],
        "purposeRequired": True,
        "personalData": True,
    }
    assert found["x-ward-grpc"] == "/ward.residency.v1.ResidencyService/VerifyIdentity"
    assert "PERSONAL_ID_INVALID" in found["responses"]["400"]["description"]


def test_parameters_stand_where_they_are_read() -> None:
    """Path and query, with their comments; a purpose that is required is marked so."""
    parameters = {
        each["name"]: each
        for each in operation("/v1/dwellings/{dwelling_id}/occupancy")["parameters"]
    }

    assert {name: each["in"] for name, each in parameters.items()} == {
        "dwelling_id": "path",
        "purpose.purpose": "query",
        "purpose.reference": "query",
        "asOf": "query",
        "asKnownAt": "query",
    }
    assert parameters["purpose.reference"]["required"]
    assert parameters["dwelling_id"]["description"] == "One dwelling."


def test_a_body_leaves_out_what_the_path_says() -> None:
    """And nothing else may be in it."""
    schema = DOCUMENT["components"]["schemas"]["CloseIncidentRequest"]

    assert set(schema["properties"]) == {"requestId", "disposition", "outcome", "note"}
    assert schema["additionalProperties"] is False


def test_schemas_are_proto3_json() -> None:
    """64-bit numbers as strings, enums by name, times as text, lists as lists; comments everywhere."""
    incident = DOCUMENT["components"]["schemas"]["Incident"]["properties"]
    priority = DOCUMENT["components"]["schemas"]["Priority"]

    assert incident["version"] == {
        "type": "string",
        "format": "uint64",
        "description": "Grows with each change.",
    }
    assert incident["openedAt"]["format"] == "date-time"
    assert incident["alarmIds"]["items"] == {"type": "string"}
    assert priority["enum"] == ["PRIORITY_UNSPECIFIED", *(f"PRIORITY_P{n}" for n in range(1, 5))]
    assert "- `PRIORITY_P3`: Public and urban order: the same day." in priority["description"]


def test_a_stream_is_described_as_server_sent_events() -> None:
    """With the header that resumes it."""
    found = operation("/v1/incidents:watch")

    assert list(found["responses"]["200"]["content"]) == ["text/event-stream"]
    assert "Last-Event-ID" in {each["name"] for each in found["parameters"]}
    assert "410" in found["responses"]


def test_every_operation_has_problem_answers() -> None:
    """Each status with its reasons."""
    statuses = [
        set(found["responses"]) for verbs in DOCUMENT["paths"].values() for found in verbs.values()
    ]

    assert all({"200", "400", "401", "403", "500", "503", "504"} <= each for each in statuses)


def test_the_reasons_that_comments_name_exist() -> None:
    """A method that promises an error promises one of the vocabulary."""
    named = {
        reason
        for method in CONTRACTS.methods
        for reason in declared_reasons(CONTRACTS.comments[method.descriptor.full_name])
    }

    assert named
    assert named <= set(reasons())


@pytest.mark.parametrize(
    ("path", "number"), [("/openapi.json", "3.1.0"), ("/docs/openapi.json", "3.0.3")]
)
async def test_it_is_served_to_everybody(address: str, path: str, number: str) -> None:
    """It tells nothing about the ward; Swagger UI gets the version that it reads, HEAD no content."""
    async with httpx2.AsyncClient(base_url=address) as nobody:
        answer = await nobody.get(path)
        head = await nobody.head(path)

    assert answer.headers["content-type"] == "application/json"
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == answer.headers["content-length"]
    assert answer.json() == json.loads(json.dumps({**DOCUMENT, "openapi": number}))
