"""Errors as RFC 9457 problems: which status, which sentences, in which language."""

from gateway.problems.answers import HANDLERS, MEDIA_TYPE, answer_with, write
from gateway.problems.problem import (
    Problem,
    is_outage,
    of_domain_error,
    of_http_status,
    of_rpc_error,
)

__all__ = [
    "HANDLERS",
    "MEDIA_TYPE",
    "Problem",
    "answer_with",
    "is_outage",
    "of_domain_error",
    "of_http_status",
    "of_rpc_error",
    "write",
]
