"""The OpenAPI 3.1 description of the gateway, made from the contracts and their comments."""

from gateway.openapi.document import TITLE, document

__all__ = ["TITLE", "document"]
