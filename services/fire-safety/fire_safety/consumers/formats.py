"""In which format each device writes: a property of the register, known to both lanes of a process."""

import asyncio
from datetime import UTC, datetime, timedelta

from chassis.clock import Clock
from chassis.errors import DatabaseUnavailableError
from chassis.log import logger
from fire_safety.decoders.origin import subject_of
from fire_safety.decoders.registry import Decode, decoder_of, has_clock, read, recognise
from fire_safety.domain.limits import IngestionLimits
from fire_safety.domain.readings import Batch
from fire_safety.queries.detection import DetectionQueries

_REFRESH_S = 5.0
# Changes of the register may become visible this long after they were made.
_LATE_CHANGES = timedelta(minutes=5)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Formats:
    """Decodes what comes from a ward's devices, each by its own format; what others send is recognised."""

    def __init__(self, queries: DetectionQueries, ward_code: str, clock: Clock) -> None:
        self._queries = queries
        self._ward_code = ward_code
        self._clock = clock
        self._decoders: dict[str, Decode] = {}
        self._since = _BEGINNING

    def decode(
        self, subject: str, payload: bytes, received_ms: int, limits: IngestionLimits, place: int
    ) -> Batch:
        """Read a payload at a place in the stream; raises InvalidMessageError."""
        decode = self._decoders.get(subject)
        if decode is None:
            decode, batch = recognise(subject, payload, received_ms, limits)
        else:
            batch = read(decode, subject, payload, received_ms, limits)
        return batch if has_clock(decode) else _told_apart(batch, place)

    async def refresh(self) -> None:
        """Learn of devices that were entered or changed; lanes do so before their first message."""
        now = self._clock()
        changed = await self._queries.payload_formats(self._since)
        for device_id, payload_format in changed.items():
            self._decoders[subject_of(self._ward_code, device_id)] = decoder_of(payload_format)
        self._since = now - _LATE_CHANGES

    async def keep(self) -> None:
        """Follow the register until cancelled; an outage of the database only delays."""
        while True:
            await asyncio.sleep(_REFRESH_S)
            try:
                await self.refresh()
            except DatabaseUnavailableError:
                logger().warning("formats_delayed", cause="DatabaseUnavailableError")


def _told_apart(batch: Batch, place: int) -> Batch:
    """Count readings without a time or a number of their own by their place in the stream.

    A device that was cut off sends what it kept all at once: of two readings received in one millisecond the second,
    the smoke, must not be taken for the first. The place is the same in both lanes and at each delivery.
    """
    readings = [
        one._replace(sequence=place)
        if one.sequence is None and one.observed_ms == batch.received_ms
        else one
        for one in batch.readings
    ]
    return batch._replace(readings=readings)
