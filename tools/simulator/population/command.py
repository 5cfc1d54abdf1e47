"""The command `population`: serves a synthetic ward's people as the national database would."""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from simulator.population.fault_file import FaultFile
from simulator.population.people import People, read_people
from simulator.population.server import Fault, PopulationServer
from simulator.settings import FleetSettings

_GRACE_S = 1.0
_LOOK_EVERY_S = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--ward", type=Path, help="directory of the dataset (WARD_DATA)")
    parser.add_argument(
        "--listen", default="127.0.0.1:15100", help="host:port; port 0 is any (%(default)s)"
    )
    failing = parser.add_mutually_exclusive_group()
    failing.add_argument(
        "--fault", type=Fault, choices=list(Fault), default=Fault.NONE, help="how it fails"
    )
    failing.add_argument(
        "--fault-file", type=Path, help="a file that says how, and may change; no file is none"
    )


def run(options: argparse.Namespace) -> int:
    """Serve until the end is asked for; returns the exit code."""
    ward: Path = options.ward or FleetSettings().ward_data
    try:
        people = read_people(ward)
    except FileNotFoundError:
        print(
            f"Không có dữ liệu phường ở {ward}: hãy chạy `python -m simulator generate`. / "
            f"No ward data in {ward}: run `python -m simulator generate`.",
            file=sys.stderr,
        )
        return 1
    asyncio.run(_serve(people, options.listen, options.fault, options.fault_file))
    return 0


async def _serve(people: People, listen: str, fault: Fault, fault_file: Path | None) -> None:
    database = PopulationServer(people, fault)
    server, port = await database.serve(listen)
    print(
        f"→ CSDL dân cư giả lập / simulated population database: {len(people):,} người, "
        f"cổng / port {port}, lỗi / fault: {fault}",
        flush=True,
    )
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    if fault_file:
        await _follow(FaultFile(fault_file), database, ended)
    await ended.wait()
    await server.stop(_GRACE_S)


async def _follow(file: FaultFile, database: PopulationServer, ended: asyncio.Event) -> None:
    """Fail as the file says, until the end; a word that is no fault changes nothing."""
    while not ended.is_set():
        with contextlib.suppress(ValueError):
            _tell(database, file.read())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), _LOOK_EVERY_S)


def _tell(database: PopulationServer, fault: Fault) -> None:
    if fault is not database.fault:
        print(f"→ lỗi / fault: {fault}", flush=True)
        database.fault = fault
