"""Cables between the services and their servers, which can be cut and mended.

What is cut carries nothing in either direction and says nothing of it, as a network that drops everything; a new
connection is taken and left alone. Once mended it breaks what went through it before.
"""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import Self

from stack.plan import Plan, Service
from stack.ports import LOOPBACK, free_port
from stack.settings import Ports

_PIECE = 64 * 1024


class Cable:
    """From a port of its own to a server's port."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._whole = asyncio.Event()
        self._whole.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Begin to carry."""
        self._server = await asyncio.start_server(self._take, LOOPBACK, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        """End, and break what is carried."""
        self._server.close()
        self.mend()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    def cut(self) -> None:
        """Carry nothing from now on."""
        self._whole.clear()

    def mend(self) -> None:
        """Break what went through, and carry again."""
        for end in self._ends:
            end.transport.abort()
        self._whole.set()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end is closed."""
        ends = [writer]
        self._ends.add(writer)
        try:
            await self._whole.wait()
            answers, requests = await asyncio.open_connection(LOOPBACK, self._target)
            ends.append(requests)
            self._ends.add(requests)
            ways = ((reader, requests), (answers, writer))
            await asyncio.wait(
                [asyncio.create_task(self._pass_on(*way)) for way in ways],
                return_when=asyncio.FIRST_COMPLETED,
            )
        except OSError:
            return  # the server is away: so is the connection
        finally:
            for end in ends:
                end.transport.abort()
                self._ends.discard(end)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await source.read(_PIECE):
                await self._whole.wait()
                target.write(piece)
                await target.drain()


class Cables(AsyncExitStack):
    """One cable from each service to each server that it may call."""

    def __init__(self, ports: Ports) -> None:
        super().__init__()
        self._targets = {
            "postgres": ports.postgres_port,
            "nats": ports.nats_port,
            "residency": ports.residency_grpc_port,
            "fire_safety": ports.fire_safety_grpc_port,
            "incidents": ports.incidents_grpc_port,
        }
        services = ("residency", "fire_safety", "incidents", "gateway")
        self._cables = {
            (service, server): Cable(port)
            for service in services
            for server, port in self._targets.items()
            if service != server
        }

    async def __aenter__(self) -> Self:
        """Lay them."""
        for cable in self._cables.values():
            await self.enter_async_context(cable)
        return self

    def through(self, plan: Plan) -> Plan:
        """Change a plan so that its services go through the cables."""
        groups = tuple(tuple(map(self._through, group)) for group in plan.services)
        return replace(plan, services=groups)

    def of(self, part: str) -> Iterable[Cable]:
        """Give every cable that ends at a service or a server."""
        return [cable for ends, cable in self._cables.items() if part in ends]

    def _through(self, service: Service) -> Service:
        environment = dict(service.environment)
        for (name, server), cable in self._cables.items():
            if name == service.name:
                for key, text in environment.items():
                    old = f"{LOOPBACK}:{self._targets[server]}"
                    environment[key] = text.replace(old, f"{LOOPBACK}:{cable.port}")
        return replace(service, environment=environment)
