"""Records that may be of one person: found by what they have in common, and decided about.

What is compared is in the clear for people who may see it (names, birth dates) or keyed (numbers): nothing is opened.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Row,
    Select,
    Uuid,
    and_,
    any_,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from chassis.storage.database import Transaction
from residency.domain.duplicates import (
    Alike,
    CandidateState,
    DuplicateCandidate,
    DuplicateCandidateNotFoundError,
    DuplicateDecision,
    DuplicateReason,
    Finding,
    Merging,
    Namesakes,
    NearNumbers,
    Occasion,
    Pair,
    SearchPart,
)
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal
from residency.tables import (
    decoys,
    duplicate_candidates,
    duplicate_decisions,
    duplicate_searches,
    number_nearness,
    person_index,
    persons,
)
from residency.tables.duplicates import standing

# Numbers whose hashes are compared by one statement: a second or two of work, and a few files of the server's own.
_NUMBERS_AT_ONCE = 50_000

# One record and another that it is compared with: the person, what the name is found by, and what near numbers share.
_ONE, _OTHER = persons.alias("one"), persons.alias("other")
_ONE_NAME, _OTHER_NAME = person_index.alias("one_name"), person_index.alias("other_name")
_ONE_NEAR, _OTHER_NEAR = number_nearness.alias("one_near"), number_nearness.alias("other_near")


async def note_nearness(
    tx: Transaction, person_id: UUID, number: PersonalIdNumber, seal: NumberSeal
) -> None:
    """Keep by what numbers near a person's are found, in the place of what was kept."""
    near = vars(seal.nearness(number))
    noting = insert_or_skip(number_nearness).values(person_id=person_id, **near)
    await tx.execute(noting.on_conflict_do_update(index_elements=["person_id"], set_=near))


async def alike(tx: Transaction, person_ids: Sequence[UUID]) -> list[Pair]:
    """Tell which records may be of the same persons as these, and why; a pair of these is told once."""
    which = _ONE.c.person_id == any_(literal(person_ids, ARRAY(Uuid)))
    found = union(_of_same_name(which), _of_same_birth(which)).subquery()
    return sorted(set(_pairs(await tx.execute(select(found)))), key=lambda pair: pair.first_id)


async def alike_in(tx: Transaction, part: SearchPart) -> list[Pair]:
    """Tell which records may be of the same persons as others, as far as a part of a search finds them, and why."""
    found = _near_numbers(part) if isinstance(part, NearNumbers) else _namesakes(part)
    return list(_pairs(await tx.execute(_compared_pairs(found.subquery()))))


async def parts_of_search(tx: Transaction, after: int | None) -> list[SearchPart]:
    """Tell the parts of a search of the whole register, of which the years of birth through one are done."""
    years = select(persons.c.birth_year).distinct().order_by(persons.c.birth_year)
    if after is not None:
        years = years.where(persons.c.birth_year > after)
    records = (await tx.scalars(select(func.count()).select_from(number_nearness))).one()
    portions = -(-records // _NUMBERS_AT_ONCE)
    return [
        *map(Namesakes, (await tx.scalars(years)).all()),
        *(NearNumbers(portion, portions) for portion in range(portions)),
    ]


async def count_without_nearness(tx: Transaction) -> int:
    """Count the records whose numbers cannot be compared: they were entered before that was kept."""
    kept = exists().where(number_nearness.c.person_id == persons.c.person_id)
    decoy = exists().where(decoys.c.person_id == persons.c.person_id)
    statement = select(func.count()).select_from(persons).where(~kept, ~decoy)
    return int((await tx.scalars(statement)).one())


async def begin_search(tx: Transaction, search_id: UUID, now: datetime) -> int | None:
    """Begin a search, or go on with one that was not finished; tell the last year of birth that it compared."""
    beginning = insert_or_skip(duplicate_searches).values(
        search_id=search_id, started_at=now, found=0
    )
    await tx.execute(beginning.on_conflict_do_nothing())
    done = select(duplicate_searches.c.done_through).where(_unfinished())
    through: int | None = (await tx.scalars(done)).one()
    return through


async def note_searched(tx: Transaction, part: SearchPart, found: int) -> None:
    """Note that a part of a search is done, and how many candidates that brought."""
    noting = update(duplicate_searches).where(_unfinished())
    if isinstance(part, Namesakes):
        noting = noting.values(done_through=part.birth_year)
    await tx.execute(noting.values(found=duplicate_searches.c.found + found))


async def finish_search(tx: Transaction, now: datetime) -> None:
    """Note that all parts are done."""
    await tx.execute(update(duplicate_searches).where(_unfinished()).values(finished_at=now))


async def unknown(tx: Transaction, pairs: Sequence[Pair]) -> list[Pair]:
    """Tell which pairs are no candidates yet."""
    columns = duplicate_candidates.c
    firsts = literal([pair.first_id for pair in pairs], ARRAY(Uuid))
    statement = select(columns.first_id, columns.second_id).where(columns.first_id == any_(firsts))
    known = {(row.first_id, row.second_id) for row in await tx.execute(statement)}
    return [pair for pair in pairs if (pair.first_id, pair.second_id) not in known]


async def add(
    tx: Transaction, pairs: Sequence[Pair], finding: Finding, new_id: Callable[[], UUID]
) -> int:
    """Enter candidates; a pair that is one already stays what it is. Tells how many are new."""
    if not pairs:
        return 0
    rows = [
        {
            "candidate_id": new_id(),
            "first_id": pair.first_id,
            "second_id": pair.second_id,
            "reasons": list(pair.reasons),
            "found_at": finding.at,
            "found_by": finding.account,
            "occasion": finding.occasion,
            "state": CandidateState.OPEN,
            "proposed_by": "",
        }
        # In order, so that of two who enter the same pairs one waits, and both do not deadlock.
        for pair in sorted(pairs, key=lambda pair: (pair.first_id, pair.second_id))
    ]
    entering = insert_or_skip(duplicate_candidates).on_conflict_do_nothing()
    entered = await tx.scalars(entering.returning(duplicate_candidates.c.candidate_id), rows)
    return len(entered.all())


async def lock(tx: Transaction, candidate_id: UUID) -> DuplicateCandidate:
    """Load a candidate and have others who decide it wait; raises DuplicateCandidateNotFoundError."""
    columns = duplicate_candidates.c
    locking = select(columns.candidate_id).where(columns.candidate_id == candidate_id)
    if (await tx.scalars(locking.with_for_update())).one_or_none() is None:
        raise DuplicateCandidateNotFoundError
    return await load(tx, candidate_id)


async def load(tx: Transaction, candidate_id: UUID) -> DuplicateCandidate:
    """Load a candidate; raises DuplicateCandidateNotFoundError."""
    statement = candidates().where(duplicate_candidates.c.candidate_id == candidate_id)
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise DuplicateCandidateNotFoundError
    return candidate_of(row)


async def save(
    tx: Transaction, candidate: DuplicateCandidate, decision: DuplicateDecision
) -> None:
    """Save how a candidate stands after a decision, and keep the decision."""
    columns, merging = duplicate_candidates.c, candidate.merging
    await tx.execute(
        update(duplicate_candidates)
        .where(columns.candidate_id == candidate.candidate_id)
        .values(
            state=candidate.state,
            losing_id=merging and merging.losing_id,
            surviving_id=merging and merging.surviving_id,
            proposed_by=merging.proposed_by if merging else "",
        )
    )
    values = {"candidate_id": candidate.candidate_id, **vars(decision)}
    await tx.execute(insert(duplicate_decisions).values(values))


def candidates() -> Select[Any]:
    """Select candidates, as `candidate_of` reads them, with the records that stand for theirs."""
    columns = duplicate_candidates.c
    return select(
        duplicate_candidates,
        _standing_for(columns.first_id).label("first_standing"),
        _standing_for(columns.second_id).label("second_standing"),
    )


def settled() -> ColumnElement[bool]:
    """Say in SQL: both records of a candidate were merged with the same one, so that there is nothing to decide."""
    columns = duplicate_candidates.c
    return _standing_for(columns.first_id) == _standing_for(columns.second_id)


def candidate_of(row: Row[Any]) -> DuplicateCandidate:
    """Read a candidate."""
    reasons = tuple(map(DuplicateReason, row.reasons))
    merging = row.losing_id and Merging(row.losing_id, row.surviving_id, row.proposed_by)
    return DuplicateCandidate(
        candidate_id=row.candidate_id,
        pair=Pair(row.first_id, row.second_id, reasons),
        found=Finding(row.found_by, Occasion(row.occasion), row.found_at),
        state=CandidateState(row.state),
        merging=merging,
        standing=(row.first_standing, row.second_standing),
    )


def _standing_for(record_id: ColumnElement[Any]) -> ColumnElement[Any]:
    return (
        select(standing())
        .where(persons.c.person_id == record_id)
        .correlate(duplicate_candidates)
        .scalar_subquery()
    )


def _unfinished() -> ColumnElement[bool]:
    return duplicate_searches.c.finished_at.is_(None)


def _pairs(rows: Iterable[Row[Any]]) -> Iterable[Pair]:
    for row in rows:
        first_id, second_id = sorted((row.one_id, row.other_id))
        reasons = Alike(row.name, row.birth, row.one_digit, row.transposed).reasons
        if reasons:
            yield Pair(first_id, second_id, reasons)


def _of_same_name(which: ColumnElement[bool]) -> Select[Any]:
    """Select the records that have the name of one, and its birth or a number near it."""
    return (
        _compared()
        .select_from(
            _ONE.join(_ONE_NAME, _ONE_NAME.c.person_id == _ONE.c.person_id)
            .join(_OTHER_NAME, _OTHER_NAME.c.plain == _ONE_NAME.c.plain)
            .join(_OTHER, _OTHER.c.person_id == _OTHER_NAME.c.person_id)
            .outerjoin(_ONE_NEAR, _ONE_NEAR.c.person_id == _ONE.c.person_id)
            .outerjoin(_OTHER_NEAR, _OTHER_NEAR.c.person_id == _OTHER.c.person_id)
        )
        .where(which, *_are_two_people(), or_(_birth(), _near()))
    )


def _of_same_birth(which: ColumnElement[bool]) -> Select[Any]:
    """Select the records that have the birth of one, and a number near it."""
    return (
        _compared()
        .select_from(
            _ONE.join(_ONE_NAME, _ONE_NAME.c.person_id == _ONE.c.person_id)
            .join(_ONE_NEAR, _ONE_NEAR.c.person_id == _ONE.c.person_id)
            .join(_OTHER, and_(_OTHER.c.birth_year == _ONE.c.birth_year, _birth()))
            .join(_OTHER_NAME, _OTHER_NAME.c.person_id == _OTHER.c.person_id)
            .join(_OTHER_NEAR, _OTHER_NEAR.c.person_id == _OTHER.c.person_id)
        )
        .where(which, *_are_two_people(), _near())
    )


def _namesakes(part: Namesakes) -> Select[Any]:
    """Select the pairs of records of one name and birth, of those who were born in a year.

    Who was born then is gathered once and compared with itself: no statistics are needed to plan that.
    """
    born = (
        select(persons, person_index.c.plain)
        .join(person_index, person_index.c.person_id == persons.c.person_id)
        .where(persons.c.birth_year == part.birth_year)
        .cte("born")
    )
    one, other = born.alias("one_born"), born.alias("other_born")
    return select(one.c.person_id.label("first_id"), other.c.person_id.label("second_id")).where(
        one.c.person_id < other.c.person_id,
        one.c.plain == other.c.plain,
        _same_birth(one, other),
    )


def _near_numbers(part: NearNumbers) -> Select[Any]:
    """Select the pairs of records that share one of a portion of the hashes; ten records at most share one."""
    hashes = number_nearness.c.one_digit.concat(number_nearness.c.transposed)
    kept = select(number_nearness.c.person_id, func.unnest(hashes).label("hash")).subquery()
    shared = (
        select(func.array_agg(kept.c.person_id).label("ids"))
        .where(func.abs(kept.c.hash % part.of) == part.portion)
        .group_by(kept.c.hash)
        .having(func.count() > 1)
        .subquery()
    )
    first, second = (
        func.unnest(shared.c.ids).column_valued(name, joins_implicitly=True)
        for name in ("first_id", "second_id")
    )
    return select(first, second).select_from(shared).where(first < second).distinct()


def _compared_pairs(found: FromClause) -> Select[Any]:
    """Select what the records of pairs have in common."""
    return (
        _compared()
        .select_from(
            found.join(_ONE, _ONE.c.person_id == found.c.first_id)
            .join(_OTHER, _OTHER.c.person_id == found.c.second_id)
            .join(_ONE_NAME, _ONE_NAME.c.person_id == _ONE.c.person_id)
            .join(_OTHER_NAME, _OTHER_NAME.c.person_id == _OTHER.c.person_id)
            .outerjoin(_ONE_NEAR, _ONE_NEAR.c.person_id == _ONE.c.person_id)
            .outerjoin(_OTHER_NEAR, _OTHER_NEAR.c.person_id == _OTHER.c.person_id)
        )
        .where(*_are_two_people())
    )


def _compared() -> Select[Any]:
    return select(
        _ONE.c.person_id.label("one_id"),
        _OTHER.c.person_id.label("other_id"),
        (_ONE_NAME.c.plain == _OTHER_NAME.c.plain).label("name"),
        _birth().label("birth"),
        _shares("one_digit").label("one_digit"),
        _shares("transposed").label("transposed"),
    )


def _birth() -> ColumnElement[bool]:
    return _same_birth(_ONE, _OTHER)


def _same_birth(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Say in SQL: the same sex, and birth dates that agree as far as both are known."""
    parts = ((one.c[part], other.c[part]) for part in ("birth_month", "birth_day"))
    return and_(
        one.c.birth_year == other.c.birth_year,
        one.c.sex == other.c.sex,
        *(or_(its.is_(None), others.is_(None), its == others) for its, others in parts),
    )


def _near() -> ColumnElement[bool]:
    return or_(_shares("one_digit"), _shares("transposed"))


def _shares(column: str) -> ColumnElement[bool]:
    shared: ColumnElement[bool] = _ONE_NEAR.c[column].bool_op("&&")(_OTHER_NEAR.c[column])
    return func.coalesce(shared, false())


def _are_two_people() -> tuple[ColumnElement[bool], ...]:
    """Leave out decoys: they are nobody, and a look at one is an alert."""
    return (_ONE.c.person_id != _OTHER.c.person_id, ~_is_decoy(_ONE), ~_is_decoy(_OTHER))


def _is_decoy(record: FromClause) -> ColumnElement[bool]:
    return exists().where(decoys.c.person_id == record.c.person_id)
