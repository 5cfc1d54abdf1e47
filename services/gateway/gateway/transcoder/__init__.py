"""HTTP and JSON to gRPC and back, for every method the contracts bind; no method is written by hand."""

from gateway.transcoder.routes import Answer, document, transcoded_routes, unary

__all__ = ["Answer", "document", "transcoded_routes", "unary"]
