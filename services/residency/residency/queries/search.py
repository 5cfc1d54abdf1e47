"""Persons found by name or address, as far as the asker may see them.

The better answers come from ranges of indexes, in their order. Names that have all words between others are looked
through only where they are few, so that no question, however broad, reads the whole register.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Select,
    Uuid,
    all_,
    and_,
    any_,
    case,
    false,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
    union_all,
)

from chassis.database import Database, Transaction
from residency.domain.disclosure import Asker, Disclosure, PersonField, Way
from residency.domain.pseudonyms import PersonNotFoundError
from residency.domain.search import After, NameQuestion, PersonMatch, Rank, SearchResult
from residency.repository.disclosure import disclosure_to
from residency.repository.lookups import in_force_on, load_persons
from residency.tables import (
    building_index,
    dwellings,
    person_index,
    persons,
    registrations,
    restrictions,
)

# As many as can be looked through and put into order within some milliseconds.
_MOST_LOOKED_THROUGH = 5000
# No letter comes after it.
_LAST = "\U0010ffff"
# How many people have a word differs so much that a plan made for some word is a plan for none.
_PLANNED_EACH_TIME = text("set local plan_cache_mode = force_custom_plan")


class _Behind(NamedTuple):
    """The last person of the page before: the rank, and what people of a rank are in order by."""

    rank: Rank
    plain: str
    place: bytes
    person_id: UUID


class _Found(NamedTuple):
    """Whom a statement found, best first, and how many it would have had to look through."""

    ranks: dict[UUID, Rank]
    looked_through: int


class SearchQueries:
    """Finds persons for those who may see their names; others are refused before anything is looked at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search_persons(
        self,
        question: NameQuestion,
        address_terms: Sequence[str],
        asker: Asker,
        today: date,
        after: After | None,
        limit: int,
    ) -> tuple[Disclosure, SearchResult]:
        """Find who has a name: on the whole register, or among those registered today at an address.

        Who has the processing restricted is not found, unless the purpose shows them all the same.
        Raises DisclosureNotAllowedError, or PersonNotFoundError where `after` is nobody.
        """
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            disclosure.require(PersonField.FULL_NAME)
            behind = await _behind(tx, after) if after else None
            visible = true() if disclosure.despite_restriction else _unrestricted()
            if address_terms:
                disclosure.require(PersonField.RESIDENCES)
                visible &= _living_at(address_terms, today)
                found = await _look_through(tx, question, visible, Rank.SAME, behind, limit)
            else:
                found = await _search(tx, question, visible, behind, limit)
            which = persons.c.person_id == any_(literal(list(found.ranks), ARRAY(Uuid)))
            people = {one.person_id: one for one in await load_persons(tx, which, today)}
        matches = [PersonMatch(rank, people[one]) for one, rank in found.ranks.items()]
        return disclosure, SearchResult(matches, found.looked_through > _MOST_LOOKED_THROUGH)


async def _behind(tx: Transaction, after: After) -> _Behind:
    columns = (person_index.c.plain, person_index.c.place, person_index.c.person_id)
    last = select(*columns).where(person_index.c.person_id == after.person_id)
    row = (await tx.execute(last)).one_or_none()
    if row is None:
        raise PersonNotFoundError
    return _Behind(after.rank, *row)


async def _search(
    tx: Transaction,
    question: NameQuestion,
    visible: ColumnElement[bool],
    behind: _Behind | None,
    limit: int,
) -> _Found:
    """Read the ranges of the better ranks, and look through the rest only if they do not fill the page."""
    ranges = union_all(*_ranges(question, visible, behind, limit)).subquery()
    best = select(ranges).order_by(*ranges.c).limit(limit)
    ranks = {row.person_id: Rank(row.rank) for row in await tx.execute(best)}
    if len(ranks) == limit:
        return _Found(ranks, 0)
    others = await _look_through(tx, question, visible, Rank.ALL_WORDS, behind, limit - len(ranks))
    return _Found(ranks | others.ranks, others.looked_through)


def _ranges(
    question: NameQuestion, visible: ColumnElement[bool], behind: _Behind | None, limit: int
) -> Iterator[Select[tuple[int, str, bytes, UUID]]]:
    """Give the best of each range behind the page before; what they are in order by is told first."""
    index = person_index.c
    same = index.plain == question.plain
    begins = and_(index.plain > question.plain, index.plain < question.plain + _LAST)
    otherwise = (index.unordered == question.unordered) & (index.plain != question.plain)
    nothing = literal("").collate("C")
    for rank, which, first in (
        (Rank.SAME, same & (index.spelled == question.spelled), nothing),
        (Rank.SAME_LETTERS, same & (index.spelled != question.spelled), nothing),
        (Rank.BEGINS, begins, index.plain),
        (Rank.OTHER_ORDER, otherwise, nothing),
    ):
        order = (first, index.place, index.person_id)
        statement = select(literal(rank.value).label("rank"), first.label("plain"), *order[1:])
        if behind and rank <= behind.rank:
            last = (behind.plain if rank is Rank.BEGINS else "", behind.place, behind.person_id)
            further = tuple_(*order) > tuple_(*map(literal, last))
            statement = statement.where(further if rank is behind.rank else false())
        yield statement.where(which, visible).order_by(*order).limit(limit)


async def _look_through(
    tx: Transaction,
    question: NameQuestion,
    visible: ColumnElement[bool],
    best: Rank,
    behind: _Behind | None,
    limit: int,
) -> _Found:
    """Find those visible who have all words of the question, at most of a rank, unless they are too many."""
    candidates = _candidates(question, visible)
    counted = select(func.count().label("counted")).select_from(candidates).subquery()
    order = (candidates.c.rank, candidates.c.place, candidates.c.person_id)
    wanted = and_(
        counted.c.counted <= _MOST_LOOKED_THROUGH,
        candidates.c.rank >= best.value,
        tuple_(*order) > tuple_(*map(literal, (behind.rank.value, behind.place, behind.person_id)))
        if behind
        else true(),
    )
    statement = (
        select(candidates.c.person_id, candidates.c.rank, counted.c.counted)
        .select_from(counted.outerjoin(candidates, wanted))
        .order_by(*order)
        .limit(limit)
    )
    rows = (await tx.execute(statement)).all()
    return _Found(
        {row.person_id: Rank(row.rank) for row in rows if row.person_id}, rows[0].counted
    )


def _candidates(question: NameQuestion, visible: ColumnElement[bool]) -> CTE:
    index = person_index.c
    same = index.plain == question.plain
    rank = case(
        (same & (index.spelled == question.spelled), Rank.SAME.value),
        (same, Rank.SAME_LETTERS.value),
        (index.plain.startswith(question.plain, autoescape=True), Rank.BEGINS.value),
        (index.unordered == question.unordered, Rank.OTHER_ORDER.value),
        else_=Rank.ALL_WORDS.value,
    )
    statement = select(index.person_id, index.place, rank.label("rank")).where(visible)
    if question.terms:
        statement = statement.where(index.terms.contains(question.terms))
    return statement.limit(_MOST_LOOKED_THROUGH + 1).cte("candidates")


def _unrestricted() -> ColumnElement[bool]:
    """Say in SQL: nobody who has the processing restricted; to be found would tell that they are on the register."""
    standing = select(restrictions.c.person_id).where(restrictions.c.lifted_at.is_(None))
    return person_index.c.person_id != all_(func.array(standing.scalar_subquery()))


def _living_at(address_terms: Sequence[str], today: date) -> ColumnElement[bool]:
    """Say in SQL: somebody who is registered today in a building with such an address."""
    resident = (
        select(registrations.c.person_id)
        .join(dwellings, dwellings.c.dwelling_id == registrations.c.dwelling_id)
        .join(building_index, building_index.c.building_id == dwellings.c.building_id)
        .where(building_index.c.terms.contains(address_terms), in_force_on(today))
    )
    return person_index.c.person_id.in_(resident)
