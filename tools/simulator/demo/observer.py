"""The officer's side: open streams and reads, each noted with its time."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from simulator.demo.gateway import Gateway, GatewayDownError, RefusedError
from simulator.demo.records import BRIEF, EVENT, INCIDENT, Records
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as incidents

# Between two looks of a client that waits for something to appear. The streams are faster; to look
# more often would slow down what is looked at.
LOOK_S = 0.05
# In case the alarm stream is broken, alarms are also read at this interval.
LIST_S = 0.5
STREAMS_WITHIN_S = 10.0
# Called with an alarm when it is first seen, and with its id when its brief was read.
Told = Callable[[fire.Alarm], None]
Followed = Callable[[str], None]


class Observer:
    """Watches alarms and incidents of one premises and follows each alarm to its brief."""

    def __init__(self, gateway: Gateway, records: Records, told: Told, followed: Followed) -> None:
        self._gateway = gateway
        self._records = records
        self._told = told
        self._followed = followed
        self._news = asyncio.Event()
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Watch within the block; it is entered when both streams are open."""
        opened = asyncio.Event(), asyncio.Event()
        tasks = [
            asyncio.create_task(self._watch_alarms(opened[0])),
            asyncio.create_task(self._watch_incidents(opened[1])),
            asyncio.create_task(self._list_alarms()),
            asyncio.create_task(self._follow()),
        ]
        try:
            await _all_set(opened, tasks)
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def all_seen(self, within_s: float) -> bool:
        """Wait until every alarm was seen at every stage; tell whether it was in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not self._records.complete:
                    self._changed.clear()
                    await self._changed.wait()
        return self._records.complete

    async def _watch_alarms(self, opened: asyncio.Event) -> None:
        kind = fire.WatchAlarmsResponse
        async for change in self._gateway.watch("/v1/alarms:watch", kind, opened):
            self._take(change.alarm)

    async def _watch_incidents(self, opened: asyncio.Event) -> None:
        kind = incidents.WatchIncidentsResponse
        async for change in self._gateway.watch("/v1/incidents:watch", kind, opened):
            self._records.take_incident(change.incident, time.monotonic(), INCIDENT, EVENT)
            self._news.set()
            self._changed.set()

    async def _list_alarms(self) -> None:
        while True:
            with contextlib.suppress(GatewayDownError, RefusedError):
                for alarm in await open_alarms(self._gateway, self._records.premises_id):
                    self._take(alarm)
            await asyncio.sleep(LIST_S)

    def _take(self, alarm: fire.Alarm) -> None:
        if self._records.take_alarm(alarm, time.monotonic()):
            self._told(alarm)
            self._news.set()

    async def _follow(self) -> None:
        """Read until the brief holds each alarm, for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                waiting = self._records.lacking(BRIEF)
                await asyncio.wait_for(self._news.wait(), LOOK_S if waiting else None)
            self._news.clear()
            with contextlib.suppress(GatewayDownError, RefusedError):
                await self._look()
            self._changed.set()

    async def _look(self) -> None:
        waiting = self._records.lacking(BRIEF)
        if self._records.lacking(INCIDENT):
            for incident in await open_incidents(self._gateway, self._records.premises_id):
                self._records.take_incident(incident, time.monotonic(), INCIDENT)
        ready = set(waiting) - set(self._records.lacking(INCIDENT))
        if ready and self._records.incident:
            brief = await read_brief(self._gateway, self._records.incident.incident_id)
            self._records.take_brief(brief, time.monotonic())
        for alarm_id in waiting:
            if self._records.has(alarm_id, BRIEF):
                self._followed(alarm_id)


async def open_alarms(gateway: Gateway, premises_id: str) -> list[fire.Alarm]:
    """Read the fire alarms of a premises that were not reset."""
    answer = await gateway.get(
        "/v1/alarms",
        fire.ListAlarmsResponse(),
        premises_id=premises_id,
        signal_class="SIGNAL_CLASS_ALARM",
        open_only=True,
        page_size=500,
    )
    return list(answer.alarms)


async def open_incidents(gateway: Gateway, premises_id: str) -> list[incidents.Incident]:
    """Read the incidents of a premises that are not closed."""
    answer = await gateway.get(
        "/v1/incidents",
        incidents.ListIncidentsResponse(),
        premises_id=premises_id,
        open_only=True,
    )
    return list(answer.incidents)


async def read_brief(gateway: Gateway, incident_id: str) -> incidents.RescueBrief:
    """Read the rescue brief of an incident."""
    path = f"/v1/incidents/{incident_id}/brief"
    return (await gateway.get(path, incidents.GetRescueBriefResponse())).brief


async def _all_set(opened: tuple[asyncio.Event, ...], tasks: list[asyncio.Task[None]]) -> None:
    """Wait for all events; raises what ends a task before, or TimeoutError."""
    waiting = asyncio.create_task(_each(opened))
    async with asyncio.timeout(STREAMS_WITHIN_S):
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, waiting):
        if task.done():
            task.result()


async def _each(events: tuple[asyncio.Event, ...]) -> None:
    for event in events:
        await event.wait()
