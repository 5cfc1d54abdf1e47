"""The embedded PostgreSQL, tried on the real server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from stack.errors import StackError
from stack.ports import LOOPBACK, free_port
from stack.postgres import PostgresServer

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server(make_run_dir: Callable[[], Path]) -> Iterator[PostgresServer]:
    """Run a server for this module's tests."""
    server = PostgresServer(make_run_dir())
    server.start()
    server.create_service_database("residency")
    yield server
    server.stop()


async def connect(
    server: PostgresServer, database: str, role: str | None = None
) -> asyncpg.Connection:
    """Connect with the very address services are given."""
    url = server.url(database, role).replace("postgresql+asyncpg", "postgresql")
    return await asyncpg.connect(url, ssl=False)


async def test_answers_over_tcp_with_its_durability_on(server: PostgresServer) -> None:
    """A started server answers and keeps what it acknowledges."""
    connection = await connect(server, "postgres")

    for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert await connection.fetchval(f"SHOW {setting}") == "on"
    await connection.close()


async def test_compares_vietnamese_the_same_on_every_machine(server: PostgresServer) -> None:
    """Text is UTF-8, compared by the locale built into the server."""
    connection = await connect(server, "residency", "residency_owner")

    assert await connection.fetchval("SELECT lower('ĐẶNG THỊ ÁNH')") == "đặng thị ánh"
    assert await connection.fetchval(
        "SELECT datlocprovider = 'b' FROM pg_database WHERE datname = 'residency'"
    )
    await connection.close()


async def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    """Being on the same machine opens nothing."""
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres:guess@{LOOPBACK}:{server.port}/postgres")


async def test_the_limited_role_works_in_tables_of_the_owner(server: PostgresServer) -> None:
    """What migrations make, the service may read and write."""
    owner = await connect(server, "residency", "residency_owner")
    app = await connect(server, "residency", "residency_app")
    await owner.execute("CREATE TABLE dwelling (id serial PRIMARY KEY, label text)")

    await app.execute("INSERT INTO dwelling (label) VALUES ('A1')")

    assert await app.fetchval("SELECT label FROM dwelling") == "A1"
    await app.close()
    await owner.close()


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE mine ()", "CREATE SCHEMA mine", "CREATE TEMP TABLE mine ()", "CREATE ROLE me"],
)
async def test_the_limited_role_makes_nothing(server: PostgresServer, statement: str) -> None:
    """The role a service signs in as cannot change the schema or make roles."""
    app = await connect(server, "residency", "residency_app")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement)
    await app.close()


@pytest.mark.parametrize("database", ["incidents", "postgres", "template1"])
async def test_a_role_of_one_service_cannot_enter_elsewhere(
    server: PostgresServer, database: str
) -> None:
    """A service's role enters its own database only."""
    server.create_service_database("incidents")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connect(server, database, "residency_app")


async def test_an_owner_may_add_the_extensions_migrations_need(server: PostgresServer) -> None:
    """Migrations run as the owner, who may add the trusted extensions."""
    owner = await connect(server, "residency", "residency_owner")

    for extension in ("pg_trgm", "unaccent", "btree_gist", "btree_gin"):
        await owner.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    await owner.close()


async def test_making_a_service_database_again_keeps_its_rows(server: PostgresServer) -> None:
    """Every start may ask for the database; what is in it stays."""
    server.create_service_database("fire_safety")
    owner = await connect(server, "fire_safety", "fire_safety_owner")
    await owner.execute("CREATE TABLE device (id int)")
    await owner.execute("INSERT INTO device VALUES (7)")

    server.create_service_database("fire_safety")

    assert await owner.fetchval("SELECT id FROM device") == 7
    await owner.close()


def test_a_second_start_makes_nothing_anew_and_keeps_the_data(run_dir: Path) -> None:
    """Stopping and starting again loses nothing: data directory and passwords are the first ones."""
    first = PostgresServer(run_dir)
    first.start()
    first.create_service_database("residency")
    first.stop()
    made = (first.data / "PG_VERSION").stat().st_mtime_ns
    second = PostgresServer(run_dir)

    second.start()

    assert (second.data / "PG_VERSION").stat().st_mtime_ns == made
    assert (second.run_dir / "log" / "postgres.log").stat().st_mode & 0o077 == 0
    assert (
        second.url("residency", "residency_app").split("@")[0]
        == first.url("residency", "residency_app").split("@", maxsplit=1)[0]
    )
    second.stop()


async def test_an_acknowledged_row_survives_kill_minus_nine(run_dir: Path) -> None:
    """After SIGKILL the same object starts again, on the same port, with every committed row."""
    server = PostgresServer(run_dir)
    server.start()
    port, pid = server.port, server.pid
    connection = await connect(server, "postgres")
    await connection.execute("CREATE TABLE alarm (id int)")
    await connection.execute("INSERT INTO alarm VALUES (1)")

    server.kill()
    server.start()

    assert server.port == port
    assert server.pid != pid
    again = await connect(server, "postgres")
    assert await again.fetchval("SELECT id FROM alarm") == 1
    await again.close()
    server.stop()


def test_a_taken_port_is_named_with_the_setting_to_change(
    server: PostgresServer, run_dir: Path
) -> None:
    """The sentence tells which port is taken and what to set."""
    second = PostgresServer(run_dir, port=server.port)

    with pytest.raises(StackError, match=rf"{server.port}.*STACK_POSTGRES_PORT"):
        second.start()


def test_data_in_use_are_left_alone(server: PostgresServer) -> None:
    """A second server on the data of a live one is refused in words, and harms nothing."""
    second = PostgresServer(server.run_dir, port=free_port(), predecessor_seconds=0.2)

    with pytest.raises(StackError, match=f"process {server.pid}"):
        second.start()
    assert server.running


def test_data_of_another_version_are_refused_in_words(run_dir: Path) -> None:
    """A data directory of an unknown major version is never touched."""
    server = PostgresServer(run_dir)
    version = server.data / "PG_VERSION"
    server.data.mkdir(parents=True)
    version.write_text("9\n")

    with pytest.raises(StackError, match=r"PostgreSQL 9.*python -m stack reset"):
        server.start()
    assert version.read_text() == "9\n"


def test_an_interrupted_first_start_begins_afresh(run_dir: Path) -> None:
    """Remains of an unfinished initdb are discarded, not mistaken for data."""
    draft = run_dir / "postgres" / "data.draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    server = PostgresServer(run_dir)

    server.start()

    assert server.running
    server.stop()


def test_a_stale_pid_file_naming_a_living_stranger_is_overcome(run_dir: Path) -> None:
    """After a reboot the old process id may be anybody's; the server starts all the same."""
    server = PostgresServer(run_dir)
    server.start()
    server.kill()
    stale = server.data / "postmaster.pid"
    lines = stale.read_text().splitlines()
    stale.write_text("\n".join(["1", *lines[1:]]))

    server.start()

    assert server.running
    server.stop()
