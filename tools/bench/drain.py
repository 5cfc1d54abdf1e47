"""How fast the lanes read a stream that is full when the service starts."""

import asyncio
import time

from bench.platform import Platform
from fire_safety.settings import Lanes

_LOOK_S = 0.1
_PATIENCE_S = 300.0
_OF = {
    Lanes.BOTH: (Lanes.DETECTOR, Lanes.RECORDER),
    Lanes.DETECTOR: (Lanes.DETECTOR,),
    Lanes.RECORDER: (Lanes.RECORDER,),
}

Course = list[tuple[float, float]]


async def drain(platform: Platform, lanes: Lanes, readings: int) -> float:
    """Start the service before a full stream; tell the readings a second that all of its lanes got done.

    Raises RuntimeError unless each reading is stored once in the end.
    """
    await platform.empty()
    courses: dict[Lanes, Course] = {lane: [] for lane in _OF[lanes]}
    async with platform.service(lanes), asyncio.timeout(_PATIENCE_S):
        while any(not course or course[-1][1] < readings for course in courses.values()):
            scrape = await asyncio.to_thread(platform.scrape)
            for lane, course in courses.items():
                done = scrape.value("ward_readings_total", lane=lane.value)
                course.append((time.perf_counter(), done))
            await asyncio.sleep(_LOOK_S)
    if lanes is not Lanes.DETECTOR and (stored := await platform.stored()) != readings:
        raise RuntimeError(f"{readings} readings were sent and {stored} stored")
    return _rate(list(courses.values()))


def _rate(courses: list[Course]) -> float:
    """Tell the slope from the first look at which anything was done to the first at which all was."""
    whole = courses[0][-1][1]
    began = min(next(look for look in course if look[1] > 0) for course in courses)
    ended = max(next(look for look in course if look[1] >= whole) for course in courses)
    if began[0] == ended[0]:  # nobody looked in between: a very small benchmark
        return whole / _LOOK_S
    return (whole - began[1]) / (ended[0] - began[0])
