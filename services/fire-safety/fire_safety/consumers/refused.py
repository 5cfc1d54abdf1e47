"""What devices sent and nobody could read, as an engineer looks for it among the dead letters."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError

from chassis.broker.consumer import REASON_HEADER, SUBJECT_HEADER
from chassis.broker.jetstream import DEAD_LETTERS, readings_stream

_STREAM = DEAD_LETTERS.name or ""
# What the broker says of a message that it gives without what it holds.
_SIZE_HEADER = "Nats-Msg-Size"
_AT_ONCE = 1000
_PATIENCE_S = 5.0
# A consumer that nobody asks any more goes by itself.
_FORGOTTEN_S = 30.0


@dataclass(frozen=True)
class Refused:
    """A message that was refused: its number among the dead letters, when it was, and why; `size` is in bytes."""

    number: int
    refused_at: datetime
    device_id: str
    reason: str
    size: int


async def list_refused(
    jetstream: JetStreamContext, ward_code: str, device_id: str, last: int
) -> list[Refused]:
    """Give the last messages of a ward, or of one of its devices, that were refused, the oldest of them first."""
    found = deque[Refused](maxlen=last)
    async for one in _all_refused(jetstream, ward_code):
        if device_id in {"", one.device_id}:
            found.append(one)
    return list(found)


async def payload_of(jetstream: JetStreamContext, ward_code: str, number: int) -> bytes | None:
    """Give what was sent with the message of this number; None if the ward has none."""
    try:
        letter = await jetstream.get_msg(_STREAM, number)
    except NotFoundError:
        return None
    is_of_ward = (letter.subject or "").startswith(f"dead.{readings_stream(ward_code)}.")
    return (letter.data or b"") if is_of_ward else None


async def _all_refused(jetstream: JetStreamContext, ward_code: str) -> AsyncIterator[Refused]:
    """Go through them without what they hold, which may be a gigabyte."""
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        headers_only=True,
        mem_storage=True,
        inactive_threshold=_FORGOTTEN_S,
    )
    subjects = f"dead.{readings_stream(ward_code)}.>"
    try:
        letters = await jetstream.pull_subscribe(subjects, stream=_STREAM, config=config)
    except NotFoundError:  # nothing has worked with this broker yet
        return
    left = (await letters.consumer_info()).num_pending or 0
    while left:
        try:
            some = await letters.fetch(min(left, _AT_ONCE), timeout=_PATIENCE_S)
        except NatsTimeoutError:
            # The oldest went while this was read.
            break
        for one in some:
            headers = one.headers or {}
            yield Refused(
                number=one.metadata.sequence.stream,
                refused_at=one.metadata.timestamp,
                device_id=_device_of(headers.get(SUBJECT_HEADER, "")),
                reason=headers.get(REASON_HEADER, ""),
                size=int(headers.get(_SIZE_HEADER, 0)),
            )
        left -= len(some)
    await letters.unsubscribe()


def _device_of(subject: str) -> str:
    """Read the device from `ward.<ward>.device.<device>.up.<partition>`; all of it where it is not such."""
    parts = subject.split(".")
    return parts[3] if len(parts) > 4 else subject  # noqa: PLR2004 - what is behind the device
