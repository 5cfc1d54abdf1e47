"""The tables of the residence register and the constraints that keep its rules; one file per topic."""

from residency.tables.account import access_records
from residency.tables.assistance import assistance_needs
from residency.tables.breaches import breach_history, breaches, running_numbers
from residency.tables.break_glass import break_glass_reviews, incidents, premises_places
from residency.tables.cases import (
    case_absences,
    case_history,
    case_numbers,
    case_registrations,
    case_stays,
    cases,
    decided_days,
    population_checks,
)
from residency.tables.data_subject_requests import (
    data_subject_request_history,
    data_subject_requests,
    restriction_rules,
    restrictions,
    retention_rules,
)
from residency.tables.decoys import decoys
from residency.tables.disclosure import disclosure_rules
from residency.tables.duplicates import (
    duplicate_candidates,
    duplicate_decisions,
    duplicate_searches,
    number_nearness,
    person_merges,
)
from residency.tables.imports import imports
from residency.tables.limits import legal_limits
from residency.tables.lookup_limits import lookup_limits, lookup_usage
from residency.tables.messages import inbox, outbox, requests
from residency.tables.metadata import metadata
from residency.tables.persons import person_corrections, persons
from residency.tables.places import buildings, dwellings, place_changes
from residency.tables.reminders import reminders
from residency.tables.residence import (
    household_memberships,
    household_relationships,
    households,
    registrations,
)
from residency.tables.reviews import break_glass_decisions
from residency.tables.search import building_index, person_index
from residency.tables.stays import absences, guest_stays

__all__ = [
    "absences",
    "access_records",
    "assistance_needs",
    "breach_history",
    "breaches",
    "break_glass_decisions",
    "break_glass_reviews",
    "building_index",
    "buildings",
    "case_absences",
    "case_history",
    "case_numbers",
    "case_registrations",
    "case_stays",
    "cases",
    "data_subject_request_history",
    "data_subject_requests",
    "decided_days",
    "decoys",
    "disclosure_rules",
    "duplicate_candidates",
    "duplicate_decisions",
    "duplicate_searches",
    "dwellings",
    "guest_stays",
    "household_memberships",
    "household_relationships",
    "households",
    "imports",
    "inbox",
    "incidents",
    "legal_limits",
    "lookup_limits",
    "lookup_usage",
    "metadata",
    "number_nearness",
    "outbox",
    "person_corrections",
    "person_index",
    "person_merges",
    "persons",
    "place_changes",
    "population_checks",
    "premises_places",
    "registrations",
    "reminders",
    "requests",
    "restriction_rules",
    "restrictions",
    "retention_rules",
    "running_numbers",
]
