"""What nothing can beat: the same rows by raw COPY, the same messages without a service."""

import struct
import time
from collections.abc import AsyncIterator, Iterator

import asyncpg
from nats.aio.client import Client
from nats.js import JetStreamContext

HEADER_BYTES = 19
_TRAILER = b"\xff\xff"
_GROUP = 5000
_STREAM, _SUBJECT = "BENCH_FLOOR", "bench.floor"

_TABLES = """
    drop table if exists bench_heap, bench_keyed;
    create table bench_heap as select * from readings with no data;
    create table bench_keyed (like readings including indexes);
"""


class CopyFloor:
    """Rows that the product has stored, encoded beforehand, in groups of 5,000 with a commit each."""

    def __init__(self, documents: list[bytes], rows: int) -> None:
        self._documents = documents
        self._rows = rows

    @classmethod
    async def of_stored(cls, database: asyncpg.Connection) -> "CopyFloor":
        """Take the rows that are stored now."""
        written = bytearray()

        async def collect(chunk: bytes) -> None:
            written.extend(chunk)

        statement = "select * from readings"
        await database.copy_from_query(statement, output=collect, format="binary")
        rows = await database.fetchval("select count(*) from readings")
        return cls(list(_documents(bytes(written))), rows)

    async def rates(self, database: asyncpg.Connection) -> tuple[float, float]:
        """Tell rows a second into a bare heap, and into a table with the product's key."""
        await database.execute(_TABLES)
        return await self._rate(database, "bench_heap"), await self._rate(database, "bench_keyed")

    async def _rate(self, database: asyncpg.Connection, table: str) -> float:
        await database.execute("checkpoint")
        begin = time.perf_counter()
        for document in self._documents:
            await database.copy_to_table(table, source=_once(document), format="binary")
        return self._rows / (time.perf_counter() - begin)


class StreamFloor:
    """A stream like the product's own, without the product."""

    def __init__(self, client: Client, database: asyncpg.Connection) -> None:
        self._stream: JetStreamContext = client.jetstream(timeout=30)
        self._database = database

    async def open(self) -> None:
        """Make the stream and the table."""
        await self._stream.add_stream(name=_STREAM, subjects=[_SUBJECT])
        await self._database.execute("create table bench_commit (payload bytea)")

    async def one(self, payload: bytes) -> float:
        """Store a message, commit a row, store a message: what any alarm must wait for, seconds."""
        begin = time.perf_counter()
        await self._stream.publish(_SUBJECT, payload)
        await self._database.execute("insert into bench_commit values ($1)", payload)
        await self._stream.publish(_SUBJECT, payload)
        return time.perf_counter() - begin


def _documents(written: bytes) -> Iterator[bytes]:
    """Cut a binary COPY document into several of `_GROUP` rows each."""
    header, at = written[:HEADER_BYTES], HEADER_BYTES
    while written[at : at + 2] != _TRAILER:
        begin, rows = at, 0
        while rows < _GROUP and written[at : at + 2] != _TRAILER:
            at = _row_end(written, at)
            rows += 1
        yield header + written[begin:at] + _TRAILER


def _row_end(written: bytes, at: int) -> int:
    (fields,) = struct.unpack_from(">h", written, at)
    at += 2
    for _ in range(fields):
        (length,) = struct.unpack_from(">i", written, at)
        at += 4 + max(length, 0)
    return at


async def _once(document: bytes) -> AsyncIterator[bytes]:
    yield document
