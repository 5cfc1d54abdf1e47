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


async def drain(platform: Platform, lanes: Lanes, readings: int) -> float:
    """Start the service before a full stream; tell the readings a second that all of its lanes got done.

    Raises RuntimeError unless each reading is stored once in the end.
    """
    await platform.empty()
    course: list[tuple[float, float]] = []
    async with platform.service(lanes), asyncio.timeout(_PATIENCE_S):
        while not course or course[-1][1] < readings:
            course.append((time.perf_counter(), await _done(platform, lanes)))
            await asyncio.sleep(_LOOK_S)
    if lanes is not Lanes.DETECTOR and (stored := await platform.stored()) != readings:
        raise RuntimeError(f"{readings} readings were sent and {stored} stored")
    return _rate(course)


async def _done(platform: Platform, lanes: Lanes) -> float:
    """Tell how many readings are done, on the average of the lanes."""
    scrape = await asyncio.to_thread(platform.scrape)
    done = [scrape.value("ward_readings_total", lane=lane.value) for lane in _OF[lanes]]
    return sum(done) / len(done)


def _rate(course: list[tuple[float, float]]) -> float:
    """Tell the slope from the first look at which anything was done to the last, at which all was."""
    ended, whole = course[-1]
    began, done = next(look for look in course if look[1] > 0)
    if began == ended:  # nobody looked in between: a very small benchmark
        return whole / _LOOK_S
    return (whole - done) / (ended - began)
