"""The officer's side: the gateway's stream of alarms, followed as a console does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
from google.protobuf import json_format

from chassis.errors import ServiceUnavailableError
from chassis.telemetry.log import logger
from ward.fire_safety.v1 import fire_safety_pb2 as pb

_PATH = "/v1/alarms:watch"
_EVENT = pb.SystemStatusRaised.DESCRIPTOR.name
_RETRY_S = 1.0
_CONNECT_WITHIN_S = 5.0
# The stream's heartbeat comes more often.
_SILENT_S = 60.0


class Officer:
    """Whoever looks at the ward's alarms; sees the canary's signals because it asks for them."""

    def __init__(self, gateway_address: str, token_file: Path) -> None:
        timeout = httpx2.Timeout(_CONNECT_WITHIN_S, read=_SILENT_S)
        self._client = httpx2.AsyncClient(base_url=gateway_address, timeout=timeout)
        self._token_file = token_file
        self._resume_token = ""
        self.opened = asyncio.Event()

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def check(self) -> None:
        """Fail unless the stream is open."""
        if not self.opened.is_set():
            raise ServiceUnavailableError

    async def watch(self) -> AsyncIterator[int]:
        """Give the time of each signal that is seen, milliseconds since 1970; what was missed meanwhile comes late."""
        while True:
            try:
                async for change in self._changes():
                    self._resume_token = change.resume_token
                    if change.event == _EVENT:
                        yield change.alarm.observed_at.ToMilliseconds()
            except (httpx2.HTTPError, OSError, json_format.ParseError) as error:
                logger().warning("canary_delayed", cause=type(error).__name__)
            self.opened.clear()
            await asyncio.sleep(_RETRY_S)

    async def _changes(self) -> AsyncIterator[pb.WatchAlarmsResponse]:
        token = self._token_file.read_text().strip()
        asked = {"systemStatus": "true", "resumeToken": self._resume_token}
        headers = {"authorization": f"Bearer {token}"}
        async with self._client.stream("GET", _PATH, params=asked, headers=headers) as response:
            if response.is_error:
                # It may be the token that is too old.
                self._resume_token = ""
            response.raise_for_status()
            self.opened.set()
            async for line in response.aiter_lines():
                name, _, value = line.partition(":")
                if name == "data":
                    yield json_format.Parse(
                        value, pb.WatchAlarmsResponse(), ignore_unknown_fields=True
                    )
