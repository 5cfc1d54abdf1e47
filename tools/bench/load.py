"""The bulk that detectors send while alarms are measured, from a process of its own.

`python -m bench.load`: reads its orders as JSON on standard input, tells what became of it on standard output.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle

import uvloop

from bench import workload
from bench.aside import begin, told_by
from bench.sender import Sender
from bench.workload import Message
from chassis.broker import jetstream
from chassis.telemetry import log


@dataclass(frozen=True)
class Orders:
    """Messages of `per_message` readings, `per_second` of them for `seconds`; `per_second` 0 is as many as possible."""

    nats_url: str
    devices: list[str]
    per_message: int
    per_second: float
    seconds: float


class Load:
    """A load under way."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, orders: Orders) -> "Load":
        """Begin to send."""
        return cls(await begin("bench.load", orders))

    async def ended(self) -> dict[str, float]:
        """Wait for the end; tell messages `sent`, `stored` and `refused`, and the `seconds` it took."""
        told: dict[str, float] = await told_by(self._process)
        return told

    async def stop(self) -> None:
        """End it, if it has not ended."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


def clean_air(orders: Orders) -> Iterator[Message]:
    """Give clean air of one device after the other, each reading later than the last of its device."""
    end = time.perf_counter() + orders.seconds
    latest = dict.fromkeys(orders.devices, 0)
    for device in cycle(orders.devices):
        if time.perf_counter() > end:
            return
        first = max(workload.now_ms() - orders.per_message, latest[device] + 1)
        latest[device] = first + orders.per_message
        yield workload.clean_air(device, first, orders.per_message, step_ms=1)


async def _send(orders: Orders) -> dict[str, float]:
    client = await jetstream.connect(orders.nats_url, "load")
    sender = Sender(client)
    await sender.open()
    begin = time.perf_counter()
    if orders.per_second:
        await sender.send_paced(clean_air(orders), orders.per_second)
    else:
        await sender.send_all(clean_air(orders))
    seconds = time.perf_counter() - begin
    await client.close()
    counts = {"sent": sender.sent, "stored": sender.stored, "refused": sender.refused}
    return {**counts, "seconds": seconds}


if __name__ == "__main__":
    log.configure("load", "CRITICAL")
    print(json.dumps(uvloop.run(_send(Orders(**json.load(sys.stdin))))))
