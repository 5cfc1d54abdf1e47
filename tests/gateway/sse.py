"""Reading server-sent events as a browser does."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx2


@dataclass
class Block:
    """One block: its fields by name, and its comments."""

    fields: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)

    @property
    def event(self) -> str:
        """What happened; empty where nothing did."""
        return self.fields.get("event", "")

    @property
    def id(self) -> str:
        """The resume token."""
        return self.fields.get("id", "")


async def blocks(response: httpx2.Response) -> AsyncIterator[Block]:
    """Give each block, also those without an event."""
    block = Block()
    async for line in response.aiter_lines():
        name, _, value = line.partition(":")
        if not line:
            yield block
            block = Block()
        elif not name:
            block.comments.append(value.strip())
        else:
            block.fields[name] = value.removeprefix(" ")


async def events(response: httpx2.Response) -> AsyncIterator[Block]:
    """Give each block that has an event."""
    async for block in blocks(response):
        if block.event:
            yield block
