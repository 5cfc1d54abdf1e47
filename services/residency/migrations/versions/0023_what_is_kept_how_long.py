"""What of a person is kept how long, so that a granted deletion takes all that no law keeps.

Revision ID: 0023
Revises: 0022
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_LIMITATION = (
    "Luật Xử lý vi phạm hành chính 15/2012/QH13 Điều 6: thời hiệu xử phạt một năm [own, ?]"
)
# Class, kept, months after its end, name, source.
_RULES = (
    (
        "ASSISTANCE_CONSENTED",
        False,
        None,
        "nhu cầu hỗ trợ lưu giữ theo sự đồng ý",
        "không có quy định phải lưu giữ [own]",
    ),
    (
        "ASSISTANCE_REQUIRED",
        True,
        0,
        "nhu cầu hỗ trợ lưu giữ theo quy định của pháp luật",
        "điều luật nêu tại từng nhu cầu; khi nhu cầu chấm dứt thì không lưu giữ nữa [own]",
    ),
    ("STAY", True, 12, "thông báo lưu trú, khai báo tạm trú của người nước ngoài", _LIMITATION),
    ("ABSENCE", True, 12, "khai báo tạm vắng", _LIMITATION),
)


def upgrade() -> None:
    """Enter the classes that had no rule, and let the service delete what is kept no longer."""
    op.add_column("retention_rules", sa.Column("kept_months", sa.SmallInteger))
    op.create_check_constraint(
        "retention_rules_kept_months",
        "retention_rules",
        "kept_months is null or kept and kept_months >= 0",
    )
    rules = sa.table(
        "retention_rules",
        *(
            sa.column(name)
            for name in (
                "data_class",
                "effective_from",
                "kept",
                "kept_months",
                "name_vi",
                "source",
            )
        ),
    )
    names = ("data_class", "kept", "kept_months", "name_vi", "source")
    since = dt.date(2026, 1, 1)
    op.bulk_insert(
        rules, [{"effective_from": since, **dict(zip(names, row, strict=True))} for row in _RULES]
    )
    op.execute(
        "grant delete on assistance_needs, guest_stays, absences, case_stays, case_absences"
        " to residency_app"
    )
