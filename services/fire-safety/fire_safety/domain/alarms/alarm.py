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
    """How urgent, most urgent first; what is suppressed comes last and dispatches nothing."""

    ALARM = "ALARM"
    SUPERVISORY = "SUPERVISORY"
    TROUBLE = "TROUBLE"
    TEST = "TEST"
    DISABLED = "DISABLED"
    # Of the platform about itself.
    SYSTEM = "SYSTEM"


class Confirmation(StrEnum):
    """What made a signal a fire condition (after the dependency types of EN 54-2)."""

    NONE = ""
    # The limits alone, without a pre-alarm before (type C), or the same device again (types A and B).
    SAME_DEVICE = "SAME_DEVICE"
    # A second device of the zone, or of the interlinked households.
    SECOND_DEVICE = "SECOND_DEVICE"
    # A person at a manual call point.
    MANUAL = "MANUAL"


class AlarmKind(StrEnum):
    """What an alarm is about; one is active per device and kind."""

    SMOKE = "SMOKE"
    HEAT = "HEAT"
    FAULT = "FAULT"
    LOW_BATTERY = "LOW_BATTERY"
    TAMPER = "TAMPER"
    SUPERVISION_LOST = "SUPERVISION_LOST"
    CO = "CO"
    MANUAL_CALL_POINT = "MANUAL_CALL_POINT"
    INTERCONNECT = "INTERCONNECT"
    PANEL = "PANEL"
    MUTED = "MUTED"
    CONTAMINATION = "CONTAMINATION"
    END_OF_LIFE = "END_OF_LIFE"
    TEST_OVERDUE = "TEST_OVERDUE"
    MAINS_FAULT = "MAINS_FAULT"
    RATE_EXCEEDED = "RATE_EXCEEDED"
    # The canary's: has ended when it is raised.
    SYSTEM_STATUS = "SYSTEM_STATUS"

    @property
    def signal_class(self) -> SignalClass:
        """Tell how urgent it is, once it is confirmed."""
        if self in FIRE_KINDS:
            return SignalClass.ALARM
        return _OTHER_CLASSES.get(self, SignalClass.TROUBLE)

    @property
    def confirmation(self) -> Confirmation:
        """Tell what makes it a fire condition where it is told without a pre-alarm before."""
        if self is AlarmKind.MANUAL_CALL_POINT:
            return Confirmation.MANUAL
        return Confirmation.SAME_DEVICE if self in FIRE_KINDS else Confirmation.NONE


# What endangers life: told even of devices that are not on the register, and ended by a person only.
FIRE_KINDS = frozenset(
    {
        AlarmKind.SMOKE,
        AlarmKind.HEAT,
        AlarmKind.CO,
        AlarmKind.MANUAL_CALL_POINT,
        AlarmKind.INTERCONNECT,
        AlarmKind.PANEL,
    }
)

_OTHER_CLASSES = {
    AlarmKind.MUTED: SignalClass.SUPERVISORY,
    AlarmKind.SYSTEM_STATUS: SignalClass.SYSTEM,
}


class Suppression(StrEnum):
    """Why a signal is recorded and dispatches nothing: the device is being tested, or was disabled."""

    TEST = "TEST"
    DISABLED = "DISABLED"


class Effect(StrEnum):
    """What a signal does to alarms."""

    # It is recorded only.
    NONE = "NONE"
    BEGINS = "BEGINS"
    ENDS = "ENDS"


class AlarmState(StrEnum):
    """Where an alarm stands; a pre-alarm waits for confirmation and is of the supervisory class until then."""

    PRE_ALARM = "PRE_ALARM"
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


# What makes an alarm a false one; tests and drills are neither false nor fires.
FALSE_DISPOSITIONS = frozenset({Disposition.NUISANCE, Disposition.FAULT, Disposition.MALICIOUS})


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
    # True while it waits for confirmation: it raises a pre-alarm, never suppresses one.
    pre_alarm: bool = False
    # Why it is only recorded; None is a signal that counts.
    suppressed: Suppression | None = None
    # Until when a device that comes and goes is held as raised; 0 where it does not.
    shelved_until_ms: int = 0

    @property
    def effect(self) -> Effect:
        """Tell what it does to alarms."""
        if self.suppressed:
            return Effect.NONE
        return Effect.BEGINS if self.raised else Effect.ENDS


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
    confirmed_at: datetime | None = None
    confirmation: Confirmation = Confirmation.NONE
    confirmed_by_device_id: str = ""
    silenced_at: datetime | None = None
    silenced_by: str = ""
    shelved_until: datetime | None = None

    @property
    def signal_class(self) -> SignalClass:
        """Tell how urgent it is: a pre-alarm is not a fire condition yet."""
        if self.state is AlarmState.PRE_ALARM:
            return SignalClass.SUPERVISORY
        return self.kind.signal_class

    @property
    def ends_by_itself(self) -> bool:
        """Tell whether it ends as soon as the device is back to normal: all does but a fire alarm."""
        return self.state is AlarmState.PRE_ALARM or self.kind not in FIRE_KINDS

    def acknowledged(self, by: str, at: datetime) -> "Alarm":
        """Note that a person saw it; the same alarm if somebody had seen it before.

        A pre-alarm stays one: who has seen it has not seen a fire alarm yet. Raises AlarmAlreadyResetError.
        """
        if self.state is AlarmState.RESET:
            raise AlarmAlreadyResetError
        if self.acknowledged_at is not None:
            return self
        waits = self.state is AlarmState.PRE_ALARM
        return replace(
            self,
            state=self.state if waits else AlarmState.ACKNOWLEDGED,
            acknowledged_by=by,
            acknowledged_at=at,
            version=self.version + 1,
        )

    def silenced(self, by: str, at: datetime) -> "Alarm":
        """Note that it need not be sounded any longer; the same alarm if it was silent before.

        Raises AlarmAlreadyResetError.
        """
        if self.state is AlarmState.RESET:
            raise AlarmAlreadyResetError
        if self.silenced_at is not None:
            return self
        return replace(self, silenced_by=by, silenced_at=at, version=self.version + 1)

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
    state: AlarmState | None = None
    shelved_only: bool = False


@dataclass(frozen=True)
class AlarmFigures:
    """Open alarms of one class: how many, how many that nobody has seen, and since when the oldest of those waits."""

    open: int = 0
    unacknowledged: int = 0
    oldest_at: datetime | None = None

    def waiting_s(self, now: datetime) -> float:
        """Tell for how long the oldest waits to be seen, seconds; 0 where none does."""
        return max((now - self.oldest_at).total_seconds(), 0) if self.oldest_at else 0


@dataclass(frozen=True)
class AlarmPosition:
    """The place of an alarm in the list, newest first."""

    raised_at: datetime
    alarm_id: UUID
