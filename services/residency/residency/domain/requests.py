"""Requests of people to change something, which have their effect once however often they are repeated."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """The idempotency key of a request, the digest of its content, and the case number it gives."""

    request_id: str
    digest: bytes
    reference: str
