"""The benchmarks' commands: `python -m bench ingest [--quick]`."""

import argparse
import sys

import uvloop
from rich.console import Console

from bench import machine, platform, report
from bench.ingest import Benchmark, Results
from bench.sizes import FULL, QUICK, Sizes
from chassis import log
from stack.errors import StackError
from stack.progress import Progress

_WIDTH = 120


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark; returns the exit code: figures are told, not judged by it."""
    parser = argparse.ArgumentParser(
        "python -m bench", description="The product beside its floors."
    )
    parser.add_argument("benchmark", choices=["ingest"])
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    chosen = parser.parse_args(arguments)
    # What the services and servers say is in their logs; the figures have the terminal.
    log.configure("bench", "CRITICAL")
    console = Console(highlight=False, width=_WIDTH)
    facts = machine.facts()
    try:
        results = uvloop.run(_ingest(QUICK if chosen.quick else FULL, Progress(console)))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Đã ngừng và dọn xong. / Stopped; nothing is left behind.", file=sys.stderr)
        return 130
    report.show(console, facts, results)
    return 0


async def _ingest(sizes: Sizes, progress: Progress) -> Results:
    async with platform.running(sizes.devices, progress) as running:
        return await Benchmark(running, sizes, progress).run()


if __name__ == "__main__":
    sys.exit(main())
