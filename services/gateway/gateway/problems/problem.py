"""What went wrong, as it will be told; nothing but the contract's own vocabulary gets in here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc.aio import AioRpcError
from grpc_status import rpc_status

from chassis.errors import (
    DomainError,
    InternalError,
    ServiceUnavailableError,
    TokenMissingError,
)
from chassis.rpc.grpc_errors import DOMAIN, status_of
from chassis.rules import Rule
from gateway.problems.statuses import STATUS_OF_CODE, TITLES, Title

_SENTENCES = {
    404: Title("Không có địa chỉ này.", "There is no such address."),
    405: Title(
        "Địa chỉ này không nhận phương thức đó.", "This address does not take that method."
    ),
    413: Title(
        "Nội dung yêu cầu vượt quá 1 MiB (64 KiB nếu không kèm mã truy cập).",
        "The request's content exceeds 1 MiB (64 KiB without an access token).",
    ),
    415: Title(
        "Nội dung phải là application/json, không nén.",
        "The content must be application/json, uncompressed.",
    ),
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}
# What a call ends with when the service behind it goes away, and nothing of the ward's own is said.
_BREAKS = frozenset({grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL})
_OUTAGES = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED})


class FieldError(NamedTuple):
    """A field that is not valid, and what it takes."""

    field: str
    rule: Rule

    def as_json(self, language: str) -> dict[str, str]:
        """Tell it; `description` is in the language asked for, `vi` or `en`."""
        return {
            "field": self.field,
            "description": getattr(self.rule, language),
            "description_vi": self.rule.vi,
            "description_en": self.rule.en,
        }


@dataclass(frozen=True)
class Problem:
    """One problem (RFC 9457). `reason` is a reason of the contract, or empty for a problem of HTTP itself."""

    status: int
    detail: Title
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self, language: str, request_id: str) -> dict[str, object]:
        """Give the problem details; `title` and `detail` are in the language asked for, `vi` or `en`."""
        title = TITLES[self.status]
        told: dict[str, object] = {
            "type": f"urn:ward:error:{self.reason}" if self.reason else "about:blank",
            "title": getattr(title, language),
            "status": self.status,
            "detail": getattr(self.detail, language),
            "instance": request_id,
            "title_vi": title.vi,
            "detail_vi": self.detail.vi,
            "title_en": title.en,
            "detail_en": self.detail.en,
        }
        if self.reason:
            told["reason"] = self.reason
        if self.metadata:
            told["metadata"] = dict(self.metadata)
        if self.errors:
            told["errors"] = [error.as_json(language) for error in self.errors]
        return told


def of_domain_error(error: DomainError) -> Problem:
    """Tell an expected error of the gateway's own as the services tell theirs."""
    return _of_status(status_of(error))


def of_rpc_error(error: AioRpcError) -> Problem:
    """Tell what a service answered; what is not in the contract's vocabulary is told without detail."""
    status = ward_status(error)
    if status is not None:
        return _of_status(status)
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return _of_status(status_of(ServiceUnavailableError()), HTTPStatus.GATEWAY_TIMEOUT)
    if error.code() in _OUTAGES:
        return of_domain_error(ServiceUnavailableError())
    return of_domain_error(InternalError())


def of_http_status(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """Tell a problem of HTTP itself: no such address, wrong method, content too large or of the wrong type."""
    if status not in TITLES:
        return of_domain_error(InternalError())
    return Problem(status, _SENTENCES.get(status, TITLES[status]), headers=dict(headers or {}))


def is_outage(error: AioRpcError) -> bool:
    """Tell whether a stream broke because something is away, so that attaching again can succeed."""
    if error.code() in _OUTAGES:
        return True
    return error.code() in _BREAKS and ward_status(error) is None


def ward_status(error: AioRpcError) -> status_pb2.Status | None:
    """Give the status that one of the ward's services told; None if it comes from anything else."""
    try:
        status = rpc_status.from_call(error)  # type: ignore[arg-type] # has what it reads
    except (ValueError, DecodeError):
        return None
    return (
        status
        if status and _details(status, error_details_pb2.ErrorInfo).domain == DOMAIN
        else None
    )


def _of_status(status: status_pb2.Status, http_status: int | None = None) -> Problem:
    code = _CODES.get(status.code, grpc.StatusCode.INTERNAL)
    http_status = http_status or STATUS_OF_CODE.get(code, HTTPStatus.INTERNAL_SERVER_ERROR)
    info = _details(status, error_details_pb2.ErrorInfo)
    sentence = _details(status, error_details_pb2.LocalizedMessage).message
    violations = _details(status, error_details_pb2.BadRequest).field_violations
    return Problem(
        status=int(http_status),
        detail=Title(vi=sentence, en=status.message),
        reason=info.reason,
        metadata=dict(info.metadata),
        errors=[_field_error(each) for each in violations],
        headers=_headers(int(http_status), info.reason, _retry_after_s(status)),
    )


def _field_error(violation: Any) -> FieldError:  # noqa: ANN401 - google.rpc ships no types
    """Read a field's error; a service of the version before says its rule in English only."""
    rule_en = violation.description
    return FieldError(
        violation.field, Rule(violation.localized_message.message or rule_en, rule_en)
    )


def _retry_after_s(status: status_pb2.Status) -> int:
    """Tell how long to wait before trying again; a second where the service does not say."""
    return _details(status, error_details_pb2.RetryInfo).retry_delay.seconds or 1


def _headers(status: int, reason: str, retry_after_s: int) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        given = reason != TokenMissingError.reason
        return {"www-authenticate": 'Bearer realm="ward"' + ', error="invalid_token"' * given}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return {"retry-after": str(retry_after_s)}
    return {}


def _details(status: status_pb2.Status, kind: Any) -> Any:  # noqa: ANN401 - google.rpc ships no types
    """Give the first detail of a kind, or an empty one."""
    found = kind()
    for detail in status.details:
        if detail.Is(kind.DESCRIPTOR):
            detail.Unpack(found)
            break
    return found
