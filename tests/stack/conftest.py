"""Run directories for the servers of the stack."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

MakeRunDir = Callable[[], Path]


@pytest.fixture(scope="session")
def make_run_dir() -> Iterator[MakeRunDir]:
    """Make run directories that root's PostgreSQL account may enter, unlike pytest's own."""
    made: list[Path] = []

    def make() -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="ward-stack-")))
        made[-1].chmod(0o711)
        return made[-1]

    yield make
    for directory in made:
        shutil.rmtree(directory)


@pytest.fixture
def run_dir(make_run_dir: MakeRunDir) -> Path:
    """Give one test a run directory of its own."""
    return make_run_dir()
