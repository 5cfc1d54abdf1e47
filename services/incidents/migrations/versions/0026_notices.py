"""Messages to whom a task or an action was given.

Revision ID: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

OWN = "; nobody is reminded of an action before 08:00: [own] the ward's choice, to be confirmed by the ward"


def upgrade() -> None:
    """Say what a message is about, and from when of the day people are reminded."""
    # An instance of the version before writes messages about incidents only, and none of these columns.
    subject = sa.Column("subject", sa.Text, nullable=False, server_default="INCIDENT")
    op.add_column("deliveries", subject)
    op.add_column("deliveries", sa.Column("subject_id", sa.Uuid))
    op.create_check_constraint(
        "deliveries_say_of_what", "deliveries", "(subject = 'INCIDENT') = (subject_id is null)"
    )
    remind_from = sa.Column("remind_from_min", sa.Integer, nullable=False, server_default="480")
    op.add_column("delivery_policies", remind_from)
    policies = sa.table("delivery_policies", sa.column("source", sa.Text))
    op.execute(policies.update().values(source=policies.c.source + OWN))
    op.alter_column("delivery_policies", "remind_from_min", server_default=None)
