"""What a case enters is locked in one order, whatever the order in which people are declared."""

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from chassis.storage.database import Database, Transaction
from residency import tables
from residency.domain.cases.declarations import (
    Change,
    DeclaredPerson,
    GuestStays,
    NewResidence,
    ResidenceDeclaration,
)
from residency.domain.cases.states import CaseChannel
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.residence.registrations import ResidenceKind, Term
from residency.operations.case_changes import CaseChanges
from residency.operations.case_opening import draft
from residency.repository.cases import CaseSeal
from tests.residency.samples import (
    CONTENT_SEAL,
    NOON,
    PARTICULARS,
    SEAL,
    TODAY,
    add_building,
    application,
    number,
    residence_operations,
)
from tests.residency.test_stay_operations import TOMORROW, lodging

pytestmark = pytest.mark.postgres


def declared(number_: PersonalIdNumber) -> DeclaredPerson:
    """Declare a person as `application` has them."""
    return DeclaredPerson(
        number_, FullName("Phạm Thị Giả Định"), PartialDate(1990, 5, 17), Sex.FEMALE, ""
    )


def declaration(people: list[PersonalIdNumber], change: Change) -> ResidenceDeclaration:
    """Have the first of some people declare a change for all of them."""
    first, *others = map(declared, people)
    return ResidenceDeclaration(
        declarant=first,
        phone="",
        email="",
        householder_name=None,
        householder_number=None,
        requested_content="",
        members=tuple(others),
        signatories=frozenset(),
        change=change,
    )


def moving_in(home: UUID, people: list[PersonalIdNumber]) -> ResidenceDeclaration:
    """Declare that people live in a dwelling for a year."""
    term = Term(TODAY, TODAY.replace(year=TODAY.year + 1))
    return declaration(people, NewResidence(ResidenceKind.TEMPORARY, home, term))


def visiting(home: UUID, people: list[PersonalIdNumber]) -> ResidenceDeclaration:
    """Declare that people are guests of a dwelling tonight."""
    stays = tuple(lodging(home, one, leaves_on=TOMORROW) for one in people)
    return declaration([number(9)], GuestStays(stays))


async def enter(database: Database, asked: ResidenceDeclaration) -> None:
    """Enter what a case asks for."""
    changes, seal = CaseChanges(SEAL, PARTICULARS, uuid4), CaseSeal(CONTENT_SEAL)
    async with database.transaction() as tx:
        case = await draft(
            tx, uuid4(), asked, "citizen-1", CaseChannel.ELECTRONIC, seal, "11002", NOON
        )
    # Not in one transaction: who takes a number has others wait until its end.
    async with database.transaction() as tx:
        await changes.enter(tx, case, asked, NOON)


async def until_somebody_waits(tx: Transaction) -> None:
    """Wait until another transaction waits for a lock."""
    waits = text("select count(*) from pg_locks where not granted")
    async with asyncio.timeout(30):
        while not await tx.scalar(waits):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("of", [moving_in, visiting])
async def test_persons_are_locked_in_one_order_however_they_are_declared(
    database: Database, of: Callable[[UUID, list[PersonalIdNumber]], ResidenceDeclaration]
) -> None:
    """While the first in that order is held by somebody else, none who comes later is held by the case."""
    old, new = (await add_building(database, dwellings=2)).dwelling_ids
    people = sorted([number(1), number(2)], key=SEAL.blind_index)
    for serial in (1, 2):
        entering = application(old, serial)
        await residence_operations(database).register(entering, f"request-000{serial}", b"x")
    first, second = (
        select(tables.persons.c.person_id)
        .where(tables.persons.c.number_index == SEAL.blind_index(one))
        .with_for_update(nowait=True)
        for one in people
    )
    async with database.transaction() as tx:
        await tx.execute(first)
        entering_case = asyncio.create_task(enter(database, of(new, people[::-1])))
        await until_somebody_waits(tx)
        await tx.execute(second)
    await entering_case


async def test_two_cases_of_the_same_newcomers_do_not_wait_in_a_circle(database: Database) -> None:
    """Each declares them in another order, in another dwelling; one waits for the other."""
    first, second = (await add_building(database, dwellings=2)).dwelling_ids
    people = [number(serial) for serial in range(1, 9)]
    await asyncio.gather(
        enter(database, moving_in(first, people)), enter(database, moving_in(second, people[::-1]))
    )
    async with database.transaction() as tx:
        assert len((await tx.execute(select(tables.persons))).all()) == len(people)
