"""Reading one HTTP request into the message it stands for: path, query and body, each field in one place."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from fastapi import Request
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.errors import FieldInvalidError, MalformedRequestError
from chassis.rules import Rule
from gateway.schemas import proto_json
from gateway.schemas.bindings import Binding, Parameter
from gateway.schemas.contracts import Method

MAX_BODY = 2**20
# Whoever shows no token gets little memory before the service has refused them.
MAX_BODY_WITHOUT_TOKEN = 2**16
_MAX_PARAMETERS = 64
_BOOLEANS = {"true": True, "false": False}
_BLANK_BEFORE_OFFSET = re.compile(r"(?<=[0-9]) (?=[0-9]{2}:[0-9]{2}$)")


async def read_message(
    method: Method, binding: Binding, variables: Mapping[str, str], request: Request
) -> Message:
    """Read the request's message.

    Raises UnknownFieldError, FieldInvalidError, MalformedRequestError, or HTTPException for a body that is too large
    (413) or not JSON (415).
    """
    message = method.request()
    for field in binding.path_fields:
        value = _from_text(field, _decoded(variables[field.name]))
        proto_json.set_leaf(message, field, value, field.name)
    _read_query(message, binding, request.scope["query_string"])
    if binding.has_body:
        document = proto_json.parse(await read_body(request))
        proto_json.fill(message, document, without={field.name for field in binding.path_fields})
    return message


def _decoded(segment: str) -> str:
    """Decode one segment of a path, which the route has as it came over the wire."""
    try:
        return unquote_to_bytes(segment.encode("latin-1")).decode()
    except UnicodeDecodeError as error:
        raise MalformedRequestError from error


def _read_query(message: Message, binding: Binding, query: bytes) -> None:
    if not query:
        return
    given: dict[Parameter, list[str]] = {}
    for name, value in pairs(query):
        parameter = binding.parameters.get(name)
        if parameter is None:
            raise proto_json.unknown_field(name)
        given.setdefault(parameter, []).append(value)
    for parameter, values in given.items():
        _set_parameter(message, parameter, values)


def pairs(query: bytes) -> list[tuple[str, str]]:
    """Read the pairs of a query, or of a form; raises MalformedRequestError."""
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_PARAMETERS,
        )
    except ValueError as error:
        raise MalformedRequestError from error


def _set_parameter(message: Any, parameter: Parameter, texts: list[str]) -> None:  # noqa: ANN401
    values = [_from_text(parameter.field, text) for text in texts]
    if len(values) > 1 and not parameter.field.is_repeated:
        raise FieldInvalidError(parameter.proto_name, Rule("chỉ ghi một lần", "given once"))
    for step in parameter.steps[:-1]:
        message = getattr(message, step.name)
    proto_json.set_leaf(
        message,
        parameter.field,
        values if parameter.field.is_repeated else values[0],
        parameter.proto_name,
    )


def _from_text(field: FieldDescriptor, text: str) -> str | bool:
    """Give the JSON value that a text stands for: a truth value, or the text, which JSON too allows for numbers."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return _BOOLEANS.get(text, text)
    if field.message_type is not None and field.message_type.name == "Timestamp":
        return with_plus(text)
    return text


def with_plus(moment: str) -> str:
    """Give a time of a query its plus back: `+07:00` that nobody escaped comes as a blank and `07:00`.

    `2026-11-28T07:30:00+07:00` is how we write times ourselves, and is pasted as it is. A date and a time that a blank
    sets apart (`2026-11-28 07:30`) are left alone.
    """
    day, mark, time = moment.partition("T")
    return day + mark + _BLANK_BEFORE_OFFSET.sub("+", time)


async def read_body(request: Request, media_type: str = "application/json") -> bytes:
    """Read a bounded body.

    Raises HTTPException for one that is too large (413), compressed or of another type (415).
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415)
    declared_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if declared_type.strip().lower() != media_type or not _is_utf8(parameters):
        raise HTTPException(415)
    limit = MAX_BODY if "authorization" in request.headers else MAX_BODY_WITHOUT_TOKEN
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise HTTPException(413)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise HTTPException(413)
    except ClientDisconnect as error:  # by the caller, or by this server when it took too long
        raise MalformedRequestError from error
    return bytes(body)


def _is_utf8(parameters: str) -> bool:
    name, _, value = parameters.strip().lower().partition("=")
    return name != "charset" or value.strip('"') == "utf-8"
