"""The supervisor, with real PostgreSQL and NATS and stand-ins for the services."""

import asyncio
import io
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from nats.errors import Error as NatsError
from rich.console import Console

from chassis.broker import jetstream
from stack import supervised
from stack.errors import StackError
from stack.installation import Installation
from stack.plan import Plan
from stack.ports import free_port, is_free
from stack.progress import Progress
from stack.run_lock import AlreadyRunningError
from stack.settings import Ports
from stack.supervisor import Stack
from tests.stack import stand_ins

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

ALL = ["postgres", "nats", "residency", "gateway", "fleet"]
CRASHING_RUN = """
import asyncio, pathlib, sys
from stack.settings import Ports
from stack.supervisor import Stack
from tests.stack.stand_ins import two_services
async def main():
    ports = Ports(**eval(sys.argv[2]))
    stack = Stack(pathlib.Path(sys.argv[1]), ports=ports, plan=two_services)
    await stack.start()
    print(*(stack.process(name).pid for name in stack.names), flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


def quiet() -> tuple[Progress, io.StringIO]:
    """Give a progress display that writes plain lines into the buffer."""
    lines = io.StringIO()
    return Progress(Console(file=lines, highlight=False, width=200)), lines


def stack_of(run_dir: Path, plan: Callable[[Installation], Plan], ports: Ports | None) -> Stack:
    """Make a stack of stand-ins."""
    return Stack(run_dir, plan=plan, ports=ports, progress=quiet()[0])


def gone(pid: int) -> bool:
    """Say whether the process no longer exists or only waits to be buried."""
    status = Path(f"/proc/{pid}/status")
    return not status.exists() or "State:\tZ" in status.read_text()


@pytest.fixture(scope="module")
def shown() -> tuple[Progress, io.StringIO]:
    """Show in a buffer what happens to the stack of the whole module."""
    return quiet()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stack(
    make_run_dir: Callable[[], Path], shown: tuple[Progress, io.StringIO]
) -> AsyncIterator[Stack]:
    """Run one stack of stand-ins for the tests that break parts of it."""
    plan = stand_ins.two_services
    async with Stack(make_run_dir(), plan=plan, ports=None, progress=shown[0]) as stack:
        yield stack


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", ALL)
async def test_a_killed_part_comes_back(stack: Stack, name: str) -> None:
    """Whatever part is killed by kill -9, it is ready again by itself, as a new process."""
    pid = stack.process(name).pid

    await asyncio.to_thread(stack.process(name).kill)
    await stack.ready(name, 15)

    assert stack.process(name).pid != pid
    assert gone(pid)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_part_held_down_stays_down_until_let_go(stack: Stack) -> None:
    """A test can see the platform without one of its parts for as long as it needs."""
    await stack.hold_down("residency")
    await asyncio.sleep(1)

    assert not stack.process("residency").running

    await stack.let_go("residency")
    assert stack.process("residency").running


@pytest.mark.asyncio(loop_scope="module")
async def test_a_broker_that_could_not_write_is_started_anew_once_it_can(
    stack: Stack, shown: tuple[Progress, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk has a stream refuse everything, also when there is room again; nothing ended by itself."""
    before_it = len(shown[1].getvalue())
    monkeypatch.setattr(supervised, "TEND_SECONDS", 0.2)
    server = stack.installation.nats
    before, client = server.pid, await jetstream.connect(server.url, "tests")
    stream = client.jetstream()
    await stream.add_stream(name="FULL", subjects=["full"])
    unlimited = resource.prlimit(before, resource.RLIMIT_FSIZE)
    resource.prlimit(before, resource.RLIMIT_FSIZE, (2**16, unlimited[1]))
    with pytest.raises((TimeoutError, NatsError)):
        while True:
            await stream.publish("full", b"x" * 2**15, timeout=1)
    resource.prlimit(before, resource.RLIMIT_FSIZE, unlimited)
    while not stack.process("nats").running or server.pid == before:
        await asyncio.sleep(0.1)
    await stack.ready("nats", 30)
    again = await jetstream.connect(server.url, "tests")
    stored = await again.jetstream().publish("full", b"x")
    await client.close()
    await again.close()

    said = shown[1].getvalue()[before_it:]

    assert stored.stream == "FULL"
    assert "nats cannot go on, starting it anew" in said
    assert "nats is back" in said
    assert "nats ended" not in said


@pytest.mark.asyncio(loop_scope="module")
async def test_a_second_up_on_the_run_directory_is_refused(stack: Stack) -> None:
    """Two supervisors never work on the same data; the sentence names the first."""
    second = stack_of(stack.installation.run_dir, stand_ins.two_services, None)

    with pytest.raises(AlreadyRunningError, match=str(os.getpid())):
        await second.start()
    assert stack.process("postgres").running


async def test_a_second_start_repeats_no_first_run_task(run_dir: Path) -> None:
    """Data and markers stay after stop; nothing of the first run is left running."""
    ports = Ports.free()
    async with stack_of(run_dir, stand_ins.two_services, ports) as first:
        pids = [first.process(name).pid for name in first.names]
    assert all(map(gone, pids))

    async with stack_of(run_dir, stand_ins.two_services, ports) as second:
        assert second.names == ALL

    assert (run_dir / "every-start").read_text() == "ran\nran\n"
    assert (run_dir / "first-start").read_text() == "ran\n"


async def test_children_die_with_a_killed_supervisor_and_the_next_recovers(run_dir: Path) -> None:
    """After kill -9 of the supervisor nothing survives it, and the next start needs no repair."""
    ports = Ports.free()
    crashing = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CRASHING_RUN, run_dir, repr(ports.model_dump())),
        stdout=subprocess.PIPE,
    )
    assert crashing.stdout is not None
    lines = [line async for line in _until_pids(crashing.stdout)]
    pids = [int(pid) for pid in lines[-1].split()]

    crashing.kill()
    await crashing.wait()

    async with stack_of(run_dir, stand_ins.two_services, ports) as stack:
        assert all(map(gone, pids))
        assert stack.names == ALL


async def test_a_service_that_cannot_start_is_reported_with_its_last_words(run_dir: Path) -> None:
    """The sentence names the service, its log and how that ends; nothing is left running."""
    stack = stack_of(run_dir, stand_ins.failing_service, None)

    with pytest.raises(
        StackError, match=r"(?s)incidents.*incidents\.log.*no such table: dwelling"
    ):
        await stack.start()
    assert stack.names == []
    assert is_free(stack.installation.ports.postgres_port)
    async with stack_of(run_dir, lambda _: Plan(), None):
        pass


async def test_an_interrupted_first_run_resumes(run_dir: Path) -> None:
    """A first-run task that failed is run again by the next start."""
    with pytest.raises(StackError, match="no such table: dwelling"):
        await stack_of(run_dir, stand_ins.failing_task, None).start()

    with pytest.raises(StackError, match="no such table: dwelling"):
        await stack_of(run_dir, stand_ins.failing_task, None).start()


async def test_an_end_in_the_middle_of_the_start_leaves_nothing(run_dir: Path) -> None:
    """Ctrl-C while an import runs stops what has been started."""
    stack = stack_of(run_dir, stand_ins.endless_task, None)
    starting = asyncio.create_task(stack.start())
    await asyncio.sleep(0.3)

    starting.cancel()
    await asyncio.wait([starting])

    assert starting.cancelled()
    assert is_free(stack.installation.ports.postgres_port)
    assert not stack.installation.postgres.running


async def test_a_taken_port_is_named_before_anything_starts(run_dir: Path) -> None:
    """The sentence names the port and its setting; no data are made."""
    ports = Ports.free()
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", ports.gateway_port)

    with pytest.raises(StackError, match=rf"{ports.gateway_port}.*STACK_GATEWAY_PORT"):
        await stack_of(run_dir, stand_ins.two_services, ports).start()
    assert not (run_dir / "postgres").exists()
    taken.close()
    await taken.wait_closed()


async def test_steps_are_plain_lines_without_a_terminal(run_dir: Path) -> None:
    """In a log each finished step is one line with its seconds."""
    progress, lines = quiet()
    base = Ports.free()

    async with Stack(run_dir, plan=lambda _: Plan(), ports=base, progress=progress):
        pass

    assert "✓ Khởi động postgres · starting postgres" in lines.getvalue()
    assert "\x1b" not in lines.getvalue()


def test_ports_may_follow_one_base() -> None:
    """A second stack on the machine needs one number."""
    base = free_port()

    numbers = sorted(Ports.from_base(base).numbered().values())

    assert numbers == list(range(base, base + len(numbers)))


async def _until_pids(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    async for line in stream:
        yield line.decode()
        if line.split() and line.split()[0].isdigit():
            return
