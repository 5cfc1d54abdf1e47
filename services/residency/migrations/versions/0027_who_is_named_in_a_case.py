"""What officers see of who is named in a case is a rule like any other.

Revision ID: 0027
"""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Allow the way, and enter its rule: the whole form but the numbers, which are masked as everywhere."""
    op.execute("alter table disclosure_rules drop constraint disclosure_rules_way")
    op.create_check_constraint(
        "disclosure_rules_way",
        "disclosure_rules",
        "way in ('LOOKUP', 'BREAK_GLASS', 'REVIEW', 'CASE')",
    )
    op.execute(
        """
        insert into disclosure_rules (purpose, role, way, effective_from, fields, source)
        values ('RESIDENCE_CASE', 'residence_officer', 'CASE', '2026-01-01',
                '{FULL_NAME,BIRTH_DATE,SEX,MASKED_NUMBER,RESIDENCES,HOUSEHOLD,PHONE}',
                'Law 91/2025/QH15 Art. 3 (specific purpose, right scope); Circular 116/2026/TT-BCA, '
                'declaration CT01 [own]')
        """
    )
