"""Persons who may be on the register twice, what was decided about them, and the merges of records."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Select,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from residency.tables.metadata import INSTANT, metadata
from residency.tables.persons import persons

_RECORD = persons.alias("record")

# Keyed hashes of what a number shares with those it is mistyped for, worked out once, when the number is entered:
# near numbers are found without opening any.
number_nearness = Table(
    "number_nearness",
    metadata,
    Column("person_id", ForeignKey("persons.person_id"), primary_key=True),
    # Shared with the numbers that differ in one digit.
    Column("one_digit", ARRAY(BigInteger), nullable=False),
    # Shared with the numbers that differ by two neighbouring digits that are swapped.
    Column("transposed", ARRAY(BigInteger), nullable=False),
)

# A pair is entered once and asked about once: what was decided stays decided.
duplicate_candidates = Table(
    "duplicate_candidates",
    metadata,
    Column("candidate_id", Uuid, primary_key=True),
    # The record with the lower id is the first.
    Column("first_id", ForeignKey("persons.person_id"), nullable=False),
    Column("second_id", ForeignKey("persons.person_id"), nullable=False),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("found_at", INSTANT, nullable=False),
    # Empty where a command found it.
    Column("found_by", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("state", Text, nullable=False),
    # The merge that is proposed or was carried out; null where there is none.
    Column("losing_id", ForeignKey("persons.person_id")),
    Column("surviving_id", ForeignKey("persons.person_id")),
    # Empty where there is none.
    Column("proposed_by", Text, nullable=False),
    UniqueConstraint("first_id", "second_id", name="duplicate_candidates_one_per_pair"),
    CheckConstraint("first_id < second_id", name="duplicate_candidates_ordered"),
    CheckConstraint(
        "occasion in ('REGISTRATION', 'IMPORT', 'CORRECTION', 'SEARCH')",
        name="duplicate_candidates_occasion",
    ),
    CheckConstraint(
        "state in ('OPEN', 'MERGE_PROPOSED', 'MERGED', 'DIFFERENT')",
        name="duplicate_candidates_state",
    ),
    CheckConstraint(
        "(state in ('MERGE_PROPOSED', 'MERGED')) = (losing_id is not null)"
        " and (losing_id is null) = (surviving_id is null)"
        " and (losing_id is null) = (proposed_by = '')",
        name="duplicate_candidates_merging",
    ),
    Index("duplicate_candidates_oldest", "found_at", "candidate_id"),
    Index("duplicate_candidates_of_second", "second_id"),
    Index(
        "duplicate_candidates_undecided",
        "found_at",
        "candidate_id",
        postgresql_where=text("state in ('OPEN', 'MERGE_PROPOSED')"),
    ),
)

# Append-only, for the owner of the table as well.
duplicate_decisions = Table(
    "duplicate_decisions",
    metadata,
    Column("decision_id", BigInteger, Identity(always=True), primary_key=True),
    Column("candidate_id", ForeignKey("duplicate_candidates.candidate_id"), nullable=False),
    Column("act", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", INSTANT, nullable=False),
    CheckConstraint(
        "act in ('PROPOSE_MERGE', 'MERGE', 'DIFFER', 'UNDO_MERGE')",
        name="duplicate_decisions_act",
    ),
    Index("duplicate_decisions_of_candidate", "candidate_id", "decision_id"),
)

# That two records are of one person, since when it is known, and until when it was held. `persons.merged_into` is what
# the merges that stand say; of a row only that it was undone can be recorded, once.
person_merges = Table(
    "person_merges",
    metadata,
    Column("merge_id", Uuid, primary_key=True),
    Column("candidate_id", ForeignKey("duplicate_candidates.candidate_id"), nullable=False),
    Column("losing_id", ForeignKey("persons.person_id"), nullable=False),
    Column("surviving_id", ForeignKey("persons.person_id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("merged_by", Text, nullable=False),
    Column("merged_at", INSTANT, nullable=False),
    Column("undone_at", INSTANT),
    Column("undone_by", Text),
    Column("undo_reason", Text),
    CheckConstraint("losing_id <> surviving_id", name="person_merges_two"),
    # Two persons: who proposes a merge does not carry it out, nor does who carried it out undo it.
    CheckConstraint("merged_by <> proposed_by", name="person_merges_second_person"),
    CheckConstraint("undone_by <> merged_by", name="person_merges_undone_by_another"),
    CheckConstraint(
        "num_nulls(undone_at, undone_by, undo_reason) in (0, 3)", name="person_merges_undone"
    ),
    Index("person_merges_of_losing", "losing_id", "merged_at"),
    Index(
        "person_merges_one_standing",
        "losing_id",
        unique=True,
        postgresql_where=text("undone_at is null"),
    ),
)

# How far the search of the whole register has come: years of birth are taken one after the other.
duplicate_searches = Table(
    "duplicate_searches",
    metadata,
    Column("search_id", Uuid, primary_key=True),
    Column("started_at", INSTANT, nullable=False),
    # The last year of birth that was compared; null before the first.
    Column("done_through", SmallInteger),
    Column("found", Integer, nullable=False),
    Column("finished_at", INSTANT),
    Index(
        "duplicate_searches_one_unfinished",
        text("(finished_at is null)"),
        unique=True,
        postgresql_where=text("finished_at is null"),
    ),
)


def standing() -> ColumnElement[Any]:
    """Give the record that stands for the one at hand: itself, or the one it was merged into."""
    return func.coalesce(persons.c.merged_into, persons.c.person_id)


def holder_of(number_index: bytes) -> ColumnElement[Any]:
    """Give the id of the record that stands for who has a number; null if nobody has it."""
    return _holder(_RECORD.c.number_index == literal(number_index, LargeBinary))


def holder_of_record(person_id: UUID) -> ColumnElement[Any]:
    """Give the id of the record that stands for a record; null if there is none."""
    return _holder(_RECORD.c.person_id == literal(person_id, Uuid))


def records_of(holder: ColumnElement[Any]) -> Select[Any]:
    """Select the ids of the record that stands for a person and of all that were merged into it."""
    record = persons.alias("record_of_person")
    # Two conditions, each with an index; a holder was merged into nobody.
    of_holder = or_(record.c.person_id == holder, record.c.merged_into == holder)
    return select(record.c.person_id).where(of_holder)


def holder_known_at(person_id: UUID, at: datetime) -> ColumnElement[Any]:
    """Give the id of the record that was known to stand for a record at an instant."""
    merges = person_merges.c
    merged = select(merges.surviving_id).where(
        merges.losing_id == person_id,
        merges.merged_at <= at,
        or_(merges.undone_at.is_(None), merges.undone_at > at),
    )
    return func.coalesce(merged.scalar_subquery(), literal(person_id, Uuid))


def _holder(which: ColumnElement[bool]) -> ColumnElement[Any]:
    stands = func.coalesce(_RECORD.c.merged_into, _RECORD.c.person_id)
    return select(stands).where(which).scalar_subquery()
