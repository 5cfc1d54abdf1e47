"""The command `generate`: grows a ward and writes it, with a line that shows progress."""

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from simulator.generator import dataset
from simulator.generator.seeds import Seed
from simulator.generator.ward import AS_OF, RESIDENTS, Size, grow

DEFAULT_SEED = 11002


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--out", type=Path, required=True, help="directory of the dataset")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="default: %(default)s")
    parser.add_argument("--residents", type=_positive, default=RESIDENTS, help="default: 34,432")
    parser.add_argument("--premises", type=_positive, help="default: 251 per 34,432 residents")
    parser.add_argument("--devices", type=_positive, help="default: about ten a premises")
    parser.add_argument(
        "--as-of", type=date.fromisoformat, default=AS_OF, help="day of the register: %(default)s"
    )


def run(options: argparse.Namespace) -> int:
    """Generate the dataset; returns the exit code."""
    started = time.monotonic()
    size = Size.of(options.residents, options.premises, options.devices)
    ward = grow(Seed(options.seed), size, options.as_of, _show)
    _show("ghi tệp")
    try:
        dataset.write(options.out, ward, options.seed, options.as_of)
    except dataset.NotADatasetError:
        print(
            f"Thư mục {options.out} chứa dữ liệu khác: hãy chọn --out khác. / "
            f"{options.out} holds other files: choose another --out.",
            file=sys.stderr,
        )
        return 1
    _done(options.out, size, time.monotonic() - started)
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _show(what: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K→ phường giả lập: {what}", end="", flush=True)


def _done(out: Path, size: Size, seconds: float) -> None:
    if sys.stdout.isatty():
        print("\r\033[K", end="")
    print(
        f"✓ phường giả lập / synthetic ward: {size.residents:,} cư dân, {size.premises} cơ sở, "
        f"{size.devices} đầu báo → {out} ({seconds:.1f} s)"
    )
