"""Any message, split over path, query and body as a client would, arrives as it was."""

from fastapi import Request
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from gateway.schemas.contracts import read_contracts
from gateway.transcoder.requests import read_message
from tests.gateway.calls import body_of, path_of, query_of
from tests.gateway.messages import TEXT, messages

PACKAGES = frozenset({"ward.residency.v1", "ward.fire_safety.v1", "ward.incidents.v1"})
WAYS = [
    (method, binding) for method in read_contracts(PACKAGES).methods for binding in method.bindings
]


def http_request(path: str, query: str, body: bytes) -> Request:
    """Make a request as a server hands it over."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(
        {
            "type": "http",
            "method": "POST",
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"content-type", b"application/json; charset=utf-8")],
        },
        receive,
    )


@given(st.data(), st.booleans())
async def test_any_message_round_trips(data: st.DataObject, json_names: bool) -> None:  # noqa: FBT001
    """Through every binding of every method, in both spellings of the query's names."""
    method, binding = data.draw(st.sampled_from(WAYS))
    message = data.draw(messages(method.descriptor.input_type))
    for field in binding.path_fields:
        setattr(
            message,
            field.name,
            data.draw(TEXT.filter(bool)),
        )
    path, query = path_of(binding, message), query_of(binding, message, json_names=json_names)
    variables = binding.pattern.fullmatch(path)
    assert variables is not None
    request = http_request(path, query, body_of(binding, message))

    assert plain(await read_message(method, binding, variables.groupdict(), request)) == plain(
        message
    )


def plain(message: Message) -> object:
    """Leave out what a query cannot say: that a nested message is there, though all its fields are default."""
    return without_empty(json_format.MessageToDict(message))


def without_empty(value: object) -> object:
    """Drop empty objects at any depth."""
    if not isinstance(value, dict):
        return value
    inner = {name: without_empty(part) for name, part in value.items()}
    return {name: part for name, part in inner.items() if part != {}}
