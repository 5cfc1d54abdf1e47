"""The way to the broker: connects forever, sends without waiting, hears acknowledgements."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from chassis.broker.jetstream import HardenedClient
from chassis.telemetry.log import logger
from simulator import wire
from simulator.fleet.sensor import Sample

RETRY_S = 0.5
# Device id, and the device time in ms of the last sample of the acknowledged batch.
Acknowledged = Callable[[str, int], None]
Asked = Callable[[bytes], bytes]


class Link:
    """A connection with the right to send readings.

    Acknowledgements of JetStream come back on one inbox of ours, which names the batch: nats-py's
    own `publish_async` builds a future and three tokens a message, which is half of its cost.
    """

    def __init__(self, name: str, url: str, inbox_prefix: str, acknowledged: Acknowledged) -> None:
        self._name = name
        self._url = url
        self._inbox_prefix = inbox_prefix
        self._acknowledged = acknowledged
        self._client: Client = HardenedClient()
        self._inbox = ""
        self._closed = asyncio.Event()
        self._on_connected: list[Callable[[], None]] = []

    @property
    def up(self) -> bool:
        """Whether what is sent now can arrive."""
        return bool(self._inbox) and self._client.is_connected

    def on_connected(self, callback: Callable[[], None]) -> None:
        """Call back after each connection, the first and every later one."""
        self._on_connected.append(callback)

    async def send(self, subject: str, device_id: str, samples: Sequence[Sample]) -> None:
        """Send one batch of a device; nothing is raised when the broker is just gone."""
        headers = {wire.DEDUPLICATION_HEADER: wire.message_id(device_id, samples)}
        reply = f"{self._inbox}.{device_id}.{samples[-1].at_ms}"
        with contextlib.suppress(NatsError, OSError):
            await self._client.publish(
                subject, wire.encode(device_id, samples), reply=reply, headers=headers
            )

    async def keep_up(self, answers: Mapping[str, Asked]) -> None:
        """Stay connected until cancelled, and answer requests by subject; never gives up."""
        while True:
            try:
                await self._connect()
                for subject, answer in answers.items():
                    await self._serve(subject, answer)
                await self._closed.wait()
            except (OSError, TimeoutError, NatsError) as error:
                logger().warning("broker_unreachable", cause=type(error).__name__)
            await asyncio.sleep(RETRY_S)

    async def ask(self, subject: str, question: bytes, within_s: float) -> bytes:
        """Ask whoever listens on the subject; raises a NatsError or TimeoutError without answer."""
        answer = await self._client.request(subject, question, timeout=within_s)
        return answer.data

    async def close(self) -> None:
        """Send what is buffered and disconnect."""
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            await self._client.flush(timeout=2)
            await self._client.close()

    async def _connect(self) -> None:
        self._closed.clear()
        self._client = HardenedClient()
        await self._client.connect(
            self._url,
            name=self._name,
            inbox_prefix=self._inbox_prefix,
            connect_timeout=2,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RETRY_S,  # type: ignore[arg-type] # a float works
            ping_interval=5,
            max_outstanding_pings=2,
            disconnected_cb=_note_disconnected,
            reconnected_cb=self._connected,
            closed_cb=self._note_closed,
            error_cb=_note_error,
        )
        self._inbox = self._client.new_inbox()
        await self._client.subscribe(f"{self._inbox}.*.*", cb=self._heard)
        await self._connected()

    async def _serve(self, subject: str, answer: Asked) -> None:
        async def respond(request: Msg) -> None:
            if request.reply:
                await request.respond(answer(request.data))

        await self._client.subscribe(subject, cb=respond)

    async def _heard(self, message: Msg) -> None:
        """Take an acknowledgement; an error or an absent stream is none, and we send again."""
        _, device_id, at_ms = message.subject.rsplit(".", 2)
        with contextlib.suppress(ValueError):
            if "stream" in json.loads(message.data):
                self._acknowledged(device_id, int(at_ms))

    async def _connected(self) -> None:
        logger().info("broker_connected")
        for callback in self._on_connected:
            callback()

    async def _note_closed(self) -> None:
        self._closed.set()


async def _note_disconnected() -> None:
    logger().warning("broker_disconnected")


async def _note_error(error: Exception) -> None:
    # Attempts to reach a broker that is away fail twice a second; that it is away was said.
    if not isinstance(error, OSError):
        logger().warning("broker_error", cause=type(error).__name__, detail=str(error))
