"""The command line: `python -m fuzz --seconds 60 [decoder …]`."""

import argparse
import importlib.util
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fire_safety.domain.devices.device import PayloadFormat
from fuzz.campaign import Result, fuzz
from fuzz.seeds import seeds_of

_DECODERS = "fire_safety.decoders"
_RECOGNITION = "recognition"
_TARGETS = {
    **{one.value.lower(): f"{_DECODERS}.{one.value.lower()}:decode" for one in PayloadFormat},
    _RECOGNITION: "fuzz.recognition:decode",
}


def main() -> int:
    """Fuzz the decoders, as many at a time as there are processors; 1 if any of them broke its promise."""
    parser = _parser()
    given = parser.parse_args()
    console = Console()
    if importlib.util.find_spec("atheris") is None:
        console.print("Không có atheris cho hệ này · atheris has no wheel for this platform")
        return 1
    names = given.decoders or list(_TARGETS)
    if unknown := [name for name in names if name not in _TARGETS]:
        parser.error(f"không có bộ giải mã · no such decoder: {', '.join(unknown)}")
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        results = list(
            threads.map(lambda name: _fuzz(name, given.directory, given.seconds), names)
        )
    _print(console, dict(zip(names, results, strict=True)), given.seconds)
    return int(any(one.failed for one in results))


def _fuzz(name: str, directory: Path, seconds: int) -> Result:
    formats = [one for one in PayloadFormat if name in (one.value.lower(), _RECOGNITION)]
    seeds = [seed for one in formats for seed in seeds_of(one)]
    return fuzz(_TARGETS[name], seeds, directory / name, seconds)


def _print(console: Console, results: dict[str, Result], seconds: int) -> None:
    table = Table(title=f"Fuzz, {seconds} s mỗi bộ giải mã · each decoder", title_justify="left")
    table.add_column("Bộ giải mã · decoder")
    for heading in ("lần chạy · executions", "nhánh · branches", "phát hiện · findings"):
        table.add_column(heading, justify="right")
    for name, one in results.items():
        table.add_row(name, f"{one.executions:,}", str(one.covered), str(len(one.findings)))
    console.print(table)
    for name, one in results.items():
        for finding in one.findings:
            console.print(f"{name}: {finding}")
        if one.failed:
            console.print(f"{name}: {one.log}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("decoders", nargs="*", metavar="decoder", help=", ".join(_TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="giây mỗi bộ · seconds for each")
    parser.add_argument("--directory", type=Path, default=Path(".fuzz"), help="corpus, findings")
    return parser


if __name__ == "__main__":
    sys.exit(main())
