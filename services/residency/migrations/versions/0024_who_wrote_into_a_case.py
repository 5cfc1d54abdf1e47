"""Who wrote into a case, none of whom approves it, and until when a citizen may give a supplement.

Revision ID: 0024
Revises: 0023
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Take from the history who wrote into open cases, and give who was asked for a supplement a last day."""
    op.add_column(
        "cases",
        sa.Column("written_by", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    )
    op.alter_column("cases", "written_by", server_default=None)
    op.add_column("cases", sa.Column("supplement_due_on", sa.Date))
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    op.bulk_insert(
        limits,
        [
            {
                "rule": "case_supplement_term",
                "effective_from": dt.date(2021, 7, 1),
                "value": 30,
                "unit": "days",
                "source": "[own] no legal rule: who is asked for a supplement has so many days, then the case may"
                " be refused",
            }
        ],
    )
    # Cases decided before stay as they were decided, by the rule that was in force.
    op.execute(
        """
        update cases set
            written_by = array(
                select distinct account from case_history history
                where history.case_id = cases.case_id
                  and act in ('CREATE', 'SUPPLEMENT', 'ACCEPT', 'VERIFY', 'SEE_ORIGINAL')
            ),
            supplement_due_on = case when state = 'SUPPLEMENT_REQUESTED' then current_date + 30 end
        where decided_at is null
        """
    )
    op.drop_constraint("cases_second_person", "cases")
    op.create_check_constraint(
        "cases_second_person",
        "cases",
        "state not in ('APPROVED', 'RECORDED', 'CANCELLED')"
        " or decided_by <> all (written_by || accepted_by || verified_by)",
    )
    op.create_check_constraint(
        "cases_supplement",
        "cases",
        "supplement_due_on is null or state = 'SUPPLEMENT_REQUESTED'",
    )
