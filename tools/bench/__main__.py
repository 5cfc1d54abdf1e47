"""The benchmarks' commands: `python -m bench ingest [--quick]`."""

import argparse
import sys

import uvloop
from rich.console import Console

from bench import lookup, lookup_report, machine, platform, register, report
from bench.ingest import Benchmark, Results
from bench.sizes import FULL, QUICK
from chassis.telemetry import log
from stack.errors import StackError
from stack.progress import Progress

_WIDTH = 120


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark; returns the exit code: figures are told, not judged by it."""
    parser = argparse.ArgumentParser(
        "python -m bench", description="The product beside its floors."
    )
    parser.add_argument("benchmark", choices=["ingest", "lookup"])
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    chosen = parser.parse_args(arguments)
    # What the services and servers say is in their logs; the figures have the terminal.
    log.configure("bench", "CRITICAL")
    console = Console(highlight=False, width=_WIDTH)
    benchmark = {"ingest": _ingest, "lookup": _lookup}[chosen.benchmark]
    try:
        benchmark(console, quick=chosen.quick)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Đã ngừng và dọn xong. / Stopped; nothing is left behind.", file=sys.stderr)
        return 130
    return 0


def _ingest(console: Console, *, quick: bool) -> None:
    sizes, progress, facts = QUICK if quick else FULL, Progress(console), machine.facts()

    async def run() -> Results:
        async with platform.running(sizes.devices, progress) as running:
            return await Benchmark(running, sizes, progress).run()

    report.show(console, facts, uvloop.run(run()))


def _lookup(console: Console, *, quick: bool) -> None:
    sizes, progress, facts = (
        lookup.QUICK if quick else lookup.FULL,
        Progress(console),
        machine.facts(),
    )

    async def run() -> lookup.Results:
        async with register.running(progress) as running:
            return await lookup.Benchmark(running, sizes, progress).run()

    lookup_report.show(console, facts, uvloop.run(run()))


if __name__ == "__main__":
    sys.exit(main())
