"""Handing a shift over: the sheet, and who signs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.errors import DomainError
from incidents.domain.incidents.incident import Incident
from incidents.domain.lifecycle.tasks import Task
from incidents.domain.rules.catalogue import ClockKind


class ShiftHandoverNotFoundError(DomainError):
    """There is no such sheet."""

    reason = "SHIFT_HANDOVER_NOT_FOUND"


class ShiftHandoverNeedsAnotherError(DomainError):
    """Who hands over cannot take over."""

    reason = "SHIFT_HANDOVER_NEEDS_ANOTHER"


class ShiftHandoverSignedError(DomainError):
    """Somebody has signed the sheet."""

    reason = "SHIFT_HANDOVER_SIGNED"


@dataclass(frozen=True)
class OverdueReport:
    """A term of a report that is over and not met."""

    number: str
    clock: ClockKind
    due_at: datetime


@dataclass(frozen=True)
class DevicesOut:
    """Devices of premises that are in trouble; the place is empty where its name is not known."""

    premises_id: str
    place: str
    device_ids: Sequence[str]


@dataclass(frozen=True)
class ModeInForce:
    """A test or disablement that nobody has ended, though its time may be over: its message, opaque here.

    The place is empty where its name is not known.
    """

    place: str
    mode: bytes


@dataclass(frozen=True)
class Sheet:
    """What is open, overdue, out of order and switched off at a time."""

    at: datetime
    open_incidents: Sequence[Incident]
    overdue_tasks: Sequence[Task]
    overdue_reports: Sequence[OverdueReport]
    devices_out: Sequence[DevicesOut]
    modes_in_force: Sequence[ModeInForce]


@dataclass(frozen=True)
class ShiftHandover:
    """A sheet by which a shift was handed over; `sheet` is its message, opaque here, as it was."""

    shift_handover_id: UUID
    at: datetime
    given_by: str
    notes: str
    sheet: bytes
    signed_by: str = ""
    signed_at: datetime | None = None

    def check_signature(self, account: str) -> None:
        """Raise ShiftHandoverNeedsAnotherError or ShiftHandoverSignedError unless an account may sign."""
        if account == self.given_by:
            raise ShiftHandoverNeedsAnotherError
        if self.signed_by:
            raise ShiftHandoverSignedError
