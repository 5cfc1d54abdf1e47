"""The command `population`: serves a synthetic ward's people as the national database would."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from simulator.population.people import People, read_people
from simulator.population.server import Fault, PopulationServer
from simulator.settings import FleetSettings

_GRACE_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--ward", type=Path, help="directory of the dataset (WARD_DATA)")
    parser.add_argument(
        "--listen", default="127.0.0.1:15100", help="host:port; port 0 is any (%(default)s)"
    )
    parser.add_argument(
        "--fault", type=Fault, choices=list(Fault), default=Fault.NONE, help="how it fails"
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
    asyncio.run(_serve(people, options.listen, options.fault))
    return 0


async def _serve(people: People, listen: str, fault: Fault) -> None:
    server, port = await PopulationServer(people, fault).serve(listen)
    print(
        f"→ CSDL dân cư giả lập / simulated population database: {len(people):,} người, "
        f"cổng / port {port}, lỗi / fault: {fault}",
        flush=True,
    )
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await server.stop(_GRACE_S)
