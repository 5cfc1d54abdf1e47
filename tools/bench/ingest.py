"""The course of `make bench-ingest`: floors and product in turn, on the same servers, in the same minutes."""

import time
from dataclasses import dataclass, field
from statistics import median

from bench import latency, usual, workload
from bench.consume import Consumed, SmallMessages
from bench.drain import drain
from bench.floors import CopyFloor, StreamFloor
from bench.latency import Alarms, Latencies
from bench.load import Load, Orders
from bench.platform import READINGS, Platform
from bench.sender import Sender
from bench.sizes import Sizes
from fire_safety.settings import Lanes
from stack.progress import Progress

# The ward's own load: 2,500 detectors, a reading every ten seconds.
WARD_READINGS_PER_SECOND = 250
FLOOD_TIMES = 10


@dataclass
class Ingested:
    """Readings a second, one figure a round: raw COPY, each lane alone, both in one process, and the usual way.

    `stream` is what the broker stored, before anybody read it.
    """

    stream: float = 0.0
    heap: list[float] = field(default_factory=list)
    keyed: list[float] = field(default_factory=list)
    recorder: list[float] = field(default_factory=list)
    detector: list[float] = field(default_factory=list)
    both: list[float] = field(default_factory=list)
    usual: list[float] = field(default_factory=list)

    def to_heap(self) -> float:
        """Tell the recorder's ratio to the heap."""
        return median(a / b for a, b in zip(self.recorder, self.heap, strict=True))

    def to_keyed(self) -> float:
        """Tell the recorder's ratio to the table with the key."""
        return median(a / b for a, b in zip(self.recorder, self.keyed, strict=True))

    def to_usual(self) -> float:
        """Tell the recorder's ratio to the usual way."""
        return median(a / b for a, b in zip(self.recorder, self.usual, strict=True))


@dataclass(frozen=True)
class Flood:
    """What a flood did: messages, readings sent and stored, alarms, and memory in MiB before and after."""

    per_message: int
    sent_per_second: float
    sent: int
    stored: int
    alarms: Latencies
    memory_before: float
    memory_after: float

    @property
    def lost(self) -> int:
        """How many readings and alarms are missing."""
        return abs(self.sent - self.stored) + self.alarms.lost


@dataclass(frozen=True)
class Results:
    """All that was measured; latencies by load.

    `sustained` is what goes all the way, readings a second, while everything works at once: they are sent, the broker
    stores them, and both lanes in one process get them done.
    """

    small: list[Consumed]
    batches: Ingested
    singles: Ingested
    sustained: float
    floor: Latencies
    idle: Latencies
    half: Latencies
    full: Latencies
    ward_flood: Flood
    broker_flood: Flood


class Benchmark:
    """One run."""

    def __init__(self, platform: Platform, sizes: Sizes, progress: Progress) -> None:
        self._platform = platform
        self._sizes = sizes
        self._progress = progress
        self._sender = Sender(platform.broker)
        self._smoking = platform.detectors()[: sizes.alarming]

    async def run(self) -> Results:
        """Measure everything."""
        await self._sender.open()
        step = self._progress.step
        with step("Đọc bản tin nhỏ", "small messages: Pull and fetch"):
            small = await self._small_messages()
        with step("Ghi, 50 số đo một bản tin", "recording, 50 readings a message"):
            batches = await self._ingest(self._sizes.batches, workload.PER_BATCH)
        with step("Ghi, một số đo một bản tin", "recording, one reading a message"):
            singles = await self._ingest(self._sizes.singles, 1)
        await self._start_afresh()
        await self._platform.fill_log(self._sizes.log_mib)
        await self._platform.rest()
        async with self._platform.service(), self._platform.database() as database:
            floor = StreamFloor(self._platform.broker, database)
            await floor.open()
            with step("Báo động lúc rỗi, và sàn", "alarms idle, and their floor"):
                await self._alarms_of(self._sizes.warming)
                first = await self._floor(floor)
                idle = await self._alarms()
                first.seconds += (await self._floor(floor)).seconds
            with step("Cả dây chuyền cùng chạy", "everything at once, as much as goes"):
                sustained = await self._sustained()
                await self._platform.rest()
            with step("Báo động ở tải 50 %", "alarms at half of the sustained load"):
                half = await self._alarms_under(sustained / 2)
            with step("Báo động ở tải 100 %", "alarms at the whole sustained load"):
                full = await self._alarms_under(sustained)
            with step("Lũ 10 lần mức của phường", "a flood of ten times the ward's own load"):
                rate = FLOOD_TIMES * WARD_READINGS_PER_SECOND
                ward_flood = await self._flood(per_message=1, per_second=rate)
            with step("Lũ hết mức luồng lưu được", "a flood of all that the stream stores"):
                broker_flood = await self._flood(workload.PER_BATCH, per_second=0)
        return Results(
            small, batches, singles, sustained, first, idle, half, full, ward_flood, broker_flood
        )

    async def _small_messages(self) -> list[Consumed]:
        messages = SmallMessages(self._platform, self._sizes.small)
        await messages.fill(self._sender)
        return [await messages.consume() for _ in range(self._sizes.rounds)]

    async def _ingest(self, count: int, per_message: int) -> Ingested:
        """Drain the same stream by each lane alone and by both, with the floors in between."""
        await self._start_afresh()
        readings, begin = count * per_message, time.perf_counter()
        await self._sender.send_all(workload.messages(workload.UNREGISTERED, count, per_message))
        found = Ingested(stream=readings / (time.perf_counter() - begin))
        copying: CopyFloor | None = None
        for _ in range(self._sizes.rounds):
            for lanes in (Lanes.DETECTOR, Lanes.BOTH, Lanes.RECORDER):
                column = {Lanes.DETECTOR: found.detector, Lanes.RECORDER: found.recorder}
                rate = await drain(self._platform, lanes, readings)
                column.get(lanes, found.both).append(rate)
            async with self._platform.database() as database:
                copying = copying or await CopyFloor.of_stored(database)
                heap, keyed = await copying.rates(database)
            found.heap.append(heap)
            found.keyed.append(keyed)
            orders = usual.Orders(
                self._platform.nats_url,
                self._platform.database_url,
                READINGS,
                min(count, self._sizes.usual),
            )
            found.usual.append(await usual.rate(orders) * per_message)
        return found

    async def _start_afresh(self) -> None:
        await self._platform.jetstream.purge_stream(READINGS)
        await self._platform.empty()

    async def _sustained(self) -> float:
        """Tell how many readings a second are sent, stored in the stream and recorded, the last of them too."""
        load = await Load.start(self._orders(workload.PER_BATCH, 0, self._sizes.sustain_s))
        try:
            told = await load.ended()
        finally:
            await load.stop()
        begin = time.perf_counter()
        await self._platform.until_recorded()
        seconds = told["seconds"] + time.perf_counter() - begin
        return told["stored"] * workload.PER_BATCH / seconds

    async def _floor(self, stream: StreamFloor) -> Latencies:
        return await latency.floor(stream, self._sizes.alarms, self._sizes.alarms_per_second)

    async def _alarms(self) -> Latencies:
        return await self._alarms_of(self._sizes.alarms)

    async def _alarms_of(self, count: int) -> Latencies:
        devices = self._take_smoking(count)
        return await Alarms(self._platform).raise_all(devices, self._sizes.alarms_per_second)

    async def _alarms_under(self, readings_per_second: float) -> Latencies:
        seconds = self._sizes.alarms / self._sizes.alarms_per_second
        load = await Load.start(self._orders(workload.PER_BATCH, readings_per_second, seconds + 2))
        try:
            alarms = await self._alarms()
            await load.ended()
        finally:
            await load.stop()
        await self._platform.until_recorded()
        return alarms

    async def _flood(self, per_message: int, per_second: float) -> Flood:
        sizes = self._sizes
        stored, memory = await self._platform.stored(), self._platform.memory_mb()
        devices = self._take_smoking(sizes.flood_alarms)
        load = await Load.start(self._orders(per_message, per_second, sizes.flood_s))
        try:
            pace = sizes.flood_alarms / sizes.flood_s
            alarms = await Alarms(self._platform).raise_all(devices, pace)
            told = await load.ended()
        finally:
            await load.stop()
        after = self._platform.memory_mb()
        await self._platform.until_recorded()
        return Flood(
            per_message=per_message,
            sent_per_second=told["stored"] * per_message / told["seconds"],
            sent=int(told["stored"]) * per_message + len(devices) * workload.PER_SMOKE,
            stored=await self._platform.stored() - stored,
            alarms=alarms,
            memory_before=memory,
            memory_after=after,
        )

    def _take_smoking(self, count: int) -> list[str]:
        taken, self._smoking = self._smoking[:count], self._smoking[count:]
        return taken

    def _orders(self, per_message: int, readings_per_second: float, seconds: float) -> Orders:
        return Orders(
            self._platform.nats_url,
            workload.UNREGISTERED,
            per_message,
            readings_per_second / per_message,
            seconds,
        )
