"""How often a device may be connected at once; retired devices sign in no more.

Revision ID: 0008
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    """Limit connections, let the audit tell of it, and end the credentials of devices retired before."""
    op.add_column("sign_in_policies", sa.Column("max_connections", sa.Integer))
    _publish()
    op.drop_constraint("credential_audit_action", "credential_audit")
    op.create_check_constraint(
        "credential_audit_action",
        "credential_audit",
        "action in ('ISSUED', 'ROTATED', 'REVOKED', 'EXPIRED', 'SIGNED_IN', 'REFUSED', 'CROWDED')",
    )
    op.execute(_REVOKE_RETIRED)


def _publish() -> None:
    op.execute(
        sa.text(
            "insert into sign_in_policies (version, effective_from, source, credential_life_s,"
            " rotation_grace_s, session_s, max_payload_bytes, max_subscriptions, delay_first_s,"
            " delay_max_s, failures_remembered_s, max_connections)"
            " select 2, :from, :source, credential_life_s, rotation_grace_s, session_s,"
            " max_payload_bytes, max_subscriptions, delay_first_s, delay_max_s,"
            " failures_remembered_s, 3 from sign_in_policies where version = 1"
        ).bindparams(**{"from": _FIRST_DAY, "source": _SOURCE})
    )


_REVOKE_RETIRED = """
    with revoked as (
        update device_credentials set revoked_at = now(), revoked_by = 'migration'
          from devices
         where devices.device_id = device_credentials.device_id
           and devices.retired and device_credentials.revoked_at is null
        returning device_credentials.device_id, device_credentials.credential_id, revoked_at
    )
    insert into credential_audit (entry_id, at, action, device_id, credential_id, account)
    select gen_random_uuid(), revoked_at, 'REVOKED', device_id, credential_id, 'migration'
      from revoked
"""
_SOURCE = """\
[own], all of it. As version 1, and three connections of one device at a time: one that it has, one that the network
lost and the broker has not noticed yet, one that takes their place. Over MQTT there is one anyway, since the client id
is the device's own. Beyond that the oldest are ended: whoever uses a stolen secret cannot keep the device itself out.
"""
