"""Whether a document that is shown is the one that a case names, is a rule like any other.

Revision ID: 0029
"""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Allow the way, and enter its rule: yes or no of the number, and whose it is."""
    op.execute("alter table disclosure_rules drop constraint disclosure_rules_way")
    op.create_check_constraint(
        "disclosure_rules_way",
        "disclosure_rules",
        "way in ('LOOKUP', 'BREAK_GLASS', 'REVIEW', 'CASE', 'COMPARISON')",
    )
    op.execute(
        """
        insert into disclosure_rules (purpose, role, way, effective_from, fields, source)
        values ('RESIDENCE_CASE', 'residence_officer', 'COMPARISON', '2026-01-01',
                '{FULL_NAME,MASKED_NUMBER}',
                'Law 91/2025/QH15 Art. 3 (specific purpose, right scope); Circular 116/2026/TT-BCA '
                'Art. 3(6): the citizen shows the original [own]')
        """
    )
