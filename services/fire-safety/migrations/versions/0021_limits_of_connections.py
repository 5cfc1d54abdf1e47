"""What bounds a device's connection is the broker's account of devices, and no row.

Revision ID: 0021
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_BEGINS = datetime(2026, 11, 28, tzinfo=UTC)
_SOURCE = """\
[own], all of it. As version 2. How large a message may be, and how many subscriptions a connection may have, is said in
the broker's configuration (account of devices: 1 MiB, 1,000): NATS heeds no such limits of a token that answers the
callout, so that those of versions 1 and 2 bounded nothing."""


def upgrade() -> None:
    """Say so in a version of its own, and ask for what nobody heeded no longer.

    The columns stay for a release more: without them the version before, which reads them, would let no device in.
    """
    statement = """
        insert into sign_in_policies (version, effective_from, source, credential_life_s, rotation_grace_s, session_s,
               max_payload_bytes, max_subscriptions, delay_first_s, delay_max_s, failures_remembered_s, max_connections)
        select version + 1, :begins, :source, credential_life_s, rotation_grace_s, session_s,
               max_payload_bytes, max_subscriptions, delay_first_s, delay_max_s, failures_remembered_s, max_connections
          from sign_in_policies
         order by version desc limit 1
    """
    op.execute(sa.text(statement).bindparams(begins=_BEGINS, source=_SOURCE))
    op.alter_column("sign_in_policies", "max_payload_bytes", nullable=True)
    op.alter_column("sign_in_policies", "max_subscriptions", nullable=True)
