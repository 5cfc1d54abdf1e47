"""The sensor's side: a signal is published as a device's reading, again until the broker has stored it."""

import asyncio
from contextlib import suppress

from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from chassis.broker.messages import EVENT_ID_HEADER
from ward.fire_safety.v1 import readings_pb2 as pb

# The platform's own name among devices, which nobody can register.
DEVICE = "CANARY"
_ACK_WITHIN_S = 2.0
_RETRY_S = 0.2


class Sensor:
    """The canary as a device of its ward."""

    def __init__(self, jetstream: JetStreamContext, ward_code: str) -> None:
        self._jetstream = jetstream
        self._subject = f"ward.{ward_code}.device.{DEVICE}.up"

    async def signal(self, at_ms: int) -> None:
        """Publish a reading of that time, milliseconds since 1970; returns when it is stored."""
        batch = pb.ReadingBatch(device_id=DEVICE, readings=[pb.Reading(observed_at_ms=at_ms)])
        headers = {EVENT_ID_HEADER: f"{DEVICE}-{at_ms}"}
        while True:
            with suppress(NatsError, OSError):
                await self._jetstream.publish(
                    self._subject,
                    batch.SerializeToString(),
                    timeout=_ACK_WITHIN_S,
                    headers=headers,
                )
                return
            await asyncio.sleep(_RETRY_S)
