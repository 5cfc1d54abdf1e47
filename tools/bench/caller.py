"""Calls for looks, so many in flight, from a process of their own.

`python -m bench.caller`: reads its orders as JSON on standard input, tells what became of it on standard output.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import uvloop
from google.type import date_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bench.aside import begin, told_by
from bench.latency import Latencies
from bench.persons import BORN, digits, name_of
from ward.options.v1 import access_pb2
from ward.residency.v1 import lookups_pb2, lookups_pb2_grpc, residency_pb2_grpc
from ward.residency.v1 import residency_pb2 as pb

_REQUESTS = 10_000
_CASE = access_pb2.AccessPurpose(
    purpose=access_pb2.PURPOSE_RESIDENCE_CASE, reference="HS-2026/BENCH"
)
_BORN = date_pb2.Date(year=BORN.year, month=BORN.month, day=BORN.day)
_SEED = 20_261_127
_COMMIT = (
    "insert into bench_accesses (record_id, recorded_at, account) values ($1, now(), 'bench')"
)
_SELECT = "select full_name from persons where number_index = $1"


@dataclass(frozen=True)
class Orders:
    """Who is called, and how: `in_flight` calls at a time for `seconds`.

    A call is about one of the first `persons` of the benchmark's register, or about `many` of them; about the
    occupancy of one of `dwellings` if there are any; about a name if `by_name`; about nothing if `empty` (grpc.health,
    which every service answers without a token). `authority` is the certificate to trust
    (PEM) where TLS is spoken. With the URL of a `database` the caller itself commits a row there and selects one after
    each call, and all three are timed together.
    """

    target: str
    in_flight: int
    seconds: float
    persons: int
    token: str = ""
    authority: str = ""
    many: int = 0
    dwellings: tuple[str, ...] = ()
    by_name: bool = False
    empty: bool = False
    database: str = ""


@dataclass(frozen=True)
class Called:
    """What came of it: looks answered and records due for them, the seconds it took, and latencies of calls in ms."""

    looks: int
    records: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Looks a second."""
        return self.looks / self.seconds


async def call(orders: Orders) -> Called:
    """Have another process call."""
    return Called(**await told_by(await begin("bench.caller", orders)))


class _Caller:
    def __init__(
        self, orders: Orders, channel: aio.Channel, database: asyncpg.Connection | None
    ) -> None:
        self._database = database
        self._requests = requests_of(orders)
        residency = residency_pb2_grpc.ResidencyServiceStub(channel)
        health: Any = health_pb2_grpc.HealthStub(channel)
        self._method: Any = {
            pb.VerifyIdentityRequest: residency.VerifyIdentity,
            pb.VerifyIdentitiesRequest: residency.VerifyIdentities,
            pb.GetOccupancyRequest: residency.GetOccupancy,
            lookups_pb2.SearchPersonsRequest: lookups_pb2_grpc.LookupServiceStub(
                channel
            ).SearchPersons,
            health_pb2.HealthCheckRequest: health.Check,
        }[type(self._requests[0])]
        self._metadata = (("authorization", f"Bearer {orders.token}"),) if orders.token else ()
        self._looks = orders.many or 1
        self._next = self._shown = 0
        self._taken: list[float] = []

    async def run(self, in_flight: int, seconds: float) -> Called:
        begin = time.perf_counter()
        await asyncio.gather(*(self._call_until(begin + seconds) for _ in range(in_flight)))
        taken = Latencies(self._taken)
        p50, p99 = taken.percentile(0.5), taken.percentile(0.99)
        elapsed = time.perf_counter() - begin
        looks = len(self._taken) * self._looks
        return Called(looks, looks + self._shown, elapsed, p50, p99)

    async def _call_until(self, end: float) -> None:
        while (begin := time.perf_counter()) < end:
            self._next += 1
            request = self._requests[self._next % len(self._requests)]
            answer = await self._method(request, metadata=self._metadata)
            if self._database:
                await self._database.execute(_COMMIT, uuid4())
                await self._database.fetch(_SELECT, uuid4().bytes)
            self._taken.append(time.perf_counter() - begin)
            if isinstance(answer, lookups_pb2.SearchPersonsResponse):
                self._shown += len(answer.matches)


def requests_of(orders: Orders) -> list[Any]:
    """Make requests as ordered, the same in every run."""
    chance = random.Random(_SEED)  # noqa: S311 - the same requests in every run
    if orders.empty:
        return [health_pb2.HealthCheckRequest()]
    if orders.dwellings:
        return [pb.GetOccupancyRequest(purpose=_CASE, dwelling_id=one) for one in orders.dwellings]
    if orders.by_name:
        serials = (chance.randrange(orders.persons) for _ in range(_REQUESTS))
        return [
            lookups_pb2.SearchPersonsRequest(purpose=_CASE, name=name_of(one)) for one in serials
        ]
    looks = [_declared(chance.randrange(orders.persons)) for _ in range(_REQUESTS)]
    if orders.many:
        each = orders.many
        return [
            pb.VerifyIdentitiesRequest(purpose=_CASE, identities=looks[begin : begin + each])
            for begin in range(0, _REQUESTS - each, each)
        ]
    return [
        pb.VerifyIdentityRequest(
            purpose=_CASE,
            personal_id_number=look.personal_id_number,
            full_name=look.full_name,
            birth_date=look.birth_date,
        )
        for look in looks
    ]


def _declared(serial: int) -> pb.DeclaredIdentity:
    return pb.DeclaredIdentity(
        personal_id_number=digits(serial), full_name=name_of(serial), birth_date=_BORN
    )


async def _run(orders: Orders) -> Called:
    if orders.authority:
        trusted = grpc.ssl_channel_credentials(orders.authority.encode())
        channel = aio.secure_channel(orders.target, trusted)
    else:
        channel = aio.insecure_channel(orders.target)
    database = await asyncpg.connect(orders.database) if orders.database else None
    try:
        async with channel:
            return await _Caller(orders, channel, database).run(orders.in_flight, orders.seconds)
    finally:
        if database:
            await database.close()


if __name__ == "__main__":
    told = uvloop.run(_run(Orders(**json.load(sys.stdin))))
    print(json.dumps(asdict(told)))
