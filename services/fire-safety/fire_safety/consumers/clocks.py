"""Whether this host's clock agrees with those of the broker and the database.

Readings are received by the broker's clock, and silence is found by it as well (docs/decisions/0062): it is asked now
and then, and carried on by a clock that nobody sets. Days, deadlines and what is in force go by this host's clock,
and nobody would see that it is wrong.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from nats.aio.client import Client
from nats.errors import Error as NatsError

from chassis.broker.jetstream import readings_stream
from chassis.clock import Clock
from chassis.errors import DatabaseUnavailableError
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.queries.clock import ClockQueries

_EVERY_S = 5.0
_ANSWER_S = 2.0
# A fraction of the margin that profiles give a silent device, and far more than clocks differ that are kept.
_MOST_APART = timedelta(seconds=2)
_WHAT_TO_DO = (
    "Đồng hồ của các máy chủ lệch nhau, ngày giờ và thời hạn được tính sai: hãy bật đồng bộ giờ (NTP)."
    " / The hosts' clocks differ, so that days and deadlines are wrong: turn on time synchronisation (NTP)."
)


class ClocksApartError(Exception):
    """This host's clock differs from that of a server."""


class Clocks:
    """Compares this host's clock with others, until cancelled."""

    def __init__(
        self,
        client: Client,
        queries: ClockQueries,
        ward_code: str,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._info = f"$JS.API.STREAM.INFO.{readings_stream(ward_code)}"
        self._clock = clock
        self._monotonic = monotonic
        # The broker's time, and by the clock that nobody sets when it was that.
        self._last: tuple[datetime, float] | None = None
        self._others: Mapping[str, Callable[[], Awaitable[datetime]]] = {
            "broker": self._ask_broker,
            "database": queries.now,
        }
        self._apart: set[str] = set()

    def of_broker(self) -> datetime:
        """Tell the time by the broker's clock; until it was asked, by this host's."""
        if self._last is None:
            return self._clock()
        told, at_s = self._last
        return told + timedelta(seconds=self._monotonic() - at_s)

    async def check(self) -> None:
        """Fail while a clock is apart."""
        if self._apart:
            raise ClocksApartError

    async def run(self) -> None:
        """Look now and then; an outage only delays."""
        while True:
            for name in self._others:
                try:
                    await self.look(name)
                except (
                    DatabaseUnavailableError,
                    NatsError,
                    OSError,
                    KeyError,
                    ValueError,
                ) as error:
                    logger().warning("clocks_delayed", server=name, cause=type(error).__name__)
            await asyncio.sleep(_EVERY_S)

    async def look(self, name: str) -> None:
        """Compare with the clock of `broker` or `database`, and tell when they come to differ and when no longer."""
        asked = self._clock()
        theirs = await self._others[name]()
        answered = self._clock()
        # It was read in between: what the answer took is not known better than that.
        doubt = abs(answered - asked) / 2
        offset = theirs - asked - (answered - asked) / 2
        metrics.CLOCK_OFFSET_SECONDS.labels(name).set(offset.total_seconds())
        is_apart = abs(offset) - doubt > _MOST_APART
        if is_apart and name not in self._apart:
            told = {"server": name, "offset_s": offset.total_seconds()}
            logger().error("clocks_apart", **told, what_to_do=_WHAT_TO_DO)
        if is_apart:
            self._apart.add(name)
        else:
            self._apart.discard(name)

    async def _ask_broker(self) -> datetime:
        asked_s = self._monotonic()
        answer = await self._client.request(self._info, timeout=_ANSWER_S)
        told = datetime.fromisoformat(json.loads(answer.data)["ts"])
        # It was read in between.
        self._last = told, (asked_s + self._monotonic()) / 2
        return told
