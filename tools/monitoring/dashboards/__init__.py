"""The dashboards, each a module that says what is on it; titles in Vietnamese."""

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards import (
    cases,
    duty_room,
    incidents,
    latency,
    lookups,
    platform,
    sensors,
)

_MODULES = (duty_room, sensors, latency, incidents, cases, lookups, platform)


def all_dashboards() -> Mapping[str, Dashboard]:
    """Make all dashboards, by the name of their file."""
    made = [module.dashboard() for module in _MODULES]
    return {f"{one.uid}.json": one for one in made}
