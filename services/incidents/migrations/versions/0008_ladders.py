"""Ladders of categories, steps that tell several, and ladders that end with everybody.

Revision ID: 0008
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

OWN = (
    "[own] the ward's choice after DOMAIN facts: duty officer, deputy, ward executive with premises and"
    " mutual-aid group, everybody; anchor NFPA 1221/1225 call processing; to be confirmed by the ward"
)
EFFECTIVE_FROM = datetime(2026, 11, 1, tzinfo=UTC)
KINDS = (
    "FIRE",
    "RESCUE",
    "ROAD_ACCIDENT",
    "URBAN_ORDER",
    "CRIME_REPORT",
    "ANONYMOUS_TIP",
    "SERVICE_REQUEST",
    "FEEDBACK",
    "PETITION",
)
DELAYS = {"P1": 60, "P2": 300}
STEPS = (
    ("duty_officer",),
    ("deputy_duty_officer",),
    ("ward_executive",),
    ("everyone",),
)
# A fire also goes to who lives and works beside it.
AT_A_FIRE = ("premises_contacts", "interlink_group")


def upgrade() -> None:
    """Widen the policies, let a timer tell several, and enter the ladders of November 2026."""
    op.add_column("escalation_policies", sa.Column("category", sa.Text, server_default=""))
    op.add_column("escalation_policies", sa.Column("position", sa.Integer, server_default="1"))
    for name in ("category", "position"):
        op.alter_column("escalation_policies", name, nullable=False, server_default=None)
    op.drop_constraint("escalation_policies_pkey", "escalation_policies")
    op.create_primary_key(
        "escalation_policies_pkey",
        "escalation_policies",
        ["kind", "category", "priority", "effective_from", "step", "position"],
    )
    op.add_column("escalations", sa.Column("recipients", postgresql.ARRAY(sa.Text)))
    op.execute("update escalations set recipients = array[recipient]")
    op.alter_column("escalations", "recipients", nullable=False)
    op.drop_column("escalations", "recipient")
    op.create_index(
        "one_timer_waits",
        "escalations",
        ["incident_id"],
        unique=True,
        postgresql_where=sa.text("taken_at is null and cancelled_at is null"),
    )
    _ladders()


def _ladders() -> None:
    policies = sa.table(
        "escalation_policies",
        *(sa.column(name) for name in ("kind", "category", "priority", "step", "position")),
        *(sa.column(name) for name in ("delay_s", "recipient", "channel", "source")),
        sa.column("effective_from", sa.DateTime(timezone=True)),
    )
    rows = [
        {
            "kind": kind,
            "category": "",
            "priority": priority,
            "effective_from": EFFECTIVE_FROM,
            "step": step,
            "position": position,
            "delay_s": delay_s if step else 0,
            "recipient": recipient,
            "channel": "console",
            "source": OWN,
        }
        for kind in KINDS
        for priority, delay_s in DELAYS.items()
        for step, recipients in enumerate(STEPS)
        for position, recipient in enumerate(_recipients(kind, recipients), start=1)
    ]
    op.bulk_insert(policies, rows)


def _recipients(kind: str, recipients: tuple[str, ...]) -> tuple[str, ...]:
    return (
        recipients + AT_A_FIRE if (kind, *recipients) == ("FIRE", "ward_executive") else recipients
    )
