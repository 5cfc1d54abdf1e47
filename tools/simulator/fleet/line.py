"""The way to the broker of a detector with credentials of its own: it signs in once it has something to say.

What a message is acknowledged by is the protocol's own: the stream's answer over NATS, PUBACK over MQTT (QoS 1). What
was not acknowledged is sent again, the same bytes.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import aiomqtt
from nats.errors import Error as NatsError

from chassis.broker.jetstream import HardenedClient
from chassis.telemetry.log import logger
from simulator import formats, wire
from simulator.demo.gateway import GatewayDownError, RefusedError
from simulator.fleet.keyring import Gate, Keyring
from simulator.fleet.mailbox import Mailbox
from simulator.fleet.sensor import Sample, Sensor
from stack.ports import LOOPBACK

RETRY_S = 1.0
ACKNOWLEDGED_WITHIN_S = 5.0
# What is sent, and under which identity.
Publish = Callable[[bytes, str], Awaitable[object]]
BROKEN = (
    NatsError,
    aiomqtt.MqttError,
    OSError,
    TimeoutError,
    GatewayDownError,
    RefusedError,
)


class Line:
    """Keeps what one detector observed until the platform has it."""

    def __init__(self, sensor: Sensor, keyring: Keyring) -> None:
        self.mailbox = Mailbox()
        self.sent = 0
        self.acknowledged = 0
        self._sensor = sensor
        self._keyring = keyring
        self._asked = asyncio.Event()

    def submit(self, *samples: Sample) -> None:
        """Keep samples; they go as soon as those before them are acknowledged."""
        for sample in samples:
            self.mailbox.add(sample)
        self._asked.set()

    async def run(self) -> None:
        """Send until cancelled; a connection that breaks is made anew when there is something to say."""
        while True:
            await self._asked.wait()
            try:
                gate = await self._keyring.gate()
                async with self._connected(gate) as publish:
                    await self._send(publish)
            except BROKEN as error:
                logger().info("line_broken", cause=type(error).__name__)
                await asyncio.sleep(RETRY_S)

    async def _send(self, publish: Publish) -> None:
        device_id = self._sensor.device_id
        while True:
            await self._asked.wait()
            batch = self.mailbox.take()
            if not batch:
                self._asked.clear()
                continue
            self.sent += len(batch)
            identity = wire.message_id(device_id, batch)
            messages = formats.encode(self._sensor.payload_format, device_id, batch)
            for number, message in enumerate(messages):
                await publish(message, f"{identity}-{number}")
            self.acknowledged += self.mailbox.acknowledge(batch[-1].at_ms)

    def _connected(self, gate: Gate) -> AbstractAsyncContextManager[Publish]:
        return self._by_mqtt(gate) if self._sensor.over_mqtt else self._by_nats(gate)

    @asynccontextmanager
    async def _by_nats(self, gate: Gate) -> AsyncGenerator[Publish]:
        device_id = self._sensor.device_id
        client = HardenedClient()
        await client.connect(
            f"nats://{LOOPBACK}:{gate.nats_port}",
            user=device_id,
            password=gate.secrets[device_id],
            inbox_prefix=f"_INBOX_{device_id}",
            allow_reconnect=False,
            connect_timeout=ACKNOWLEDGED_WITHIN_S,  # type: ignore[arg-type] # a float works
            error_cb=_ignore,
        )
        stream, subject = client.jetstream(), wire.subject(gate.ward_code, device_id)

        async def publish(message: bytes, identity: str) -> None:
            headers = {wire.DEDUPLICATION_HEADER: identity}
            await stream.publish(subject, message, timeout=ACKNOWLEDGED_WITHIN_S, headers=headers)

        try:
            yield publish
        finally:
            await client.close()

    @asynccontextmanager
    async def _by_mqtt(self, gate: Gate) -> AsyncGenerator[Publish]:
        device_id = self._sensor.device_id
        topic = wire.subject(gate.ward_code, device_id).replace(".", "/")
        client = aiomqtt.Client(
            LOOPBACK,
            gate.mqtt_port,
            username=device_id,
            password=gate.secrets[device_id],
            identifier=device_id,
            tls_context=gate.mqtt_trust,
            protocol=aiomqtt.ProtocolVersion.V311,
            timeout=ACKNOWLEDGED_WITHIN_S,
        )
        async with signed_in(client):

            async def publish(message: bytes, _: str) -> None:
                await client.publish(topic, message, qos=1)

            yield publish


@asynccontextmanager
async def signed_in(client: aiomqtt.Client) -> AsyncGenerator[None]:
    """Be connected for a block, and leave nothing behind however it ends; raises MqttError.

    The client tells whoever reads why a connection ended, and complains where nobody does. One that gave up waiting to
    be let in keeps its connection.
    """
    try:
        await client.__aenter__()
    except aiomqtt.MqttError:
        with suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)
        raise
    reading = asyncio.create_task(_read(client))
    try:
        yield
    finally:
        try:
            await client.__aexit__(None, None, None)
        finally:
            await asyncio.wait([reading], timeout=RETRY_S)
            reading.cancel()


async def _read(client: aiomqtt.Client) -> None:
    """Read until the connection ends; a detector is told nothing."""
    with suppress(aiomqtt.MqttError):
        async for _ in client.messages:
            pass


async def _ignore(_: Exception) -> None:
    """Leave it: what broke a connection shows with the next message."""
