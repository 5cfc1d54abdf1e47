"""Who has been silent for too long. Times are milliseconds since 1970 by the broker's clock."""

# Between two sweeps more than this has passed only if nobody could be heard: the broker or this process was away, or
# a clock was set. Sweeps come every second.
_UNHEARD_MS = 10_000


class Supervision:
    """Watches every registered device from the moment it is learned of.

    Silence counts only while the platform could hear: after a pause every device has its whole allowance again.
    """

    def __init__(self, now_ms: int) -> None:
        self.lost: set[str] = set()
        self._heard: dict[str, int] = {}
        self._allowed: dict[str, int] = {}
        self._hearing_since = now_ms
        self._swept = now_ms

    def __len__(self) -> int:
        """Count the devices under supervision."""
        return len(self._allowed)

    def watch(self, device_id: str, allowed_ms: int, heard_ms: int) -> None:
        """Begin to watch a device, or change how long it may be silent."""
        self._allowed[device_id] = allowed_ms
        self._heard.setdefault(device_id, heard_ms)

    def unwatch(self, device_id: str) -> None:
        """Watch a device no longer."""
        self._allowed.pop(device_id, None)
        self._heard.pop(device_id, None)
        self.lost.discard(device_id)

    def hear(self, device_id: str, at_ms: int) -> None:
        """Note that a device was heard."""
        if device_id in self._allowed:
            self._heard[device_id] = max(at_ms, self._heard[device_id])

    def resume(self, now_ms: int) -> None:
        """Say that only from now on anybody could be heard."""
        self._hearing_since = self._swept = now_ms
        # A clock that was ahead has left times that are still to come: nobody was heard then.
        self._heard = {one: min(heard, now_ms) for one, heard in self._heard.items()}

    def sweep(self, now_ms: int) -> list[str]:
        """Tell which devices are newly silent, given that everything sent until now has been heard."""
        if not 0 <= now_ms - self._swept <= _UNHEARD_MS:
            self.resume(now_ms)
        self._swept = now_ms
        since = self._hearing_since
        silent = [
            device_id
            for device_id, allowed in self._allowed.items()
            if now_ms - max(self._heard[device_id], since) > allowed and device_id not in self.lost
        ]
        self.lost.update(silent)
        return silent
