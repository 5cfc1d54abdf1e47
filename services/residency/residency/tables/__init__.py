"""The tables of the residence register and the constraints that keep its rules; one file per topic."""

from residency.tables.account import access_records
from residency.tables.assistance import assistance_needs
from residency.tables.disclosure import disclosure_rules
from residency.tables.imports import imports
from residency.tables.limits import legal_limits
from residency.tables.messages import outbox, requests
from residency.tables.metadata import metadata
from residency.tables.persons import persons
from residency.tables.places import buildings, dwellings
from residency.tables.residence import households, registrations

__all__ = [
    "access_records",
    "assistance_needs",
    "buildings",
    "disclosure_rules",
    "dwellings",
    "households",
    "imports",
    "legal_limits",
    "metadata",
    "outbox",
    "persons",
    "registrations",
    "requests",
]
