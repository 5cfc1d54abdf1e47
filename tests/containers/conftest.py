"""Two platforms in containers, one after the other: the NATS of the one is a single server, of the other three."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.platform import Platform


@pytest.fixture(scope="module")
def ward(scratch: Path) -> Iterator[Platform]:
    """Run the platform of docker-compose.yml."""
    folder = scratch / "containers"
    folder.mkdir()
    with Platform(folder, "ward-test").running() as platform:
        yield platform


@pytest.fixture(scope="module")
def clustered_ward(scratch: Path) -> Iterator[Platform]:
    """Run it with three servers of NATS."""
    folder = scratch / "clustered-containers"
    folder.mkdir()
    overlay = "deploy/compose/nats-cluster.yml"
    with Platform(folder, "ward-test-cluster", overlay, replicas=3).running() as platform:
        yield platform
