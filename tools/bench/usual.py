"""The stream read in the usual way, beside which ours is told: FastStream, a session of SQLAlchemy for each message.

`python -m bench.usual`: reads its orders as JSON on standard input, tells messages a second on standard output. What is
stored is stored once here too, and acknowledged behind the commit.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import uvloop
from faststream.nats import JStream, NatsBroker, PullSub
from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from bench.aside import begin, told_by
from chassis.clock import utc_now
from fire_safety import tables
from ward.fire_safety.v1 import readings_pb2 as pb

_TABLE, _DURABLE = "bench_usual", "bench-usual"
_USUAL = tables.readings.to_metadata(MetaData(), name=_TABLE)
_MAKE = f"create table {_TABLE} (like readings including indexes)"
_DROP = f"drop table if exists {_TABLE}"
# A filter would cost the broker more than all else (docs/bench-ingest.md).
_ALL = ">"
_FETCH = 256
_PATIENCE_S = 120


@dataclass(frozen=True)
class Orders:
    """Where the stream and the database are, and how many messages are read."""

    nats_url: str
    database_url: str
    stream: str
    messages: int


async def rate(orders: Orders) -> float:
    """Tell messages a second, in a process of its own; the consumer must not be there yet."""
    return float(await told_by(await begin("bench.usual", orders)))


async def _read(orders: Orders) -> float:
    """Read that many messages and more that come meanwhile; tell the rate from the first that was stored on."""
    engine = create_async_engine(orders.database_url, hide_parameters=True)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(_DROP)
        await connection.exec_driver_sql(_MAKE)
    stored: list[float] = []
    enough = asyncio.Event()
    sessions = async_sessionmaker(engine)
    broker = NatsBroker(orders.nats_url, logger=None)

    @broker.subscriber(
        _ALL,
        stream=JStream(orders.stream, declare=False),
        durable=_DURABLE,
        pull_sub=PullSub(batch_size=_FETCH),
    )
    async def store(body: bytes) -> None:
        async with sessions.begin() as session:
            await _insert(session, body)
        stored.append(time.perf_counter())
        if len(stored) == orders.messages:
            enough.set()

    async with broker, asyncio.timeout(_PATIENCE_S):
        await broker.start()
        await enough.wait()
    await engine.dispose()
    return (orders.messages - 1) / (stored[orders.messages - 1] - stored[0])


async def _insert(session: AsyncSession, body: bytes) -> None:
    batch, received_at = pb.ReadingBatch.FromString(body), utc_now()
    rows = [
        {
            "device_id": batch.device_id,
            "received_at": received_at,
            "observed_at": datetime.fromtimestamp(one.observed_at_ms / 1000, UTC),
            "conditions": one.conditions,
            "optical_density": one.optical_density,
            "temperature": one.temperature,
            "battery": one.battery,
        }
        for one in batch.readings
    ]
    await session.execute(insert(_USUAL).on_conflict_do_nothing(), rows)


def main() -> None:
    """Read as ordered."""
    print(uvloop.run(_read(Orders(**json.loads(sys.stdin.read())))))


if __name__ == "__main__":
    main()
