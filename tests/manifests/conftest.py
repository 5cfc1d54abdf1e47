"""What would be applied, built once."""

from functools import cache
from typing import Any

import pytest

from manifests.build import PLACES, Manifest, build

_cached = cache(build)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> str:
    """Name one place: a ward on one machine, and a ward of a city."""
    return str(request.param)


@pytest.fixture
def manifests(place: str) -> list[Manifest]:
    """Give everything that is applied there."""
    return _cached(place)


@pytest.fixture
def city() -> list[Manifest]:
    """Give what is applied for a ward of a city."""
    return _cached("wards/11002")


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Any]:
    """Find the manifests of a kind, by name."""
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}
