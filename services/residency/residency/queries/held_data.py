"""What is held of a person besides identity and registrations: of all records that are known to be of the person."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from chassis.database import Database, Transaction
from residency.domain.absences import AbsenceGround
from residency.domain.assistance import AssistanceBasis
from residency.domain.cases.states import CaseState
from residency.domain.declarations import CaseKind
from residency.domain.held_data import (
    HeldAbsence,
    HeldCase,
    HeldData,
    HeldMembership,
    HeldMerge,
    HeldNeed,
    HeldStay,
)
from residency.domain.occupancy import Assistance, StayKind
from residency.domain.sealing import ParticularsSeal
from residency.tables import (
    absences,
    assistance_needs,
    buildings,
    case_absences,
    case_registrations,
    case_stays,
    cases,
    dwellings,
    guest_stays,
    household_memberships,
    household_relationships,
    households,
    person_corrections,
    person_merges,
    persons,
    registrations,
)
from residency.tables.duplicates import holder_of_record, records_of


class HeldDataQueries:
    """Gathers what is held, as it is known now; cases also of what was corrected since."""

    def __init__(self, database: Database, particulars: ParticularsSeal) -> None:
        self._database = database
        self._particulars = particulars

    async def of_person(self, person_id: UUID) -> HeldData:
        """Gather what is held of the person that a record is of."""
        records = records_of(holder_of_record(person_id))
        numbers = select(persons.c.number_index).where(persons.c.person_id.in_(records))
        async with self._database.transaction() as tx:
            return HeldData(
                stays=await self._stays(tx, guest_stays.c.guest_index.in_(numbers)),
                absences=await self._absences(tx, absences.c.person_id.in_(records)),
                assistance_needs=await _needs(tx, assistance_needs.c.person_id.in_(records)),
                households=await _households(tx, household_memberships.c.person_id.in_(records)),
                cases=await _cases(tx, records, numbers),
                merges=await _merges(tx, records),
            )

    async def _stays(self, tx: Transaction, which: ColumnElement[bool]) -> list[HeldStay]:
        columns = guest_stays.c
        statement = (
            select(guest_stays, buildings.c.address)
            .select_from(guest_stays.join(dwellings).join(buildings))
            .where(which, columns.superseded_at.is_(None))
            .order_by(columns.valid_from, columns.stay_id)
        )
        return [
            HeldStay(
                kind=StayKind(row.kind),
                address=row.address,
                reason=self._particulars.open(row.particulars_sealed, row.stay_id)["reason"],
                valid_from=row.valid_from,
                ends_on=row.ends_on,
                received_at=row.received_at,
            )
            for row in await tx.execute(statement)
        ]

    async def _absences(self, tx: Transaction, which: ColumnElement[bool]) -> list[HeldAbsence]:
        columns = absences.c
        statement = (
            select(absences)
            .where(which, columns.superseded_at.is_(None))
            .order_by(columns.valid_from, columns.absence_id)
        )
        held = []
        for row in await tx.execute(statement):
            particulars = self._particulars.open(row.particulars_sealed, row.absence_id)
            ground = AbsenceGround(row.ground)
            reason, destination = particulars["reason"], particulars["destination"]
            term = (row.valid_from, row.ends_on)
            held.append(HeldAbsence(ground, reason, destination, *term, row.received_at))
        return held


async def _needs(tx: Transaction, which: ColumnElement[bool]) -> list[HeldNeed]:
    columns = assistance_needs.c
    statement = (
        select(assistance_needs)
        .where(which, columns.superseded_at.is_(None))
        .order_by(columns.valid_from, columns.need_id)
    )
    return [
        HeldNeed(
            type=Assistance(row.type),
            basis=AssistanceBasis(row.basis) if row.basis else None,
            legal_basis=row.legal_basis,
            by_proxy=row.proxy_sealed is not None,
            valid_from=row.valid_from,
            ends_on=row.ends_on,
            review_on=row.review_on,
        )
        for row in await tx.execute(statement)
    ]


async def _households(tx: Transaction, which: ColumnElement[bool]) -> list[HeldMembership]:
    columns = household_memberships.c
    statement = (
        select(
            buildings.c.address,
            household_relationships.c.name_vi,
            columns.valid_from,
            columns.ends_on,
        )
        .select_from(
            household_memberships.join(households)
            .join(dwellings, dwellings.c.dwelling_id == households.c.dwelling_id)
            .join(buildings)
            .outerjoin(household_relationships)
        )
        .where(which, columns.superseded_at.is_(None))
        .order_by(columns.valid_from)
    )
    return [
        HeldMembership(row.address, row.name_vi or "", row.valid_from, row.ends_on)
        for row in await tx.execute(statement)
    ]


async def _cases(tx: Transaction, records: Select[Any], numbers: Select[Any]) -> list[HeldCase]:
    """Gather the cases that entered something of the person, or corrected the person or a household."""
    linked = [
        select(case_registrations.c.case_id)
        .join(registrations)
        .where(registrations.c.person_id.in_(records)),
        select(case_absences.c.case_id).join(absences).where(absences.c.person_id.in_(records)),
        select(case_stays.c.case_id)
        .join(guest_stays)
        .where(guest_stays.c.guest_index.in_(numbers)),
    ]
    named = [
        select(table.c.reference).where(table.c.person_id.in_(records))
        for table in (household_memberships, person_corrections)
    ]
    columns = cases.c
    statement = (
        select(columns.case_number, columns.kind, columns.state, columns.created_at)
        .where(
            or_(
                *(columns.case_id.in_(one) for one in linked),
                *(columns.case_number.in_(one) for one in named),
            )
        )
        .order_by(columns.created_at, columns.case_number)
    )
    return [
        HeldCase(row.case_number, CaseKind(row.kind), CaseState(row.state), row.created_at)
        for row in await tx.execute(statement)
    ]


async def _merges(tx: Transaction, records: Select[Any]) -> list[HeldMerge]:
    columns = person_merges.c
    statement = (
        select(columns.merged_at, columns.reason, columns.undone_at, columns.undo_reason)
        .where(or_(columns.losing_id.in_(records), columns.surviving_id.in_(records)))
        .order_by(columns.merged_at)
    )
    return [HeldMerge(*row) for row in await tx.execute(statement)]
