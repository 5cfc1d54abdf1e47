"""A smoke detector of a ward: speaks as the device that it is, and waits for the broker's acknowledgement."""

import time
from types import TracebackType
from typing import Self

import nats
from nats.aio.client import Client

from stack.installation import Installation
from stack.nats_configuration import SIMULATOR, SIMULATOR_INBOX
from ward.fire_safety.v1 import readings_pb2 as pb

CLEAN_AIR = 0.002
SMOKE = 0.2
TEMPERATURE = 24.0
_STEP_MS = 2000
# How far behind the wall its clock begins: so much of the story can be told at once.
_BEHIND_MS = 240_000


class SmokeDetector:
    """One detector; its own clock goes on two seconds with each reading, and never past the wall's."""

    def __init__(self, place: Installation, device_id: str) -> None:
        self.device_id = device_id
        self._place = place
        self._client = Client()
        self._at_ms = int(time.time() * 1000) - _BEHIND_MS

    @property
    def subject(self) -> str:
        """Where it publishes."""
        return f"ward.11002.device.{self.device_id}.up"

    async def __aenter__(self) -> Self:
        """Sign in at the broker."""
        self._client = await nats.connect(
            self._place.nats.url_for(SIMULATOR), inbox_prefix=SIMULATOR_INBOX
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave."""
        await self._client.close()

    async def report(self, optical_density: float, times: int) -> None:
        """Send so many readings; each is stored by the broker before the next."""
        stream = self._client.jetstream()
        for _ in range(times):
            self._at_ms = min(self._at_ms + _STEP_MS, int(time.time() * 1000))
            reading = pb.Reading(
                observed_at_ms=self._at_ms,
                optical_density=optical_density,
                temperature=TEMPERATURE,
            )
            batch = pb.ReadingBatch(device_id=self.device_id, readings=[reading])
            await stream.publish(
                self.subject,
                batch.SerializeToString(),
                headers={"Nats-Msg-Id": f"{self.device_id}-{self._at_ms}"},
            )
