"""What a renewal makes of a household: its householder stays one until somebody else is."""

import asyncio
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from chassis.errors import DomainError
from chassis.storage.database import Database
from residency import tables
from residency.domain.cases.declarations import DeclaredPerson, Renewal, ResidenceDeclaration
from residency.domain.residence.households import (
    HOUSEHOLDER,
    Membership,
    NamedMembers,
    continued,
)
from residency.domain.residence.registrations import (
    Headship,
    HouseholdChoice,
    ResidenceKind,
    Term,
)
from residency.operations.households import HouseholdOperations
from residency.tables.bitemporal import holds_on
from tests.fixtures.servers import TestDatabase
from tests.residency.samples import (
    SEAL,
    StoppedClock,
    add_building,
    application,
    number,
    request,
    residence_operations,
)
from tests.residency.test_case_locks import declaration, enter

BEGAN, RUNS_OUT, UNTIL = date(2025, 12, 1), date(2026, 12, 1), date(2027, 12, 1)
LAST_DAY = RUNS_OUT - timedelta(days=1)
# Days on which somebody else may become the householder, and those that are looked at.
DAYS = [LAST_DAY, RUNS_OUT, RUNS_OUT + timedelta(days=90)]
# Three whose terms run out together, the first of them their householder, and one who lives there for good.
RENEWING, FOR_GOOD = (0, 1, 2), 3
PEOPLE = (*RENEWING, FOR_GOOD)
SAID = {"": None, "con đẻ": "CHILD", "mẹ đẻ": "MOTHER", "Chủ hộ": HOUSEHOLDER}
SERIALS = count(100_000, len(PEOPLE) + 1)


@dataclass(frozen=True)
class Asked:
    """A renewal: of whose term, who declares it for whom, as what each, and who is the householder (4: a stranger)."""

    declared: tuple[int, ...]
    renewed: int
    relationships: tuple[str, ...]
    householder: int | None

    def declaration(self, first: int, registration_id: UUID) -> ResidenceDeclaration:
        """Write it down for people whose numbers begin with one."""
        asked = declaration(
            [number(first + one) for one in self.declared], Renewal(registration_id, UNTIL)
        )
        householder = None if self.householder is None else number(first + self.householder)
        return replace(
            asked,
            declarant=self._said(asked.declarant, 0),
            members=tuple(self._said(one, at) for at, one in enumerate(asked.members, 1)),
            householder_number=householder,
        )

    def _said(self, person: DeclaredPerson, at: int) -> DeclaredPerson:
        return replace(person, relationship=self.relationships[at])

    @property
    def heads(self) -> set[int]:
        """Who is declared as the householder."""
        said = zip(self.declared, self.relationships, strict=True)
        heads = {one for one, relationship in said if SAID[relationship] == HOUSEHOLDER}
        return heads if self.householder is None else heads | {self.householder}


@st.composite
def renewals(draw: st.DrawFn) -> Asked:
    """Any renewal, by any of the household for any of them."""
    people = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True))
    whose = [one for one in people if one in RENEWING]
    relationships = st.sampled_from(list(SAID))
    return Asked(
        declared=tuple(people),
        renewed=draw(st.sampled_from(whose or RENEWING)),
        relationships=tuple(draw(relationships) for _ in people),
        householder=draw(st.none() | st.sampled_from([*PEOPLE, 4])),
    )


class Home:
    """A household in the database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.first = next(SERIALS)
        self.registrations: list[UUID] = []

    async def settle(self) -> None:
        """Register who lives there."""
        dwelling_id = (await add_building(self.database)).dwelling_ids[0]
        for one in PEOPLE:
            term = (BEGAN, RUNS_OUT) if one in RENEWING else (BEGAN, None)
            kind = ResidenceKind.TEMPORARY if one in RENEWING else ResidenceKind.PERMANENT
            entering = application(
                dwelling_id,
                self.first + one,
                kind=kind,
                valid_from=term[0],
                valid_until=term[1],
            )
            choice = HouseholdChoice(relationship="CHILD")
            entered = await residence_operations(self.database).register(
                replace(entering, household=choice), str(uuid4()), b"x"
            )
            self.registrations.append(entered)
        columns = tables.registrations.c
        which = select(columns.household_id).where(columns.registration_id == entered)
        async with self.database.transaction() as tx:
            self.household_id = (await tx.scalars(which)).one()

    async def follow(self, day: date) -> None:
        """Have the one who lives there for good be the householder from a day on."""
        named = NamedMembers(self.household_id, {number(self.first + FOR_GOOD): HOUSEHOLDER}, day)
        operations = HouseholdOperations(self.database, StoppedClock(), SEAL)
        await operations.rearrange(named, request())

    async def members(self, day: date) -> dict[int, str | None]:
        """Tell who belongs to it on a day, and as what."""
        serials = {SEAL.blind_index(number(self.first + one)): one for one in PEOPLE}
        columns, people = tables.household_memberships.c, tables.persons.c
        statement = (
            select(people.number_index, columns.relationship_to_householder)
            .join(tables.persons, people.person_id == columns.person_id)
            .where(
                columns.household_id == self.household_id,
                holds_on(tables.household_memberships, day),
            )
        )
        async with self.database.transaction() as tx:
            rows = await tx.execute(statement)
            return {serials[row[0]]: row[1] for row in rows}

    async def renew(self, asked: Asked) -> None:
        """Enter a renewal; what must be true of it is."""
        before = [await self.members(day) for day in DAYS]
        try:
            await enter(
                self.database,
                asked.declaration(self.first, self.registrations[asked.renewed]),
            )
        except DomainError:
            assert [await self.members(day) for day in DAYS] == before
            return
        after = [await self.members(day) for day in DAYS]
        assert after[0] == before[0]
        was = {one for one, as_what in before[0].items() if as_what == HOUSEHOLDER}
        for was_members, members in zip(before[1:], after[1:], strict=True):
            heads = {one for one, as_what in members.items() if as_what == HOUSEHOLDER}
            assert len(heads) <= 1
            assert heads or not was & members.keys()
            for one in members.keys() - was_members.keys():
                said = SAID[asked.relationships[asked.declared.index(one)]]
                assert members[one] == (HOUSEHOLDER if one in heads else said)
                assert one not in heads or one in was | asked.heads
        first_day = {one for one, as_what in after[1].items() if as_what == HOUSEHOLDER}
        assert not asked.heads or asked.heads == first_day


@pytest.mark.postgres
def test_a_renewal_leaves_a_household_its_householder(test_database: TestDatabase) -> None:
    """Whoever renews for whom, in whatever order, and whenever somebody else becomes the householder.

    Nobody becomes it who was it neither before nor is declared to be, and who is declared to be it is.
    """
    with asyncio.Runner() as runner:
        database = Database.connect(test_database.url)

        async def renewed(followed_on: date | None, asked: list[Asked]) -> None:
            home = Home(database)
            await home.settle()
            if followed_on:
                await home.follow(followed_on)
            for one in asked:
                await home.renew(one)

        @settings(
            max_examples=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(
            followed_on=st.none() | st.sampled_from(DAYS),
            asked=st.lists(renewals(), min_size=1, max_size=4),
        )
        def holds(followed_on: date | None, asked: list[Asked]) -> None:
            runner.run(renewed(followed_on, asked))

        holds()
        runner.run(database.close())


def member(serial: int, relationship: str | None, lasts: Term) -> Membership:
    """Make somebody belong to a household for a while."""
    return Membership(UUID(int=9), UUID(int=8), UUID(int=serial), UUID(int=7), relationship, lasts)


NEXT = Term(RUNS_OUT, UNTIL)
FORMER = member(1, HOUSEHOLDER, Term(BEGAN, RUNS_OUT))


@pytest.mark.parametrize(
    ("others", "headship"),
    [
        ([], NEXT),
        ([member(2, "CHILD", Term(BEGAN, None))], NEXT),
        ([member(2, HOUSEHOLDER, Term(UNTIL, None))], NEXT),
        ([member(2, HOUSEHOLDER, Term(DAYS[2], None))], Term(RUNS_OUT, DAYS[2])),
        ([member(2, HOUSEHOLDER, Term(RUNS_OUT, DAYS[2]))], None),
        ([member(1, HOUSEHOLDER, Term(DAYS[2], None))], NEXT),
    ],
)
def test_a_householder_stays_one_until_somebody_else_is(
    others: list[Membership], headship: Term | None
) -> None:
    """Not after somebody who was it for a part of the term, from its first day on."""
    expected = headship and Headship(FORMER.person_id, headship)

    assert continued([FORMER, *others], NEXT) == expected
    assert continued(others, NEXT) is None
