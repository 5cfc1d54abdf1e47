"""Where firefighters find water and equipment, and whether it can be relied on."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from chassis.errors import DomainError
from fire_safety.domain.premises.premises import Position


class SupplyPointNotFoundError(DomainError):
    """There is no such supply point."""

    reason = "SUPPLY_POINT_NOT_FOUND"


class SupplyPointKind(StrEnum):
    """What a supply point is."""

    HYDRANT = "HYDRANT"
    WATER_ACCESS = "WATER_ACCESS"
    FIRE_POINT = "FIRE_POINT"


class SupplyPointState(StrEnum):
    """Whether it can be relied on."""

    UNSPECIFIED = "UNSPECIFIED"
    IN_SERVICE = "IN_SERVICE"
    LIMITED = "LIMITED"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"


@dataclass(frozen=True)
class SupplyPoint:
    """A hydrant, water access or public fire-fighting point (điểm chữa cháy công cộng).

    `state_as_of` is the day on which it was found in that state; widths in metres, 0 if not surveyed.
    """

    supply_point_id: str
    kind: SupplyPointKind
    residential_group: int
    address: str
    position: Position
    equipment: str
    custodian_function: str
    access_width_m: float
    last_inspected_on: date
    state: SupplyPointState
    state_note: str
    state_as_of: date
    version: int = 1

    def found(self, state: SupplyPointState, note: str, day: date) -> "SupplyPoint":
        """Give it as somebody found it on a day."""
        return replace(
            self, state=state, state_note=note, state_as_of=day, version=self.version + 1
        )


def entered_over(before: SupplyPoint | None, entered: SupplyPoint) -> SupplyPoint | None:
    """Give what a register's entry makes of what is known; None if nothing changes.

    The later word on the state counts: a file that was written before somebody found a hydrant broken does not mend it,
    nor does one that says nothing of states. Version 0 is one that was never told to others.
    """
    if before is None:
        return replace(entered, version=1)
    if entered.state is SupplyPointState.UNSPECIFIED or entered.state_as_of < before.state_as_of:
        entered = replace(
            entered,
            state=before.state,
            state_note=before.state_note,
            state_as_of=before.state_as_of,
        )
    if before.version and replace(entered, version=before.version) == before:
        return None
    return replace(entered, version=before.version + 1)
