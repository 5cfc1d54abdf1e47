"""One fire after the other, from the tidy premises to the tidy premises."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from simulator.demo import building, traces
from simulator.demo.building import Building
from simulator.demo.errors import NotRunningError, RefusedBySystemError, StillInAlarmError
from simulator.demo.gateway import Gateway, GatewayDownError, RefusedError
from simulator.demo.observer import Observer, read_brief
from simulator.demo.platform import Platform
from simulator.demo.records import Records
from simulator.demo.replay import Timing, steps
from simulator.demo.results import Results, results
from simulator.demo.speaker import Speaker
from simulator.demo.stations import stations
from simulator.demo.story import Story
from simulator.demo.tidying import StillBurningError, tidy
from simulator.fleet.command import lines_of
from simulator.fleet.link import Acknowledged, Link
from simulator.fleet.sender import Sender
from simulator.fleet.sensor import Sensor
from ward.fire_safety.v1 import fire_safety_pb2 as fire

# Longer than a fire and its tidying take beyond the replay itself.
LEASE_MARGIN_S = 300.0
# What was killed in the middle of a fire is back within this time.
SEEN_WITHIN_S = 60.0
# What the platform has is detected by then, on a machine with other work too: the last alarm is waited for.
DETECTED_WITHIN_S = 1.0
PATIENCE_S = 30.0
Clock = Callable[[], float]


@dataclass(frozen=True)
class Setting:
    """What a demo needs besides the platform: clock in seconds since 1970, noise, names of NATS."""

    clock: Clock
    rng: Random
    ward_code: str
    inbox_prefix: str
    story: Story


class Demo:
    """Replays fires in the demo premises and measures what the platform makes of them."""

    def __init__(
        self, gateway: Gateway, place: Building, speaker: Speaker, setting: Setting, speed: float
    ) -> None:
        self._gateway = gateway
        self._place = place
        self._speaker = speaker
        self._setting = setting
        self._speed = speed

    async def burn(self, test: str, *, keep: bool) -> Results:
        """Replay one fire; `keep` leaves its alarms and incident open."""
        trace, story = traces.load(test), self._setting.story
        story.begin(trace, self._place, self._speed)
        if not await self._speaker.take_over(trace.length_s / self._speed + LEASE_MARGIN_S):
            story.say("Đội cảm biến không chạy; không cần tạm ngừng", "no fleet to hold")
        try:
            await self._tidy("Dọn lần diễn trước", "tidied the last run")
            outcome = await self._replay(trace)
            if keep:
                story.say(
                    "Để nguyên vụ việc; lần chạy sau sẽ dọn", "left open; the next run tidies"
                )
            else:
                await self._tidy("Đã dọn: đặt lại báo động, đóng vụ việc", "reset and closed")
        finally:
            await self._speaker.take_over(0)
        return outcome

    async def _replay(self, trace: traces.Trace) -> Results:
        timing = Timing.beginning(self._setting.clock(), trace.length_s, self._speed)
        placed = self._place.place(stations(trace))
        records = Records(self._place.premises.premises_id)
        story = self._setting.story

        def told(alarm: fire.Alarm) -> None:
            story.alarm(alarm, timing)

        def followed(alarm_id: str) -> None:
            story.followed(alarm_id, records)

        observer = Observer(self._gateway, records, told, followed)
        async with observer.watching():
            readings = steps(placed, timing, self._setting.rng)
            await self._speaker.play(readings, records.published.__setitem__)
            await self._speaker.delivered(SEEN_WITHIN_S)
            await asyncio.sleep(DETECTED_WITHIN_S)
            await observer.all_seen(SEEN_WITHIN_S)
        outcome = results(trace.test, placed, self._place.zones, timing, records)
        story.table(outcome)
        if records.incident:
            story.brief(await read_brief(self._gateway, records.incident.incident_id))
        return outcome

    async def _tidy(self, vietnamese: str, english: str) -> None:
        premises, story = self._place.premises, self._setting.story
        try:
            count = await tidy(
                self._gateway, premises.premises_id, self._speaker.breathe, story.airing
            )
        except StillBurningError as error:
            raise StillInAlarmError(premises.code, str(error)) from error
        if count:
            story.say(f"{vietnamese} ({count})", english)


async def run(
    platform: Platform, tests: Sequence[str], speed: float, setting: Setting, *, keep: bool
) -> list[Results]:
    """Replay the tests in order; raises a StackError that says in a sentence what is wrong."""
    try:
        async with Gateway(platform.gateway, platform.officer_token, PATIENCE_S) as gateway:
            place = await building.find(gateway)
            async with _speaker(platform, place, setting) as speaker:
                demo = Demo(gateway, place, speaker, setting, speed)
                return [await demo.burn(test, keep=keep) for test in tests]
    except GatewayDownError as error:
        raise NotRunningError(platform.gateway) from error
    except RefusedError as error:
        raise RefusedBySystemError(str(error)) from error


@asynccontextmanager
async def _speaker(
    platform: Platform, place: Building, setting: Setting
) -> AsyncGenerator[Speaker]:
    """Connect as the demo's detectors; raises NotRunningError if the broker is away."""

    def link(acknowledged: Acknowledged) -> Link:
        return Link("demo", platform.broker_url, setting.inbox_prefix, acknowledged)

    sensors = [Sensor.of(device) for device in place.devices]
    shared = [sensor.device_id for sensor in sensors if not sensor.is_own]
    lines = lines_of(platform.run_dir, setting.ward_code, sensors)
    sender = Sender(shared, setting.ward_code, link, time.monotonic, lines)
    speaker = Speaker(sensors, sender, setting.clock, setting.rng)
    speaking = [
        asyncio.create_task(work)
        for work in (speaker.speak(), *(one.run() for one in lines.values()))
    ]
    try:
        if not await speaker.connected():
            raise NotRunningError("NATS")
        yield speaker
    finally:
        for task in speaking:
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)
