"""How fast the lanes read a stream that is full when the service starts."""

import asyncio
import time

from bench.platform import Platform
from fire_safety.settings import Lanes

_LOOK_S = 0.05
_PATIENCE_S = 300.0
_FEWEST_LOOKS = 4
_DONE = "ward_readings_total"
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
    """Tell how many readings all of the lanes are done with."""
    # This one alone: to write all its metrics twenty times a second takes the service a tenth of its one thread.
    scrape = await asyncio.to_thread(platform.scrape, _DONE)
    return min(scrape.value(_DONE, lane=lane.value) for lane in _OF[lanes])


def _rate(course: list[tuple[float, float]]) -> float:
    """Tell the slope from the first look at which anything was done to the last before all was: as long as much waits.

    What is left at the end is less than a group, which waits for more to come.
    """
    (ended, whole), under_way = course[-1], [look for look in course[:-1] if look[1] > 0]
    if len(under_way) < _FEWEST_LOOKS:  # a very small benchmark
        began = under_way[0][0] if under_way else ended - _LOOK_S
        return whole / (ended - began)
    (began, done), (last, nearly) = under_way[0], under_way[-1]
    return (nearly - done) / (last - began)
