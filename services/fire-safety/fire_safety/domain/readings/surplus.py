"""What a device sends far above any rate: somebody has its secret, or it went mad. It must not fill the disk."""

from collections.abc import Iterable
from dataclasses import dataclass

_MS = 1000.0
# Devices remembered; beyond it those that owe nothing are forgotten.
_REMEMBERED = 50_000


@dataclass(frozen=True)
class RecordingLimits:
    """How much of one device is stored: `readings_per_s` on and on, and `burst_readings` more at once."""

    version: int
    readings_per_s: float
    burst_readings: int


class Surplus:
    """Counts what each device sends, by the broker's clock: each reading costs it time, and it may owe only so much."""

    def __init__(self, limits: RecordingLimits) -> None:
        self._paid_ms: dict[str, float] = {}
        self.allow(limits)

    def allow(self, limits: RecordingLimits) -> None:
        """Allow so much from now on; a device that owes more than that begins anew."""
        self._cost_ms = _MS / limits.readings_per_s
        self._most_ms = self._cost_ms * limits.burst_readings

    def beyond(self, messages: Iterable[tuple[str, int, int]]) -> list[int]:
        """Count messages: device, milliseconds of receipt, readings. Tell which are beyond what may be stored.

        Those cost nothing. In one loop, since there are hundreds of thousands a second.
        """
        found: list[int] = []
        paid_ms, most_ms, cost_ms, received_ms = self._paid_ms, self._most_ms, self._cost_ms, 0
        for number, (device_id, received_ms, readings) in enumerate(messages):
            latest, paid = received_ms + most_ms, paid_ms.get(device_id, 0.0)
            if not received_ms <= paid <= latest:
                # It owes nothing, or the clock was set back.
                paid = received_ms
            paid += readings * cost_ms
            if paid > latest:
                found.append(number)
            else:
                paid_ms[device_id] = paid
        if len(paid_ms) > _REMEMBERED:
            self._paid_ms = {one: at for one, at in paid_ms.items() if at > received_ms}
        return found
