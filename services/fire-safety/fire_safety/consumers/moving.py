"""Moving readings from the stream of all wards, which earlier versions kept, to the ward's own.

What both lanes were done with stays behind. The rest is published anew in its order, received when it is moved, each
message under the condition that the one before it was the last, and says from where it comes: whoever is stopped in
the middle goes on there. The old stream takes readings until nearly all has come; then, for a moment, nobody
acknowledges readings, and devices send them again. What MQTT clients sent is taken up where the old stream stopped.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import Header, StreamConfig, StreamInfo
from nats.js.errors import NotFoundError

from chassis.broker.delivery import Delivery
from chassis.broker.jetstream import by_partition, from_mqtt, readings
from chassis.broker.partitions import PARTITIONS
from chassis.storage.database import Lease
from fire_safety.consumers.ordered import OrderedReader, StreamLostError, stream_state
from fire_safety.consumers.received import SOURCE, comes_again
from fire_safety.operations.progress import ProgressOperations
from fire_safety.queries.detection import DetectionQueries

OLD = "READINGS"
_MOVED_FROM = "Ward-Moved-From"
# What a new stream that is not open yet says of itself.
_AFTER, _MQTT_AFTER = "ward_moved_after", "ward_mqtt_after"
# The old stream's only subject once it takes no readings; a stream without one would be given its name.
_CLOSED = "closed.READINGS"
_AT_ONCE = 256
_TAKE_S = 1.0
_HEADER_ROOM = 4096
_BOTH = (
    "Luồng riêng của phường đã có dữ liệu mà luồng cũ READINGS vẫn còn bản tin của phường: không thể biết bản tin nào"
    " đã chuyển. / The ward's own stream is in use while the old stream READINGS still holds messages of the ward:"
    " which of them were moved cannot be told."
)
_STILL_READ = (
    "Tiến trình của bản trước vẫn đang đọc luồng READINGS: hãy dừng chúng rồi chạy lại."
    " / Processes of an earlier version still read the stream READINGS: stop them and run this again."
)
_INTERRUPTED = (
    "Máy chủ NATS không trả lời hoặc luồng vừa bị thay đổi: hãy chạy lại, việc chuyển sẽ tiếp tục từ chỗ dừng."
    " / NATS does not answer or a stream has just changed: run this again, it goes on where it stopped."
)


class MovingError(Exception):
    """Nothing can be moved now; the text says why, in Vietnamese and English."""


class _Moved(NamedTuple):
    """How far the messages came: behind which of the old stream to go on, and the last of the new one."""

    after: int
    last: int


class Moving:
    """Moves the readings of one ward."""

    def __init__(
        self,
        client: Client,
        jetstream: JetStreamContext,
        ward_code: str,
        queries: DetectionQueries,
        places: ProgressOperations,
    ) -> None:
        self._client = client
        self._jetstream = jetstream
        self._ward_code = ward_code
        self._queries = queries
        self._places = places
        self._config = readings(ward_code)
        self._of_ward = f"ward.{ward_code}.>"
        self._new = self._config.name or ""
        self._mqtt = from_mqtt(ward_code)

    async def look(self) -> int | None:
        """Tell how many messages are to be moved; None if there is no old stream. Raises MovingError."""
        if await self._info(OLD) is None:
            return None
        begin = await self._begin(await self._info(self._new))
        return sum([len(some) async for some in self._unmoved(begin.after)])

    async def move(self, lease: Lease) -> int:
        """Move them, and open the ward's stream; tell how many came. Raises MovingError."""
        old, new = await self._info(OLD), await self._info(self._new)
        if old is None:
            return 0
        begin = await self._begin(new)
        moved = 0
        if new is None or _AFTER in _metadata(new):
            moved = await self._bring(old, new, begin)
            await self._forget_places(lease)
            await self._jetstream.purge_stream(OLD, subject=self._of_ward)
            await self._open()
        if (await self._jetstream.stream_info(OLD)).state.messages == 0:
            await self._jetstream.delete_stream(OLD)
        return moved

    async def _begin(self, new: StreamInfo | None) -> _Moved:
        """Tell where to begin, or to go on."""
        await self._refuse_readers()
        if new is None:
            return _Moved(await self._done_before(), 0)
        if _AFTER not in _metadata(new):
            if await self._last():
                raise MovingError(_BOTH)
            return _Moved(0, 0)
        last = new.state.last_seq
        if last == 0:
            return _Moved(int(_metadata(new)[_AFTER]), 0)
        message = await self._jetstream.get_msg(self._new, last)
        return _Moved(int((message.headers or {})[_MOVED_FROM]), last)

    async def _refuse_readers(self) -> None:
        consumers = await self._jetstream.consumers_info(OLD)
        if any(one.num_waiting or one.push_bound for one in consumers):
            raise MovingError(_STILL_READ)

    async def _done_before(self) -> int:
        """Tell up to where both lanes of the earlier version had come."""
        everywhere = frozenset(range(PARTITIONS))
        progress = await self._queries.progress(self._ward_code, everywhere)
        detected = min(one.stream_sequence if one else 0 for one in progress.positions.values())
        name = f"fire_safety-recorder-{self._ward_code}"
        try:
            floor = (await self._jetstream.consumer_info(OLD, name)).ack_floor
        except NotFoundError:
            return 0
        return min(detected, floor.stream_seq if floor else 0)

    async def _bring(self, old: StreamInfo, new: StreamInfo | None, begin: _Moved) -> int:
        """Copy all that waits, close the old stream, copy what came meanwhile; tell how many came."""
        if new is None:
            await self._jetstream.add_stream(self._not_open({_AFTER: str(begin.after)}))
        elif _MQTT_AFTER in _metadata(new):
            return 0
        nearly = await self._copy(begin)
        await self._close(old)
        end = await self._copy(nearly)
        told = {_AFTER: str(end.after), _MQTT_AFTER: str(await self._mqtt_taken())}
        await self._jetstream.update_stream(self._not_open(told))
        return end.last - begin.last

    async def _copy(self, moved: _Moved) -> _Moved:
        """Publish anew what waits; tell where to go on."""
        async for some in self._unmoved(moved.after):
            await self._publish(some, moved.last)
            moved = _Moved(some[-1].sequence, moved.last + len(some))
        return moved

    async def _publish(self, messages: Sequence[Delivery], last: int) -> None:
        """Publish messages behind the last of the new stream; where one fails none behind it comes.

        So the answer to the last of them speaks for all.
        """
        *others, end = (self._anew(one, at) for at, one in enumerate(messages, last))
        for subject, data, headers in others:
            await self._client.publish(subject, data, headers=headers)
        subject, data, headers = end
        try:
            await self._jetstream.publish(subject, data, headers=headers)
        except (NatsError, OSError) as error:
            raise MovingError(_INTERRUPTED) from error

    def _anew(self, message: Delivery, last: int) -> tuple[str, bytes, dict[str, str]]:
        """Write a message as it is published anew: subject, data and headers."""
        if len(message.data) > self._client.max_payload - _HEADER_ROOM:
            # It is too large to be read anyway.
            message = message.cut(self._client.max_payload - _HEADER_ROOM)
        headers = {_MOVED_FROM: str(message.sequence), Header.EXPECTED_LAST_SEQUENCE: str(last)}
        return self._subject(message.subject.split(".")[3]), message.data, headers

    async def _unmoved(self, after: int) -> AsyncIterator[list[Delivery]]:
        """Give the ward's messages of the old stream behind one of them, up to its present end."""
        prefix = self._of_ward.removesuffix(">").encode()
        end = await self._last()
        made_at = (await stream_state(self._jetstream, OLD)).created_at
        reader = OrderedReader(self._client, self._jetstream, OLD, made_at, after=after)
        async with reader:
            while after < end:
                try:
                    messages = await reader.take(_TAKE_S)
                except StreamLostError as error:
                    raise MovingError(_INTERRUPTED) from error
                if messages:
                    after = messages[-1].sequence
                ours = [
                    one
                    for one in messages
                    if one.subject_bytes.startswith(prefix) and not comes_again(one)
                ]
                for begin in range(0, len(ours), _AT_ONCE):
                    yield ours[begin : begin + _AT_ONCE]

    async def _last(self) -> int:
        """Tell the ward's last message of the old stream; 0 if it holds none."""
        try:
            last = await self._jetstream.get_last_msg(OLD, self._of_ward)
        except NotFoundError:
            return 0
        return last.seq or 0

    async def _close(self, old: StreamInfo) -> None:
        """Let the old stream take no more readings."""
        config = replace(old.config, subjects=[_CLOSED], subject_transform=None, sources=None)
        await self._jetstream.update_stream(config)

    async def _mqtt_taken(self) -> int:
        """Tell which message of those that MQTT clients sent was the last that the old stream took."""
        source = self._mqtt
        if not (await self._jetstream.stream_info(source.name)).state.messages:
            return 0
        closed = await self._jetstream.stream_info(OLD)
        for sequence in range(closed.state.last_seq, closed.state.first_seq - 1, -1):
            try:
                message = await self._jetstream.get_msg(OLD, sequence)
            except NotFoundError:
                continue
            name, _, rest = (message.headers or {}).get(SOURCE, "").partition(" ")
            if name == source.name:
                return int(rest.split(" ")[0])
        return 0

    async def _forget_places(self, lease: Lease) -> None:
        """Let both lanes begin at the start of the new stream."""
        state = replace(await stream_state(self._jetstream, self._new), last_sequence=0)
        await self._places.begin_detection(lease, range(PARTITIONS), state)
        await self._places.begin_recording(lease, state)

    async def _open(self) -> None:
        """Let the ward's stream take what devices send, and MQTT clients from where the old one stopped."""
        told = _metadata(await self._jetstream.stream_info(self._new))
        taken_up = replace(self._mqtt, opt_start_seq=int(told[_MQTT_AFTER]) + 1)
        await self._jetstream.update_stream(replace(self._config, sources=[taken_up]))

    def _not_open(self, told: dict[str, str]) -> StreamConfig:
        """Describe the new stream while only this command publishes to it."""
        source = self._subject("*")
        return replace(
            self._config,
            subjects=[source],
            subject_transform=by_partition(source, self._ward_code),
            sources=None,
            metadata=told,
        )

    def _subject(self, device_id: str) -> str:
        return f"moving.{self._ward_code}.device.{device_id}.up"

    async def _info(self, stream: str) -> StreamInfo | None:
        try:
            return await self._jetstream.stream_info(stream)
        except NotFoundError:
            return None


def _metadata(stream: StreamInfo) -> dict[str, str]:
    return stream.config.metadata or {}
