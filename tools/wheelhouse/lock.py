"""The lock file, read: what it pins for the image's Python and platform, with the hashes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True)
class Pin:
    """One package of the lock: its version and the hashes of its files."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The package's canonical name."""
        return canonicalize_name(self.requirement.name)

    def __str__(self) -> str:
        """Write it as a requirement of one line, without its marker."""
        pinned = f"{self.requirement.name}{self.requirement.specifier}"
        return " ".join([pinned, *(f"--hash={one}" for one in self.hashes)])


class NotLockedError(Exception):
    """Something that the image needs is not in the lock."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} không có trong requirements.lock: hãy chạy `make lock`. / "
            f"{name} is not in requirements.lock: run `make lock`."
        )


def read_lock(text: str, environment: Mapping[str, str]) -> dict[str, Pin]:
    """Read the pins that hold in an environment (the variables of PEP 508 markers), by name."""
    pins = (_pin(line) for line in text.replace("\\\n", " ").splitlines() if _is_pin(line))
    return {pin.name: pin for pin in pins if _holds(pin.requirement.marker, environment)}


def closure(
    roots: Iterable[str], pins: Mapping[str, Pin], environment: Mapping[str, str]
) -> list[Pin]:
    """Choose what the roots (requirements of PEP 508) need, in the order of names.

    What needs what is told by the packages that are installed here; raises NotLockedError.
    """
    chosen: dict[str, Pin] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(root), "") for root in roots]
    while waiting:
        wanted, extra = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, extra) in seen or not _holds(wanted.marker, environment):
            continue
        seen.add((name, extra))
        if name not in pins:
            raise NotLockedError(name)
        chosen[name] = pins[name]
        waiting += [(Requirement(wanted.name), one) for one in wanted.extras]
        waiting += [(one, "") for one in _needs(name, {**environment, "extra": extra})]
    return [chosen[name] for name in sorted(chosen)]


def _needs(name: str, environment: Mapping[str, str]) -> Iterator[Requirement]:
    try:
        written = requires(name) or []
    except PackageNotFoundError:  # for another platform than this one
        written = []
    for requirement in map(Requirement, written):
        if _holds(requirement.marker, environment):
            requirement.marker = None
            yield requirement


def _is_pin(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _pin(line: str) -> Pin:
    requirement, *hashes = line.split("--hash=")
    return Pin(Requirement(requirement.strip()), tuple(one.strip() for one in hashes))


def _holds(marker: Marker | None, environment: Mapping[str, str]) -> bool:
    return marker is None or marker.evaluate({"extra": "", **environment})
