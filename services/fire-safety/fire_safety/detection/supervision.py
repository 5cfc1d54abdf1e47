"""Who has been silent for too long. Times are milliseconds since 1970 by the broker's clock."""

from collections.abc import Set as AbstractSet

from fire_safety.detection.relays import Relays

# If neither a sweep nor a message was closer than this, nobody could be heard: the broker or this process was away, or
# a clock was set. Sweeps come every second. While the past is read again, the same is true of two messages.
_UNHEARD_MS = 10_000


class Supervision:
    """Watches every registered device from the moment it is learned of.

    Silence counts only while the platform could hear; after a pause every device has its whole allowance again. A
    restart is no pause: what was sent meanwhile waits in the stream, and that anybody sent shows that all could. Only
    where so little is sent that two messages are further apart than that, a restart counts as one.

    A gateway is heard whenever one of its devices is. Its silence is one event: a device that is silent for longer than
    it may be is told as its gateway's silence while that has not been heard for longer after it than half the device's
    allowance, and has its whole allowance again when the gateway returns. So something is told within the allowance of
    the fastest device behind a gateway, however seldom that reports itself: the device, or its gateway, and then the
    device within its allowance after the gateway next reports. Whoever watches a device tells its gateway's silence,
    and whoever watches the gateway that it is back.
    """

    def __init__(self, heard_since_ms: int, heard_until_ms: int) -> None:
        self.lost: set[str] = set()
        self.heard_since_ms = heard_since_ms
        self.relays = Relays()
        self._heard: dict[str, int] = {}
        self._allowed: dict[str, int] = {}
        self._newest = heard_until_ms
        self._swept: int | None = None
        # Who is silent now, told before or not; and when gateways had been heard that were told as lost.
        self._silent: frozenset[str] = frozenset()
        self._lost_after: dict[str, int] = {}
        # Gateways that others told as lost.
        self._noted: set[str] = set()

    def __len__(self) -> int:
        """Count the devices under supervision."""
        return len(self._allowed)

    @property
    def silent(self) -> int:
        """Count those of them that are lost."""
        return len(self.lost & self._allowed.keys())

    def watch(self, device_id: str, allowed_ms: int, heard_ms: int, gateway_id: str = "") -> None:
        """Begin to watch a device, or change how long it may be silent and who reports for it."""
        self._allowed[device_id] = allowed_ms
        self._heard.setdefault(device_id, heard_ms)
        if device_id in self.lost:
            self._lost_after.setdefault(device_id, heard_ms)
        self.relays.place(device_id, gateway_id)

    def allow(self, device_id: str, allowed_ms: int) -> None:
        """Change how long a watched device may be silent."""
        self._allowed[device_id] = allowed_ms

    def unwatch(self, device_id: str) -> None:
        """Watch a device no longer; whether it is lost is asked no more."""
        self._allowed.pop(device_id, None)
        self._heard.pop(device_id, None)
        self._lost_after.pop(device_id, None)
        self.lost.discard(device_id)
        self.relays.place(device_id, "")

    def hear(self, device_id: str, at_ms: int) -> None:
        """Note that a device was heard, and with it its gateway."""
        # Messages wait where a process is held up, and are taken before the next sweep.
        if at_ms - max(self._newest, self._swept or self._newest) > _UNHEARD_MS:
            self.heard_since_ms = at_ms
        self._newest = max(self._newest, at_ms)
        if device_id in self._allowed:
            self._heard[device_id] = max(at_ms, self._heard[device_id])
        if gateway_id := self.relays.through(device_id):
            self.hear_gateway(gateway_id, at_ms)
            self.relays.announce(gateway_id, at_ms)

    def hear_gateway(self, gateway_id: str, at_ms: int) -> None:
        """Note that a gateway was heard, here or by whoever watches its other devices."""
        is_news = at_ms > self.relays.heard(gateway_id)
        self.relays.hear(gateway_id, at_ms)
        if gateway_id in self._allowed:
            self._heard[gateway_id] = max(at_ms, self._heard[gateway_id])
        elif is_news:
            self.lost.discard(gateway_id)

    def note_gateway(self, gateway_id: str, *, is_lost: bool) -> None:
        """Note whether a gateway stands as lost, by whomever: by who watches one of its devices, for one.

        What is noted here as it was just before its return was told is taken back by the next look.
        """
        if is_lost and gateway_id in self._allowed and gateway_id not in self.lost:
            self.lost.add(gateway_id)
            self._noted.add(gateway_id)
            self._lost_after[gateway_id] = self._heard[gateway_id]
        elif not is_lost and gateway_id in self._noted:
            self.lost.discard(gateway_id)
            self._noted.discard(gateway_id)

    def resume(self, now_ms: int) -> None:
        """Say that only from now on anybody could be heard."""
        self.heard_since_ms = self._swept = self._newest = now_ms
        # A clock that was ahead has left times that are still to come: nobody was heard then.
        self._heard = {one: min(heard, now_ms) for one, heard in self._heard.items()}
        self._lost_after = {one: min(at, now_ms) for one, at in self._lost_after.items()}
        self.relays.resume(now_ms)

    def sweep(self, now_ms: int, unheeded: AbstractSet[str] = frozenset()) -> list[str]:
        """Tell who is newly silent, given that everything sent until now has been heard.

        Among them may be gateways that are watched elsewhere. For the silence of a device that is `unheeded` no gateway
        is to blame.
        """
        before = self._newest if self._swept is None else self._swept
        # What is taken for the broker's time between two answers of it may be a little ahead of the next message.
        if before - _UNHEARD_MS <= now_ms:
            now_ms = max(now_ms, before)
        # A process that was held up takes afterwards what came meanwhile; then somebody was heard.
        if now_ms < before or now_ms - max(before, self._newest) > _UNHEARD_MS:
            self.resume(now_ms)
        self._swept = now_ms
        found = {one: self._who_is_silent(one, now_ms) for one in self._allowed}
        self._silent = frozenset(
            who for one, who in found.items() if who and (who == one or one not in unheeded)
        )
        newly = sorted(self._silent - self.lost)
        self.lost.update(newly)
        self._noted.difference_update(newly)
        self._lost_after |= {one: self._heard[one] for one in newly if one in self._heard}
        return newly

    def is_silent(self, device_id: str, now_ms: int) -> bool:
        """Tell whether a watched device has been silent for longer than it may be, whosever that is."""
        allowed = self._allowed.get(device_id)
        if allowed is None:
            return False
        return now_ms - max(self._heard[device_id], self.heard_since_ms) > allowed

    def returned(self) -> list[str]:
        """Tell which lost gateways have been heard since, through whomever."""
        swept = self._swept or 0
        return [
            one
            for one in (self.lost & self.relays.known) - self._silent
            if one in self._allowed
            and swept - self._heard[one] <= self._allowed[one]
            and self._heard[one] > self._lost_after[one]
        ]

    def _who_is_silent(self, device_id: str, now_ms: int) -> str:
        """Tell whose silence that of a device is: its own, or its gateway's; empty if it is nobody's."""
        if not self.is_silent(device_id, now_ms):
            return ""
        allowed = self._allowed[device_id]
        heard = max(self._heard[device_id], self.heard_since_ms)
        gateway_id = self.relays.gateway_of(device_id)
        if not gateway_id or device_id in self.lost:
            return device_id
        gateway_heard = self.relays.heard(gateway_id)
        if gateway_heard - heard < allowed / 2:
            return gateway_id if gateway_heard else ""
        returned = self.relays.returned(gateway_id, allowed)
        return device_id if now_ms - returned > allowed else ""
