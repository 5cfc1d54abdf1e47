"""Alarms: what raises them, and what people may do with them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError


class AlarmNotFoundError(DomainError):
    """There is no such alarm."""

    reason = "ALARM_NOT_FOUND"


class AlarmNotRestoredError(DomainError):
    """The device has not returned to normal, so a person cannot end the alarm yet."""

    reason = "ALARM_NOT_RESTORED"


class AlarmAlreadyResetError(DomainError):
    """The alarm has ended before."""

    reason = "ALARM_ALREADY_RESET"


class SignalClass(StrEnum):
    """How urgent, most urgent first."""

    ALARM = "ALARM"
    SUPERVISORY = "SUPERVISORY"
    TROUBLE = "TROUBLE"


class AlarmKind(StrEnum):
    """What an alarm is about; one is active per device and kind."""

    SMOKE = "SMOKE"
    HEAT = "HEAT"
    FAULT = "FAULT"
    LOW_BATTERY = "LOW_BATTERY"
    TAMPER = "TAMPER"
    SUPERVISION_LOST = "SUPERVISION_LOST"

    @property
    def signal_class(self) -> SignalClass:
        """Tell how urgent it is."""
        return SignalClass.ALARM if self in FIRE_KINDS else SignalClass.TROUBLE


FIRE_KINDS = frozenset({AlarmKind.SMOKE, AlarmKind.HEAT})


class AlarmState(StrEnum):
    """Where an alarm stands."""

    ACTIVE = "ACTIVE"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESET = "RESET"


class Disposition(StrEnum):
    """What an alarm turned out to be; UNSPECIFIED until a person says so."""

    UNSPECIFIED = "UNSPECIFIED"
    FIRE = "FIRE"
    NUISANCE = "NUISANCE"
    TEST = "TEST"
    FAULT = "FAULT"
    MALICIOUS = "MALICIOUS"
    DRILL = "DRILL"


@dataclass(frozen=True, slots=True)
class Signal:
    """One change that detection found: a condition of a device began (`raised`) or ended.

    `observed_ms` by the device's clock and `received_ms` by the broker's, milliseconds since 1970. `value` and
    `threshold` in the kind's unit (smoke m⁻¹, heat °C), 0 where nothing is measured.
    """

    device_id: str
    kind: AlarmKind
    raised: bool
    observed_ms: int
    received_ms: int
    profile: str
    value: float = 0.0
    threshold: float = 0.0
    clock_skewed: bool = False


@dataclass(frozen=True)
class Alarm:
    """An alarm of one device. A fire alarm ends only by a person's reset, trouble by itself.

    Texts are empty and `floor` is 0 where nothing is known.
    """

    alarm_id: UUID
    ward_code: str
    device_id: str
    device_known: bool
    premises_id: str
    zone_id: str
    zone_name: str
    floor: int
    kind: AlarmKind
    state: AlarmState
    observed_at: datetime
    raised_at: datetime
    value: float
    threshold: float
    profile: str
    clock_skewed: bool
    restored_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    reset_at: datetime | None
    reset_by: str
    disposition: Disposition
    version: int

    def acknowledged(self, by: str, at: datetime) -> "Alarm":
        """Note that a person saw it; the same alarm if somebody had seen it before.

        Raises AlarmAlreadyResetError.
        """
        match self.state:
            case AlarmState.RESET:
                raise AlarmAlreadyResetError
            case AlarmState.ACKNOWLEDGED:
                return self
            case AlarmState.ACTIVE:
                return replace(
                    self,
                    state=AlarmState.ACKNOWLEDGED,
                    acknowledged_by=by,
                    acknowledged_at=at,
                    version=self.version + 1,
                )

    def reset(self, by: str, disposition: Disposition, at: datetime) -> "Alarm":
        """End it, as a person's act.

        Raises AlarmAlreadyResetError, or AlarmNotRestoredError while the device still signals.
        """
        if self.state is AlarmState.RESET:
            raise AlarmAlreadyResetError
        if self.restored_at is None:
            raise AlarmNotRestoredError
        return replace(
            self,
            state=AlarmState.RESET,
            reset_by=by,
            reset_at=at,
            disposition=disposition,
            version=self.version + 1,
        )


@dataclass(frozen=True)
class AlarmFilter:
    """Which alarms to list; empty and None leave all in."""

    premises_id: str
    device_id: str
    signal_class: SignalClass | None
    open_only: bool


@dataclass(frozen=True)
class AlarmPosition:
    """The place of an alarm in the list, newest first."""

    raised_at: datetime
    alarm_id: UUID
