"""The command line: `python -m evaluation [--page docs/detection.md]`."""

import argparse
import asyncio
import sys
from pathlib import Path

from rich.console import Console

from evaluation.evaluation import evaluate, is_judged_by
from evaluation.published import published_profiles
from evaluation.report import page, print_tables

_WIDTH = 132


def main() -> int:
    """Evaluate the published profiles, print the tables, and write the page if one is named."""
    given = _parser().parse_args()
    seeds = range(given.traces)
    profiles = sorted(asyncio.run(published_profiles()), key=lambda one: one.name)
    console = Console(record=True, width=_WIDTH)
    left_out = [one.name for one in profiles if not is_judged_by(one)]
    print_tables(console, list(evaluate(profiles, seeds)), left_out)
    if given.page:
        given.page.write_text(page(console.export_text(), seeds), encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    parser.add_argument(
        "--traces", type=int, default=20, help="vệt tổng hợp mỗi loại · synthetic traces per kind"
    )
    parser.add_argument("--page", type=Path, help="viết trang này · write this page")
    return parser


if __name__ == "__main__":
    sys.exit(main())
