"""The whole platform under load while every part of it is killed, paused and cut off in turn, and then counted."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import cycle
from pathlib import Path

import pytest

from stack.installation import DATABASE_SERVICES
from stack.service_process import answers_ok
from stack.settings import Ports
from stack.supervisor import Stack
from stack.ward_plan import ward_plan
from tests.chaos.cables import Cables
from tests.chaos.settings import Settings
from tests.system.drill import AUDITED, audits_of, until_whole
from tests.system.ledger import Ledger, compare, stored_in, table
from tests.system.load import Load
from tests.system.officer import Officer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

PARTS = ("postgres", "nats", "residency", "fire_safety", "incidents", "gateway")
HELD_S = 12
CALM_S = 5
# Longer than any part needs to come back.
RETURN_S = 120


class Harm:
    """What is done to the parts of a running platform."""

    def __init__(self, stack: Stack, cables: Cables) -> None:
        self._stack = stack
        self._cables = cables

    def all(self) -> Iterator[tuple[str, str, AbstractAsyncContextManager[None]]]:
        """Give without end what is done next, to which part."""
        for part in cycle(PARTS):
            yield "kill -9", part, self._killed(part)
            yield "SIGSTOP", part, self._paused(part)
            yield "cut off", part, self._cut_off(part)

    @asynccontextmanager
    async def _killed(self, part: str) -> AsyncGenerator[None]:
        await self._stack.hold_down(part)
        yield
        await self._stack.let_go(part)

    @asynccontextmanager
    async def _paused(self, part: str) -> AsyncGenerator[None]:
        processes = [self._stack.process(part).pid, *_children(self._stack.process(part).pid)]
        for one in processes:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in processes:
                # Of PostgreSQL some have ended with who they served.
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGCONT)

    @asynccontextmanager
    async def _cut_off(self, part: str) -> AsyncGenerator[None]:
        for cable in self._cables.of(part):
            cable.cut()
        yield
        for cable in self._cables.of(part):
            cable.mend()


def _children(pid: int) -> list[int]:
    """List the processes that one has started: of PostgreSQL each connection is one."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(one) for task in tasks for one in task.read_text().split()]


async def until_ready(stack: Stack) -> float:
    """Wait until every service says that it is; tell how long that took, s."""
    began, place = time.monotonic(), stack.installation
    ports = (*map(place.admin_port, DATABASE_SERVICES), place.ports.gateway_port)
    async with asyncio.timeout(RETURN_S):
        for port in ports:
            while not await asyncio.to_thread(answers_ok, port, "/readyz"):
                await asyncio.sleep(0.1)
    return time.monotonic() - began


async def test_nothing_acknowledged_is_lost_or_doubled_whatever_is_killed_paused_or_cut_off(
    scratch: Path,
) -> None:
    """Readings, alarms, incidents, pages and looks: each there, once; the chains of looks verify."""
    settings, ports, ledger = Settings(), Ports.free(), Ledger()
    done: list[tuple[str, ...]] = []
    fire_s = settings.minutes * 60 / settings.premises
    async with (
        Cables(ports) as cables,
        Stack(
            scratch / "chaos",
            ports=ports,
            plan=lambda place: cables.through(ward_plan(place, settings.residents, fleet=False)),
        ) as stack,
        Officer(stack.installation) as officer,
    ):
        place = stack.installation
        load = await Load.choose(place, ledger, range(1, settings.premises + 1), fire_s)
        until = time.monotonic() + settings.minutes * 60
        async with load.running(officer):
            for how, part, harm in Harm(stack, cables).all():
                if time.monotonic() > until:
                    break
                async with harm:
                    await asyncio.sleep(HELD_S)
                done.append((f"{part}: {how}", f"{await until_ready(stack):.1f}"))
                await asyncio.sleep(CALM_S)
            await load.until_told(officer)
        acknowledged = ledger.until_now()
        await until_whole(place, acknowledged)
        counts = list(compare(acknowledged, await stored_in(place)))
        audits = await audits_of(place)
    told = table(
        ("", "đã xác nhận · acknowledged", "thiếu · missing", "trùng · doubled"),
        [
            (
                f"{one.kind.vietnamese} · {one.kind.english}",
                *(str(n) for n in (one.acknowledged, len(one.missing), len(one.doubled))),
            )
            for one in counts
        ],
    )
    harms = table((f"{HELD_S} s", "giây đến khi sẵn sàng · s until ready"), done)
    print(f"\n{told}\n\n{harms}\n\naudit verify: {audits}")  # noqa: T201 - for the record

    for one in counts:
        assert one.acknowledged, one.kind
        assert (one.missing, one.doubled) == ([], []), one.kind
    assert audits == dict.fromkeys(AUDITED, "")
