"""When each detector reports next."""

import heapq
from collections.abc import Iterable, Iterator

from simulator.fleet.sensor import Sensor


class Schedule:
    """Hands out detectors as their time comes; times are seconds since 1970."""

    def __init__(self, sensors: Iterable[Sensor], now: float) -> None:
        self._queue = [
            (_next(now, sensor.interval_s, sensor.phase_s), sensor.device_id, sensor)
            for sensor in sensors
        ]
        heapq.heapify(self._queue)

    def due(self, now: float) -> Iterator[tuple[Sensor, float]]:
        """Yield the detectors whose time has come, with that time; after a standstill each once."""
        while self._queue and self._queue[0][0] <= now:
            _, device_id, sensor = self._queue[0]
            later = _next(now, sensor.interval_s, sensor.phase_s)
            heapq.heapreplace(self._queue, (later, device_id, sensor))
            yield sensor, later - sensor.interval_s


def _next(now: float, interval: float, phase: float) -> float:
    """Return the first time after `now` that is `phase` seconds into an interval."""
    return now - (now - phase) % interval + interval
