"""In which format each device writes: a property of the register, known to both lanes of a process."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from chassis.broker.delivery import Delivery, all_stored_ms
from chassis.clock import Clock
from chassis.errors import DatabaseUnavailableError, InvalidMessageError
from chassis.telemetry.log import logger
from fire_safety.consumers.received import Overheard, Received
from fire_safety.decoders import columns, native
from fire_safety.decoders.columns import Sent
from fire_safety.decoders.origin import subject_of
from fire_safety.decoders.registry import Decode, decoder_of, has_clock, read, recognise
from fire_safety.domain.devices.device import PayloadFormat
from fire_safety.domain.readings.columns import Block, Bulk, Stretch
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch
from fire_safety.domain.readings.surplus import Surplus
from fire_safety.queries.detection import DetectionQueries

_REFRESH_S = 5.0
# Changes of the register may become visible this long after they were made.
_LATE_CHANGES = timedelta(minutes=5)
# Messages of together fewer bytes are few.
_FEW_BYTES = 2_048
# Why a message is a dead letter that a decoder neither read nor refused.
_FAILED = "decoder_failed"
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Decoded(NamedTuple):
    """What messages say: many of them in blocks, the others by their place, or why they cannot be read."""

    blocks: Sequence[Block]
    batches: dict[int, Batch]
    refused: dict[int, str]

    @property
    def bulk(self) -> Bulk:
        """Give all the readings."""
        return Bulk(self.blocks, list(self.batches.values()))

    def without(self, surplus: Surplus) -> "Decoded":
        """Leave out messages beyond what their devices may have stored; none that declares a condition is."""
        blocks = []
        for block in self.blocks:
            messages = zip(
                block.device_ids, block.received_ms.tolist(), block.counts.tolist(), strict=True
            )
            beyond = [one for one in surplus.beyond(messages) if not block.has_conditions(one)]
            if len(beyond) < len(block):
                blocks.append(block.without(beyond) if beyond else block)
        places = list(self.batches)
        singly = (
            (one.device_id, one.received_ms, len(one.readings)) for one in self.batches.values()
        )
        left_out = {places[one] for one in surplus.beyond(singly)}
        batches = {
            place: one
            for place, one in self.batches.items()
            if place not in left_out or any(reading.conditions for reading in one.readings)
        }
        return Decoded(blocks, batches, self.refused)

    def summed_up(self) -> dict[int, Stretch]:
        """Sum up the messages in blocks by their place.

        Those of a block that cannot be, for a mistake of ours, come among the batches or are refused instead.
        """
        found: dict[int, Stretch] = {}
        for block in self.blocks:
            try:
                found |= dict(zip(block.places, block.stretches(), strict=True))
            except Exception:  # noqa: BLE001 - one message must not stop the lane: logged once
                logger().exception("stretches_failed", messages=len(block))
                self._take_apart(block)
        return found

    def _take_apart(self, block: Block) -> None:
        for number, place in enumerate(block.places):
            try:
                self.batches[place] = block.batch(number)
            except Exception:  # noqa: BLE001 - as above
                logger().exception("message_failed")
                self.refused[place] = _FAILED


class Formats:
    """Decodes what comes from a ward's devices, each by its own format; what others send is recognised."""

    def __init__(self, queries: DetectionQueries, ward_code: str, clock: Clock) -> None:
        self._queries = queries
        self._ward_code = ward_code
        self._clock = clock
        self._decoders: dict[bytes, Decode] = {}
        # Subjects of those devices that have another format than the platform's own.
        self._others: set[bytes] = set()
        self._known: dict[str, PayloadFormat] = {}
        self._since = _BEGINNING

    def decode(self, messages: Sequence[Delivery], limits: IngestionLimits) -> Decoded:
        """Read messages: those of the platform's own format at once, the others one by one."""
        blocks = self._in_columns(messages, self._own(messages), limits)
        unread = set(range(len(messages))).difference(*(block.places for block in blocks))
        batches: dict[int, Batch] = {}
        refused: dict[int, str] = {}
        for place in sorted(unread):
            message = messages[place]
            try:
                batches[place] = self._decode_alone(message, limits)
            except InvalidMessageError as error:
                refused[place] = error.reason
            except Exception:  # noqa: BLE001 - a mistake of ours must not stop the lanes: logged once
                logger().exception("message_failed", sequence=message.sequence)
                refused[place] = _FAILED
        return Decoded(blocks, batches, refused)

    def overheard(self, messages: Sequence[Overheard], limits: IngestionLimits) -> Bulk:
        """Read those of the platform's own format whose readings have a time and no number of their own.

        A few are read one by one: of one message alone columns take eight times as long.
        """
        places = self._own(messages)
        own = [messages[place] for place in places]
        if sum(len(one.data) for one in own) >= _FEW_BYTES:
            return Bulk(self._in_columns(messages, places, limits), [])
        batches = []
        for message in own:
            given = (message.subject, message.data, message.stored_ms, limits)
            # What is wrong with a message is told when the stream brings it.
            with suppress(InvalidMessageError):
                batch = read(native.decode, *given)
                if all(one.sequence is None for one in batch.readings):
                    batches.append(batch)
        return Bulk([], batches)

    def _own(self, messages: Sequence[Received]) -> Sequence[int]:
        """Tell the places of those of the platform's own format; what is not on the register may be."""
        subjects, others = [one.subject_bytes for one in messages], self._others
        if others.isdisjoint(subjects):
            return range(len(subjects))
        return [place for place, subject in enumerate(subjects) if subject not in others]

    def _in_columns(
        self, messages: Sequence[Received], places: Sequence[int], limits: IngestionLimits
    ) -> Sequence[Block]:
        """Read those of some places that are tables (decoders/columns.py)."""
        own = messages
        if len(places) < len(messages):
            own = [messages[place] for place in places]
        subjects, payloads = [one.subject_bytes for one in own], [one.data for one in own]
        try:
            return columns.read(Sent(places, subjects, payloads, all_stored_ms(own)), limits)
        except Exception:  # noqa: BLE001 - a mistake of ours must not stop the lanes: logged once
            logger().exception("columns_failed", messages=len(places))
            return ()

    def _decode_alone(self, message: Delivery, limits: IngestionLimits) -> Batch:
        decode = self._decoders.get(message.subject_bytes)
        given = (message.subject, message.data, message.stored_ms, limits)
        if decode is None:
            decode, batch = recognise(*given)
        else:
            batch = read(decode, *given)
        return batch if has_clock(decode) else _told_apart(batch, message.sequence)

    async def refresh(self) -> None:
        """Learn of devices that were entered or changed; lanes do so before their first message."""
        now = self._clock()
        told = await self._queries.payload_formats(self._since)
        # A change is told again and again for some minutes, of a whole fleet for one.
        for device_id, payload_format in told.items() - self._known.items():
            subject = subject_of(self._ward_code, device_id).encode()
            decode = self._decoders[subject] = decoder_of(payload_format)
            (self._others.discard if decode is native.decode else self._others.add)(subject)
        self._known |= told
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
