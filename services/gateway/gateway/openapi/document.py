"""The description as a whole."""

from importlib.metadata import version
from typing import Any

from gateway.openapi.components import Components
from gateway.openapi.errors import problem_schema
from gateway.openapi.operations import operation
from gateway.schemas.contracts import Contracts, Method

TITLE = "Phường số an toàn"

_DESCRIPTION = """Giao diện HTTP của nền tảng: dân cư, phòng cháy và vụ việc của phường.

The platform over HTTP: residents, fire safety and incidents of the ward. Every path is derived from the gRPC contracts.

- JSON is proto3 JSON: lowerCamelCase names (the contract's own are read too), 64-bit numbers as strings, enums by
  name. Answers hold every plain field, also when it is zero or empty; absent is only what can be absent.
- A field or query parameter that the contract does not know is refused, never ignored.
- In a path a colon begins a verb; write `%3A` where it is part of an id.
- Errors are RFC 9457 problems, in Vietnamese unless `Accept-Language` prefers English.
- `X-Request-Id` is taken from the request or made, and told in every answer.
"""


def document(contracts: Contracts, openapi: str = "3.1.0") -> dict[str, Any]:
    """Describe all methods.

    What is written is valid under OpenAPI 3.0 as well, so a reader that knows only that is served with `3.0.3`.
    """
    components = Components(contracts.comments)
    bound = [method for method in contracts.methods if method.bindings]
    return {
        "openapi": openapi,
        "info": {
            "title": TITLE,
            "version": version("safe-digital-ward"),
            "description": _DESCRIPTION,
        },
        "tags": _tags(bound, components),
        "security": [{"token": []}],
        "paths": _paths(bound, components),
        "components": {
            "schemas": {
                **{name: components.schemas[name] for name in sorted(components.schemas)},
                "Problem": problem_schema(),
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


def _tags(methods: list[Method], components: Components) -> list[dict[str, str]]:
    services = {method.descriptor.containing_service: None for method in methods}
    return [
        {"name": service.name, "description": components.comment(service.full_name)}
        for service in services
    ]


def _paths(methods: list[Method], components: Components) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    for method in methods:
        for number, binding in enumerate(method.bindings):
            described = operation(method, number, components)
            paths.setdefault(binding.template, {})[binding.verb.lower()] = described
    return paths
