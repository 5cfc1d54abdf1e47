"""The routes of the contracts: one for each path template, answering each verb that is bound to it."""

import re
import urllib.parse
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from fastapi import Request
from google.protobuf.message import Message
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from chassis import context
from chassis.context import Identity
from chassis.errors import DomainError
from gateway.schemas import proto_json
from gateway.schemas.bindings import Binding
from gateway.schemas.contracts import Method
from gateway.transcoder.requests import read_message

# RFC 6750 b64token; anything else could not be sent on as gRPC metadata. 8 KiB is what gRPC takes for sure.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,8000}")
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +")
# Stands for text that no service takes for a token.
_NO_TOKEN = "-"  # noqa: S105 - it opens nothing

# A day is longer than any outage that a copy should bridge.
_KEPT = "private, no-cache, stale-if-error=86400"

Answer = Callable[[Request, Message], Awaitable[Response]]
# Has a method's service refuse, with a reason, a request that could not be read.
Refuse = Callable[[Method, str], Awaitable[None]]


def unary(call: Callable[[Message], Awaitable[Message]]) -> Answer:
    """Make the answer of a method with one response: its JSON."""

    async def answer(_request: Request, message: Message) -> Response:
        response = await call(message)
        return Response(proto_json.write(response), media_type="application/json")

    return answer


def document(call: Callable[[Message], Awaitable[Message]], field: str) -> Answer:
    """Make the answer of a method that gives a document: itself, or 304 where the caller has this version.

    A copy may be kept by whoever asked, shown while nothing answers, and is asked about before it is used otherwise
    (RFC 9111, RFC 5861); without an ETag none may. One with a name is saved and never shown (RFC 6266).
    """

    async def answer(request: Request, message: Message) -> Response:
        told = getattr(await call(message), field)
        headers = {"content-disposition": _attached(told.file_name)} if told.file_name else {}
        if not told.etag:
            return Response(told.content, media_type=told.media_type, headers=headers)
        tag = f'"{told.etag}"'
        headers |= {"etag": tag, "cache-control": _KEPT}
        known = {each.strip() for each in request.headers.get("if-none-match", "").split(",")}
        if known & {tag, f"W/{tag}", "*"}:
            return Response(status_code=304, headers=headers)
        return Response(told.content, media_type=told.media_type, headers=headers)

    return answer


def _attached(file_name: str) -> str:
    """Have a browser save what it gets; every name is written in the letters that headers may have (RFC 8187)."""
    return f"attachment; filename*=UTF-8''{urllib.parse.quote(file_name, safe='')}"


@dataclass(frozen=True)
class Endpoint:
    """One binding of one method, and how the method is answered or refused."""

    method: Method
    binding: Binding
    answer: Answer
    refuse: Refuse

    async def read(self, request: Request) -> Message:
        """Read the request's message.

        Who asks for personal data with a request that cannot be read is accounted for too, by the service: its
        refusal of token or role comes before the reader's complaint.
        """
        try:
            return await read_message(
                self.method, self.binding, request.scope["path_params"], request
            )
        except DomainError as error:
            if self.method.rule.personal_data:
                await self.refuse(self.method, error.reason)
            raise


class TranscodedRoute:
    """A path template of the contracts, matched before percent-decoding."""

    def __init__(self, template: str, endpoints: Mapping[str, Endpoint]) -> None:
        self.path = template
        self._endpoints = endpoints
        self._pattern = next(iter(endpoints.values())).binding.pattern

    def variables(self, path: str) -> dict[str, str] | None:
        """Tell the variables of a path, still encoded, or nothing where it is another."""
        found = self._pattern.fullmatch(path)
        return None if found is None else found.groupdict()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the message, have it answered, send the answer."""
        request = Request(scope, receive)
        endpoint = self._endpoints.get(request.method)
        if endpoint is None:
            raise HTTPException(405, headers={"allow": ", ".join(self._endpoints)})
        sign_in(request)
        message = await endpoint.read(request)
        response = await endpoint.answer(request, message)
        await response(scope, receive, send)


class TranscodedRoutes(BaseRoute):
    """All path templates of the contracts.

    A path is compared with those that begin as it does: there are two hundred, and one after the other they would take
    as long as reading the request.
    """

    def __init__(self, routes: Iterable[TranscodedRoute]) -> None:
        self._routes: dict[str, list[TranscodedRoute]] = {}
        for route in routes:
            self._routes.setdefault(_beginning(route.path), []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path; the verb is judged when it is handled, so that a wrong one learns the right ones."""
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["raw_path"].decode("latin-1")
        for route in self._routes.get(_beginning(path), ()):
            variables = route.variables(path)
            if variables is not None:
                return Match.FULL, {"path_params": variables, "route": route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the template that was found handle the request."""
        await scope["route"].handle(scope, receive, send)


def _beginning(path: str) -> str:
    """Tell the first two segments, `/v1/incidents`, which in every template are words."""
    return "/".join(path.split("/", 3)[:3])


def sign_in(request: Request) -> None:
    """Take the access token to pass on, if there is one.

    The services refuse a missing or wrong one themselves, and account for it where personal data was asked for. Text
    that cannot be a token is not passed on as it is: it could be anything.
    """
    context.identity.set(None)
    authorization = request.headers.get("authorization", "")
    if authorization:
        bearer = _BEARER.match(authorization)
        sign_in_with(authorization[bearer.end() :] if bearer else "")


def sign_in_with(token: str) -> None:
    """Pass an access token on, or where it cannot be one something that no service takes for one."""
    passed_on = token if _TOKEN.fullmatch(token) else _NO_TOKEN
    context.identity.set(Identity(account="", roles=frozenset(), token=passed_on))


def transcoded_routes(
    methods: Iterable[Method], answer_of: Callable[[Method], Answer], refuse: Refuse
) -> BaseRoute:
    """Make the routes of the methods.

    Raises ValueError where two methods are bound alike, or a template has a variable in its first two segments.
    """
    templates: dict[str, dict[str, Endpoint]] = {}
    for method in methods:
        answer = answer_of(method)
        for binding in method.bindings:
            if "{" in _beginning(binding.template):
                raise ValueError(f"{binding.template} begins with a variable")
            verbs = templates.setdefault(binding.template, {})
            if binding.verb in verbs:
                raise ValueError(f"{binding.verb} {binding.template} is bound twice")
            verbs[binding.verb] = Endpoint(method, binding, answer, refuse)
    return TranscodedRoutes(TranscodedRoute(*each) for each in templates.items())
