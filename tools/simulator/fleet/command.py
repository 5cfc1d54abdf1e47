"""The command `fleet`: every detector of a ward reports until the end is asked for."""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import uvloop
from google.protobuf.json_format import Parse

from chassis import clock
from chassis.settings import read_settings
from chassis.telemetry import log
from simulator.fleet.fleet import Fleet
from simulator.fleet.holds import SUBJECT
from simulator.fleet.keyring import Keyring
from simulator.fleet.line import Line
from simulator.fleet.link import Acknowledged, Link
from simulator.fleet.sender import Sender
from simulator.fleet.sensor import Sensor
from simulator.settings import FleetSettings
from ward.fire_safety.v1 import fire_safety_pb2 as pb

REPORT_EVERY_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "--ward", type=Path, help="directory of the dataset (WARD_DATA); NATS_URL is the broker"
    )


def run(options: argparse.Namespace) -> int:
    """Run the fleet; returns the exit code."""
    settings = read_settings(FleetSettings)
    log.configure("fleet", settings.log_level)
    ward: Path = options.ward or settings.ward_data
    try:
        sensors = read_sensors(ward)
    except FileNotFoundError:
        print(
            f"Không có dữ liệu phường ở {ward}: hãy chạy `python -m simulator generate`. / "
            f"No ward data in {ward}: run `python -m simulator generate`.",
            file=sys.stderr,
        )
        return 1
    uvloop.run(_serve(settings, sensors))
    return 0


def read_sensors(ward: Path) -> list[Sensor]:
    """Read the detectors of a dataset; raises FileNotFoundError."""
    lines = (ward / "devices.jsonl").read_text(encoding="utf-8").splitlines()
    return [Sensor.of(Parse(line, pb.Device())) for line in lines]


def build(settings: FleetSettings, sensors: list[Sensor]) -> Fleet:
    """Put a fleet together from its settings; without a run directory those that sign in as themselves are silent."""

    def link(acknowledged: Acknowledged) -> Link:
        url = settings.nats_url.get_secret_value()
        return Link("fleet", url, settings.nats_inbox_prefix, acknowledged)

    ours = [sensor for sensor in sensors if not sensor.is_own]
    lines = lines_of(settings.run_dir, settings.ward_code, sensors) if settings.run_dir else {}
    shared = [sensor.device_id for sensor in ours]
    sender = Sender(shared, settings.ward_code, link, time.monotonic, lines)
    # Noise on clean air: nothing secret hangs on it.
    rng = Random()  # noqa: S311
    reporting = sensors if lines else ours
    return Fleet(reporting, sender, lambda: clock.utc_now().timestamp(), time.monotonic, rng)


def lines_of(run_dir: Path, ward_code: str, sensors: Sequence[Sensor]) -> dict[str, Line]:
    """Give each detector that signs in as itself its line to the platform of a run directory."""
    own = [sensor for sensor in sensors if sensor.is_own]
    keyring = Keyring(run_dir, ward_code, [sensor.device_id for sensor in own])
    return {sensor.device_id: Line(sensor, keyring) for sensor in own}


async def _serve(settings: FleetSettings, sensors: list[Sensor]) -> None:
    fleet = build(settings, sensors)
    log.logger().info("fleet_started", devices=len(sensors))
    tasks = [
        asyncio.create_task(fleet.sender.link.keep_up({SUBJECT: fleet.hold})),
        asyncio.create_task(fleet.run()),
        *(asyncio.create_task(line.run()) for line in fleet.sender.lines),
        asyncio.create_task(_report(fleet)),
        asyncio.create_task(_end_asked_for()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await _stop(fleet, tasks)
    finally:
        log.logger().info("fleet_stopped", **_figures(fleet))


async def _stop(fleet: Fleet, tasks: list[asyncio.Task[None]]) -> None:
    """Cancel all and disconnect; an error that ended a task is raised."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await fleet.sender.link.close()


async def _end_asked_for() -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()


async def _report(fleet: Fleet) -> None:
    while True:
        await asyncio.sleep(REPORT_EVERY_S)
        log.logger().info("fleet_reports", **_figures(fleet))


def _figures(fleet: Fleet) -> dict[str, int]:
    return {
        "sent": fleet.sender.sent,
        "acknowledged": fleet.sender.acknowledged,
        "kept": fleet.sender.kept,
        "dropped": fleet.sender.dropped,
    }
