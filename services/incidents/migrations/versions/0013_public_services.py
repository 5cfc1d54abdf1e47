"""Services for everybody (Open311 GeoReport v2): which categories are offered, and how far a listing may span.

Revision ID: 0013
"""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"

APP = "incidents_app"
FIRST = date(2026, 1, 1)
OWN = "[own] the ward's choice, to be confirmed by the ward"
# category, group, what belongs to it, keywords, whether its places are public
SERVICES = [
    ("on_scene", "Hạ tầng, môi trường",
     "Hư hỏng hạ tầng, rác thải, ngập nước và việc khác thấy tại hiện trường",
     ["hạ tầng", "môi trường", "hiện trường"], True),
    ("urban_order", "Trật tự đô thị",
     "Lấn chiếm vỉa hè, lòng đường, quảng cáo, xây dựng không phép",
     ["vỉa hè", "lòng đường", "trật tự đô thị"], True),
    ("road_accident", "Giao thông",
     "Tai nạn giao thông; nếu có người bị thương, hãy gọi 115 trước",
     ["tai nạn", "giao thông"], False),
    ("feedback", "Phản ánh, kiến nghị",
     "Phản ánh về thủ tục, thái độ phục vụ và đời sống trong phường",
     ["phản ánh"], False),
    ("petition", "Phản ánh, kiến nghị",
     "Kiến nghị với chính quyền phường",
     ["kiến nghị"], False),
]  # fmt: skip


def upgrade() -> None:
    """Make the table, enter the first versions, and state the standard's span."""
    services = op.create_table(
        "public_services",
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("offered", sa.Boolean, nullable=False),
        sa.Column("public_group", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("keywords", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("position_public", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    names = ("category", "public_group", "description", "keywords", "position_public")
    op.bulk_insert(
        services,
        [
            {
                **dict(zip(names, row, strict=True)),
                "effective_from": FIRST,
                "offered": True,
                "source": OWN,
            }
            for row in SERVICES
        ],
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on public_services"
        " for each statement execute function refuse_change()"
    )
    op.execute(f"revoke insert, update, delete on public_services from {APP}")
    op.execute(
        "insert into legal_limits (rule, effective_from, value, unit, source) values ("
        "'service_requests.span', '2026-01-01', 90, 'days',"
        " 'Open311 GeoReport v2, GET Service Requests: may not span more than 90 days')"
    )
