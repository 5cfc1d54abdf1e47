"""Detectors on the register."""

import re
from dataclasses import dataclass
from datetime import datetime

DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Device:
    """A detector; `premises_id` and `zone_id` are empty while it is not placed.

    `clean_air` is the optical density in m⁻¹ that the detector has come to show in clean air (dust, ageing).
    """

    device_id: str
    premises_id: str
    zone_id: str
    model: str
    mains_powered: bool
    interval_s: int
    profile_id: str
    last_seen_at: datetime | None = None
    clean_air: float = 0.0
