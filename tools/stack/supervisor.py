"""The whole platform on one machine, as an object: start, break a part of it, stop."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self

from stack import ports as tcp_ports
from stack.errors import StackError
from stack.installation import Installation
from stack.plan import Plan
from stack.progress import Progress
from stack.run_lock import RunLock
from stack.service_process import ServiceProcess
from stack.settings import WARD_RESIDENTS, Ports, Settings
from stack.supervised import Server, Supervised
from stack.task_run import TaskRun
from stack.waiting import until
from stack.ward_plan import ward_plan

THREADS = 16
RETURN_SECONDS = 60.0
# Children of a supervisor that was killed need a moment to stop.
PREDECESSOR_SECONDS = 15.0


class Stack:
    """PostgreSQL, NATS and the services of a plan, supervised until stopped.

    The plan is the ward's own unless another is given. Every part is known by its name:
    `postgres`, `nats`, `population`, `dispatch`, `residency`, `fire_safety`, `incidents`, `gateway`, `fleet`.
    """

    def __init__(
        self,
        run_dir: Path,
        *,
        ports: Ports | None = None,
        residents: int = WARD_RESIDENTS,
        fleet: bool = True,
        progress: Progress | None = None,
        plan: Callable[[Installation], Plan] | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.installation = Installation(run_dir, ports or Ports.free(), settings)
        self._plan = plan or (lambda place: ward_plan(place, residents, fleet=fleet))
        self._progress = progress or Progress()
        self._lock = RunLock(self.installation.run_dir)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="stack")
        self._parts: dict[str, Supervised] = {}
        self._groups: list[list[Supervised]] = []

    async def __aenter__(self) -> Self:
        """Start everything."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything."""
        await self.stop()

    async def start(self) -> None:
        """Start everything and return when it is ready; on failure nothing is left running.

        Raises StackError with the sentence for the person in front.
        """
        crashed = self._lock.acquire()
        try:
            await self._await_free_ports(PREDECESSOR_SECONDS if crashed else 0)
            await self._start_all()
        except BaseExceptionGroup as group:
            await self.stop()
            raise _sentence_of(group) from group
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything in the reverse order of its start; data stay."""
        while self._groups:
            await asyncio.gather(*(part.stop() for part in self._groups[-1]))
            self._groups.pop()
        self._parts.clear()
        self._lock.release()

    def process(self, name: str) -> Server:
        """Return a part by its name, to look at or to `kill`; raises KeyError for another name."""
        return self._parts[name].server

    @property
    def names(self) -> list[str]:
        """The parts in the order of their start."""
        return list(self._parts)

    async def ready(self, name: str, seconds: float = RETURN_SECONDS) -> None:
        """Wait until the part is ready, as after a kill; raises TimeoutError after `seconds`."""
        async with asyncio.timeout(seconds):
            await until(lambda: self._parts[name].ready)

    async def hold_down(self, name: str) -> None:
        """Kill the part and keep it dead until `let_go`."""
        await self._parts[name].hold_down()

    async def let_go(self, name: str) -> None:
        """Bring a part that was held down back, and wait until it is ready."""
        self._parts[name].let_go()
        await self.ready(name)

    async def _start_all(self) -> None:
        place = self.installation
        place.prepare()
        plan = self._plan(place)
        with self._progress:
            await self._start_servers(plan)
            tasks = TaskRun(place.run_dir, self._progress)
            for group in plan.tasks:
                await tasks.run_together(group)
            for services in plan.services:
                parts = [ServiceProcess(service, place.run_dir) for service in services]
                await self._start_together(parts)

    async def _start_servers(self, plan: Plan) -> None:
        await self._start_together([self.installation.postgres, self.installation.nats])
        with self._progress.step("Tạo cơ sở dữ liệu của từng dịch vụ", "a database per service"):
            for name in plan.databases:
                await self._in_thread(self.installation.postgres.create_service_database, name)

    async def _start_together(self, servers: Iterable[Server]) -> None:
        parts = [Supervised(server, self._threads, self._progress.note) for server in servers]
        self._groups.append(parts)
        self._parts.update({part.server.name: part for part in parts})
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(self._start_part(part))

    async def _start_part(self, part: Supervised) -> None:
        with self._progress.step(f"Khởi động {part.server.name}", f"starting {part.server.name}"):
            await part.start()

    async def _await_free_ports(self, seconds: float) -> None:
        ports = self.installation.ports.numbered()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await until(lambda: all(map(tcp_ports.is_free, ports.values())))
        for setting, port in ports.items():
            tcp_ports.require_free(port, setting.removeprefix("STACK_").lower(), setting)

    async def _in_thread(self, work: Callable[[str], object], name: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, work, name)


def _sentence_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    # Of several parts that failed together, one sentence is enough.
    said = group.subgroup(StackError)
    error: BaseException = said or group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
