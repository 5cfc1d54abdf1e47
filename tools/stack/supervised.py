"""A server under supervision: whatever ends it, it comes back until it is told to stop."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from stack.child_process import ChildProcess
from stack.errors import StackError, StartError
from stack.waiting import POLL_SECONDS, until

FIRST_DELAY_SECONDS = 0.2
LAST_DELAY_SECONDS = 10.0
STABLE_SECONDS = 30.0
TEND_SECONDS = 10.0
START_ATTEMPTS = 3
# Of a part that keeps failing the log is shown at the third end in a row, then now and then.
REPORTED_FAILURE = 2
FAILURES_PER_REPORT = 6

Tell = Callable[[str, str], None]
Result = TypeVar("Result")


class Server(Protocol):
    """What can be supervised: PostgreSQL, NATS, a service. `start` returns when it is ready."""

    name: str

    @property
    def log(self) -> Path:
        """Where it writes what it has to say."""

    @property
    def process(self) -> ChildProcess:
        """Its process."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def running(self) -> bool:
        """Whether it runs now."""

    def is_stuck(self) -> bool:
        """Whether it runs and will not do its work again unless it is started anew."""

    def start(self) -> None:
        """Start it and return when it is ready; raises StackError when it fails."""

    def stop(self) -> None:
        """Stop it in order."""

    def kill(self) -> None:
        """Kill it at once."""


class Supervised:
    """Restarts its server after every unexpected end, waiting longer after each in a row."""

    def __init__(self, server: Server, threads: Executor, tell: Tell) -> None:
        self.server = server
        self._threads = threads
        self._tell = tell
        self._ready_pid: int | None = None
        self._held = False
        self._ending = asyncio.Event()
        self._starting: asyncio.Future[None] | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the server runs and has been ready since its last start."""
        return self.server.running and self.server.pid == self._ready_pid

    async def start(self) -> None:
        """Start the server and watch over it from then on.

        Raises the StackError of the last of a few attempts.
        """
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                await self._start_once()
                break
            except StartError:
                if attempt == START_ATTEMPTS:
                    raise
                await self._pause(FIRST_DELAY_SECONDS * attempt)
        self._watcher = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop the server in order and watch no longer, even while it is starting."""
        self._ending.set()
        await self._bring_down(self.server.stop)
        if self._watcher is not None:
            await self._watcher

    async def hold_down(self) -> None:
        """Kill the server and leave it dead until `let_go`, as a broken machine would be."""
        self._held = True
        await self._bring_down(self.server.kill)

    def let_go(self) -> None:
        """Let the supervisor bring the server back."""
        self._held = False

    async def _bring_down(self, end: Callable[[], None]) -> None:
        # A start under way in a thread cannot be cancelled: end what it starts until it gives up.
        while self._starting is not None and not self._starting.done():
            await self._in_thread(end)
            await asyncio.wait([self._starting], timeout=POLL_SECONDS)
        if self._starting is not None:
            # Nobody else may be left to hear why the start failed.
            self._starting.exception()
        await self._in_thread(end)

    async def _watch(self) -> None:
        failures = 0
        while not self._ending.is_set():
            begin = time.monotonic()
            by_itself = await self._until_ended()
            if self._ending.is_set():
                return
            failures = 0 if time.monotonic() - begin > STABLE_SECONDS else failures
            if by_itself:
                self._tell_end(failures)
            while not self._ending.is_set() and not await self._revive(failures):
                failures += 1
            failures += 1

    async def _until_ended(self) -> bool:
        """Wait for the end; tell whether the server ended by itself, and was not stopped since it was stuck."""
        while self.server.running:
            self.server.process.trim_log()
            with suppress(TimeoutError):
                async with asyncio.timeout(TEND_SECONDS):
                    await until(lambda: not self.server.running)
            if await self._in_thread(self.server.is_stuck):
                name = self.server.name
                self._tell(
                    f"{name} không làm việc được nữa, đang khởi động lại",
                    f"{name} cannot go on, starting it anew",
                )
                await self._bring_down(self.server.stop)
                return False
        return True

    async def _revive(self, failures: int) -> bool:
        await self._pause(min(FIRST_DELAY_SECONDS * 2**failures, LAST_DELAY_SECONDS))
        await until(lambda: not self._held or self._ending.is_set())
        if self._ending.is_set():
            return False
        begin = time.monotonic()
        try:
            await self._start_once()
        except StackError as error:
            if failures % FAILURES_PER_REPORT == 0 and not self._ending.is_set():
                self._tell(error.vietnamese, error.english)
            return False
        seconds = time.monotonic() - begin
        name = self.server.name
        self._tell(f"{name} đã chạy lại ({seconds:.1f} giây)", f"{name} is back")
        return True

    async def _start_once(self) -> None:
        if self._ending.is_set():
            return
        self._starting = self._in_thread(self.server.start)
        await asyncio.shield(self._starting)
        self._ready_pid = self.server.pid

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    def _in_thread(self, work: Callable[[], Result]) -> "asyncio.Future[Result]":
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _tell_end(self, failures: int) -> None:
        code = self.server.process.exit_code or 0
        name = self.server.name
        how, english = (
            (f"tín hiệu {-code}", f"signal {-code}")
            if code < 0
            else (f"mã {code}", f"code {code}")
        )
        self._tell(
            f"{name} dừng đột ngột ({how}), đang khởi động lại",
            f"{name} ended ({english}), restarting",
        )
        if failures % FAILURES_PER_REPORT == REPORTED_FAILURE:
            self._tell(
                f"{name} dừng liên tiếp; xem nhật ký {self.server.log}",
                f"{name} keeps ending; see its log, which ends with:\n"
                f"{self.server.process.last_lines()}",
            )
