"""The life of a service process."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from grpc import aio

from chassis.errors import CannotListenError, DatabaseRefusedError, DatabaseUnavailableError
from chassis.lifecycle import Lifecycle, run, run_command
from chassis.telemetry.admin import admin_server
from chassis.telemetry.health import Readiness


async def test_what_was_started_last_stops_first() -> None:
    """Consumers stop before the database they write to."""
    stopped = []

    async def stop(part: str) -> None:
        stopped.append(part)

    async with Lifecycle() as life:
        life.at_stop(lambda: stop("database"))
        life.at_stop(lambda: stop("consumer"))

    assert stopped == ["consumer", "database"]


async def test_a_dead_part_stops_the_process_with_its_error() -> None:
    """A service never goes on with a dead part."""

    async def work() -> None:
        await asyncio.sleep(0)
        raise RuntimeError("dead")

    with pytest.raises(RuntimeError, match="dead"):
        async with Lifecycle() as life:
            life.background("work", work())
            await life.until_stopped()


async def test_a_part_that_just_ends_is_dead_too() -> None:
    """Background work has no natural end."""

    async def work() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="work ended"):
        async with Lifecycle() as life:
            life.background("work", work())
            await life.until_stopped()


async def test_work_that_loses_its_cancellation_is_asked_again() -> None:
    """As a wait for a library may, when its answer comes at the same moment."""
    asked = 0

    async def work() -> None:
        nonlocal asked
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                asked += 1
                if asked > 1:
                    raise

    async with Lifecycle() as life:
        life.background("work", work())
        await asyncio.sleep(0)

    assert asked == 2


@pytest.mark.parametrize("code", [None, 0, 2])
def test_a_command_ends_the_process_with_its_code(code: int | None) -> None:
    """None is success, as ever."""

    async def command() -> int | None:
        return code

    with pytest.raises(SystemExit) as ended:
        run_command(command())

    assert ended.value.code == code


@pytest.mark.parametrize("kind", [DatabaseUnavailableError, DatabaseRefusedError])
def test_a_command_without_its_database_ends_with_a_line(
    kind: type[DatabaseUnavailableError],
) -> None:
    """Python writes the line to standard error and ends with 1."""

    async def command() -> None:
        raise kind

    with pytest.raises(SystemExit) as ended:
        run_command(command())

    assert ended.value.code == kind().said


@pytest.fixture
def taken() -> Iterator[str]:
    """Give an address at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


async def test_a_taken_port_of_grpc_is_told(taken: str) -> None:
    """By its address, in two languages."""
    # Linux would share the port with another gRPC server that allows it.
    server = aio.server(options=[("grpc.so_reuseport", 0)])
    with pytest.raises(CannotListenError, match=f"ở {taken}.*at {taken}"):
        async with Lifecycle() as life:
            await life.serve_grpc(server, taken)


async def test_a_taken_port_of_administrators_is_told(taken: str) -> None:
    """The service stops in order."""
    stopped = []

    async def stop() -> None:
        stopped.append("database")

    with pytest.raises(CannotListenError, match=taken):
        async with Lifecycle() as life:
            life.at_stop(stop)
            life.serve_http(admin_server(taken, Readiness({})))
            await life.until_stopped()

    assert stopped == ["database"]


def test_a_service_without_its_port_ends_with_a_line() -> None:
    """Python writes the line to standard error and ends with 1."""

    async def service() -> None:
        raise CannotListenError("127.0.0.1:8080")

    with pytest.raises(SystemExit, match=r"127\.0\.0\.1:8080"):
        run(service())
