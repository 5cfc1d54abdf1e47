"""Persons who may be on the register twice, what is decided about them, and the merges of records.

Numbers that are on the register already have no nearness: it is worked out where a number is at hand, and none is
opened for it.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"

_INSTANT = sa.DateTime(timezone=True)
_KEYS = postgresql.ARRAY(sa.BigInteger)


def upgrade() -> None:
    """Make the tables, and let a record of a person point to the one that stands for it."""
    op.add_column(
        "persons",
        sa.Column("merged_into", sa.Uuid, sa.ForeignKey("persons.person_id")),
    )
    op.create_index("ix_persons_merged_into", "persons", ["merged_into"])
    op.create_check_constraint(
        "persons_merged_into_another", "persons", "merged_into <> person_id"
    )
    op.create_index("persons_born", "persons", ["birth_year", "sex"])
    op.create_table(
        "number_nearness",
        _person("person_id", primary_key=True),
        sa.Column("one_digit", _KEYS, nullable=False),
        sa.Column("transposed", _KEYS, nullable=False),
    )
    _candidates()
    _decisions()
    _merges()
    _searches()


def _candidates() -> None:
    op.create_table(
        "duplicate_candidates",
        sa.Column("candidate_id", sa.Uuid, primary_key=True),
        _person("first_id", nullable=False),
        _person("second_id", nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("found_at", _INSTANT, nullable=False),
        sa.Column("found_by", sa.Text, nullable=False),
        sa.Column("occasion", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        _person("losing_id"),
        _person("surviving_id"),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.UniqueConstraint("first_id", "second_id", name="duplicate_candidates_one_per_pair"),
        sa.CheckConstraint("first_id < second_id", name="duplicate_candidates_ordered"),
        sa.CheckConstraint(
            "occasion in ('REGISTRATION', 'IMPORT', 'CORRECTION', 'SEARCH')",
            name="duplicate_candidates_occasion",
        ),
        sa.CheckConstraint(
            "state in ('OPEN', 'MERGE_PROPOSED', 'MERGED', 'DIFFERENT')",
            name="duplicate_candidates_state",
        ),
        sa.CheckConstraint(
            "(state in ('MERGE_PROPOSED', 'MERGED')) = (losing_id is not null)"
            " and (losing_id is null) = (surviving_id is null)"
            " and (losing_id is null) = (proposed_by = '')",
            name="duplicate_candidates_merging",
        ),
        sa.Index("duplicate_candidates_oldest", "found_at", "candidate_id"),
        sa.Index("duplicate_candidates_of_second", "second_id"),
        sa.Index(
            "duplicate_candidates_undecided",
            "found_at",
            "candidate_id",
            postgresql_where=sa.text("state in ('OPEN', 'MERGE_PROPOSED')"),
        ),
    )
    op.execute("revoke update, delete on duplicate_candidates from residency_app")
    op.execute(
        "grant update (state, losing_id, surviving_id, proposed_by) on duplicate_candidates"
        " to residency_app"
    )


def _decisions() -> None:
    op.create_table(
        "duplicate_decisions",
        sa.Column("decision_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column(
            "candidate_id",
            sa.Uuid,
            sa.ForeignKey("duplicate_candidates.candidate_id"),
            nullable=False,
        ),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "act in ('PROPOSE_MERGE', 'MERGE', 'DIFFER', 'UNDO_MERGE')",
            name="duplicate_decisions_act",
        ),
        sa.Index("duplicate_decisions_of_candidate", "candidate_id", "decision_id"),
    )
    op.execute("revoke update, delete on duplicate_decisions from residency_app")
    op.execute(
        """
        create trigger duplicate_decisions_append_only before update or delete or truncate
        on duplicate_decisions for each statement execute function refuse_change()
        """
    )


def _merges() -> None:
    op.create_table(
        "person_merges",
        sa.Column("merge_id", sa.Uuid, primary_key=True),
        sa.Column(
            "candidate_id",
            sa.Uuid,
            sa.ForeignKey("duplicate_candidates.candidate_id"),
            nullable=False,
        ),
        _person("losing_id", nullable=False),
        _person("surviving_id", nullable=False, index=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("merged_by", sa.Text, nullable=False),
        sa.Column("merged_at", _INSTANT, nullable=False),
        sa.Column("undone_at", _INSTANT),
        sa.Column("undone_by", sa.Text),
        sa.Column("undo_reason", sa.Text),
        sa.CheckConstraint("losing_id <> surviving_id", name="person_merges_two"),
        sa.CheckConstraint("merged_by <> proposed_by", name="person_merges_second_person"),
        sa.CheckConstraint("undone_by <> merged_by", name="person_merges_undone_by_another"),
        sa.CheckConstraint(
            "num_nulls(undone_at, undone_by, undo_reason) in (0, 3)", name="person_merges_undone"
        ),
        sa.Index("person_merges_of_losing", "losing_id", "merged_at"),
        sa.Index(
            "person_merges_one_standing",
            "losing_id",
            unique=True,
            postgresql_where=sa.text("undone_at is null"),
        ),
    )
    op.execute("revoke update, delete on person_merges from residency_app")
    op.execute(
        "grant update (undone_at, undone_by, undo_reason) on person_merges to residency_app"
    )
    op.execute(
        """
        create function refuse_second_undoing() returns trigger language plpgsql as $$
        begin
            if old.undone_at is not null
               or (to_jsonb(new) - array['undone_at', 'undone_by', 'undo_reason'])
                  <> (to_jsonb(old) - array['undone_at', 'undone_by', 'undo_reason'])
            then
                raise exception 'of a merge only its undoing is recorded, once';
            end if;
            return new;
        end
        $$
        """
    )
    op.execute(
        """
        create trigger person_merges_undone_once before update on person_merges
        for each row execute function refuse_second_undoing()
        """
    )
    op.execute(
        """
        create trigger person_merges_kept before delete or truncate on person_merges
        for each statement execute function refuse_change()
        """
    )


def _searches() -> None:
    op.create_table(
        "duplicate_searches",
        sa.Column("search_id", sa.Uuid, primary_key=True),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("done_through", sa.SmallInteger),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("finished_at", _INSTANT),
        sa.Index(
            "duplicate_searches_one_unfinished",
            sa.text("(finished_at is null)"),
            unique=True,
            postgresql_where=sa.text("finished_at is null"),
        ),
    )
    op.execute("revoke delete on duplicate_searches from residency_app")


def _person(
    name: str, *, primary_key: bool = False, nullable: bool = True, index: bool = False
) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.Uuid,
        sa.ForeignKey("persons.person_id"),
        primary_key=primary_key,
        nullable=nullable and not primary_key,
        index=index,
    )
