"""The course of `make bench-lookup`: floors and product in turn, on the same servers, in the same minutes."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import median

from bench.caller import Called, Orders, call
from bench.register import By, Register
from chassis.clock import utc_now
from stack.progress import Progress

MANY = 32
MANY_IN_FLIGHT = 4


class What(StrEnum):
    """What is called."""

    ECHO = "ECHO"
    ECHO_COMMIT_SELECT = "ECHO_COMMIT_SELECT"
    EMPTY = "EMPTY"
    BY_REQUEST = "BY_REQUEST"
    BY_REQUEST_IN_CHAIN = "BY_REQUEST_IN_CHAIN"
    VERIFY = "VERIFY"
    VERIFY_MANY = "VERIFY_MANY"
    OCCUPANCY = "OCCUPANCY"
    SEARCH = "SEARCH"


@dataclass(frozen=True)
class LookupSizes:
    """Register sizes, rounds, the seconds of each measurement, and the calls in flight."""

    persons: tuple[int, ...]
    rounds: int
    seconds: float
    in_flight: tuple[int, ...] = (1, 4, 32, 64)

    @property
    def most(self) -> int:
        """The calls in flight under full load."""
        return self.in_flight[-1]


FULL = LookupSizes(persons=(34_432, 1_000_000), rounds=3, seconds=1.5)
QUICK = LookupSizes(persons=(400,), rounds=1, seconds=0.2, in_flight=(1, 4))

Measured = dict[tuple[What, int], list[Called]]


@dataclass
class OfSize:
    """What was measured with a register of so many persons; by what is called and calls in flight."""

    persons: int
    measured: Measured = field(default_factory=lambda: defaultdict(list))

    def rate(self, what: What, in_flight: int) -> float:
        """Tell looks a second, the median of the rounds."""
        return median(one.rate for one in self.measured[what, in_flight])

    def latency(self, what: What, in_flight: int) -> tuple[float, float]:
        """Tell p50 and p99 in ms, medians of the rounds."""
        rounds = self.measured[what, in_flight]
        return median(one.p50 for one in rounds), median(one.p99 for one in rounds)

    def ratio(self, what: What, to: What, in_flight: int, to_in_flight: int = 0) -> float:
        """Tell the rate of one to that of another in the same round, the median of the rounds."""
        pairs = zip(
            self.measured[what, in_flight],
            self.measured[to, to_in_flight or in_flight],
            strict=True,
        )
        return median(one.rate / other.rate for one, other in pairs)

    def alone(self) -> float:
        """Tell how much longer a look alone takes than echo, commit and select, p50 to p50 of the same round."""
        pairs = zip(
            self.measured[What.VERIFY, 1], self.measured[What.ECHO_COMMIT_SELECT, 1], strict=True
        )
        return median(one.p50 / other.p50 for one, other in pairs)


@dataclass(frozen=True)
class Results:
    """All that was measured; `answers` asks for so many records, `records` are those that the account has."""

    sizes: LookupSizes
    each: list[OfSize]
    answers: int
    records: int
    chain_holds: bool


class Benchmark:
    """One run."""

    def __init__(self, register: Register, sizes: LookupSizes, progress: Progress) -> None:
        self._register = register
        self._sizes = sizes
        self._progress = progress
        self._answers = 0

    async def run(self) -> Results:
        """Measure everything."""
        step, each = self._progress.step, []
        before = await self._register.records()
        for persons in self._sizes.persons:
            with step(f"Nạp {persons:,} người", f"{persons:,} persons"):
                await self._register.grow(persons)
            with step("Tra cứu, cạnh các mốc sàn", "looks beside their floors"):
                each.append(await self._measure(persons))
        records = await self._register.records() - before
        with step("Kiểm tra chuỗi nhật ký", "verifying the chain"):
            holds = await self._register.chain_holds()
        return Results(self._sizes, each, self._answers, records, holds)

    async def _measure(self, persons: int) -> OfSize:
        found, register = OfSize(persons), self._register
        async with (
            register.floor() as echo_target,
            register.floor(By.REQUEST) as by_request_target,
            register.floor(By.REQUEST_IN_CHAIN) as in_chain_target,
            register.service(),
        ):
            product = replace(
                self._orders(register.target),
                token=register.token(utc_now()),
                authority=register.authority,
            )
            course = {
                What.BY_REQUEST: self._orders(by_request_target),
                What.BY_REQUEST_IN_CHAIN: replace(product, target=in_chain_target),
                What.EMPTY: replace(product, token="", empty=True),
                What.VERIFY_MANY: replace(product, in_flight=MANY_IN_FLIGHT, many=MANY),
                What.OCCUPANCY: replace(product, dwellings=await register.dwellings()),
                What.SEARCH: replace(product, in_flight=1, by_name=True),
            }
            echo = self._orders(echo_target)
            alone = replace(echo, in_flight=1, database=register.database_url)
            await self._warm(echo, alone, product, *course.values())
            for _ in range(self._sizes.rounds):
                await self._call(found, What.ECHO_COMMIT_SELECT, alone)
                for in_flight in self._sizes.in_flight:
                    await self._call(found, What.ECHO, replace(echo, in_flight=in_flight))
                    await self._call(found, What.VERIFY, replace(product, in_flight=in_flight))
                for what, orders in course.items():
                    await self._call(found, what, orders)
        return found

    async def _warm(self, *orders: Orders) -> None:
        for one in orders:
            self._count(one, await call(one))

    async def _call(self, found: OfSize, what: What, orders: Orders) -> None:
        called = await call(orders)
        self._count(orders, called)
        found.measured[what, orders.in_flight].append(called)

    def _count(self, orders: Orders, called: Called) -> None:
        if orders.token:
            self._answers += called.records

    def _orders(self, target: str) -> Orders:
        return Orders(
            target=target,
            in_flight=self._sizes.most,
            seconds=self._sizes.seconds,
            persons=self._register.persons,
        )
