"""How long drafts and cases that were taken back are kept; what was decided stays.

Revision ID: 0025
Revises: 0024
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

# Class, months after the last thing that was done with it, name, source.
_RULES = (
    (
        "DRAFT_CASE",
        3,
        "hồ sơ soạn chưa nộp",
        "Luật 91/2025/QH15 Điều 3: lưu giữ trong thời gian phù hợp với mục đích [own]",
    ),
    (
        "WITHDRAWN_CASE",
        12,
        "hồ sơ đã rút",
        "Luật 91/2025/QH15 Điều 3: lưu giữ trong thời gian phù hợp với mục đích [own]",
    ),
)


def upgrade() -> None:
    """Let the service delete these cases with their history, and see in the database that it deletes no others."""
    names = ("data_class", "effective_from", "kept", "kept_months", "name_vi", "source")
    rules = sa.table("retention_rules", *(sa.column(name) for name in names))
    op.bulk_insert(
        rules,
        [
            {
                "data_class": data_class,
                "effective_from": dt.date(2026, 1, 1),
                "kept": True,
                "kept_months": months,
                "name_vi": name,
                "source": source,
            }
            for data_class, months, name, source in _RULES
        ],
    )
    op.execute(
        """
        create trigger cases_kept before delete on cases for each row
        when (old.state not in ('DRAFT', 'WITHDRAWN')) execute function refuse_change()
        """
    )
    op.execute(
        """
        create function refuse_deletion_of_handled_case() returns trigger language plpgsql as $$
        begin
            if exists (
                select from cases
                where case_id = old.case_id and state not in ('DRAFT', 'WITHDRAWN')
            ) then
                raise exception 'the history of a case that was handled is kept';
            end if;
            return old;
        end
        $$
        """
    )
    op.execute("drop trigger case_history_append_only on case_history")
    op.execute(
        """
        create trigger case_history_append_only
        before truncate or update of entry_id, case_id, at, act, state, due_on, account
        on case_history for each statement execute function refuse_change()
        """
    )
    op.execute(
        """
        create trigger case_history_kept before delete on case_history
        for each row execute function refuse_deletion_of_handled_case()
        """
    )
    op.execute("grant delete on cases, case_history to residency_app")
