"""`python -m bench.gateway [--quick]`: the gateway beside its floors, over HTTP.

One JSON document is POSTed to `/v1/identities:verify` over 32 connections that stay open, by the same process of its
own for all that are asked in turn, round after round:

- the gateway before a bare grpc.aio echo; the same gateway with Python's collector as it comes (`bench.untuned`);
- a FastAPI route by hand before the same echo, served as the gateway is, alone and in the gateway's own frame
  (`bench.hand_written`);
- the gateway before residency: TLS, token, role, purpose, policy, limits, and a durable record before each answer; the
  same for 32 identities in a call.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import attrgetter
from statistics import median

import uvloop
from rich.console import Console

from bench import goals, machine, register
from bench.caller import Called, Orders
from bench.goals import Goal
from bench.http_caller import call
from bench.register import Register
from bench.report import goals_table, setting, table
from bench.scrape import Scrape
from chassis.clock import utc_now
from chassis.telemetry import log
from stack.errors import StackError
from stack.ports import LOOPBACK
from stack.progress import Progress

MANY = 32
MANY_IN_FLIGHT = 4
_WIDTH = 120
GATEWAY = ("gateway", "serve")
UNTUNED = ("bench.untuned", "serve")
BY_HAND = ("bench.hand_written",)
BY_HAND_IN_FRAME = ("bench.hand_written", "--in-frame")


class What(StrEnum):
    """What is asked over HTTP."""

    BY_HAND = "BY_HAND"
    BY_HAND_IN_FRAME = "BY_HAND_IN_FRAME"
    TRANSCODED = "TRANSCODED"
    UNTUNED = "UNTUNED"
    AUDITED = "AUDITED"
    AUDITED_MANY = "AUDITED_MANY"


_NAMES = {
    What.BY_HAND: "tuyến viết tay → echo · route by hand → echo",
    What.BY_HAND_IN_FRAME: "như vậy, trong khung của cổng · the same in the gateway's frame",
    What.TRANSCODED: "cổng → echo · gateway → echo",
    What.UNTUNED: "như vậy, bộ gom rác để nguyên · the same, collector as it comes",
    What.AUDITED: "cổng → VerifyIdentity · gateway → VerifyIdentity",
    What.AUDITED_MANY: f"cổng → VerifyIdentities({MANY}), người · gateway, identities",
}
AUDITED = frozenset({What.AUDITED, What.AUDITED_MANY})


@dataclass(frozen=True)
class GatewaySizes:
    """Persons of the register, rounds, the seconds of each measurement, and connections."""

    persons: int
    rounds: int
    seconds: float
    connections: int = 32


FULL = GatewaySizes(persons=34_432, rounds=7, seconds=3)
QUICK = GatewaySizes(persons=400, rounds=1, seconds=0.2, connections=4)


@dataclass
class Results:
    """All that was measured.

    `collections` of the young, the middle and all objects, as they tell of themselves. `answers` asks for so many
    records, `records` are those that the account has.
    """

    sizes: GatewaySizes
    measured: dict[What, list[Called]] = field(default_factory=lambda: defaultdict(list))
    collections: dict[What, list[int]] = field(default_factory=dict)
    answers: int = 0
    records: int = 0
    chain_holds: bool = False

    def told(self, what: What) -> tuple[float, float, float]:
        """Tell answers (of 32 identities each: identities) a second, and p50 and p99 in ms, medians of the rounds."""
        rounds = self.measured[what]
        rate, p50, p99 = zip(*((one.rate, one.p50, one.p99) for one in rounds), strict=True)
        return median(rate), median(p50), median(p99)

    def ratio(self, what: What, to: What, figure: str = "rate") -> float:
        """Tell the rate, or another figure, of one to that of another in the same round, the median of the rounds."""
        of: Callable[[Called], float] = attrgetter(figure)
        pairs = zip(self.measured[what], self.measured[to], strict=True)
        return median(of(one) / of(other) for one, other in pairs)


class Benchmark:
    """One run."""

    def __init__(self, register: Register, sizes: GatewaySizes, progress: Progress) -> None:
        self._register = register
        self._progress = progress
        self._results = Results(sizes)

    async def run(self) -> Results:
        """Measure everything."""
        step, results, register = self._progress.step, self._results, self._register
        with step(f"Nạp {results.sizes.persons:,} người", f"{results.sizes.persons:,} persons"):
            await register.grow(results.sizes.persons)
        before = await register.records()
        with step("Cổng, cạnh các mốc sàn", "the gateway beside its floors"):
            await self._measure()
        results.records = await register.records() - before
        with step("Kiểm tra chuỗi nhật ký", "verifying the chain"):
            results.chain_holds = await register.chain_holds()
        return results

    async def _measure(self) -> None:
        async with self._servers() as ports:
            course = {what: self._orders(port) for what, port in ports.items()}
            one = course[What.AUDITED]
            course[What.AUDITED_MANY] = replace(one, in_flight=MANY_IN_FLIGHT, many=MANY)
            for what, orders in course.items():
                await self._call(what, orders)
            for _ in range(self._results.sizes.rounds):
                for what, orders in course.items():
                    self._results.measured[what].append(await self._call(what, orders))
            for what in (What.TRANSCODED, What.UNTUNED):
                self._results.collections[what] = _collections(ports[what])

    @asynccontextmanager
    async def _servers(self) -> AsyncGenerator[dict[What, int]]:
        before = self._register.before
        async with self._register.floor() as echo, self._register.service():
            service = self._register.target
            async with (
                before(echo, *BY_HAND) as by_hand,
                before(echo, *BY_HAND_IN_FRAME) as in_frame,
                before(echo, *GATEWAY) as transcoded,
                before(echo, *UNTUNED) as untuned,
                before(service, *GATEWAY) as audited,
            ):
                yield {
                    What.BY_HAND: by_hand,
                    What.BY_HAND_IN_FRAME: in_frame,
                    What.TRANSCODED: transcoded,
                    What.UNTUNED: untuned,
                    What.AUDITED: audited,
                }

    async def _call(self, what: What, orders: Orders) -> Called:
        called = await call(orders)
        if what in AUDITED:
            self._results.answers += called.records
        return called

    def _orders(self, port: int) -> Orders:
        sizes = self._results.sizes
        return Orders(
            target=f"{LOOPBACK}:{port}",
            in_flight=sizes.connections,
            seconds=sizes.seconds,
            persons=self._register.persons,
            token=self._register.token(utc_now()),
        )


def _collections(port: int) -> list[int]:
    scrape = Scrape.of(port)
    return [
        int(scrape.value("python_gc_collections_total", generation=str(generation)))
        for generation in range(3)
    ]


async def measure(sizes: GatewaySizes, progress: Progress) -> Results:
    """Run everything in a folder that goes away."""
    async with register.running(progress) as running:
        return await Benchmark(running, sizes, progress).run()


def judged(results: Results) -> list[tuple[Goal, float]]:
    """Tell each goal with what was measured."""
    ratio = results.ratio
    return [
        (goals.TRANSCODED, ratio(What.TRANSCODED, What.BY_HAND)),
        (goals.TRANSCODED_IN_FRAME, ratio(What.TRANSCODED, What.BY_HAND_IN_FRAME)),
        (goals.COLLECTOR, ratio(What.TRANSCODED, What.UNTUNED, "p99")),
        (goals.OVER_HTTP, ratio(What.AUDITED, What.TRANSCODED)),
        (goals.MANY_OVER_HTTP, ratio(What.AUDITED_MANY, What.TRANSCODED)),
        (
            goals.UNACCOUNTED,
            abs(results.answers - results.records) + (not results.chain_holds),
        ),
    ]


def show(console: Console, facts: dict[str, str], results: Results) -> None:
    """Print the figures, and what was asked."""
    setting(console, facts)
    shown = table(
        f"Qua HTTP, trung vị {results.sizes.rounds} lượt · over HTTP, medians",
        ("kết nối", "connections"),
        ("mỗi giây", "a second"),
        ("p50 ms", ""),
        ("p99 ms", ""),
        ("so với viết tay", "to by hand"),
    )
    for what, name in _NAMES.items():
        connections = MANY_IN_FLIGHT if what is What.AUDITED_MANY else results.sizes.connections
        rate, p50, p99 = results.told(what)
        figures = (f"{rate:,.0f}", f"{p50:.2f}", f"{p99:.2f}")
        shown.add_row(name, str(connections), *figures, f"{results.ratio(what, What.BY_HAND):.2f}")
    console.print(shown)
    for what, counts in results.collections.items():
        young, middle, full = (f"{count:,}" for count in counts)
        console.print(f"  {_NAMES[what]}: gom rác · collections {young} + {middle} + {full}")
    console.print(
        f"  bản ghi phải có · records due {results.answers:,}; có · there are {results.records:,};"
        f" chuỗi · chain: {'nguyên vẹn · holds' if results.chain_holds else 'ĐỨT · BROKEN'}"
    )
    console.print(goals_table(judged(results)))


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell; returns the exit code: figures are told, not judged by it."""
    parser = argparse.ArgumentParser("python -m bench.gateway", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    sizes = QUICK if parser.parse_args(arguments).quick else FULL
    log.configure("bench", "CRITICAL")
    console, facts = Console(highlight=False, width=_WIDTH), machine.facts()
    try:
        results = uvloop.run(measure(sizes, Progress(console)))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    show(console, facts, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
