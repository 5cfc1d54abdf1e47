"""Calls over HTTP/1.1, one at a time on each of so many connections that stay open, from a process of their own.

`python -m bench.http_caller`: reads its orders as JSON on standard input, tells what became of it on standard output.
They are those of `bench.caller`: `in_flight` connections ask to verify identities, one or `many` in a call.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from http import HTTPStatus
from typing import cast

import httptools
import uvloop
from google.protobuf import json_format

from bench.aside import begin, told_by
from bench.caller import Called, Orders, requests_of
from bench.latency import Latencies

ONE, MANY = "/v1/identities:verify", "/v1/identities:verifyMany"


async def call(orders: Orders) -> Called:
    """Have another process call; raises RuntimeError where an answer is not 200."""
    return Called(**await told_by(await begin("bench.http_caller", orders)))


class _Connection(asyncio.Protocol):
    """A connection that asks again as soon as it has the whole answer."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._parser = httptools.HttpResponseParser(self)
        self._end = self._asked = 0.0
        self.taken: list[float] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait until all are open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def ask_until(self, end: float) -> None:
        """Ask until then, and end with the answer that is under way."""
        self._end = end
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Take an answer."""
        self.taken.append(time.perf_counter() - self._asked)
        status = self._parser.get_status_code()
        if status == HTTPStatus.OK:
            self._ask()
        else:
            self._end_with(ConnectionError(f"answered {status}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """End; too early, if it was not this end that closed."""
        self._end_with(exc or ConnectionError("the server closed"))

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        if self._asked < self._end:
            self._transport.write(next(self._requests))
        else:
            self._end_with(None)

    def _end_with(self, error: Exception | None) -> None:
        if self.ended.done():
            return
        if error:
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)
        self._transport.close()


def http_requests(orders: Orders) -> list[bytes]:
    """Write the requests, heads and bodies."""
    path = MANY if orders.many else ONE
    return [
        _post(path, orders, json_format.MessageToJson(one, indent=None))
        for one in requests_of(orders)
    ]


def _post(path: str, orders: Orders, document: str) -> bytes:
    body = document.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {orders.target}\r\nauthorization: Bearer {orders.token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _run(orders: Orders) -> Called:
    requests = itertools.cycle(http_requests(orders))
    host, _, port = orders.target.rpartition(":")
    opening = (
        asyncio.get_running_loop().create_connection(
            lambda: _Connection(requests), host, int(port)
        )
        for _ in range(orders.in_flight)
    )
    connections = [connection for _, connection in await asyncio.gather(*opening)]
    begin = time.perf_counter()
    for one in connections:
        one.ask_until(begin + orders.seconds)
    await asyncio.gather(*(one.ended for one in connections))
    elapsed = time.perf_counter() - begin
    taken = Latencies([each for one in connections for each in one.taken])
    looks = len(taken.seconds) * (orders.many or 1)
    return Called(looks, looks, elapsed, taken.percentile(0.5), taken.percentile(0.99))


if __name__ == "__main__":
    told = uvloop.run(_run(Orders(**json.load(sys.stdin))))
    print(json.dumps(asdict(told)))
