"""Any message, split over path, query and body as a client would, arrives as it was, and at its own method."""

from fastapi import Request
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.routing import Match

from gateway.schemas.contracts import Method, read_contracts
from gateway.transcoder import Answer, transcoded_routes
from gateway.transcoder.requests import read_message
from tests.gateway.calls import body_of, path_of, query_of
from tests.gateway.messages import TEXT, messages

PACKAGES = frozenset({"ward.residency.v1", "ward.fire_safety.v1", "ward.incidents.v1"})
METHODS = read_contracts(PACKAGES).methods
WAYS = [(method, binding) for method in METHODS for binding in method.bindings]


def answer_of(_method: Method) -> Answer:
    """Answer each method with nothing."""

    async def answer(_request: Request, _message: Message) -> Response:
        return Response()

    return answer


async def refuse(_method: Method, _reason: str) -> None:
    """Have nobody refuse."""


ROUTES = transcoded_routes(METHODS, answer_of, refuse)


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


@given(st.data())
def test_any_path_finds_its_own_template(data: st.DataObject) -> None:
    """With the variables as they came, still encoded; one that goes on behind it finds none of the same."""
    method, binding = data.draw(st.sampled_from(WAYS))
    message = method.request()
    for field in binding.path_fields:
        setattr(message, field.name, data.draw(TEXT.filter(bool)))
    path = path_of(binding, message)
    match, found = ROUTES.matches({"type": "http", "raw_path": path.encode()})
    variables = binding.pattern.fullmatch(path)

    assert match is Match.FULL
    assert found["route"].path == binding.template
    assert variables is not None
    assert found["path_params"] == variables.groupdict()
    longer, _ = ROUTES.matches({"type": "http", "raw_path": f"{path}/".encode()})
    assert longer is Match.NONE


def plain(message: Message) -> object:
    """Leave out what a query cannot say: that a nested message is there, though all its fields are default."""
    return without_empty(json_format.MessageToDict(message))


def without_empty(value: object) -> object:
    """Drop empty objects at any depth."""
    if not isinstance(value, dict):
        return value
    inner = {name: without_empty(part) for name, part in value.items()}
    return {name: part for name, part in inner.items() if part != {}}
