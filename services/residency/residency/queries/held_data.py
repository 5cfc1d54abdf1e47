"""What is held of a person besides identity and registrations: of all records that are known to be of the person."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, or_, select

from chassis.storage.database import Database, Transaction
from residency.domain.cases.declarations import CaseKind
from residency.domain.cases.states import CaseState
from residency.domain.lookups.disclosure import Asker, Disclosure, Way
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal, subject_of
from residency.domain.protection.data_subject_requests import RequestKind, RequestState
from residency.domain.protection.held_data import (
    HeldAbsence,
    HeldCase,
    HeldData,
    HeldIdentity,
    HeldMembership,
    HeldMerge,
    HeldNeed,
    HeldRecord,
    HeldRequest,
    HeldStay,
)
from residency.domain.residence.absences import AbsenceGround
from residency.domain.residence.assistance import AssistanceBasis
from residency.domain.residence.occupancy import Assistance, StayKind
from residency.repository.cases import CaseSeal
from residency.repository.disclosure import disclosure_to
from residency.repository.stays import of_guest
from residency.tables import (
    absences,
    assistance_needs,
    buildings,
    case_absences,
    case_registrations,
    case_stays,
    cases,
    data_subject_requests,
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

_ENTERED = (CaseState.RECORDED, CaseState.CANCELLED)
# What these change is an entry of another case.
_LINKS_NOTHING = (
    CaseKind.DEREGISTRATION,
    CaseKind.HOUSEHOLD_SPLIT,
    CaseKind.CHANGE_OF_INFORMATION,
)


class HeldDataQueries:
    """Gathers what is held, as it is known now; cases also of what was corrected since."""

    def __init__(
        self,
        database: Database,
        numbers: NumberSeal,
        particulars: ParticularsSeal,
        cases: CaseSeal,
    ) -> None:
        self._database = database
        self._numbers = numbers
        self._particulars = particulars
        self._cases = cases

    async def disclosure(self, asker: Asker, today: date) -> Disclosure:
        """Tell what the asker may be told of who is not on the register; raises DisclosureNotAllowedError."""
        async with self._database.transaction() as tx:
            return await disclosure_to(tx, asker, Way.LOOKUP, today)

    async def of_person(self, person_id: UUID, today: date) -> HeldData:
        """Gather what is held of the person that a record is of."""
        records = records_of(holder_of_record(person_id))
        numbers = select(persons.c.number_index).where(persons.c.person_id.in_(records))
        before = select(person_corrections.c.number_index).where(
            person_corrections.c.person_id.in_(records)
        )
        async with self._database.transaction() as tx:
            subjects = {subject_of(one) for one in await tx.scalars(numbers.union(before))}
            nationality, email = await self._reached(tx, person_id)
            return HeldData(
                nationality=nationality,
                email=email,
                former_identities=await self._former_identities(tx, records),
                merged_records=await self._merged_records(tx, records),
                stays=await self._stays(tx, guest_stays.c.guest_index.in_(numbers)),
                absences=await self._absences(tx, absences.c.person_id.in_(records)),
                assistance_needs=await _needs(tx, assistance_needs.c.person_id.in_(records)),
                households=await _households(tx, household_memberships.c.person_id.in_(records)),
                cases=await self._all_cases(tx, _entering(records, numbers), subjects, today),
                merges=await _merges(tx, records),
                requests=await _requests(tx, subjects, records),
            )

    async def of_guest(self, subject: str, today: date) -> HeldData:
        """Gather what is held of who is not on the register, by the name in the account: as a guest, and in files."""
        stays = select(case_stays.c.case_id).join(guest_stays).where(of_guest(subject))
        async with self._database.transaction() as tx:
            return HeldData(
                nationality="",
                email="",
                former_identities=[],
                merged_records=[],
                stays=await self._stays(tx, of_guest(subject)),
                absences=[],
                assistance_needs=[],
                households=[],
                cases=await self._all_cases(tx, cases.c.case_id.in_(stays), {subject}, today),
                merges=[],
                requests=await _requests(tx, {subject}),
            )

    async def _reached(self, tx: Transaction, person_id: UUID) -> tuple[str, str]:
        """Tell the nationality and the e-mail address of the record that stands."""
        columns = persons.c
        statement = select(columns.person_id, columns.nationality, columns.email_sealed).where(
            columns.person_id == holder_of_record(person_id)
        )
        row = (await tx.execute(statement)).one()
        sealed = row.email_sealed
        email = self._numbers.open_email(sealed, row.person_id).text if sealed else ""
        return row.nationality, email

    async def _former_identities(
        self, tx: Transaction, records: Select[Any]
    ) -> list[HeldIdentity]:
        columns = person_corrections.c
        statement = (
            select(person_corrections)
            .where(columns.person_id.in_(records))
            .order_by(columns.corrected_at, columns.correction_id)
        )
        return [
            HeldIdentity(
                full_name=row.full_name,
                number=self._numbers.open(row.number_sealed, row.person_id).masked,
                birth_date=PartialDate(row.birth_year, row.birth_month, row.birth_day),
                sex=Sex(row.sex),
                nationality=row.nationality,
                corrected_at=row.corrected_at,
                reference=row.reference,
            )
            for row in await tx.execute(statement)
        ]

    async def _merged_records(self, tx: Transaction, records: Select[Any]) -> list[HeldRecord]:
        """Gather what is said of the person under other numbers: contacts stay with their record."""
        columns = persons.c
        statement = (
            select(persons)
            .where(columns.person_id.in_(records), columns.merged_into.is_not(None))
            .order_by(columns.recorded_at, columns.person_id)
        )
        return [self._record(row) for row in await tx.execute(statement)]

    def _record(self, row: Row[Any]) -> HeldRecord:
        numbers, phone, email = self._numbers, row.phone_sealed, row.email_sealed
        return HeldRecord(
            full_name=row.full_name,
            number=numbers.open(row.number_sealed, row.person_id).masked,
            birth_date=PartialDate(row.birth_year, row.birth_month, row.birth_day),
            sex=Sex(row.sex),
            nationality=row.nationality,
            phone=numbers.open_phone(phone, row.person_id).text if phone else "",
            email=numbers.open_email(email, row.person_id).text if email else "",
        )

    async def _all_cases(
        self,
        tx: Transaction,
        entering: ColumnElement[bool],
        subjects: Collection[str],
        today: date,
    ) -> list[HeldCase]:
        """Gather the cases that entered something, and those in whose file the person is named.

        What a file says of whom lies sealed, so that nobody is found by it: each that entered nothing is opened.
        """
        columns = cases.c
        unlinked = columns.kind.in_(_LINKS_NOTHING) | columns.state.not_in(_ENTERED)
        statement = (
            select(cases, entering.label("entering"))
            .where(or_(entering, unlinked))
            .order_by(columns.created_at, columns.case_number)
        )
        return [
            HeldCase(row.case_number, CaseKind(row.kind), CaseState(row.state), row.created_at)
            async for row in await tx.stream(statement)
            if row.entering or self._names(row, subjects, today)
        ]

    def _names(self, row: Row[Any], subjects: Collection[str], today: date) -> bool:
        declared = self._cases.open_declaration(row.case_id, row.declaration_sealed, today)
        # What was left to officers since a guest is declared elsewhere is nothing that the host may learn.
        hidden = not row.account
        documents = declared.guests if hidden else declared.documents
        indexes = map(self._numbers.document_index, documents)
        return any(subject_of(index) in subjects for index in indexes)

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


def _entering(records: Select[Any], numbers: Select[Any]) -> ColumnElement[bool]:
    """Select the cases that entered something of the person, or corrected the person or a household."""
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
    return or_(
        *(cases.c.case_id.in_(one) for one in linked),
        *(cases.c.case_number.in_(one) for one in named),
    )


async def _merges(tx: Transaction, records: Select[Any]) -> list[HeldMerge]:
    columns = person_merges.c
    statement = (
        select(columns.merged_at, columns.reason, columns.undone_at, columns.undo_reason)
        .where(or_(columns.losing_id.in_(records), columns.surviving_id.in_(records)))
        .order_by(columns.merged_at)
    )
    return [HeldMerge(*row) for row in await tx.execute(statement)]


async def _requests(
    tx: Transaction, subjects: Collection[str], records: Select[Any] | None = None
) -> list[HeldRequest]:
    """Gather what was asked about the person, known by the account's names or by records of the register."""
    columns = data_subject_requests.c
    which = [columns.subject.in_(subjects)]
    if records is not None:
        which.append(columns.person_id.in_(records))
    statement = (
        select(columns.request_number, columns.kind, columns.received_at, columns.state)
        .where(or_(*which))
        .order_by(columns.received_at, columns.request_number)
    )
    return [
        HeldRequest(
            row.request_number, RequestKind(row.kind), row.received_at, RequestState(row.state)
        )
        for row in await tx.execute(statement)
    ]
