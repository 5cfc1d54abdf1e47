"""Persons found by name or address, as far as the asker may see them.

The better answers come from ranges of indexes, in their order. Names that have all words between others are looked
through only where they are few, so that no question, however broad, reads the whole register.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    Text,
    Uuid,
    all_,
    and_,
    bindparam,
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
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.storage.database import Database, Transaction
from residency.domain.lookups.disclosure import Asker, Disclosure, PersonField, Way
from residency.domain.lookups.pseudonyms import PersonNotFoundError
from residency.domain.lookups.search import After, NameQuestion, PersonMatch, Rank, SearchResult
from residency.repository.disclosure import disclosure_to
from residency.repository.lookups import TODAY, in_force_on, load_these, restricted_persons
from residency.tables import (
    building_index,
    dwellings,
    person_index,
    registrations,
)

# As many as can be looked through and put into order within some milliseconds.
_MOST_LOOKED_THROUGH = 5000
# No letter comes after it.
_LAST = "\U0010ffff"
# How many people have a word differs so much that a plan made for some word is a plan for none.
_PLANNED_EACH_TIME = text("set local plan_cache_mode = force_custom_plan")

# Statements are made once for each form of question, with places for what is asked: to make one anew takes longer than
# to have it answered.
_INDEX = person_index.c
_PLAIN, _SPELLED = bindparam("plain", type_=Text), bindparam("spelled", type_=Text)
_BEGINS_AS_TYPED = and_(
    _INDEX.spelled > _SPELLED, _INDEX.spelled < bindparam("after_all_spelled", type_=Text)
)
_AS_TYPED = (literal(" ") + _INDEX.spelled + " ").like(
    all_(bindparam("accented", type_=ARRAY(Text)))
)
_LIMIT, _MOST = bindparam("limit", type_=Integer), bindparam("most", type_=Integer)
_LAST_PLACE = (
    bindparam("last_place", type_=LargeBinary),
    bindparam("last_person", type_=Uuid),
)
# Who is registered today in a building with such an address.
_LIVING_AT = (
    select(registrations.c.person_id)
    .join(dwellings, dwellings.c.dwelling_id == registrations.c.dwelling_id)
    .join(building_index, building_index.c.building_id == dwellings.c.building_id)
    .where(building_index.c.terms.contains(bindparam("address_terms")), in_force_on(TODAY))
)


class _Behind(NamedTuple):
    """The last person of the page before: the rank, and what people of a rank are in order by."""

    rank: Rank
    plain: str
    spelled: str
    place: bytes
    person_id: UUID


class _Asked(NamedTuple):
    """What is asked for: whom, living where on which day, behind whom; and whether restricted persons are shown."""

    question: NameQuestion
    address_terms: Sequence[str]
    today: date
    behind: _Behind | None
    despite: bool

    @property
    def values(self) -> dict[str, Any]:
        """Give what the statements have places for."""
        question, behind = self.question, self.behind
        values = {
            "spelled": question.spelled,
            "plain": question.plain,
            "after_all": question.plain + _LAST,
            "after_all_spelled": question.spelled + _LAST if question.accented else "",
            "accented": _patterns(question),
            "unordered": question.unordered,
            "terms": question.terms,
            "address_terms": self.address_terms,
            "today": self.today,
        }
        if behind:
            values |= {
                "last_rank": behind.rank.value,
                "last_plain": behind.plain,
                "last_spelled": behind.spelled,
                "last_place": behind.place,
                "last_person": behind.person_id,
            }
        return values


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
            asked = _Asked(
                question, address_terms, today, behind, despite=disclosure.despite_restriction
            )
            if address_terms:
                disclosure.require(PersonField.RESIDENCES)
                found = await _look_through(tx, asked, Rank.SAME, limit)
            else:
                found = await _search(tx, asked, limit)
            people = {one.person_id: one for one in await load_these(tx, list(found.ranks), today)}
        matches = [PersonMatch(rank, people[one]) for one, rank in found.ranks.items()]
        return disclosure, SearchResult(matches, found.looked_through > _MOST_LOOKED_THROUGH)


async def _behind(tx: Transaction, after: After) -> _Behind:
    columns = (_INDEX.plain, _INDEX.spelled, _INDEX.place, _INDEX.person_id)
    last = select(*columns).where(person_index.c.person_id == after.person_id)
    row = (await tx.execute(last)).one_or_none()
    if row is None:
        raise PersonNotFoundError
    return _Behind(after.rank, *row)


async def _search(tx: Transaction, asked: _Asked, limit: int) -> _Found:
    """Read the ranges of the better ranks, and look through the rest only if they do not fill the page."""
    behind = asked.behind.rank if asked.behind else None
    ranks: dict[UUID, Rank] = {}
    for some in _APART if asked.question.accented else _TOGETHER:
        statement = _best_of_ranges(some, behind, despite=asked.despite)
        rows = await tx.execute(statement, asked.values | {"limit": limit - len(ranks)})
        ranks |= {row.person_id: Rank(row.rank) for row in rows}
        if len(ranks) == limit:
            return _Found(ranks, 0)
    others = await _look_through(tx, asked, Rank.ALL_WORDS_AS_TYPED, limit - len(ranks))
    return _Found(ranks | others.ranks, others.looked_through)


async def _look_through(tx: Transaction, asked: _Asked, best: Rank, limit: int) -> _Found:
    """Find those visible who have all words of the question, at most of a rank, unless they are too many."""
    await tx.execute(_PLANNED_EACH_TIME)
    statement = _best_of_all(
        despite=asked.despite,
        named=bool(asked.question.terms),
        at_address=bool(asked.address_terms),
        behind=asked.behind is not None,
    )
    values = asked.values | {"best": best.value, "limit": limit, "most": _MOST_LOOKED_THROUGH}
    rows = (await tx.execute(statement, values)).all()
    return _Found(
        {row.person_id: Rank(row.rank) for row in rows if row.person_id}, rows[0].counted
    )


def _patterns(question: NameQuestion) -> list[str]:
    """Write what a name between spaces is like that has the accented words; nothing is like an empty pattern.

    No sign of a name means anything else in a pattern.
    """
    if not question.accented:
        return [""]
    *words, last = question.accented
    after_last = "%" if question.last_is_accented else " %"
    return [*(f"% {word} %" for word in words), f"% {last}{after_last}"]


class _Range(NamedTuple):
    """Which names are of a rank, and what they are in order by before their place."""

    which: ColumnElement[bool]
    first: ColumnElement[str]
    last: ColumnElement[str]


_SAME = _INDEX.plain == _PLAIN
_BEGINS = and_(_INDEX.plain > _PLAIN, _INDEX.plain < bindparam("after_all", type_=Text))
_OTHER_ORDER = (_INDEX.unordered == bindparam("unordered")) & ~_SAME
_NOTHING = literal("").collate("C")
_BY_SPELLED = (_INDEX.spelled, bindparam("last_spelled", type_=Text))
_BY_PLAIN = (_INDEX.plain, bindparam("last_plain", type_=Text))
_BY_NOTHING = (_NOTHING, literal(""))
_RANGES = {
    Rank.SAME: _Range(_SAME & (_INDEX.spelled == _SPELLED), *_BY_NOTHING),
    Rank.SAME_LETTERS: _Range(_SAME & (_INDEX.spelled != _SPELLED), *_BY_NOTHING),
    Rank.BEGINS_AS_TYPED: _Range(_BEGINS_AS_TYPED & ~_SAME, *_BY_SPELLED),
    Rank.BEGINS: _Range(_BEGINS & ~_BEGINS_AS_TYPED, *_BY_PLAIN),
    Rank.OTHER_ORDER_AS_TYPED: _Range(_OTHER_ORDER & _AS_TYPED, *_BY_NOTHING),
    Rank.OTHER_ORDER: _Range(_OTHER_ORDER & ~_AS_TYPED, *_BY_NOTHING),
}
_TOGETHER = (tuple(_RANGES),)
# Who begins otherwise is looked for only where few begin as typed: all of these would be passed over.
_APART = (
    (Rank.SAME, Rank.SAME_LETTERS, Rank.BEGINS_AS_TYPED),
    (Rank.BEGINS, Rank.OTHER_ORDER_AS_TYPED, Rank.OTHER_ORDER),
)


@cache
def _best_of_ranges(ranks: Sequence[Rank], behind: Rank | None, *, despite: bool) -> Select[Any]:
    """Read ranges in their order, from a person of a rank on if there is one."""
    ranges = union_all(*(_best_of(rank, behind, despite=despite) for rank in ranks)).subquery()
    return select(ranges).order_by(*ranges.c).limit(_LIMIT)


def _best_of(
    rank: Rank, behind: Rank | None, *, despite: bool
) -> Select[tuple[int, str, bytes, UUID]]:
    """Give the best of a range behind the page before; what they are in order by is told first."""
    which, first, last = _RANGES[rank]
    order = (first, _INDEX.place, _INDEX.person_id)
    statement = select(literal(rank.value).label("rank"), first.label("first"), *order[1:])
    if behind is not None and rank <= behind:
        further = tuple_(*order) > tuple_(last, *_LAST_PLACE)
        statement = statement.where(further if rank is behind else false())
    return statement.where(which, _visible(despite=despite)).order_by(*order).limit(_LIMIT)


@cache
def _best_of_all(*, despite: bool, named: bool, at_address: bool, behind: bool) -> Select[Any]:
    """Count those who have all words, and put them into order unless they are too many."""
    candidates = _candidates(despite=despite, named=named, at_address=at_address)
    counted = select(func.count().label("counted")).select_from(candidates).subquery()
    order = (candidates.c.rank, candidates.c.place, candidates.c.person_id)
    last = tuple_(bindparam("last_rank", type_=Integer), *_LAST_PLACE)
    wanted = and_(
        counted.c.counted <= _MOST,
        candidates.c.rank >= bindparam("best"),
        tuple_(*order) > last if behind else true(),
    )
    return (
        select(candidates.c.person_id, candidates.c.rank, counted.c.counted)
        .select_from(counted.outerjoin(candidates, wanted))
        .order_by(*order)
        .limit(_LIMIT)
    )


def _candidates(*, despite: bool, named: bool, at_address: bool) -> CTE:
    rank = case(
        *((one.which, rank.value) for rank, one in _RANGES.items()),
        (_AS_TYPED, Rank.ALL_WORDS_AS_TYPED.value),
        else_=Rank.ALL_WORDS.value,
    )
    statement = select(_INDEX.person_id, _INDEX.place, rank.label("rank"))
    statement = statement.where(_visible(despite=despite))
    if named:
        statement = statement.where(_INDEX.terms.contains(bindparam("terms")))
    if at_address:
        statement = statement.where(_INDEX.person_id.in_(_LIVING_AT))
    return statement.limit(_MOST + 1).cte("candidates")


def _visible(*, despite: bool) -> ColumnElement[bool]:
    """Say in SQL: nobody who has the processing restricted; to be found would tell that they are on the register."""
    if despite:
        return true()
    return _INDEX.person_id != all_(func.array(restricted_persons().scalar_subquery()))
