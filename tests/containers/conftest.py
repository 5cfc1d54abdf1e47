"""The platform in containers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.platform import Platform


@pytest.fixture(scope="session")
def ward(scratch: Path) -> Iterator[Platform]:
    """Run the platform of docker-compose.yml."""
    folder = scratch / "containers"
    folder.mkdir()
    with Platform(folder, "ward-test").running() as platform:
        yield platform
