"""The rescue brief: everything that one read gives, as it was told by its sources."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from incidents.domain.incidents.incident import Incident
from incidents.domain.rescue.presence import Rule
from incidents.domain.rules.escalation import Notification


class Relation(StrEnum):
    """Why somebody beside the premises is at risk, the most pressing first."""

    ABOVE = "ABOVE"
    SAME_BUILDING = "SAME_BUILDING"
    ADJOINING = "ADJOINING"
    SAME_ALLEY = "SAME_ALLEY"
    MUTUAL_AID = "MUTUAL_AID"


@dataclass(frozen=True)
class Told:
    """A message of a source, opaque here, and when it was told."""

    payload: bytes
    as_of: datetime


@dataclass(frozen=True)
class Beside:
    """A message about a place or dwelling beside the premises, why it matters, and when it was told."""

    relation: Relation
    payload: bytes
    as_of: datetime


@dataclass(frozen=True)
class Brief:
    """What is known of an incident's place and people.

    `premises`, `alarms`, `dwellings` and the like are the contracts' own messages, opaque here: the alarms of the
    incident first raised first, dwellings by floor and unit, troubles oldest first, supply points nearest first, ended
    alarms of the premises newest first. `premises` and `premises_as_of` are None where the premises are not known.
    `rules` are all versions of those that say when it is day.
    """

    incident: Incident
    premises: bytes | None
    premises_as_of: datetime | None
    alarms: tuple[bytes, ...]
    dwellings: tuple[bytes, ...]
    troubles: tuple[bytes, ...]
    notifications: tuple[Notification, ...]
    modes: tuple[bytes, ...]
    premises_beside: tuple[Beside, ...]
    dwellings_beside: tuple[Beside, ...]
    supply_points: tuple[Told, ...]
    ended_alarms: tuple[bytes, ...]
    rules: tuple[Rule, ...]

    def fingerprint(self, *moving: object) -> str:
        """Digest all of it, and what moves though nothing is told: the period, the sources that are silent."""
        return hashlib.sha256(repr((self, moving)).encode()).hexdigest()[:32]
