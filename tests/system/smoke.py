"""A detector in a fire: sends real messages, and keeps what is not acknowledged, as sensors do."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from contextlib import suppress

from nats.aio.client import Client
from nats.errors import Error as NatsError

from stack.installation import Installation
from stack.nats_configuration import SIMULATOR, SIMULATOR_INBOX
from stack.ports import LOOPBACK
from ward.fire_safety.v1 import readings_pb2 as pb

CLEAN_AIR = 0.002
SMOKE = 0.2
STEP_S = 2
PATIENCE_S = 60


class Detector:
    """One detector whose clock runs ahead of the wall by as much as it sends; it begins two minutes ago.

    It tries the servers of NATS in turn: the installation's own, unless the ports of several are given.
    """

    def __init__(
        self, place: Installation, device_id: str, nats_ports: Sequence[int] = ()
    ) -> None:
        ports = nats_ports or [place.nats.port]
        urls = [place.nats.url_for(SIMULATOR, f"{LOOPBACK}:{port}") for port in ports]
        self._urls = itertools.cycle(urls)
        self.device_id = device_id
        # When the readings that were acknowledged were observed, ms.
        self.acknowledged_ms: list[int] = []
        self._clock_ms = int((time.time() - 120) * 1000)

    @property
    def reported(self) -> int:
        """How many readings were acknowledged."""
        return len(self.acknowledged_ms)

    async def report(self, optical_density: float, times: int) -> None:
        """Send one reading every two seconds of its own clock; each is acknowledged before the next."""
        for _ in range(times):
            self._clock_ms += STEP_S * 1000
            reading = pb.Reading(
                observed_at_ms=self._clock_ms, optical_density=optical_density, temperature=24.0
            )
            await self._send(pb.ReadingBatch(device_id=self.device_id, readings=[reading]))
            self.acknowledged_ms.append(self._clock_ms)

    async def _send(self, batch: pb.ReadingBatch) -> None:
        headers = {"Nats-Msg-Id": f"{self.device_id}-{self._clock_ms}"}
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with suppress(NatsError, OSError, TimeoutError):
                    await self._publish(batch.SerializeToString(), headers)
                    return
                await asyncio.sleep(0.2)

    async def _publish(self, payload: bytes, headers: dict[str, str]) -> None:
        client = Client()
        # Closed in any case: one that could not connect leaves its socket open by itself.
        try:
            await client.connect(
                next(self._urls),
                inbox_prefix=SIMULATOR_INBOX,
                allow_reconnect=False,
                # Without a bound here it tries a dead server for minutes, and not the next one.
                max_reconnect_attempts=1,
                reconnect_time_wait=0.1,  # type: ignore[arg-type] # a float works
                connect_timeout=1,
                error_cb=_ignore,
            )
            subject = f"ward.11002.device.{self.device_id}.up"
            await client.jetstream().publish(subject, payload, timeout=1, headers=headers)
        finally:
            await client.close()


async def _ignore(_error: Exception) -> None:
    """Say nothing of a broker that is away: the next try tells."""
