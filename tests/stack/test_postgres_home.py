"""Where PostgreSQL lives when root starts it, and which programs it runs."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stack import postgres_binaries, postgres_home
from stack.postgres import PostgresServer
from stack.postgres_binaries import DISTRIBUTION

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends another account")
DISTRIBUTION_15 = DISTRIBUTION / "15" / "bin"


@AS_ROOT
@pytest.mark.postgres
def test_root_serves_from_a_directory_closed_to_others(run_dir: Path) -> None:
    """Below root's own home the data live apart, behind a link that `discard` follows."""
    closed = run_dir / "closed"
    closed.mkdir(mode=0o700)
    server = PostgresServer(closed)

    server.start()

    home = (closed / "postgres").resolve()
    assert server.data == home / "data"
    assert server.data.stat().st_uid != 0
    server.stop()
    postgres_home.discard(closed)
    assert not home.exists()
    assert list(closed.glob("postgres")) == []


@pytest.mark.postgres
def test_the_wheel_s_programs_run_from_a_copy(make_run_dir: Callable[[], Path]) -> None:
    """Programs out of the account's reach are copied whole, and find their libraries there."""
    chosen = postgres_binaries.choose(Path("/nonexistent"))
    directory = make_run_dir()

    copy = chosen.copy_to(directory)

    assert copy.directory.is_relative_to(directory)
    for program in ("postgres", "initdb", "psql"):
        subprocess.run([copy.program(program), "--version"], check=True)  # noqa: S603
        assert copy.program(program).stat().st_mode & 0o005 == 0o005
    assert chosen.copy_to(directory) == copy


@pytest.mark.skipif(not DISTRIBUTION_15.exists(), reason="needs PostgreSQL 15 of the distribution")
def test_older_data_are_served_by_the_distribution_s_programs(run_dir: Path) -> None:
    """Data of a version that the distribution has are not refused."""
    (run_dir / "PG_VERSION").write_text("15\n")

    assert postgres_binaries.choose(run_dir).directory == DISTRIBUTION_15
