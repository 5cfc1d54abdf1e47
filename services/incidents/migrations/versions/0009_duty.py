"""The roster: units, officers, shifts, duties, substitutions, and how many must be there.

Revision ID: 0009
"""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

APP = "incidents_app"
OWN = "[own] the ward's choice: on duty 24/24 (Criminal Procedure Code 2015 Art. 145 asks that reports are received)"
HOLDS = sa.text("withdrawn_at is null")


def upgrade() -> None:
    """Make the tables; what was entered in the roster is ended or withdrawn, never removed."""
    op.create_table("units", sa.Column("code", sa.Text, primary_key=True), _words("name"))
    op.create_table(
        "officers",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("unit_code", sa.Text, sa.ForeignKey("units.code"), nullable=False),
        sa.Column("channels", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("contacts_sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "shifts",
        sa.Column("code", sa.Text, primary_key=True),
        _words("name"),
        sa.Column("begins_min", sa.Integer, nullable=False),
        sa.Column("lasts_min", sa.Integer, nullable=False),
    )
    _duties()
    _substitutions()
    _requirements()
    for table in ("units", "officers", "shifts", "duties", "substitutions"):
        op.execute(f"revoke delete on {table} from {APP}")


def _words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _officer(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, sa.ForeignKey("officers.account"), nullable=False)


def _duties() -> None:
    op.create_table(
        "duties",
        sa.Column("duty_id", sa.Uuid, primary_key=True),
        _words("function"),
        _officer("account"),
        _words("shift_code"),
        _time("begins_at"),
        _time("ends_at", nullable=True),
        _words("entered_by"),
        _time("entered_at"),
        _words("withdrawn_by"),
        _time("withdrawn_at", nullable=True),
        sa.CheckConstraint(
            "ends_at is null or begins_at <= ends_at", name="duty_ends_after_it_begins"
        ),
    )
    op.create_index(
        "one_duty_at_a_time",
        "duties",
        ["function", "account", "begins_at"],
        unique=True,
        postgresql_where=HOLDS,
    )
    op.create_index("duties_by_time", "duties", ["begins_at", "ends_at"], postgresql_where=HOLDS)


def _substitutions() -> None:
    op.create_table(
        "substitutions",
        sa.Column("substitution_id", sa.Uuid, primary_key=True),
        _officer("account"),
        _officer("substitute"),
        _time("begins_at"),
        _time("ends_at"),
        _words("entered_by"),
        _time("entered_at"),
        sa.CheckConstraint("begins_at < ends_at", name="substitution_ends_after_it_begins"),
        sa.CheckConstraint("account <> substitute", name="nobody_stands_in_for_themselves"),
    )


def _requirements() -> None:
    requirements = op.create_table(
        "duty_requirements",
        sa.Column("function", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("at_least", sa.Integer, nullable=False),
        _words("source"),
    )
    op.bulk_insert(
        requirements,
        [
            {
                "function": function,
                "effective_from": date(2026, 1, 1),
                "at_least": 1,
                "source": OWN,
            }
            for function in ("DUTY_OFFICER", "WARD_EXECUTIVE")
        ],
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on duty_requirements"
        " for each statement execute function refuse_change()"
    )
    op.execute(f"revoke insert, update, delete on duty_requirements from {APP}")
