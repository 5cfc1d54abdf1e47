"""What answers each gRPC service of the package, topic by topic."""

from chassis.rpc.servicer import Servicer
from residency.app.parts import Parts
from residency.operations.absences import AbsenceOperations
from residency.operations.assistance import AssistanceOperations
from residency.operations.breaches import BreachOperations
from residency.operations.break_glass import BreakGlassOperations
from residency.operations.cases import CaseOperations
from residency.operations.data_subject_requests import DataSubjectRequestOperations
from residency.operations.duplicates import DuplicateOperations
from residency.operations.households import HouseholdOperations
from residency.operations.own_guests import OwnGuestOperations
from residency.operations.persons import PersonOperations
from residency.operations.places import PlaceOperations
from residency.operations.residence import ResidenceOperations
from residency.operations.reviews import ReviewOperations
from residency.operations.stays import StayOperations
from residency.queries.absences import AbsenceQueries
from residency.queries.account import AccountQueries
from residency.queries.anomalies import AnomalyQueries
from residency.queries.assistance import AssistanceQueries
from residency.queries.breaches import BreachQueries
from residency.queries.cases import CaseQueries
from residency.queries.citizens import CitizenQueries
from residency.queries.data_subject_requests import DataSubjectRequestQueries
from residency.queries.duplicates import DuplicateQueries
from residency.queries.held_data import HeldDataQueries
from residency.queries.households import HouseholdQueries
from residency.queries.identity import IdentityQueries
from residency.queries.lookups import LookupQueries
from residency.queries.occupancy import OccupancyQueries
from residency.queries.persons import PersonQueries
from residency.queries.places import PlaceQueries
from residency.queries.residence import ResidenceQueries
from residency.queries.reviews import ReviewQueries
from residency.queries.search import SearchQueries
from residency.queries.stays import StayQueries
from residency.servicer.account import AccountServicer
from residency.servicer.assistance import AssistanceServicer
from residency.servicer.breaches import BreachServicer
from residency.servicer.cases import CaseServicer
from residency.servicer.citizens import CitizenServicer
from residency.servicer.data_subject_requests import DataSubjectRequestServicer, Sources
from residency.servicer.duplicates import DuplicatesServicer
from residency.servicer.lookups import LookupServicer
from residency.servicer.register import RegisterServicer
from residency.servicer.residency import ResidencyServicer
from residency.servicer.reviews import ReviewServicer
from residency.servicer.stays import StaysServicer


def servicers_of(
    parts: Parts,
    identities: IdentityQueries,
    glass: BreakGlassOperations,
    breaches: BreachOperations,
    incidents_account: str,
) -> list[Servicer]:
    """Make what answers each service; `incidents_account` is who may ask for names in an emergency."""
    return [
        *_of_the_register(parts, identities),
        *_of_lookups(parts, glass, incidents_account),
        *_of_cases(parts),
        *_of_stays_and_needs(parts),
        *_of_protection(parts, breaches),
    ]


def _of_the_register(parts: Parts, identities: IdentityQueries) -> list[Servicer]:
    database, relay, clock, seal = parts.database, parts.relay, parts.clock, parts.seal
    residences = ResidenceOperations(database, relay, clock, seal)
    return [
        ResidencyServicer(
            residences,
            identities,
            OccupancyQueries(database, clock),
            PlaceQueries(database),
            parts.limits,
            parts.decoys,
            seal,
            parts.codes,
            parts.nations,
            parts.units,
            clock,
        ),
        RegisterServicer(
            residences,
            PersonOperations(database, relay, clock, seal),
            HouseholdOperations(database, clock, seal),
            PlaceOperations(database, clock, seal),
            ResidenceQueries(database),
            PersonQueries(database),
            HouseholdQueries(database),
            PlaceQueries(database),
            parts.limits,
            parts.decoys,
            seal,
            parts.naming,
            parts.codes,
            parts.nations,
            clock,
        ),
        DuplicatesServicer(
            DuplicateOperations(database, relay, clock, seal, parts.particulars),
            DuplicateQueries(database),
            parts.limits,
            parts.decoys,
            seal,
            parts.pseudonyms,
            parts.showing,
            parts.codes,
            clock,
        ),
    ]


def _of_lookups(
    parts: Parts, glass: BreakGlassOperations, incidents_account: str
) -> list[Servicer]:
    return [
        LookupServicer(
            LookupQueries(parts.database),
            SearchQueries(parts.database),
            AnomalyQueries(parts.database),
            glass,
            parts.limits,
            parts.decoys,
            parts.seal,
            parts.pseudonyms,
            parts.naming,
            parts.showing,
            parts.codes,
            parts.units,
            incidents_account,
            parts.clock,
        ),
    ]


def _of_cases(parts: Parts) -> list[Servicer]:
    return [
        CaseServicer(
            CaseOperations(
                parts.database,
                parts.relay,
                parts.clock,
                parts.seal,
                parts.case_seal,
                parts.ward_code,
            ),
            CaseQueries(parts.database, parts.case_seal),
            parts.limits,
            parts.decoys,
            parts.seal,
            parts.codes,
            parts.nations,
            parts.clock,
        ),
    ]


def _of_stays_and_needs(parts: Parts) -> list[Servicer]:
    database, relay, clock, seal = parts.database, parts.relay, parts.clock, parts.seal
    particulars = parts.particulars
    return [
        StaysServicer(
            StayOperations(database, relay, clock, seal, particulars),
            AbsenceOperations(database, relay, clock, seal, particulars),
            StayQueries(database, particulars),
            AbsenceQueries(database, particulars),
            parts.limits,
            parts.decoys,
            seal,
            parts.showing,
            parts.codes,
            parts.nations,
            clock,
        ),
        AssistanceServicer(
            AssistanceOperations(database, relay, clock, seal, particulars),
            AssistanceQueries(database),
            parts.limits,
            parts.decoys,
            seal,
            parts.showing,
            parts.codes,
            clock,
        ),
    ]


def _of_protection(parts: Parts, breaches: BreachOperations) -> list[Servicer]:
    """Make what serves the account, its reviews and breaches, and people in their own affairs."""
    database, relay, clock, seal = parts.database, parts.relay, parts.clock, parts.seal
    ward_code, case_seal = parts.ward_code, parts.case_seal
    requests = DataSubjectRequestOperations(
        database, relay, clock, seal, parts.note_seal, case_seal, ward_code
    )
    request_queries = DataSubjectRequestQueries(database, parts.note_seal)
    return [
        AccountServicer(
            AccountQueries(database), seal, parts.codes, parts.nations, clock, parts.witnessed
        ),
        ReviewServicer(ReviewOperations(database, clock, seal), ReviewQueries(database), clock),
        BreachServicer(breaches, BreachQueries(database), clock),
        DataSubjectRequestServicer(
            requests,
            request_queries,
            Sources(
                LookupQueries(database),
                ResidenceQueries(database),
                HeldDataQueries(database, seal, parts.particulars, case_seal),
                AccountQueries(database),
                seal,
            ),
            parts.limits,
            parts.decoys,
            parts.codes,
            parts.nations,
            clock,
        ),
        CitizenServicer(
            requests,
            request_queries,
            OwnGuestOperations(
                database, relay, clock, seal, parts.particulars, case_seal, ward_code
            ),
            CitizenQueries(database),
            parts.limits,
            seal,
            parts.codes,
            parts.nations,
            clock,
        ),
    ]
