"""Deadlines with the incidents that go on for them."""

from dataclasses import dataclass

from incidents.domain.incidents.incident import Incident
from incidents.domain.rules.deadlines import Owed


@dataclass(frozen=True)
class DueDeadline:
    """A deadline that is over or due soon, and the incident that goes on for it."""

    incident: Incident
    owed: Owed
