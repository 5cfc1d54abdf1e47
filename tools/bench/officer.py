"""`python -m bench.officer [--quick] [--readings N]`: from a detector's smoke to the officer's screen and brief.

The whole platform as `make up` starts it, with the ward of full size but without its simulated fleet. One detector
after the other smells smoke, each in premises of its own. What counts is when the incident comes over a duty officer's
open stream of events (SSE), and when the rescue brief that is then asked for has been read, over HTTP both; first while
nothing else is sent, then with the bulk that other detectors send, and at last while all detectors that were lost, as
in a power cut, are heard again at once.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice, starmap
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from nats.aio.client import Client
from rich.console import Console

from bench import goals, workload
from bench.latency import Latencies
from bench.load import Load, Orders
from bench.machine import facts
from bench.report import goals_table, setting, table
from chassis.broker import jetstream
from chassis.telemetry import log
from stack.errors import StackError
from stack.installation import Installation
from stack.issuer import Role
from stack.progress import Progress
from stack.settings import WARD_RESIDENTS
from stack.supervisor import Stack

_WIDTH = 120
_WATCH = "/v1/incidents:watch"
_OWN_FORMAT = "PAYLOAD_FORMAT_NATIVE"
_KINDS = {"DEVICE_KIND_SMOKE", "DEVICE_KIND_SMOKE_HEAT"}
_PATIENCE_S = 60.0
_BEGIN_S = 1.0
_TOO_FEW = (
    "Không đủ cơ sở có đầu báo khói / Too few premises with a smoke detector: {found} < {needed}"
)


@dataclass(frozen=True)
class Sizes:
    """Residents; alarms that are raised before any is measured, then idle and under load, so many a second.

    `returning` are raised while detectors come back. `silence_s` is how long it takes until all devices but those are
    told as lost, since no fleet reports for them.
    """

    residents: int
    warming: int
    alarms: int
    returning: int
    per_second: float
    silence_s: float = 0.0

    @property
    def premises(self) -> int:
        """How many premises burn, each once."""
        return self.warming + 2 * self.alarms + self.returning


# Devices that report each minute are lost after 65 s, all of them in the same three seconds.
FULL = Sizes(WARD_RESIDENTS, warming=20, alarms=100, returning=25, per_second=4, silence_s=75.0)
QUICK = Sizes(3_000, warming=2, alarms=5, returning=2, per_second=4)
# About half of what both lanes in one process get done of a full stream on two cores (docs/bench-ingest.md).
READINGS = 40_000


class Fire(NamedTuple):
    """Where it burns."""

    premises_id: str
    device_id: str


@dataclass
class Seen:
    """How long after the smoke was published an incident came over the open stream, and its brief was read."""

    event: Latencies = field(default_factory=Latencies)
    brief: Latencies = field(default_factory=Latencies)


@dataclass(frozen=True)
class Results:
    """All that was measured; `readings` a second were sent meanwhile under load, and so many detectors came back."""

    readings: float
    returned: int
    idle: Seen
    loaded: Seen
    returning: Seen

    @property
    def latencies(self) -> list[Latencies]:
        """How long each took to be seen."""
        seen = (self.idle, self.loaded, self.returning)
        return [one for some in seen for one in (some.event, some.brief)]


class Officer:
    """A duty officer with an open stream, who reads the brief of each incident that comes."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self._published: dict[str, float] = {}
        self._seen = Seen()
        self._briefs: set[asyncio.Task[None]] = set()

    async def fires(self, most: int) -> list[Fire]:
        """Choose a smoke detector of the platform's own format in each premises."""
        found: list[Fire] = []
        for one in (await self._get("/v1/premises?pageSize=500"))["premises"]:
            listed = (await self._get(f"/v1/premises/{one['premisesId']}/devices"))["devices"]
            smoke = [
                device["deviceId"]
                for device in listed
                if device["kind"] in _KINDS and device["payloadFormat"] == _OWN_FORMAT
            ]
            if smoke and len(found) < most:
                found.append(Fire(one["premisesId"], smoke[0]))
        if len(found) < most:
            raise StackError(
                f"Chỉ {len(found)} cơ sở có đầu báo khói, cần {most}.",
                f"Only {len(found)} premises have a smoke detector, {most} are needed.",
            )
        return found

    async def see(self, broker: Client, fires: Sequence[Fire], per_second: float) -> Seen:
        """Let fires break out at a pace; tell how long each took to be seen."""
        self._published, self._seen = {}, Seen()
        watching = asyncio.create_task(self._watch(len(fires)))
        await asyncio.sleep(_BEGIN_S)
        begin, stream = time.perf_counter(), broker.jetstream()
        async with asyncio.TaskGroup() as group:
            for number, fire in enumerate(fires):
                await asyncio.sleep(max(begin + number / per_second - time.perf_counter(), 0))
                subject, payload = workload.smoke(fire.device_id)
                self._published[fire.premises_id] = time.perf_counter()
                group.create_task(stream.publish(subject, payload))
        done, _ = await asyncio.wait({watching}, timeout=_PATIENCE_S)
        if done:
            watching.result()
        watching.cancel()
        await asyncio.gather(watching, *self._briefs, return_exceptions=True)
        seen = self._seen
        seen.event.lost, seen.brief.lost = (
            len(fires) - len(one.seconds) for one in (seen.event, seen.brief)
        )
        return seen

    async def _watch(self, expected: int) -> None:
        async with self._client.stream("GET", _WATCH, timeout=None) as stream:
            stream.raise_for_status()
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    self._on_event(json.loads(line.removeprefix("data: ")), time.perf_counter())
                if len(self._seen.event.seconds) == expected:
                    break
        await asyncio.gather(*self._briefs)

    def _on_event(self, event: dict[str, Any], now: float) -> None:
        incident = event.get("incident", {})
        since = self._published.pop(incident.get("premisesId", ""), None)
        if since is not None:
            self._seen.event.seconds.append(now - since)
            reading = asyncio.create_task(self._read_brief(incident["incidentId"], since))
            self._briefs.add(reading)
            reading.add_done_callback(self._briefs.discard)

    async def _read_brief(self, incident_id: str, since: float) -> None:
        brief = (await self._get(f"/v1/incidents/{incident_id}/brief"))["brief"]
        if brief["premises"]["name"] and brief["people"]["provenance"]:
            self._seen.brief.seconds.append(time.perf_counter() - since)

    async def _get(self, path: str) -> Any:  # noqa: ANN401 - parsed JSON
        response = await self._client.get(path)
        response.raise_for_status()
        return response.json()


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell; 1 if an incident or a brief never came."""
    parser = argparse.ArgumentParser("python -m bench.officer", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    parser.add_argument(
        "--readings", type=int, default=READINGS, help="readings a second under load (%(default)s)"
    )
    chosen = parser.parse_args(arguments)
    log.configure("bench", "CRITICAL")
    console = Console(highlight=False, width=_WIDTH)
    machine = facts()
    try:
        results = asyncio.run(
            run(QUICK if chosen.quick else FULL, chosen.readings, Progress(console))
        )
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    show(console, machine, results)
    return 1 if any(one.lost for one in results.latencies) else 0


async def run(sizes: Sizes, readings: float, progress: Progress) -> Results:
    """Measure idle, then under load, then while detectors come back."""
    async with _ward(sizes, progress) as (place, broker, officer):
        fires = await officer.fires(sizes.premises)
        rest = iter(fires)
        warming, idle, loaded, returning = (
            [*islice(rest, count)]
            for count in (sizes.warming, sizes.alarms, sizes.alarms, sizes.returning)
        )
        await officer.see(broker, warming, sizes.per_second)
        with progress.step(
            "Chờ các dịch vụ nhận hết số liệu", "services take in the census and lost devices"
        ):
            await asyncio.sleep(sizes.silence_s)
            await _rest(broker)
        with progress.step("Từ khói đến sĩ quan, lúc rỗi", "from smoke to officer, idle"):
            seen_idle = await officer.see(broker, idle, sizes.per_second)
        with progress.step("Từ khói đến sĩ quan, có tải", "from smoke to officer, under load"):
            load = await Load.start(_bulk(place, readings, sizes))
            try:
                seen_loaded = await officer.see(broker, loaded, sizes.per_second)
                told = await load.ended()
            finally:
                await load.stop()
        with progress.step("Từ khói đến sĩ quan, có điện trở lại", "as detectors come back"):
            coming = _come_back(place, broker, {one.device_id for one in returning})
            returned, seen_returning = await asyncio.gather(
                coming, officer.see(broker, returning, sizes.per_second)
            )
    readings = told["stored"] * workload.PER_BATCH / told["seconds"]
    return Results(readings, returned, seen_idle, seen_loaded, seen_returning)


async def _come_back(place: Installation, broker: Client, silent: Collection[str]) -> int:
    """Have all detectors of the platform's own format be heard once but those; tell how many."""
    await asyncio.sleep(_BEGIN_S)
    written = (place.ward / "devices.jsonl").read_text()
    back = [
        one["deviceId"]
        for one in map(json.loads, written.splitlines())
        if one["payloadFormat"] == _OWN_FORMAT and one["deviceId"] not in silent
    ]
    stream = broker.jetstream()
    await asyncio.gather(*starmap(stream.publish, workload.messages(back, len(back), 1)))
    return len(back)


async def _rest(broker: Client) -> None:
    """Wait until no service has events before it: after the first import each dwelling's count is one."""
    async with asyncio.timeout(_PATIENCE_S):
        while any(  # noqa: ASYNC110 - it is other processes that take them
            one.num_pending for one in await broker.jetstream().consumers_info("EVENTS")
        ):
            await asyncio.sleep(_BEGIN_S)


def show(console: Console, machine: dict[str, str], results: Results) -> None:
    """Print the figures, and what was asked."""
    setting(console, machine)
    shown = table(
        "Từ lúc phát khói, ms · after smoke was published, ms",
        ("số lần", "number"),
        ("p50", ""),
        ("p99", ""),
        ("lâu nhất", "longest"),
    )
    under, back = f"{results.readings:,.0f}/s", f"{results.returned:,}"
    for name, one in (
        ("rỗi: sự kiện trên SSE · idle: event on the SSE stream", results.idle.event),
        ("rỗi: đọc xong bản tin cứu hộ · idle: brief read", results.idle.brief),
        (f"tải {under}: sự kiện · load: event", results.loaded.event),
        (f"tải {under}: bản tin · load: brief read", results.loaded.brief),
        (f"{back} đầu báo trở lại: sự kiện · detectors come back: event", results.returning.event),
        (f"{back} đầu báo trở lại: bản tin · detectors come back: brief", results.returning.brief),
    ):
        figures = (one.percentile(0.5), one.percentile(0.99), one.percentile(1))
        shown.add_row(name, str(len(one.seconds)), *(f"{ms:.1f}" for ms in figures))
    console.print(shown)
    lost = sum(one.lost for one in results.latencies)
    console.print(
        goals_table(
            [
                (goals.SEEN_IDLE, results.idle.brief.percentile(0.99)),
                (goals.SEEN_LOADED, results.loaded.brief.percentile(0.99)),
                (goals.SEEN_RETURNING, results.returning.event.percentile(1)),
                (goals.UNSEEN, lost),
            ]
        )
    )


@asynccontextmanager
async def _ward(
    sizes: Sizes, progress: Progress
) -> AsyncGenerator[tuple[Installation, Client, Officer]]:
    """Run the platform in a folder that goes away with it, and sign an officer in."""
    async with AsyncExitStack() as stack:
        name = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="ward-bench-", ignore_cleanup_errors=True)
        )
        # PostgreSQL's own account must be able to enter.
        Path(name).chmod(0o711)  # noqa: ASYNC240 - nothing else runs yet
        ward = await stack.enter_async_context(
            Stack(Path(name), residents=sizes.residents, fleet=False, progress=progress)
        )
        place = ward.installation
        broker = await jetstream.connect(place.nats.url, "bench")
        stack.push_async_callback(broker.close)
        token = place.issuer.token(Role.DUTY_OFFICER, time.time())
        client = await stack.enter_async_context(
            httpx2.AsyncClient(
                base_url=place.gateway_address,
                headers={"authorization": f"Bearer {token}"},
                timeout=_PATIENCE_S,
            )
        )
        yield place, broker, Officer(client)


def _bulk(place: Installation, readings: float, sizes: Sizes) -> Orders:
    return Orders(
        nats_url=place.nats.url,
        devices=workload.UNREGISTERED,
        per_message=workload.PER_BATCH,
        per_second=readings / workload.PER_BATCH,
        seconds=sizes.alarms / sizes.per_second + 2 * _BEGIN_S,
    )


if __name__ == "__main__":
    sys.exit(main())
