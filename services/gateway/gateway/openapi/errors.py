"""Problem answers in the description: which statuses an operation can give, and for which reasons."""

import re
from collections.abc import Iterable
from typing import Any

from chassis.rpc.grpc_errors import reasons
from gateway import problems
from gateway.openapi.components import reference
from gateway.problems.statuses import STATUS_OF_CODE, TITLES

_ERRORS = re.compile(r"^Errors: ([A-Z_,\s]+)\.", re.MULTILINE)
# What any call can meet, whatever its method says.
_ALWAYS = (
    "TOKEN_MISSING",
    "TOKEN_INVALID",
    "TOKEN_EXPIRED",
    "ROLE_NOT_ALLOWED",
    "UNKNOWN_FIELD",
    "FIELD_INVALID",
    "MALFORMED_REQUEST",
    "SERVICE_UNAVAILABLE",
    "INTERNAL",
)
_BODY_STATUSES = (413, 415)
_SLOW_STATUS = 504


def declared_reasons(comment: str) -> list[str]:
    """Read the reasons that a method's comment names: `Errors: INCIDENT_NOT_FOUND, INCIDENT_CLOSED.`."""
    found = _ERRORS.search(comment)
    return [reason.strip() for reason in found[1].split(",")] if found else []


def problem_answers(comment: str, *, has_body: bool) -> dict[str, Any]:
    """Describe the problem answers of an operation, by status."""
    named = dict.fromkeys((*declared_reasons(comment), *_ALWAYS))
    by_status: dict[int, list[str]] = {}
    for reason in named:
        by_status.setdefault(STATUS_OF_CODE.get(reasons()[reason].code, 500), []).append(reason)
    for status in (*(_BODY_STATUSES if has_body else ()), _SLOW_STATUS):
        by_status[status] = []
    return {str(int(status)): _answer(status, by_status[status]) for status in sorted(by_status)}


def _answer(status: int, names: Iterable[str]) -> dict[str, Any]:
    title = TITLES[status]
    lines = [f"- `{name}`: {reasons()[name].vi} / {reasons()[name].en}" for name in names]
    return {
        "description": "\n".join([f"{title.vi} / {title.en}", "", *lines]).strip(),
        "content": {problems.MEDIA_TYPE: {"schema": reference("Problem")}},
    }


def problem_schema() -> dict[str, Any]:
    """Describe a problem (RFC 9457) as the gateway writes it."""
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "RFC 9457 problem. `title` and `detail` follow Accept-Language; both are always there.",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {**text, "description": "`urn:ward:error:<reason>`, or `about:blank`."},
            "title": {**text, "description": "What kind of problem it is."},
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": {**text, "description": "What happened, for people."},
            "instance": {**text, "description": "The request id; tell it when you report."},
            "reason": {**text, "enum": sorted(reasons()), "description": "The reason."},
            "metadata": {
                "type": "object",
                "additionalProperties": text,
                "description": "What the reason is about, for programs.",
            },
            "errors": {
                "type": "array",
                "description": "Which fields are not valid, and what they take, as `detail` is told.",
                "items": {
                    "type": "object",
                    "properties": {
                        "field": text,
                        "description": text,
                        "description_vi": text,
                        "description_en": text,
                    },
                },
            },
            "title_vi": {**text, "description": "The title in Vietnamese."},
            "detail_vi": {**text, "description": "The detail in Vietnamese."},
            "title_en": {**text, "description": "The title in English."},
            "detail_en": {**text, "description": "The detail in English."},
        },
    }
