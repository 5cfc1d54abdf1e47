"""A duty officer, or whoever signs in, at the gateway: HTTP only, patient while a part of the platform comes back."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx2

from stack.installation import Installation
from stack.issuer import Role

PATIENCE_S = 60


class Officer:
    """Signed in with one role; every answer is parsed JSON. `actor` is the account that acts for it, if any.

    `account` is whose account it is; empty is the role's own.
    """

    def __init__(
        self,
        place: Installation,
        role: Role = Role.DUTY_OFFICER,
        actor: str = "",
        account: str = "",
    ) -> None:
        token = place.issuer.token(role, time.time(), actor, account=account)
        self.client = httpx2.AsyncClient(
            base_url=place.gateway_address,
            headers={"authorization": f"Bearer {token}"},
            timeout=10,
        )

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave."""
        await self.client.aclose()

    async def get(self, path: str, **query: str) -> Any:
        """Read, again while the platform says that it is not available."""
        return await self._patiently(lambda: self.client.get(path, params=query))

    async def post(self, path: str, **body: Any) -> Any:
        """Act, again under the same request id while the platform is not available."""
        content = {"requestId": str(uuid4()), **body}
        return await self._patiently(lambda: self.client.post(path, json=content))

    async def refused(self, path: str, **body: Any) -> Any:
        """Try to act, which must be refused; tell the problem."""
        response = await self.client.post(path, json={"requestId": str(uuid4()), **body})
        assert response.status_code >= 400, response.text
        return response.json()

    async def premises(self, number: int) -> dict[str, Any]:
        """Read the premises with this number of the register."""
        listed = (await self.get("/v1/premises", pageSize="500"))["premises"]
        found: dict[str, Any] = next(one for one in listed if one["code"] == f"CS-{number:04}")
        return found

    async def devices(self, premises_id: str) -> list[str]:
        """List the devices of a premises that write in the platform's own format."""
        listed = (await self.get(f"/v1/premises/{premises_id}/devices"))["devices"]
        return [
            device["deviceId"]
            for device in listed
            if device["payloadFormat"] == "PAYLOAD_FORMAT_NATIVE"
        ]

    async def open_alarms(self, device_id: str) -> list[dict[str, Any]]:
        """List the open fire alarms of a device."""
        listed: dict[str, list[dict[str, Any]]] = await self.get(
            "/v1/alarms", deviceId=device_id, openOnly="true", signalClass="SIGNAL_CLASS_ALARM"
        )
        return listed["alarms"]

    async def open_incidents(self, premises_id: str) -> list[dict[str, Any]]:
        """List the open incidents of a premises."""
        listed: dict[str, list[dict[str, Any]]] = await self.get(
            "/v1/incidents", premisesId=premises_id, openOnly="true"
        )
        return listed["incidents"]

    async def until(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask until the answer is not empty."""
        async with asyncio.timeout(PATIENCE_S):
            while not (answer := await ask()):
                await asyncio.sleep(0.1)
            return answer

    async def _patiently(self, call: Callable[[], Awaitable[httpx2.Response]]) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    response = await call()
                except httpx2.TransportError:  # the gateway itself is away
                    await asyncio.sleep(0.2)
                    continue
                if response.status_code not in {502, 503, 504}:
                    response.raise_for_status()
                    return response.json()
                await asyncio.sleep(0.2)
