"""One small platform for all system tests: real servers, real services, no fleet."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from stack.supervisor import Stack
from tests.system.officer import Officer


@pytest_asyncio.fixture(loop_scope="session", scope="package")
async def ward(scratch: Path) -> AsyncGenerator[Stack]:
    """Run the whole platform with a ward of 300 residents on free ports."""
    async with Stack(scratch / "system", residents=300, fleet=False) as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def officer(ward: Stack) -> AsyncGenerator[Officer]:
    """Sign a duty officer in at the gateway."""
    async with Officer(ward.installation) as signed_in:
        yield signed_in
