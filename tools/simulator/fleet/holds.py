"""Leases under which somebody else speaks for a detector, as the demo does in its fire."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SUBJECT = "simulator.hold"
LONGEST_S = 3600.0


class InvalidHoldError(Exception):
    """The request is not JSON of the form {"device_ids": [...], "seconds": 60}."""


@dataclass(frozen=True)
class HoldRequest:
    """Which detectors fall silent and for how long, seconds; 0 ends their lease."""

    device_ids: tuple[str, ...]
    seconds: float

    @classmethod
    def parse(cls, data: bytes) -> "HoldRequest":
        """Read the request; raises InvalidHoldError."""
        try:
            said: Any = json.loads(data)
            ids, seconds = said["device_ids"], float(said["seconds"])
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidHoldError from error
        if not isinstance(ids, list) or not 0 <= seconds <= LONGEST_S:
            raise InvalidHoldError
        return cls(tuple(map(str, ids)), seconds)

    def encode(self) -> bytes:
        """Return the request as JSON."""
        said = {"device_ids": self.device_ids, "seconds": self.seconds}
        return json.dumps(said).encode()


class Holds:
    """The leases in force; times are monotonic seconds."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def grant(self, request: HoldRequest, now: float) -> None:
        """Begin, prolong, shorten or end leases."""
        self._until |= dict.fromkeys(request.device_ids, now + request.seconds)

    def covers(self, device_id: str, now: float) -> bool:
        """Tell whether the detector must stay silent now."""
        return self._until.get(device_id, 0.0) > now

    def held(self, device_ids: Sequence[str], now: float) -> list[str]:
        """Return which of the detectors are on lease now."""
        return [device_id for device_id in device_ids if self.covers(device_id, now)]
