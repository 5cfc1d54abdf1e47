"""Gateways and transmitters as the way to their devices: when each was heard, and when it came back.

Times are milliseconds since 1970 by the broker's clock.
"""

# A gateway that pauses for less is not worth remembering.
_PAUSE_MS = 10_000


class Relays:
    """Which device reports through which gateway, and when the gateways were heard."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self._gateway_of: dict[str, str] = {}
        self._heard: dict[str, int] = {}
        # Returns after a pause, latest last and each pause shorter than those before: (when, how long).
        self._returns: dict[str, list[tuple[int, int]]] = {}
        self._news: dict[str, int] = {}

    def place(self, device_id: str, gateway_id: str) -> None:
        """Put a device behind a gateway; an empty id lets it report for itself."""
        if gateway_id:
            self._gateway_of[device_id] = gateway_id
            self.know(gateway_id)
        else:
            self._gateway_of.pop(device_id, None)

    def know(self, gateway_id: str) -> None:
        """Take a device for a gateway, whoever watches those that report through it."""
        self.known.add(gateway_id)

    def gateway_of(self, device_id: str) -> str:
        """Tell the gateway of a device; empty if it reports for itself."""
        return self._gateway_of.get(device_id, "")

    def through(self, device_id: str) -> str:
        """Tell which gateway is heard when this device is: its own, or itself; empty if none."""
        own = device_id if device_id in self.known else ""
        return self._gateway_of.get(device_id, own)

    def hear(self, gateway_id: str, at_ms: int) -> None:
        """Note that a gateway was heard, here or elsewhere."""
        before = self._heard.get(gateway_id, at_ms)
        if at_ms < before:
            return
        self._heard[gateway_id] = at_ms
        if (pause := at_ms - before) > _PAUSE_MS:
            longer = [one for one in self._returns.get(gateway_id, []) if one[1] > pause]
            self._returns[gateway_id] = [*longer, (at_ms, pause)]

    def announce(self, gateway_id: str, at_ms: int) -> None:
        """Have others learn that a gateway was heard here."""
        self._news[gateway_id] = max(at_ms, self._news.get(gateway_id, at_ms))

    def resume(self, now_ms: int) -> None:
        """Say that only from now on anybody could be heard."""
        self._heard = dict.fromkeys(self._heard, now_ms)
        self._returns.clear()

    def heard(self, gateway_id: str) -> int:
        """Tell when a gateway was last heard; 0 if never."""
        return self._heard.get(gateway_id, 0)

    def returned(self, gateway_id: str, pause_ms: int) -> int:
        """Tell when a gateway last returned after a pause longer than this; 0 if it never paused so long."""
        returns = self._returns.get(gateway_id, ())
        return max((at for at, pause in returns if pause > pause_ms), default=0)

    def news(self) -> dict[str, int]:
        """Hand out which gateways were heard here, and when, since this was asked last."""
        news, self._news = self._news, {}
        return news
