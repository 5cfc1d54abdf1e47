"""Errors as RFC 9457 problems."""

from http import HTTPStatus

import grpc
import httpx2
import pytest
from fastapi import Request
from google.rpc import error_details_pb2, status_pb2
from grpc.aio import AioRpcError, Metadata

from chassis import errors
from chassis.errors import DomainError, FieldInvalidError
from chassis.rpc.grpc_errors import reasons, status_of
from chassis.rules import characters
from gateway import problems
from gateway.problems.answers import language_of
from gateway.problems.statuses import STATUS_OF_CODE, TITLES
from tests.gateway.conftest import Ward

DETAILS_KEY = "grpc-status-details-bin"


class IncidentGoneError(DomainError):
    """Some expected error of a service."""

    reason = "INCIDENT_NOT_FOUND"


class ResumePastError(DomainError):
    """A position that is no longer kept."""

    reason = "RESUME_TOKEN_EXPIRED"


def rpc_error(code: grpc.StatusCode, details: str, rich: bytes | None = None) -> AioRpcError:
    """Make what a call raises."""
    trailing = Metadata(*([(DETAILS_KEY, rich)] if rich is not None else []))
    return AioRpcError(code, Metadata(), trailing, details)


async def test_a_problem_says_all_in_both_languages(
    client: httpx2.AsyncClient, ward: Ward
) -> None:
    """Vietnamese stands in title and detail; the request id is its instance."""
    ward.incidents.answers["GetIncident"] = IncidentGoneError()
    answer = await client.get("/v1/incidents/1", headers={"x-request-id": "aaaabbbbcccc"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "vi"
    assert answer.headers["vary"] == "accept-language"
    assert answer.json() == {
        "type": "urn:ward:error:INCIDENT_NOT_FOUND",
        "title": "Không tìm thấy",
        "status": 404,
        "detail": "Không tìm thấy vụ việc.",
        "instance": "aaaabbbbcccc",
        "title_vi": "Không tìm thấy",
        "detail_vi": "Không tìm thấy vụ việc.",
        "title_en": "Not found",
        "detail_en": "No such incident.",
        "reason": "INCIDENT_NOT_FOUND",
    }


async def test_who_prefers_english_is_told_in_english(
    client: httpx2.AsyncClient, ward: Ward
) -> None:
    """Both languages are still there."""
    ward.incidents.answers["GetIncident"] = IncidentGoneError()
    answer = await client.get("/v1/incidents/1", headers={"accept-language": "en-GB,vi;q=0.5"})
    problem = answer.json()

    assert answer.headers["content-language"] == "en"
    assert problem["title"] == "Not found"
    assert problem["detail_vi"] == "Không tìm thấy vụ việc."


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "vi"),
        ("*", "vi"),
        ("fr", "vi"),
        ("en", "en"),
        ("EN-us", "en"),
        ("vi,en", "vi"),
        ("vi;q=0.3, en;q=0.7", "en"),
        ("en;q=x", "vi"),
        (";;,,;q=", "vi"),
    ],
)
def test_vietnamese_unless_english_is_preferred(accepted: str, language: str) -> None:
    """Malformed preferences are none."""
    headers = [(b"accept-language", accepted.encode())]

    assert language_of(Request({"type": "http", "headers": headers})) == language


async def test_invalid_fields_are_listed(client: httpx2.AsyncClient, ward: Ward) -> None:
    """Which field, and what it takes: in Vietnamese, in English where that is asked for, and in both by name."""
    ward.incidents.answers["AssignIncident"] = FieldInvalidError("assignee", characters(1, 120))
    answer = await client.post("/v1/incidents/1:assign", json={})
    problem = answer.json()

    assert answer.status_code == 400
    assert problem["detail"] == "Trường «assignee» không hợp lệ."
    assert problem["errors"] == [
        {
            "field": "assignee",
            "description": "1 đến 120 ký tự",
            "description_vi": "1 đến 120 ký tự",
            "description_en": "1 to 120 characters",
        }
    ]
    in_english = await client.post(
        "/v1/incidents/1:assign", json={}, headers={"accept-language": "en"}
    )
    assert in_english.json()["errors"][0]["description"] == "1 to 120 characters"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("bm9uc2Vuc2U", "PAGE_TOKEN_INVALID"),
        ("0000.bm9uc2Vuc2U", "PAGE_TOKEN_OF_ANOTHER_LIST"),
    ],
)
async def test_whose_page_token_is_refused_is_told_to_begin_again(
    client: httpx2.AsyncClient, token: str, reason: str
) -> None:
    """In both languages; one of a version before has no mark."""
    answer = await client.get(f"/v1/incidents?page_token={token}")
    problem = answer.json()

    assert (answer.status_code, problem["reason"]) == (400, reason)
    assert problem["detail_vi"].endswith("Hãy tải lại danh sách từ đầu.")
    assert problem["detail_en"].endswith("List again from the start.")


async def test_an_unexpected_error_tells_nothing(client: httpx2.AsyncClient, ward: Ward) -> None:
    """500; what the service met stays there."""
    ward.incidents.answers["GetIncident"] = RuntimeError("secret")
    answer = await client.get("/v1/incidents/1")

    assert (answer.status_code, answer.json()["reason"]) == (500, "INTERNAL")
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (rpc_error(grpc.StatusCode.UNAVAILABLE, "10.0.0.7 refused"), 503, "SERVICE_UNAVAILABLE"),
        (rpc_error(grpc.StatusCode.CANCELLED, "going away"), 503, "SERVICE_UNAVAILABLE"),
        (rpc_error(grpc.StatusCode.DEADLINE_EXCEEDED, "late"), 504, "SERVICE_UNAVAILABLE"),
        (rpc_error(grpc.StatusCode.UNKNOWN, "KeyError: 'Nguyễn'"), 500, "INTERNAL"),
        (rpc_error(grpc.StatusCode.UNIMPLEMENTED, "no such method"), 500, "INTERNAL"),
        (rpc_error(grpc.StatusCode.NOT_FOUND, "row 7 of persons"), 500, "INTERNAL"),
        (rpc_error(grpc.StatusCode.NOT_FOUND, "x", b"\xff not protobuf"), 500, "INTERNAL"),
        (
            rpc_error(
                grpc.StatusCode.NOT_FOUND, "x", status_pb2.Status(code=3).SerializeToString()
            ),
            500,
            "INTERNAL",
        ),
    ],
)
def test_what_is_not_the_wards_own_vocabulary_is_not_repeated(
    error: AioRpcError, status: int, reason: str
) -> None:
    """Only its kind is told."""
    problem = problems.of_rpc_error(error)
    told = str(problem.as_json("vi", "id"))

    assert (problem.status, problem.reason) == (status, reason)
    assert str(error.details()) not in told


def test_an_error_of_another_domain_is_not_repeated() -> None:
    """An ErrorInfo of somebody else's is no reason of ours."""
    status = status_pb2.Status(code=5, message="their text")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="THEIRS", domain="example.org"))
    error = rpc_error(grpc.StatusCode.NOT_FOUND, "their text", status.SerializeToString())

    assert problems.of_rpc_error(error).reason == "INTERNAL"


@pytest.mark.parametrize("code", sorted({reason.code.name for reason in reasons().values()}))
def test_every_code_of_the_contract_has_a_status_with_a_title(code: str) -> None:
    """A new reason with a new code cannot be forgotten here; INTERNAL alone is a 500."""
    status = STATUS_OF_CODE.get(grpc.StatusCode[code], HTTPStatus.INTERNAL_SERVER_ERROR)

    assert status in TITLES
    assert (status == HTTPStatus.INTERNAL_SERVER_ERROR) == (code == "INTERNAL")


def test_an_expired_resume_token_is_gone() -> None:
    """410: listing again helps, repeating does not."""
    error = ResumePastError()
    rich = status_of(error)
    told = rpc_error(grpc.StatusCode.OUT_OF_RANGE, rich.message, rich.SerializeToString())

    assert problems.of_rpc_error(told).status == HTTPStatus.GONE


def test_the_services_text_goes_before_the_gateways() -> None:
    """A reason that this gateway's contract does not know yet is told as the newer service tells it."""
    status = status_pb2.Status(code=9, message="Not yet.")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="BRAND_NEW", domain="ward"))
    status.details.add().Pack(
        error_details_pb2.LocalizedMessage(locale="vi-VN", message="Chưa được.")
    )
    told = rpc_error(grpc.StatusCode.FAILED_PRECONDITION, "Not yet.", status.SerializeToString())
    problem = problems.of_rpc_error(told)

    assert (problem.status, problem.reason) == (409, "BRAND_NEW")
    assert problem.as_json("vi", "")["detail"] == "Chưa được."


def test_unauthenticated_answers_carry_a_challenge() -> None:
    """RFC 9110 §11.6.1."""
    problem = problems.of_domain_error(errors.TokenExpiredError())

    assert problem.headers == {"www-authenticate": 'Bearer realm="ward", error="invalid_token"'}


@pytest.mark.parametrize(
    ("seconds", "vi", "en"),
    [
        (1, "1 phút", "1 minute"),
        (60, "1 phút", "1 minute"),
        (61, "2 phút", "2 minutes"),
        (7140, "119 phút", "119 minutes"),
        (7141, "2 giờ", "2 hours"),
        (7201, "3 giờ", "3 hours"),
        (86400, "24 giờ", "24 hours"),
    ],
)
def test_a_wait_is_said_in_minutes_or_hours(seconds: int, vi: str, en: str) -> None:
    """Rounded up; programs are told the seconds."""
    limited = problems.of_domain_error(errors.LimitReachedError(seconds, pattern="CALLS"))

    assert limited.detail.vi == f"Bạn đã tra cứu quá mức cho phép; hãy thử lại sau {vi}."
    assert limited.detail.en == f"You have looked up more than is allowed; try again in {en}."
    assert limited.metadata == {"pattern": "CALLS", "retry_after_s": str(seconds)}


def test_a_limit_says_when_to_come_again() -> None:
    """As the service said (RFC 9110 §10.2.3); a second where it did not."""
    limited = problems.of_domain_error(errors.LimitReachedError(1800, pattern="MISSES"))
    away = problems.of_domain_error(errors.DatabaseUnavailableError())

    assert (limited.status, limited.headers) == (429, {"retry-after": "1800"})
    assert (away.status, away.headers) == (503, {"retry-after": "1"})
