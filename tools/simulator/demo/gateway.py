"""The gateway as an officer's client uses it: proto3 JSON over HTTP, server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self, TypeVar

import httpx2
from google.protobuf import json_format
from google.protobuf.message import Message

ANSWER_WITHIN_S = 10.0
RECONNECT_S = 0.2
REASON_PREFIX = "urn:ward:error:"
M = TypeVar("M", bound=Message)


class GatewayDownError(Exception):
    """Nobody answers at the gateway's address."""


class RefusedError(Exception):
    """The gateway refused a request; the message is its problem's detail (RFC 9457).

    `reason` is one of ward.errors.v1.ErrorReason without its prefix, or empty.
    """

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed later: something behind the gateway is away."""
        return self.status >= httpx2.codes.INTERNAL_SERVER_ERROR


class Gateway:
    """A signed-in client; use it as an async context manager.

    Where something is away for a moment it asks again, for at most `patience_s`; a gateway that never
    answered is not awaited.
    """

    def __init__(self, address: str, token: str, patience_s: float = 0.0) -> None:
        self._patience_s = patience_s
        self._reached = False
        self._client = httpx2.AsyncClient(
            base_url=address,
            headers={"Authorization": f"Bearer {token}", "Accept-Language": "vi"},
            timeout=ANSWER_WITHIN_S,
        )

    async def __aenter__(self) -> Self:
        """Open nothing yet: connections are made when needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def get(self, path: str, answer: M, **query: str | int | bool) -> M:
        """Read a resource into the message; raises GatewayDownError or RefusedError."""
        params = {
            name: str(value).lower() if value is True else value for name, value in query.items()
        }
        return await self._call("GET", path, answer, params=params)

    async def post(self, path: str, answer: M, body: Mapping[str, str]) -> M:
        """Call a method into the message; raises GatewayDownError or RefusedError."""
        return await self._call("POST", path, answer, json=dict(body))

    async def watch(self, path: str, kind: type[M], opened: asyncio.Event) -> AsyncIterator[M]:
        """Yield the events of a stream for ever; where it breaks it is resumed. Sets `opened` once open."""
        last_id = ""
        while True:
            try:
                async for event_id, data in self._events(path, last_id, opened):
                    last_id = event_id or last_id
                    if data:
                        yield _parse(data, kind())
            except RefusedError as refused:
                if not refused.passing:
                    raise
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(RECONNECT_S)

    async def _events(
        self, path: str, last_id: str, opened: asyncio.Event
    ) -> AsyncIterator[tuple[str, str]]:
        """Yield id and data of each event of one connection (WHATWG HTML §9.2)."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": last_id}
        async with self._client.stream(
            "GET", path, headers={k: v for k, v in headers.items() if v}, timeout=None
        ) as response:
            if not response.is_success:
                await response.aread()
                raise _refused(response)
            opened.set()
            fields: dict[str, str] = {}
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if name:
                    fields[name] = value
                elif fields:
                    is_error = fields.get("event") == "error"
                    yield fields.get("id", ""), "" if is_error else fields.get("data", "")
                    fields = {}

    async def _call(self, method: str, path: str, answer: M, **how: Any) -> M:  # noqa: ANN401 - httpx2's own options
        give_up = time.monotonic() + self._patience_s
        while True:
            try:
                return _parse(await self._ask(method, path, **how), answer)
            except (GatewayDownError, RefusedError) as error:
                passing = error.passing if isinstance(error, RefusedError) else self._reached
                if not passing or time.monotonic() > give_up:
                    raise
            await asyncio.sleep(RECONNECT_S)

    async def _ask(self, method: str, path: str, **how: Any) -> str:  # noqa: ANN401 - likewise
        try:
            response = await self._client.request(method, path, **how)
        except httpx2.HTTPError as error:
            raise GatewayDownError from error
        self._reached = True
        if not response.is_success:
            raise _refused(response)
        return response.text


def _parse(text: str, message: M) -> M:
    # A newer platform may say more than this client knows.
    return json_format.Parse(text, message, ignore_unknown_fields=True)


def _refused(response: httpx2.Response) -> RefusedError:
    try:
        problem = response.json()
        reason = str(problem["type"]).removeprefix(REASON_PREFIX)
        return RefusedError(response.status_code, reason, str(problem["detail"]))
    except (ValueError, KeyError, TypeError):
        return RefusedError(response.status_code, "", f"HTTP {response.status_code}")
