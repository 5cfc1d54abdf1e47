"""Households over time: who belongs to which, and as what."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from chassis.errors import FieldInvalidError
from chassis.storage.database import Database
from residency import tables
from residency.domain.residence.households import (
    HouseholderExistsError,
    HouseholdNotFoundError,
    Membership,
    NamedMembers,
    NotAMemberError,
    Rearrangement,
    fitted,
)
from residency.domain.residence.registrations import (
    Correction,
    HouseholdChoice,
    ResidenceKind,
    Term,
)
from residency.operations.households import HouseholdOperations
from residency.queries.households import HouseholdQueries
from tests.residency.samples import (
    SEAL,
    TODAY,
    StoppedClock,
    add_building,
    application,
    number,
    request,
    residence_operations,
)

FIRST = date(2026, 11, 1)
DAYS = st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n))


async def register(
    database: Database,
    dwelling_id: UUID,
    serial: int,
    choice: HouseholdChoice,
    first: date = FIRST,
) -> UUID:
    """Enter a person with a household to join or to found."""
    entering = replace(application(dwelling_id, serial, valid_from=first), household=choice)
    return await residence_operations(database).register(entering, str(uuid4()), b"x")


async def members(
    database: Database, day: date = TODAY
) -> dict[str, set[tuple[bytes, str | None]]]:
    """Tell who belongs to which household on a day, by number and relationship, as it is known now."""
    columns = tables.household_memberships.c
    statement = (
        select(columns, tables.persons.c.number_index)
        .join(tables.persons, tables.persons.c.person_id == columns.person_id)
        .where(columns.superseded_at.is_(None), columns.valid_from <= day)
    )
    found: dict[str, set[tuple[bytes, str | None]]] = {}
    async with database.transaction() as tx:
        for row in await tx.execute(statement):
            if row.ends_on is None or row.ends_on > day:
                of_household = found.setdefault(str(row.household_id), set())
                of_household.add((row.number_index, row.relationship_to_householder))
    return found


def index(serial: int) -> bytes:
    """Tell the blind index of a person's number."""
    return SEAL.blind_index(number(serial))


def operations(database: Database) -> HouseholdOperations:
    """Make the operations of households."""
    return HouseholdOperations(database, StoppedClock(), SEAL)


@pytest.mark.postgres
async def test_who_comes_first_is_the_householder_and_others_join_as_they_say(
    database: Database,
) -> None:
    """Unless they found a household of their own; who leaves the dwelling leaves the household."""
    home = (await add_building(database)).dwelling_ids[0]
    await register(database, home, 1, HouseholdChoice())
    wife = await register(database, home, 2, HouseholdChoice(relationship="WIFE"))
    await register(database, home, 3, HouseholdChoice(founds=True))
    before = await members(database)
    await residence_operations(database).end(wife, TODAY, "request-0001", b"x")

    assert sorted(map(len, before.values())) == [1, 2]
    assert {(index(1), "HOUSEHOLDER"), (index(2), "WIFE")} in before.values()
    assert {(index(3), "HOUSEHOLDER")} in before.values()
    assert {(index(1), "HOUSEHOLDER")} in (await members(database)).values()


@pytest.mark.postgres
async def test_an_empty_dwelling_is_not_joined_but_begun_anew(database: Database) -> None:
    """Who comes after a family has left does not belong to it."""
    home = (await add_building(database)).dwelling_ids[0]
    gone = await register(database, home, 1, HouseholdChoice())
    await residence_operations(database).end(gone, TODAY, "request-0001", b"x")
    await register(database, home, 2, HouseholdChoice(relationship="CHILD"), first=TODAY)

    assert list((await members(database)).values()) == [{(index(2), "HOUSEHOLDER")}]


@pytest.mark.postgres
async def test_a_household_that_cannot_be_joined_so_is_refused(database: Database) -> None:
    """Not one of this dwelling, a second householder, a relationship that is none."""
    place = await add_building(database, dwellings=2)
    home, other = place.dwelling_ids
    await register(database, other, 1, HouseholdChoice())
    elsewhere = UUID(next(iter(await members(database))))
    await register(database, home, 2, HouseholdChoice())
    with pytest.raises(HouseholdNotFoundError):
        await register(database, home, 3, HouseholdChoice(household_id=elsewhere))
    with pytest.raises(HouseholderExistsError):
        await register(database, home, 3, HouseholdChoice(relationship="HOUSEHOLDER"))
    with pytest.raises(FieldInvalidError, match="FIELD_INVALID"):
        await register(database, home, 3, HouseholdChoice(relationship="FRIEND"))


@pytest.mark.postgres
async def test_a_person_belongs_to_one_household_at_a_time(database: Database) -> None:
    """A second registration at the same time makes a member only on the days that are free."""
    place = await add_building(database, dwellings=2)
    home, other = place.dwelling_ids
    does = residence_operations(database)
    begun = application(
        other,
        kind=ResidenceKind.TEMPORARY,
        valid_from=date(2026, 10, 1),
        valid_until=TODAY,
    )
    await does.register(begun, "request-0001", b"x")
    await does.register(application(home, valid_from=FIRST), "request-0002", b"x")
    before, since = await members(database, TODAY - timedelta(days=1)), await members(database)

    assert list(before.values()) == list(since.values()) == [{(index(1), "HOUSEHOLDER")}]
    assert before.keys() != since.keys()


@pytest.mark.postgres
async def test_another_householder_is_one_from_a_day_on(database: Database) -> None:
    """Before that day it is told as it was, and of who is not named it is no longer said."""
    home = (await add_building(database)).dwelling_ids[0]
    await register(database, home, 1, HouseholdChoice())
    await register(database, home, 2, HouseholdChoice(relationship="CHILD"))
    await register(database, home, 3, HouseholdChoice(relationship="GUEST"))
    household = UUID(next(iter(await members(database))))
    named = NamedMembers(household, {number(2): "HOUSEHOLDER", number(1): "MOTHER"}, TODAY)
    asked = request()
    await operations(database).rearrange(named, asked)
    await operations(database).rearrange(named, asked)

    assert await members(database, TODAY - timedelta(days=1)) == {
        str(household): {(index(1), "HOUSEHOLDER"), (index(2), "CHILD"), (index(3), "GUEST")}
    }
    assert await members(database) == {
        str(household): {(index(1), "MOTHER"), (index(2), "HOUSEHOLDER"), (index(3), None)}
    }


@pytest.mark.postgres
async def test_who_joins_later_is_no_householder_before(database: Database) -> None:
    """Neither of the household nor of one that splits off: it would be headless until then."""
    home = (await add_building(database)).dwelling_ids[0]
    await register(database, home, 1, HouseholdChoice())
    await register(database, home, 2, HouseholdChoice(relationship="CHILD"), first=TODAY)
    (household,) = await members(database)
    day_before = TODAY - timedelta(days=1)
    named = NamedMembers(UUID(household), {number(2): "HOUSEHOLDER"}, day_before)
    for change in (operations(database).rearrange, operations(database).split):
        with pytest.raises(NotAMemberError):
            await change(named, request())
    await operations(database).rearrange(replace(named, valid_from=TODAY), request())

    assert {(index(1), None), (index(2), "HOUSEHOLDER")} in (await members(database)).values()


@pytest.mark.postgres
async def test_a_split_household_is_two_from_a_day_on(database: Database) -> None:
    """Those who stay are what they were; a stranger cannot be split off."""
    home = (await add_building(database)).dwelling_ids[0]
    await register(database, home, 1, HouseholdChoice())
    await register(database, home, 2, HouseholdChoice(relationship="CHILD"))
    await register(database, home, 3, HouseholdChoice(founds=True))
    before = await members(database)
    household = next(UUID(key) for key, who in before.items() if (index(1), "HOUSEHOLDER") in who)
    named = NamedMembers(household, {number(2): "HOUSEHOLDER"}, TODAY)
    new = await operations(database).split(named, request())
    with pytest.raises(NotAMemberError):
        stranger = replace(named, members={number(3): "HOUSEHOLDER"})
        await operations(database).split(stranger, request())

    after = await members(database)
    assert after[str(household)] == {(index(1), "HOUSEHOLDER")}
    assert after[str(new)] == {(index(2), "HOUSEHOLDER")}
    assert await members(database, TODAY - timedelta(days=1)) == before


@pytest.mark.postgres
async def test_a_corrected_registration_takes_its_membership_along(database: Database) -> None:
    """From the right day on; an annulled one leaves none."""
    home = (await add_building(database)).dwelling_ids[0]
    wrong = await register(database, home, 1, HouseholdChoice())
    does = residence_operations(database)
    right = await does.correct(wrong, Correction(Term(TODAY, None), None), request())
    earlier, now = await members(database, FIRST), await members(database)
    await does.annul(right, request())

    assert (earlier, list(now.values())) == ({}, [{(index(1), "HOUSEHOLDER")}])
    assert await members(database) == {}


@pytest.mark.postgres
async def test_relationships_are_those_of_the_circular(database: Database) -> None:
    """In its order, in Vietnamese, each with its source."""
    found = await HouseholdQueries(database).relationships()

    assert [one.name_vi for one in found[:4]] == ["chủ hộ", "vợ", "chồng", "cha đẻ"]
    assert len({one.code for one in found}) == len(found) == 40
    assert {one.source for one in found} == {"Circular 116/2026/TT-BCA Art. 6"}


def terms() -> st.SearchStrategy[Term]:
    """Draw terms of a few days, some open."""
    ends = DAYS | st.none()
    return (
        st.tuples(DAYS, ends)
        .filter(lambda two: two[1] is None or two[0] < two[1])
        .map(lambda two: Term(*two))
    )


def days(term: Term) -> set[int]:
    """Tell the days of a term, until some day far enough."""
    end = term.valid_until or FIRST + timedelta(days=60)
    return set(range(term.valid_from.toordinal(), end.toordinal()))


@given(terms(), st.lists(terms(), max_size=4))
def test_what_is_free_of_a_term_is_what_no_other_takes(term: Term, others: list[Term]) -> None:
    """Day by day, for others that do not overlap each other."""
    taken: list[Term] = []
    for other in others:
        if not any(other.overlaps(one) for one in taken):
            taken.append(other)
    free = term.without(taken)

    assert [day for part in free for day in sorted(days(part))] == sorted(
        days(term).difference(*map(days, taken))
    )


@given(terms(), st.lists(DAYS, max_size=3, unique=True))
def test_memberships_fit_the_term_that_should_have_been(term: Term, cuts: list[date]) -> None:
    """They cover it from its first day to its last, without a gap, in the order they had."""
    edges = [FIRST, *sorted(cuts), None]
    parts = [
        Membership(uuid4(), uuid4(), uuid4(), uuid4(), None, Term(start, end))
        for start, end in pairwise(edges)
        if start and start != end
    ]
    right = fitted(parts, term, UUID(int=7))

    assert {one.registration_id for one, _ in right} == {UUID(int=7)}
    assert [day for _, part in right for day in sorted(days(part))] == sorted(days(term))
    assert fitted(parts, None, UUID(int=7)) == []


@pytest.mark.parametrize("roles", [{}, {1: "WIFE"}, {1: "HOUSEHOLDER", 2: "HOUSEHOLDER"}])
def test_a_household_has_one_householder(roles: dict[int, str]) -> None:
    """FIELD_INVALID on members."""
    with pytest.raises(FieldInvalidError) as refused:
        Rearrangement(uuid4(), {UUID(int=who): what for who, what in roles.items()}, TODAY)

    assert refused.value.metadata == {"field": "members"}
