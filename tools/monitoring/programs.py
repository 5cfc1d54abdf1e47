"""Where `prometheus` and `promtool` are: as told, on PATH, or fetched once from Debian by their hash.

No wheel on PyPI ships them (docs/decisions has why this way). A Debian package is an `ar` archive of tars, so that it
takes Python alone to open one, on any Linux.
"""

import hashlib
import io
import platform
import shutil
import tarfile
import tempfile
import urllib.request
from pathlib import Path
from typing import NamedTuple

from monitoring.settings import Settings

_VERSION = "2.42.0+ds-5+deb12u1"
# The pool forgets a version once there is a newer one; the archive keeps it, by the package's SHA-1.
_POOL = (
    "http://deb.debian.org/debian/pool/main/p/prometheus/prometheus_{version}_{architecture}.deb"
)
_ARCHIVE = "https://snapshot.debian.org/file/{sha1}"


class _Package(NamedTuple):
    """A Debian package: its architecture, and what it must hash to."""

    architecture: str
    sha1: str
    sha256: str


# By the machine's own name.
_PACKAGES = {
    "x86_64": _Package(
        "amd64",
        "5c841aaa0d406bb2700ea347da12010ac7752fed",
        "81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55",
    ),
    "aarch64": _Package(
        "arm64",
        "cff6a336432d5e8e884664e109476cd83779e9c1",
        "ca131aa102390083398afbc80be9c8dd1dda78f9f92154fc00df8f7f1f4556e9",
    ),
}
_PROGRAMS = ("prometheus", "promtool")
_TIMEOUT_S = 120
_AR_MAGIC, _AR_HEADER, _AR_SIZE = b"!<arch>\n", 60, slice(48, 58)


class ProgramMissingError(Exception):
    """Prometheus is neither here nor to be had."""

    def __init__(self, cause: object) -> None:
        super().__init__(
            f"Thiếu prometheus và promtool: cài gói «prometheus» hoặc đặt PROMETHEUS_HOME. / prometheus and promtool"
            f" are missing: install the package `prometheus`, or set PROMETHEUS_HOME. ({cause})"
        )


def program(name: str, settings: Settings | None = None) -> Path:
    """Tell where `prometheus` or `promtool` is; raises ProgramMissingError."""
    told = settings or Settings()
    if told.prometheus_home:
        return _existing(told.prometheus_home / name)
    if found := shutil.which(name, path=told.path):
        return Path(found)
    return _fetched(told.cache / "safe-digital-ward" / f"prometheus-{_VERSION}") / name


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise ProgramMissingError(file)
    return file


def _fetched(home: Path) -> Path:
    """Give the folder of the programs, filled at first use; whoever fills it at the same time fills it alike."""
    if home.is_dir():
        return home
    package = _checked_package()
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as made:
        _unpack(package, Path(made))
        Path(made).chmod(0o755)
        if not home.is_dir():
            shutil.copytree(made, home, dirs_exist_ok=True)
    return home


def _checked_package() -> bytes:
    if platform.machine() not in _PACKAGES:
        raise ProgramMissingError(platform.machine())
    wanted, causes = _PACKAGES[platform.machine()], []
    for pattern in (_POOL, _ARCHIVE):
        address = pattern.format(
            version=_VERSION, architecture=wanted.architecture, sha1=wanted.sha1
        )
        try:
            with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - ours, by hash
                package: bytes = answer.read()
        except OSError as error:
            causes.append(f"{address}: {error}")
            continue
        if hashlib.sha256(package).hexdigest() == wanted.sha256:
            return package
        causes.append(f"{address}: SHA-256")
    raise ProgramMissingError("; ".join(causes))


def _unpack(package: bytes, folder: Path) -> None:
    """Write the programs of a Debian package into a folder."""
    with tarfile.open(fileobj=io.BytesIO(data_of(package))) as data:
        for name in _PROGRAMS:
            member = data.extractfile(f"./usr/bin/{name}")
            if member is None:
                raise ProgramMissingError(name)
            file = folder / name
            file.write_bytes(member.read())
            file.chmod(0o755)


def data_of(package: bytes) -> bytes:
    """Find the member `data.tar.*` of an `ar` archive: a header of sixty bytes before each, sizes in decimal."""
    position = len(_AR_MAGIC)
    while position < len(package):
        header = package[position : position + _AR_HEADER]
        size, begin = int(header[_AR_SIZE]), position + _AR_HEADER
        if header.startswith(b"data.tar"):
            return package[begin : begin + size]
        position = begin + size + size % 2
    raise ProgramMissingError("data.tar")
