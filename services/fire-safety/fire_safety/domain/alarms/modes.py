"""Test and disablement: for a while what devices signal is recorded and dispatches nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError, Words
from chassis.rules import IN_THE_FUTURE
from fire_safety.domain.alarms.alarm import AlarmKind, Suppression


class ModeTargetNotFoundError(DomainError):
    """There is no such device, zone or premises."""

    reason = "MODE_TARGET_NOT_FOUND"


class DeviceModeTooLongError(DomainError):
    """The mode would last longer than the policy in force allows: `longest_s` seconds; people are told it in hours."""

    reason = "DEVICE_MODE_TOO_LONG"

    def __init__(self, longest: timedelta) -> None:
        super().__init__(longest_s=f"{longest.total_seconds():.0f}")
        self.longest = longest

    def words(self) -> Mapping[str, Words]:
        """Say how long it may last in hours, with the decimal sign of each language."""
        hours = f"{self.longest / timedelta(hours=1):g}"
        unit = "hour" if hours == "1" else "hours"
        said = Words(f"{hours.replace('.', ',')} giờ", f"{hours} {unit}")
        return {**super().words(), "longest_s": said}


class DeviceModeNotFoundError(DomainError):
    """There is no such mode."""

    reason = "DEVICE_MODE_NOT_FOUND"


class DeviceModeAlreadyEndedError(DomainError):
    """The mode has ended before."""

    reason = "DEVICE_MODE_ALREADY_ENDED"


class ModeScope(StrEnum):
    """How far a mode reaches."""

    DEVICE = "DEVICE"
    ZONE = "ZONE"
    PREMISES = "PREMISES"


@dataclass(frozen=True)
class ModePolicy:
    """How long a mode may last, seconds."""

    version: int
    longest_test_s: int
    longest_disablement_s: int

    def longest(self, kind: Suppression) -> timedelta:
        """Tell how long a mode of this kind may last."""
        test = kind is Suppression.TEST
        return timedelta(seconds=self.longest_test_s if test else self.longest_disablement_s)


@dataclass(frozen=True)
class ModeWanted:
    """A mode that somebody wants from now on."""

    kind: Suppression
    scope: ModeScope
    target_id: str
    reason: str
    ends_at: datetime

    def check(self, policy: ModePolicy, now: datetime) -> None:
        """Refuse an end in the past (FieldInvalidError) or too far away (DeviceModeTooLongError)."""
        if self.ends_at <= now:
            raise FieldInvalidError("ends_at", IN_THE_FUTURE)
        longest = policy.longest(self.kind)
        if self.ends_at - now > longest:
            raise DeviceModeTooLongError(longest)


@dataclass(frozen=True)
class DeviceMode:
    """A mode; `premises_id`, `zone_name` and `floor` are where its target is.

    They are empty and 0 where a device is not placed, the latter two of premises as well.
    It suppresses until `ends_at` or, if a person ends it before, `ended_at`; `ended_by` is empty where it ended by
    itself.
    """

    mode_id: UUID
    ward_code: str
    kind: Suppression
    scope: ModeScope
    target_id: str
    premises_id: str
    zone_name: str
    floor: int
    reason: str
    set_by: str
    begins_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""

    def ended(self, by: str, now: datetime) -> "DeviceMode":
        """End it before its time, as a person's act; raises DeviceModeAlreadyEndedError."""
        if self.ended_at is not None or self.ends_at <= now:
            raise DeviceModeAlreadyEndedError
        return replace(self, ended_at=now, ended_by=by)

    def expired(self) -> "DeviceMode":
        """End it because its time is over."""
        return replace(self, ended_at=self.ends_at)


@dataclass(frozen=True)
class ModeFilter:
    """Which modes to list; empty leaves all in."""

    target_id: str
    premises_id: str
    in_force_only: bool


@dataclass(frozen=True)
class ModePosition:
    """The place of a mode in the list, newest first."""

    begins_at: datetime
    mode_id: UUID


@dataclass(frozen=True)
class SuppressedSignal:
    """A signal that was recorded and dispatched nothing: where, why, and by which mode.

    `mode_id` is None where the device itself said that it is being tested.
    """

    signal_id: int
    device_id: str
    kind: AlarmKind
    raised: bool
    pre_alarm: bool
    why: Suppression
    mode_id: UUID | None
    premises_id: str
    zone_id: str
    zone_name: str
    floor: int
    observed_at: datetime
    received_at: datetime
    value: float
    threshold: float
    profile: str


@dataclass(frozen=True)
class SuppressedFilter:
    """Which suppressed signals to list; empty leaves all in."""

    device_id: str
    premises_id: str
