"""From a published smoke to its alarm on the stream of events, as another connection receives it."""

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from bench import workload
from bench.floors import StreamFloor
from bench.platform import Platform
from chassis.broker.pull import Pull
from ward.fire_safety.v1 import fire_safety_pb2

_EVENTS = "EVENTS"
_RAISED = "ward.fire_safety.v1.AlarmRaised"
_PATIENCE_S = 60.0


@dataclass
class Latencies:
    """Seconds each, and how many alarms were published and never heard of."""

    seconds: list[float] = field(default_factory=list)
    lost: int = 0

    def percentile(self, share: float) -> float:
        """Tell the latency, ms, that this share of all stays within (nearest rank): of a hundred 99 %, the 99th."""
        ordered = sorted(self.seconds)
        return ordered[max(math.ceil(len(ordered) * share), 1) - 1] * 1000


class Alarms:
    """Publishes smoke, one detector after the other, and listens for the alarms."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._published: dict[str, float] = {}
        self._heard: dict[str, float] = {}

    async def raise_all(self, devices: Sequence[str], per_second: float) -> Latencies:
        """Let detectors smell smoke at a pace; each must be one that is silent now."""
        self._published, self._heard = {}, {}
        self._expected = len(devices)
        self._all_heard, begun = asyncio.Event(), asyncio.Event()
        listening = asyncio.create_task(self._listen(begun))
        async with asyncio.timeout(_PATIENCE_S):
            await begun.wait()
        begin = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, device in enumerate(devices):
                await asyncio.sleep(max(begin + number / per_second - time.perf_counter(), 0))
                group.create_task(self._publish(device))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_heard.wait(), _PATIENCE_S)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        latencies = [self._heard[one] - self._published[one] for one in self._heard]
        return Latencies(latencies, len(devices) - len(latencies))

    async def _publish(self, device: str) -> None:
        subject, payload = workload.smoke(device)
        self._published[device] = time.perf_counter()
        await self._platform.jetstream.publish(subject, payload)

    async def _listen(self, begun: asyncio.Event) -> None:
        client = await self._platform.connect("listener")
        config = ConsumerConfig(
            filter_subject=_RAISED, deliver_policy=DeliverPolicy.NEW, ack_policy=AckPolicy.NONE
        )
        consumer = await client.jetstream().add_consumer(_EVENTS, config)
        try:
            async with Pull(client, _EVENTS, consumer.name) as pull:
                # What is stored from now on is delivered, whenever it is asked for.
                begun.set()
                while True:
                    for message in await pull.take(1):
                        alarm = fire_safety_pb2.AlarmRaised.FromString(message.data).alarm
                        if alarm.device_id in self._published:
                            self._heard.setdefault(alarm.device_id, time.perf_counter())
                    if len(self._heard) == self._expected:
                        self._all_heard.set()
        finally:
            await client.close()


async def floor(stream: StreamFloor, count: int, per_second: float) -> Latencies:
    """Measure what the same pace costs without the product."""
    _, payload = workload.smoke("CS0001-D01")
    begin, found = time.perf_counter(), Latencies()
    for number in range(count):
        await asyncio.sleep(max(begin + number / per_second - time.perf_counter(), 0))
        found.seconds.append(await stream.one(payload))
    return found
