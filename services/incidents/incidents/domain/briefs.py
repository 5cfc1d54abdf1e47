"""The rescue brief: everything that one read gives, as it was told by its sources."""

from dataclasses import dataclass
from datetime import datetime

from incidents.domain.escalation import Notification
from incidents.domain.incidents import Incident


@dataclass(frozen=True)
class Brief:
    """What is known of an incident's place and people.

    `premises`, `alarms`, `dwellings` and `troubles` are the contracts' own messages, opaque here: the alarms of the
    incident first raised first, dwellings by floor and unit, troubles oldest first. `premises` and `premises_as_of`
    are None where the premises are not known.
    """

    incident: Incident
    premises: bytes | None
    premises_as_of: datetime | None
    alarms: tuple[bytes, ...]
    dwellings: tuple[bytes, ...]
    troubles: tuple[bytes, ...]
    notifications: tuple[Notification, ...]
