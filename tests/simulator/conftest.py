"""Synthetic wards for the simulator's tests."""

from pathlib import Path

import pytest

from simulator.__main__ import main

SMALL = ("--residents", "300", "--premises", "8", "--devices", "60")


@pytest.fixture(scope="session")
def whole_ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate the ward in its full size."""
    directory = tmp_path_factory.mktemp("whole") / "ward"
    assert main(["generate", "--out", str(directory)]) == 0
    return directory


@pytest.fixture(scope="session")
def small_ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate a ward of 300 residents and 8 premises."""
    directory = tmp_path_factory.mktemp("small") / "ward"
    assert main(["generate", "--out", str(directory), *SMALL]) == 0
    return directory
