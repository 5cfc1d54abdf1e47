"""HTTP and JSON to gRPC and back, for every method the contracts bind; no method is written by hand."""

from gateway.transcoder.requests import pairs, read_body
from gateway.transcoder.routes import (
    Answer,
    document,
    sign_in,
    sign_in_with,
    transcoded_routes,
    unary,
)

__all__ = [
    "Answer",
    "document",
    "pairs",
    "read_body",
    "sign_in",
    "sign_in_with",
    "transcoded_routes",
    "unary",
]
