"""Where a device hangs, and whom its signals concern there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a device on the register; texts are empty and `floor` is 0 where nothing is known.

    `group_id` is the group of households whose devices are interlinked with it.
    """

    premises_id: str
    zone_id: str
    zone_name: str
    floor: int
    group_id: str

    @property
    def zone(self) -> str:
        """Name the detection zone; what hangs in no zone of its premises shares the rest of them."""
        return f"zone {self.premises_id} {self.zone_id}" if self.premises_id else ""

    @property
    def premises(self) -> str:
        """Name the premises; empty where they are not known."""
        return f"premises {self.premises_id}" if self.premises_id else ""

    @property
    def group(self) -> str:
        """Name the interlinked households; empty where there are none."""
        return f"group {self.group_id}" if self.group_id else ""

    @property
    def is_shared(self) -> bool:
        """Tell whether other devices could confirm what this one signals."""
        return bool(self.premises_id or self.group_id)


NOWHERE = Place("", "", "", 0, "")


class KnownPlaces(dict[str, Place]):
    """Where devices hung when the register was asked last, by device; those that are on no register are missing."""

    def learn(self, asked: Iterable[str], found: Mapping[str, Place]) -> None:
        """Take what the register said of the devices that it was asked for."""
        for one in asked:
            self.pop(one, None)
        self.update(found)
