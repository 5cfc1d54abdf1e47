"""Alarms as fire-safety tells them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SignalClass(StrEnum):
    """How urgent a signal is; only an alarm opens an incident."""

    ALARM = "ALARM"
    SUPERVISORY = "SUPERVISORY"
    TROUBLE = "TROUBLE"


@dataclass(frozen=True)
class Alarm:
    """One alarm of one device, in the state some event tells.

    `kind` is the contract's name without its prefix (`SMOKE`), or the number of a kind that is newer than this
    service. `floor` is 0 and the texts are empty where nothing is known. `payload` is the contract's own message,
    opaque here and kept so that the brief can tell all of it. Of two states the one with the higher `version` is newer.
    """

    alarm_id: str
    ward_code: str
    device_id: str
    device_known: bool
    premises_id: str
    signal_class: SignalClass
    kind: str
    zone_name: str
    floor: int
    raised_at: datetime
    restored_at: datetime | None
    ended: bool
    version: int
    payload: bytes

    @property
    def place_known(self) -> bool:
        """Tell whether somebody knows what the device watches over: it is on the register, and placed."""
        return self.device_known and bool(self.premises_id)

    @property
    def place_key(self) -> str:
        """Name what has at most one open fire incident: the premises, or the device where that is all we know."""
        return f"premises:{self.premises_id}" if self.premises_id else f"device:{self.device_id}"
