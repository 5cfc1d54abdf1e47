"""Incidents that may be the same; a person decides."""

from dataclasses import dataclass
from datetime import timedelta

from incidents.domain.incidents.incident import Incident


@dataclass(frozen=True)
class DuplicateSuggestion:
    """An incident that may be the same, how far away in metres (None at one address) and in time."""

    incident: Incident
    distance_m: float | None
    apart: timedelta
