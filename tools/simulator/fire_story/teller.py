"""Officers at the gateway, by HTTP alone; what each asks, and what of the answer the story shows, is kept as a step."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx2

from stack.installation import Installation
from stack.issuer import Role

_PATIENCE_S = 90.0
_LOOK_S = 0.2


@dataclass(frozen=True)
class Step:
    """A request of somebody, with what it said and what is shown of its answer."""

    chapter: str
    caller: str
    request: str
    said: dict[str, Any]
    shown: Any


@dataclass(frozen=True)
class Caller:
    """Who asks: an account in a role."""

    role: Role
    account: str

    def __str__(self) -> str:
        """Name them as the page does."""
        return f"{self.account} ({self.role})"


@dataclass
class Teller:
    """Asks in the name of officers, and keeps the steps; use it as an async context manager."""

    place: Installation
    chapter: str = ""
    steps: list[Step] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Open the connection to the gateway."""
        self._client = httpx2.AsyncClient(base_url=self.place.gateway_address, timeout=30)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self._client.aclose()

    async def ask(self, caller: Caller, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Read, without telling of it."""
        return await self._answer(self._client.get(path, params=query, headers=self._by(caller)))

    async def get(self, caller: Caller, path: str, *shown: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Read, and tell of it."""
        answer = await self.ask(caller, path, **query)
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        self.keep(caller, f"GET {path}{'?' if asked else ''}{asked}", {}, picked(answer, *shown))
        return answer

    async def post(self, caller: Caller, path: str, *shown: str, **said: Any) -> Any:  # noqa: ANN401 - JSON
        """Act, and tell of it."""
        body = {"requestId": str(uuid4()), **said}
        answer = await self._answer(self._client.post(path, json=body, headers=self._by(caller)))
        self.keep(caller, f"POST {path}", said, picked(answer, *shown))
        return answer

    async def until(self, ask: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - JSON
        """Ask until the answer is not empty; raises TimeoutError."""
        give_up = time.monotonic() + _PATIENCE_S
        while not (answer := await ask()):
            if time.monotonic() > give_up:
                raise TimeoutError
            await asyncio.sleep(_LOOK_S)
        return answer

    def keep(self, caller: Caller | str, request: str, said: dict[str, Any], shown: Any) -> None:  # noqa: ANN401 - JSON
        """Tell of a request."""
        self.steps.append(Step(self.chapter, str(caller), request, said, shown))

    def _by(self, caller: Caller) -> dict[str, str]:
        token = self.place.issuer.token(caller.role, time.time(), account=caller.account)
        return {"authorization": f"Bearer {token}"}

    @staticmethod
    async def _answer(asking: Awaitable[httpx2.Response]) -> Any:  # noqa: ANN401 - JSON
        response = await asking
        if not response.is_success:
            raise RuntimeError(response.text)
        return response.json()


def picked(answer: Any, *paths: str) -> Any:  # noqa: ANN401 - JSON
    """Keep of an answer what paths like `incident.state` name, of each one of a list; nothing named is all."""
    if isinstance(answer, list):
        return [picked(one, *paths) for one in answer]
    if not paths or not isinstance(answer, dict):
        return answer
    below: dict[str, tuple[str, ...]] = {}
    for path in paths:
        name, _, rest = path.partition(".")
        below[name] = (*below.get(name, ()), *([rest] if rest else []))
    return {name: picked(answer[name], *rest) for name, rest in below.items() if name in answer}
