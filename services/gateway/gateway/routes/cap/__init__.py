"""Public warnings as CAP 1.2 of OASIS: a feed (RFC 4287), and a document for each message."""

from gateway.routes.cap.endpoints import cap_routes

__all__ = ["cap_routes"]
