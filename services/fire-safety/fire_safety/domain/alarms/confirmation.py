"""Confirmation: which fire conditions of different devices make each other's pre-alarms fire alarms.

After the dependency types of EN 54-2. Of type C a signal is a fire alarm at once and needs nothing of this. Of types
A and B the first signal is a pre-alarm until the same device signals again, which detection decides, or a second
device of the same zone does, or one of the interlinked households: decided here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from fire_safety.domain.alarms.alarm import AlarmKind, Confirmation
from fire_safety.domain.premises.places import Place


@dataclass(frozen=True)
class Standing:
    """A fire condition that began and has not ended: a pre-alarm or a fire alarm."""

    alarm_id: UUID
    device_id: str
    kind: AlarmKind
    place: Place
    waits: bool


@dataclass(frozen=True)
class Confirmed:
    """A pre-alarm that became a fire alarm, and by what."""

    alarm_id: UUID
    confirmation: Confirmation
    by_device_id: str


def confirmed(standing: Iterable[Standing]) -> list[Confirmed]:
    """Decide which pre-alarms are confirmed by what stands beside them; the first witness is named."""
    conditions = list(standing)
    waiting = [one for one in conditions if one.waits]
    if not waiting:
        return []
    witnesses: dict[str, list[Standing]] = {}
    for one in conditions:
        for area in _reach(one):
            witnesses.setdefault(area, []).append(one)
    return [found for one in waiting if (found := _judged(one, witnesses))]


def _judged(waiting: Standing, witnesses: dict[str, list[Standing]]) -> Confirmed | None:
    place = waiting.place
    for area in (place.zone, place.premises, place.group):
        for witness in witnesses.get(area, ()):
            if witness.device_id != waiting.device_id:
                manual = witness.kind is AlarmKind.MANUAL_CALL_POINT
                confirmation = Confirmation.MANUAL if manual else Confirmation.SECOND_DEVICE
                return Confirmed(waiting.alarm_id, confirmation, witness.device_id)
    return None


def _reach(witness: Standing) -> Iterator[str]:
    """Tell where a fire condition confirms others.

    A person at a call point speaks for the whole premises. What an interlinked device repeats is the echo of a signal
    and no second one.
    """
    if witness.kind is AlarmKind.INTERCONNECT:
        return
    areas = [witness.place.zone, witness.place.group]
    if witness.kind is AlarmKind.MANUAL_CALL_POINT:
        areas.append(witness.place.premises)
    yield from filter(None, areas)
