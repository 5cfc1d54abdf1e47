"""The command `demo`: a real fire through the demo premises, told and measured."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import uvloop
from pydantic import ValidationError
from rich.console import Console

from chassis import clock
from chassis.telemetry import log
from simulator.demo import demo
from simulator.demo.demo import Setting
from simulator.demo.errors import SettingError
from simulator.demo.platform import Platform
from simulator.demo.results import Results
from simulator.demo.story import Story
from simulator.demo.traces import TESTS
from simulator.settings import DemoSettings
from stack.errors import StackError

ALL = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "--fire", choices=(*TESTS, ALL), help="which NIST test (FIRE; SDC07 unless set)"
    )
    parser.add_argument(
        "--speed", type=_positive, help="times its real speed (SPEED; 10 unless set)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")
    parser.add_argument("--keep", action="store_true", help="leave alarms and incident open")


def run(options: argparse.Namespace) -> int:
    """Run the demo; returns 0 if no station was missed."""
    # The story has the terminal to itself.
    log.configure("demo", "CRITICAL")
    try:
        settings = _settings()
        fire = options.fire or settings.fire
        tests = TESTS if fire == ALL else (fire,)
        outcomes = uvloop.run(_run(settings, tests, options))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Đã ngừng; lần chạy sau sẽ dọn. / Stopped; the next run tidies.", file=sys.stderr)
        return 130
    if options.json:
        _write(options.json, outcomes)
    return 1 if any(outcome.missed for outcome in outcomes) else 0


def _settings() -> DemoSettings:
    try:
        return DemoSettings()
    except ValidationError as error:
        raise SettingError from error


async def _run(
    settings: DemoSettings, tests: Sequence[str], options: argparse.Namespace
) -> list[Results]:
    platform = Platform.of_run(settings.run_dir, time.time())
    setting = Setting(
        clock=lambda: clock.utc_now().timestamp(),
        # Noise on clean air: nothing secret hangs on it.
        rng=Random(),  # noqa: S311
        ward_code=settings.ward_code,
        inbox_prefix=settings.nats_inbox_prefix,
        story=Story(Console(highlight=False)),
    )
    speed = options.speed or settings.speed
    return await demo.run(platform, tests, speed, setting, keep=options.keep)


def _positive(text: str) -> float:
    number = float(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1: slower would read from the future")
    return number


def _write(path: Path, outcomes: Sequence[Results]) -> None:
    measurements = [outcome.as_json() for outcome in outcomes]
    path.write_text(json.dumps(measurements, ensure_ascii=False, indent=2) + "\n")
