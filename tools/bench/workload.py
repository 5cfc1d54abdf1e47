"""What detectors send: clean air in batches or one by one, and the smoke of a fire."""

import time
from collections.abc import Iterator, Sequence

from ward.fire_safety.v1 import readings_pb2 as pb

PER_BATCH = 50
# Who sends the bulk. No device on the register does so much: it would be told as trouble, an alarm for each of them.
# Of fewer each would send more than a thousand readings a second, run ahead of the clock, a millisecond a reading, and
# meet its own times in the next load.
UNREGISTERED = [f"BENCH-{number:05}" for number in range(2_500)]
_SECOND_MS = 1000
_CLEAN, _SMOKE, _ROOM, _BATTERY = 0.002, 0.1, 25.0, 87.0
# Half a minute of smoke, a reading every two seconds: what the default profile needs, and more.
_SMOKE_S = range(-30, 0, 2)
PER_SMOKE = len(_SMOKE_S)

Message = tuple[str, bytes]


def messages(devices: Sequence[str], count: int, per_message: int) -> Iterator[Message]:
    """Give messages of clean air, device by device; no two readings of a device have the same time."""
    rounds = -(-count // len(devices))
    begin = now_ms() - rounds * per_message * _SECOND_MS
    for number in range(count):
        turn, device = divmod(number, len(devices))
        first = begin + turn * per_message * _SECOND_MS
        yield clean_air(devices[device], first, per_message)


def clean_air(device_id: str, first_ms: int, count: int, step_ms: int = _SECOND_MS) -> Message:
    """Write readings in which nothing happens."""
    times = range(first_ms, first_ms + count * step_ms, step_ms)
    return _written(device_id, ((at, _CLEAN) for at in times))


def smoke(device_id: str) -> Message:
    """Write the last half minute of a detector in smoke."""
    now = now_ms()
    return _written(device_id, ((now + s * _SECOND_MS, _SMOKE) for s in _SMOKE_S))


def now_ms() -> int:
    """Tell the time as a detector's clock does."""
    return time.time_ns() // 1_000_000


def _written(device_id: str, densities: Iterator[tuple[int, float]]) -> Message:
    readings = (
        pb.Reading(
            observed_at_ms=at,
            optical_density=density,
            temperature=_ROOM,
            battery=_BATTERY,
            conditions=0,
        )
        for at, density in densities
    )
    batch = pb.ReadingBatch(device_id=device_id, readings=readings)
    return f"ward.11002.device.{device_id}.up", batch.SerializeToString()
